//! What a store remembers of itself.

use std::time::Duration;

use jiff::civil::date;
use postonce_domain::Move;
use postonce_ports::registry::{
    Agreed, CompanyFileSettings, CompanyFileWritten, LockSettings, Registry, Whereabouts,
};
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, InvoiceStore};

use crate::contract::StoreFixture;
use crate::contract::scene::{
    LONG, alarm, apply, claimed, file, granted, raise, ready, shop, uid, wish,
};

fn lock(kind: &str) -> LockSettings {
    LockSettings { kind: kind.to_owned(), scope: "global".to_owned(), name: "n".to_owned() }
}

pub async fn lock_settings_are_kept_on_first_use_and_others_are_refused(
    fixture: &impl StoreFixture,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(
        store.lock_settings(lock("one")).await.unwrap(),
        Agreed::Yes,
        "the first settings are kept"
    );
    assert_eq!(
        store.lock_settings(lock("one")).await.unwrap(),
        Agreed::Yes,
        "the same settings agree"
    );
    let differs = Agreed::Differs(lock("one"));
    assert_eq!(
        other.lock_settings(lock("two")).await.unwrap(),
        differs,
        "other settings are refused, and the first ones named"
    );
    assert_eq!(
        other.lock_settings(lock("one")).await.unwrap(),
        Agreed::Yes,
        "the first ones are still the ones on record"
    );
}

pub async fn a_company_file_keeps_its_business_once_it_has_a_claim(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    assert_eq!(
        store.company_file_settings(&shop()).await.unwrap(),
        None,
        "nothing is on record at first"
    );
    let set =
        async |id: &str| store.set_company_file(&shop(), id, "Australia/Sydney").await.unwrap();
    assert_eq!(set("one").await, CompanyFileWritten::Written, "it is written");
    assert_eq!(
        set("two").await,
        CompanyFileWritten::Written,
        "before the first claim it may change"
    );
    claimed(fixture, 1).await;
    let fixed = CompanyFileWritten::Fixed { business_id: "two".to_owned() };
    assert_eq!(set("one").await, fixed, "after the first claim it may not");
    assert_eq!(
        set("two").await,
        CompanyFileWritten::Written,
        "to write the same again changes nothing"
    );
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(
        known.business_id.as_deref(),
        Some("two"),
        "the business on record is the one before the claim"
    );
    assert_eq!(known.time_zone.as_deref(), Some("Australia/Sydney"), "the zone is on record");
}

pub async fn a_company_file_keeps_its_business_once_it_has_a_document(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    apply(&store, id, alarm(&["x"])).await;
    apply(&store, id, Move::ResolvePosted(uid("x"))).await;
    let set = async |id: &str| store.set_company_file(&shop(), id, "UTC").await.unwrap();
    assert_eq!(set("one").await, CompanyFileWritten::Written, "its first business is that one");
    let fixed = CompanyFileWritten::Fixed { business_id: "one".to_owned() };
    assert_eq!(set("two").await, fixed, "its document is in the books of that one");
}

pub async fn another_business_fences_the_run_that_knows_the_one_before(
    fixture: &impl StoreFixture,
) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let set = async |id: &str| {
        let written = store.set_company_file(&shop(), id, "UTC").await.unwrap();
        assert_eq!(written, CompanyFileWritten::Written, "there is no claim yet");
    };
    set("one").await;
    let epoch = raise(&store, &shop()).await;
    let wished = wish(&store, id, epoch).await;
    set("two").await;
    let ClaimAnswer::Refused(refusal) = store.claim(wished).await.unwrap() else {
        panic!("a run that knows the business before must claim nothing")
    };
    assert_eq!(refusal, ClaimRefusal::Fenced, "the epoch has risen");
    let epoch = raise(&store, &shop()).await;
    set("two").await;
    granted(&store, wish(&store, id, epoch).await).await;
}

pub async fn what_was_settled_is_not_settled_in_another_business(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let set = async |id: &str| store.set_company_file(&shop(), id, "UTC").await.map(drop).unwrap();
    let through = async || {
        let known = store.company_file_settings(&shop()).await.unwrap();
        known.and_then(|known| known.cut_over_through)
    };
    let date = date(2026, 6, 30);
    set("one").await;
    store.cut_over(&shop(), Some(date)).await.unwrap();
    set("one").await;
    assert_eq!(through().await, Some(date), "the same business has the same past");
    set("two").await;
    assert_eq!(through().await, None, "the past of another is not settled");
}

