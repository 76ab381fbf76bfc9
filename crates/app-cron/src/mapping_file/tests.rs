use postonce_domain::LedgerUid;

use super::*;

fn row(code: &str, name: &str, uid: Option<&str>, state: MappingState) -> MappingRow {
    MappingRow {
        key: MappingKey::of(MappingKind::Customer, code).unwrap(),
        uid: uid.map(|uid| LedgerUid::parse(uid).unwrap()),
        their_code: format!("{code}-there"),
        their_name: name.to_owned(),
        state,
        reason: String::new(),
        version: 3,
    }
}

fn shop() -> CompanyFile {
    CompanyFile::parse("shop").unwrap()
}

fn wrong(text: &str) -> Vec<String> {
    let problems = read(text.as_bytes()).unwrap_err();
    problems.list().iter().map(|it| format!("{}: {}: {}", it.line, it.column, it.message)).collect()
}

const HEAD: &str = "company_file,kind,code,ledger_uid,ledger_code,ledger_name,state,version\n";

#[test]
fn what_is_written_is_read_as_it_was() {
    let rows = [
        row(
            "A",
            "Ann, \"the\" first\nof all",
            Some("0b0e5be6-8dc1-4a03-abd6-af9684954621"),
            MappingState::Confirmed,
        ),
        row("=B", "=1+1", Some("0b0e5be6-8dc1-4a03-abd6-af9684954622"), MappingState::Review),
        row("'C", "'-D", None, MappingState::Review),
        row("E", "", None, MappingState::Confirmed),
    ];
    let text = String::from_utf8(write(&shop(), &rows).unwrap()).unwrap();
    assert!(text.starts_with(HEAD), "{text}");
    assert!(text.contains(",'=1+1,") && text.contains(",'=B,"), "no formula: {text}");
    let placed = read(text.as_bytes()).unwrap();
    let lines: Vec<u64> = placed.iter().map(|it| it.line).collect();
    assert_eq!(lines, [2, 4, 5, 6]);
    for (placed, row) in placed.iter().zip(&rows) {
        assert_eq!((&placed.change.key, placed.change.seen), (&row.key, row.version));
        assert!(placed.change.is_already(row), "{placed:?}");
    }
}

#[test]
fn columns_may_stand_in_any_order_and_a_new_row_needs_no_version() {
    let text = "\u{feff}version,state,code,kind,company_file,ledger_uid,ledger_code,ledger_name\r\n\
                ,confirmed,A,item,shop,0b0e5be6-8dc1-4a03-abd6-af9684954621,,\r\n";
    let placed = read(text.as_bytes()).unwrap();
    assert_eq!((placed[0].line, placed[0].change.seen), (2, 0));
    assert_eq!(placed[0].change.key.kind, MappingKind::Item);
}

#[test]
fn every_bad_row_is_named_by_line_and_column() {
    let rows = "sh op,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,1\n\
                shop,client,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,1\n\
                shop,tax_code,LONG,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,1\n\
                shop,customer,A,uid-1,,,confirmed,1\n\
                shop,customer,A,00000000-0000-0000-0000-000000000000,,,confirmed,1\n\
                shop,customer,A,,,,confirmed,1\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,none,1\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,maybe,1\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,-1\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,1\n\
                shop,customer,A,0b0e5be6-8dc1-4a03-abd6-af9684954621,,,confirmed,1\n";
    let found = wrong(&format!("{HEAD}{rows}"));
    let places: Vec<String> =
        found.iter().map(|it| it.splitn(3, ": ").take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        places,
        [
            "2 company_file",
            "3 kind",
            "4 code",
            "5 ledger_uid",
            "6 ledger_uid",
            "7 state",
            "8 state",
            "9 state",
            "10 version",
            "11 company_file",
            "13 code",
        ],
        "{found:?}"
    );
    assert_eq!(found[10], "13: code: customer `A` stands on line 12 already");
}

#[test]
fn a_file_without_its_columns_is_refused() {
    assert_eq!(wrong(""), ["1: company_file: the file is empty; it needs a header"]);
    assert_eq!(wrong("kind,kind\n"), ["1: kind: the column is there twice; take one out"]);
    assert_eq!(wrong("kind\n"), ["1: company_file: the column is missing; add it"]);
    assert_eq!(wrong("kind,colour\n"), ["1: colour: there is no such column; take it out"]);
    let open = wrong(&format!("{HEAD}shop,customer,\"A\n"));
    assert!(open[0].contains("never closed"), "{open:?}");
}
