//! What the database remembers of its configuration.

use jiff::civil::date;
use postonce_domain::CompanyFile;

use super::{Scene, shop};
use crate::{Agreed, CompanyFileSettings, CompanyFileWritten, LockSettings};

fn lock(kind: &str) -> LockSettings {
    LockSettings { kind: kind.to_owned(), scope: "global".to_owned(), name: "n".to_owned() }
}

#[tokio::test]
async fn lock_settings_are_kept_on_first_use_and_others_are_refused() {
    let scene = Scene::new();
    assert_eq!(scene.store.lock_settings(lock("file")).await.unwrap(), Agreed::Yes);
    assert_eq!(scene.store.lock_settings(lock("file")).await.unwrap(), Agreed::Yes);
    let differs = Agreed::Differs(lock("file"));
    assert_eq!(scene.store.lock_settings(lock("lease")).await.unwrap(), differs);
    assert_eq!(scene.store.lock_settings(lock("file")).await.unwrap(), Agreed::Yes);
}

#[tokio::test]
async fn a_company_file_keeps_its_business_once_it_has_a_claim() {
    let scene = Scene::new();
    let store = &scene.store;
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), None);
    let set =
        async |id: &str| store.set_company_file(&shop(), id, "Australia/Sydney").await.unwrap();
    assert_eq!(set("one").await, CompanyFileWritten::Written);
    assert_eq!(set("two").await, CompanyFileWritten::Written);
    scene.claimed(1).await;
    let fixed = CompanyFileWritten::Fixed { business_id: "two".to_owned() };
    assert_eq!(set("one").await, fixed);
    assert_eq!(set("two").await, CompanyFileWritten::Written);
    let known = store.company_file_settings(&shop()).await.unwrap().unwrap();
    assert_eq!(known.business_id.as_deref(), Some("two"));
    assert_eq!(known.time_zone.as_deref(), Some("Australia/Sydney"));
}

#[tokio::test]
async fn a_business_belongs_to_one_company_file() {
    let scene = Scene::new();
    let other = CompanyFile::parse("other").unwrap();
    let written = scene.store.set_company_file(&shop(), "one", "UTC").await.unwrap();
    assert_eq!(written, CompanyFileWritten::Written);
    let taken = CompanyFileWritten::Taken { alias: "shop".to_owned() };
    assert_eq!(scene.store.set_company_file(&other, "one", "UTC").await.unwrap(), taken);
    assert_eq!(scene.store.company_file_settings(&other).await.unwrap(), None);
}

#[tokio::test]
async fn a_cut_over_stands_beside_the_other_settings() {
    let scene = Scene::new();
    let store = &scene.store;
    store.cut_over(&shop(), Some(date(2026, 6, 30))).await.unwrap();
    store.set_company_file(&shop(), "one", "UTC").await.map(drop).unwrap();
    let expected = CompanyFileSettings {
        business_id: Some("one".to_owned()),
        time_zone: Some("UTC".to_owned()),
        cut_over_through: Some(date(2026, 6, 30)),
    };
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), Some(expected.clone()));
    store.cut_over(&shop(), None).await.unwrap();
    let uncut = CompanyFileSettings { cut_over_through: None, ..expected };
    assert_eq!(store.company_file_settings(&shop()).await.unwrap(), Some(uncut));
}