pub async fn the_letter_case_of_an_id_makes_no_other_business(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (upper, lower) =
        ("0A7E1F0C-52D7-4E1B-9A68-3B0C51A3D2EF", "0a7e1f0c-52d7-4e1b-9a68-3b0c51a3d2ef");
    let set = async |alias: &str, id: &str| {
        store.set_company_file(&file(alias), id, "UTC").await.unwrap()
    };
    assert_eq!(set("shop", upper).await, CompanyFileWritten::Written, "it is new");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap_or_default();
    assert_eq!(known.business_id.as_deref(), Some(lower), "it is kept in lower case");
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    for id in [upper, lower] {
        assert_eq!(set("other", id).await, taken, "{id} has its alias");
    }
    claimed(fixture, 1).await;
    for id in [upper, lower] {
        assert_eq!(set("shop", id).await, CompanyFileWritten::Written, "{id} is the same");
    }
    assert_eq!(set("own", "Own").await, CompanyFileWritten::Written, "what is no UUID");
    assert_eq!(set("Own", "own").await, CompanyFileWritten::Written, "is another in another case");
}

pub async fn a_zone_is_written_beside_a_business_that_stays(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    store.set_time_zone(&shop(), "Australia/Perth").await.unwrap();
    let known = store.company_file_settings(&shop()).await.unwrap();
    assert_eq!(known, None, "without a business nothing is written");
    store.set_company_file(&shop(), "one", "UTC").await.map(drop).unwrap();
    store.set_time_zone(&shop(), "Australia/Perth").await.unwrap();
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap_or_default();
    assert_eq!(known.time_zone.as_deref(), Some("Australia/Perth"), "the zone is on record");
    assert_eq!(known.business_id.as_deref(), Some("one"), "the business is the same");
}

pub async fn a_business_belongs_to_one_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let written = store.set_company_file(&shop(), "one", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written, "it is written");
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    assert_eq!(
        store.set_company_file(&file("other"), "one", "UTC").await.unwrap(),
        taken,
        "a business has one alias"
    );
    assert_eq!(
        store.company_file_settings(&file("other")).await.unwrap(),
        None,
        "a refusal writes nothing"
    );
}

pub async fn an_alias_with_invoices_is_its_own_business_until_it_has_another(
    fixture: &impl StoreFixture,
) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    assert_eq!(
        store.set_company_file(&file("other"), "shop", "UTC").await.unwrap(),
        taken,
        "invoices wait under the alias, which is its own business until another is on record"
    );
    let written = store.set_company_file(&shop(), "elsewhere", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written, "an alias may get another business");
    let written = store.set_company_file(&file("other"), "shop", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written, "then its name is free as a business");
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
    assert_eq!(
        store.company_file_settings(&shop()).await.unwrap(),
        Some(expected.clone()),
        "cut-over, business and zone are on record together"
    );
    store.cut_over(&shop(), None).await.unwrap();
    let uncut = CompanyFileSettings { cut_over_through: None, ..expected };
    assert_eq!(
        store.company_file_settings(&shop()).await.unwrap(),
        Some(uncut),
        "only the cut-over is taken back"
    );
}

pub async fn an_alarm_stands_until_a_cut_over_after_its_quiet_period(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert!(!raised.quiet_over, "it is quiet at first");
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.alarm, Some(raised), "the alarm is on record");
    assert_eq!(
        store.company_file_settings(&file("other")).await.unwrap(),
        None,
        "another company file has none"
    );
    let through = Some(date(2026, 6, 30));
    store.cut_over(&shop(), through).await.unwrap();
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(
        (known.alarm, known.cut_over_through),
        (Some(raised), through),
        "the cut-over is on record, and an alarm that is quiet still stands"
    );
    let brief = store.alarm(&file("brief"), Duration::ZERO).await.unwrap();
    store.cut_over(&file("brief"), None).await.unwrap();
    let known = store.company_file_settings(&file("brief")).await.unwrap().unwrap();
    assert_eq!(known.alarm, Some(brief), "what takes a cut-over back ends no alarm");
    store.cut_over(&file("brief"), through).await.unwrap();
    let known = store.company_file_settings(&file("brief")).await.unwrap().unwrap();
    assert_eq!(
        (known.alarm, known.cut_over_through),
        (None, through),
        "a cut-over after the quiet period ends the alarm"
    );
}

pub async fn an_alarm_is_prolonged_and_never_shortened(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let brief = store.alarm(&shop(), Duration::ZERO).await.unwrap();
    assert!(brief.quiet_over, "a quiet period of no length is over at once");
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert!(raised.quiet_until > brief.quiet_until && !raised.quiet_over, "the alarm is prolonged");
    assert_eq!(
        store.alarm(&shop(), Duration::ZERO).await.unwrap(),
        raised,
        "a shorter one changes nothing"
    );
}

pub async fn a_database_is_where_it_was(fixture: &impl StoreFixture) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(
        store.whereabouts().await.unwrap(),
        Whereabouts::Same,
        "the first call keeps where the database is"
    );
    assert_eq!(
        other.whereabouts().await.unwrap(),
        Whereabouts::Same,
        "every process sees the same place"
    );
    ready(fixture, 1).await;
    assert_eq!(
        other.take_over(LONG).await.unwrap(),
        Whereabouts::Same,
        "nothing is taken over where nothing has moved"
    );
    assert_eq!(
        store.company_file_settings(&shop()).await.unwrap(),
        None,
        "where nothing has moved, no alarm is raised"
    );
}
