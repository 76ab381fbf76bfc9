use super::*;

fn record(n: u32, code: &str, name: &str) -> LedgerRecord {
    let uid = LedgerUid::parse(&format!("uid-{n}")).unwrap();
    LedgerRecord { uid, code: code.to_owned(), name: name.to_owned(), active: true, currency: None }
}

fn suggestion(code: &str, name: &str, there: &[LedgerRecord]) -> Suggestion {
    let mut found = suggest([(code, name)], there);
    assert_eq!(found[0].code, code);
    found.remove(0).suggestion
}

#[test]
fn a_code_is_found_by_code_then_without_case_then_by_name() {
    let there = [record(1, "CUS1", "Ann & Co."), record(2, "cus2", "Bob"), record(3, "X", "Eve")];
    let one = |n: usize, by| Suggestion::One(there[n].clone(), by);
    assert_eq!(suggestion("CUS1", "Bob", &there), one(0, Match::Code), "a name has no say");
    assert_eq!(suggestion("CUS2", "Eve", &there), one(1, Match::CodeWithoutCase));
    assert_eq!(suggestion("NEW", "ann  & co", &there), one(0, Match::Name));
    assert_eq!(suggestion("NEW", "Ann", &there), Suggestion::Nothing);
    assert_eq!(suggestion("NEW", "", &there), Suggestion::Nothing);
}

#[test]
fn more_than_one_candidate_is_never_chosen_from() {
    let there = [
        record(1, "A", "Ann"),
        record(2, "A", "Bob"),
        record(3, "b", "Eve"),
        record(4, "B", "Eve"),
    ];
    let many = |which: &[usize], by| {
        Suggestion::Many(which.iter().map(|n| there[*n].clone()).collect(), by)
    };
    assert_eq!(suggestion("A", "Eve", &there), many(&[0, 1], Match::Code));
    assert_eq!(suggestion("a", "Bob", &there), many(&[0, 1], Match::CodeWithoutCase));
    assert_eq!(suggestion("c", "EVE", &there), many(&[2, 3], Match::Name));
    assert_eq!(suggestion("b", "", &there), Suggestion::One(there[2].clone(), Match::Code));
}

#[test]
fn what_is_out_of_use_and_what_has_no_name_is_not_suggested() {
    let mut gone = record(1, "A", "Ann");
    gone.active = false;
    assert_eq!(suggestion("A", "Ann", &[gone.clone()]), Suggestion::Nothing);
    let there = [gone, record(2, "A", "Bob"), record(3, "C", "")];
    assert_eq!(suggestion("A", "", &there), Suggestion::One(there[1].clone(), Match::Code));
    assert_eq!(suggestion("N", " - ", &there), Suggestion::Nothing);
}

#[test]
fn each_kind_has_codes_of_its_own() {
    let good = [
        (MappingKind::Customer, "CUS 1"),
        (MappingKind::Account, "*"),
        (MappingKind::Account, "BIND-A5"),
        (MappingKind::Item, "BIND-A5"),
        (MappingKind::TaxCode, "GST"),
        (MappingKind::Job, "*"),
        (MappingKind::Job, "item:BIND"),
        (MappingKind::Job, "customer:CUS1"),
        (MappingKind::FreightTaxCode, "*"),
    ];
    for (kind, code) in good {
        assert_eq!(kind.code(code).map(|it| it.to_string()), Ok(code.to_owned()), "{kind} {code}");
    }
    let bad = [
        (MappingKind::Customer, "a code that is too long"),
        (MappingKind::Item, ""),
        (MappingKind::TaxCode, "LONG"),
        (MappingKind::Job, "BIND"),
        (MappingKind::Job, "item:"),
        (MappingKind::Job, "account:1"),
        (MappingKind::FreightTaxCode, "GST"),
    ];
    for (kind, code) in bad {
        assert!(kind.code(code).is_err(), "{kind} {code}");
    }
}

#[test]
fn only_a_confirmed_row_with_a_record_says_what_a_code_is() {
    let uid = LedgerUid::parse("uid-1").unwrap();
    let mut row = MappingRow {
        key: MappingKey::of(MappingKind::Item, "A").unwrap(),
        uid: Some(uid.clone()),
        their_code: "B".to_owned(),
        their_name: String::new(),
        state: MappingState::Confirmed,
        reason: String::new(),
        version: 1,
    };
    assert_eq!(row.mapped(), Mapped::To(&uid));
    row.uid = None;
    assert_eq!(row.mapped(), Mapped::Nothing);
    row.state = MappingState::Review;
    assert_eq!(row.mapped(), Mapped::Review);
    row.uid = Some(uid);
    assert_eq!(row.mapped(), Mapped::Review);
}
