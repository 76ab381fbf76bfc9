//! What a store remembers of itself.

use std::time::Duration;

use jiff::civil::date;
use postonce_ports::registry::{
    Agreed, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};

use crate::contract::StoreFixture;
use crate::contract::scene::{LONG, claimed, file, ready, shop};

fn lock(kind: &str) -> LockSettings {
    LockSettings { kind: kind.to_owned(), scope: "global".to_owned(), name: "n".to_owned() }
}

pub async fn lock_settings_are_kept_on_first_use_and_others_are_refused(
    fixture: &impl StoreFixture,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.lock_settings(lock("one")).await.unwrap(), Agreed::Yes);
    assert_eq!(store.lock_settings(lock("one")).await.unwrap(), Agreed::Yes);
    let differs = Agreed::Differs(lock("one"));
    assert_eq!(other.lock_settings(lock("two")).await.unwrap(), differs);
    assert_eq!(other.lock_settings(lock("one")).await.unwrap(), Agreed::Yes);
}

pub async fn a_company_file_keeps_its_business_once_it_has_a_claim(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), None);
    let set =
        async |id: &str| store.set_company_file(&shop(), id, "Australia/Sydney").await.unwrap();
    assert_eq!(set("one").await, CompanyFileWritten::Written);
    assert_eq!(set("two").await, CompanyFileWritten::Written);
    claimed(fixture, 1).await;
    let fixed = CompanyFileWritten::Fixed { business_id: "two".to_owned() };
    assert_eq!(set("one").await, fixed);
    assert_eq!(set("two").await, CompanyFileWritten::Written);
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.business_id.as_deref(), Some("two"));
    assert_eq!(known.time_zone.as_deref(), Some("Australia/Sydney"));
}

pub async fn a_business_belongs_to_one_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let written = store.set_company_file(&shop(), "one", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written);
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    assert_eq!(store.set_company_file(&file("other"), "one", "UTC").await.unwrap(), taken);
    assert_eq!(store.company_file_settings(&file("other")).await.unwrap(), None);
}

pub async fn an_alias_with_invoices_is_its_own_business_until_it_has_another(
    fixture: &impl StoreFixture,
) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    assert_eq!(store.set_company_file(&file("other"), "shop", "UTC").await.unwrap(), taken);
    let written = store.set_company_file(&shop(), "elsewhere", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written);
    let written = store.set_company_file(&file("other"), "shop", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written);
}

pub async fn a_cut_over_stands_beside_the_other_settings(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    store.cut_over(&shop(), Some(date(2026, 6, 30))).await.unwrap();
    store.set_company_file(&shop(), "one", "UTC").await.map(drop).unwrap();
    let expected = CompanyFileSettings {
        business_id: Some("one".to_owned()),
        time_zone: Some("UTC".to_owned()),
        cut_over_through: Some(date(2026, 6, 30)),
        alarm: None,
    };
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), Some(expected.clone()));
    store.cut_over(&shop(), None).await.unwrap();
    let uncut = CompanyFileSettings { cut_over_through: None, ..expected };
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), Some(uncut));
}

pub async fn an_alarm_stands_until_the_next_cut_over(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert!(!raised.quiet_over);
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.alarm, Some(raised));
    assert_eq!(store.company_file_settings(&file("other")).await.unwrap(), None);
    store.cut_over(&shop(), Some(date(2026, 6, 30))).await.unwrap();
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!((known.alarm, known.cut_over_through), (None, Some(date(2026, 6, 30))));
}

pub async fn an_alarm_is_prolonged_and_never_shortened(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let brief = store.alarm(&shop(), Duration::ZERO).await.unwrap();
    assert!(brief.quiet_over);
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert!(raised.quiet_until > brief.quiet_until && !raised.quiet_over);
    assert_eq!(store.alarm(&shop(), Duration::ZERO).await.unwrap(), raised);
}

pub async fn a_database_is_where_it_was(fixture: &impl StoreFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
    assert_eq!(other.whereabouts().await.unwrap(), Whereabouts::Same);
    ready(fixture, 1).await;
    assert_eq!(other.take_over(LONG).await.unwrap(), Whereabouts::Same);
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), None);
}
