//! Tests of `references`.

use super::*;
use crate::tests::host::TestClock;

fn file(alias: &str) -> CompanyFile {
    CompanyFile::parse(alias).unwrap()
}

fn one() -> Lookup {
    Lookup::One("uid".to_owned())
}

#[test]
fn a_miss_is_forgotten_sooner_than_a_hit() {
    let clock = Arc::new(TestClock::default());
    let references = References::new(clock.clone());
    let file = file("main");
    references.remember(&file, Kind::Item, "hit", one());
    references.remember(&file, Kind::Item, "miss", Lookup::None);
    assert_eq!(references.remembered(&file, Kind::Item, "miss"), Some(Lookup::None));
    clock.advance(MISS_LASTS);
    assert_eq!(references.remembered(&file, Kind::Item, "miss"), None);
    assert_eq!(references.remembered(&file, Kind::Item, "hit"), Some(one()));
    clock.advance(HIT_LASTS);
    assert_eq!(references.remembered(&file, Kind::Item, "hit"), None);
}

#[test]
fn a_late_miss_does_not_displace_a_hit() {
    let clock = Arc::new(TestClock::default());
    let references = References::new(clock.clone());
    let file = file("main");
    references.remember(&file, Kind::Customer, "new", one());
    references.remember(&file, Kind::Customer, "new", Lookup::None);
    assert_eq!(references.remembered(&file, Kind::Customer, "new"), Some(one()));
    clock.advance(HIT_LASTS);
    references.remember(&file, Kind::Customer, "new", Lookup::None);
    assert_eq!(references.remembered(&file, Kind::Customer, "new"), Some(Lookup::None));
}

#[test]
fn files_and_kinds_do_not_share_references() {
    let references = References::new(Arc::new(TestClock::default()));
    references.remember(&file("a"), Kind::Item, "X", one());
    assert_eq!(references.remembered(&file("b"), Kind::Item, "X"), None);
    assert_eq!(references.remembered(&file("a"), Kind::TaxCode, "X"), None);
    references.forget(&file("b"));
    assert_eq!(references.remembered(&file("a"), Kind::Item, "X"), Some(one()));
    references.forget(&file("a"));
    assert_eq!(references.remembered(&file("a"), Kind::Item, "X"), None);
}

#[test]
fn memory_is_bounded() {
    let references = References::new(Arc::new(TestClock::default()));
    for code in 0..=REMEMBERED_MAX {
        references.remember(&file("a"), Kind::Item, &code.to_string(), one());
    }
    assert!(references.known().len() <= REMEMBERED_MAX);
}

#[test]
fn of_several_records_the_one_active_one_is_meant() {
    let record = |active: bool| {
        let uid = "6b1c9f2e-0d5a-4e5e-9a42-0c8b7a1f2d3e";
        Object::parse(&format!("{{\"UID\":\"{uid}\",\"IsActive\":{active}}}")).unwrap()
    };
    let (active, inactive) = (record(true), record(false));
    assert!(matches!(choose(&[&active, &inactive]), Ok(Lookup::One(_))));
    assert!(matches!(choose(&[&inactive]), Ok(Lookup::One(_))));
    assert!(matches!(choose(&[&active, &active]), Ok(Lookup::Many(2))));
    assert!(matches!(choose(&[]), Ok(Lookup::None)));
}
