//! What filters mean, and which are refused.

use jiff::civil::date;
use uuid::Uuid;

use super::{Filter, Kind, Schema, Value};
use crate::money::Decimal;
use crate::switches::Escape;

const UID: Uuid = Uuid::from_u128(7);

const SCHEMA: Schema = &[
    ("Number", Kind::Text),
    ("Total", Kind::Number),
    ("UID", Kind::Guid),
    ("Date", Kind::Moment),
    ("IsActive", Kind::Bool),
    ("Memo", Kind::Text),
    ("Customer", Kind::Open),
];

fn field(name: &str) -> Value<'static> {
    match name {
        "Number" => Value::Text("O'Neil-1".into()),
        "Total" => Value::Number(Decimal::parse("5.94").unwrap()),
        "UID" => Value::Guid(UID),
        "Date" => Value::Moment(date(2024, 5, 1).at(0, 0, 0, 0)),
        "IsActive" => Value::Bool(true),
        "Customer/UID" => Value::Text(UID.to_string().into()),
        _ => Value::Null,
    }
}

fn holds(text: &str) -> bool {
    Filter::parse(text, SCHEMA, Escape::Both)
        .unwrap_or_else(|why| panic!("{text}: {why}"))
        .holds(&field)
}

#[test]
fn conditions_that_hold() {
    for text in [
        "Number eq 'O''Neil-1'",
        r"Number eq 'O\'Neil-1'",
        "Number ne 'o''neil-1'",
        "startswith(Number,'O') eq true",
        "startswith(Number,'X') eq false",
        "endswith(Number, '-1')",
        "substringof('Neil', Number) eq true",
        "not substringof('neil', Number)",
        "Total gt 5.93 and Total lt 5.95M",
        "Total eq 5.940",
        "UID eq guid'00000000-0000-0000-0000-000000000007'",
        "UID eq '00000000-0000-0000-0000-000000000007'",
        "Customer/UID eq guid'00000000-0000-0000-0000-000000000007'",
        "Date ge datetime'2024-05-01' and Date lt DateTime'2024-05-01T00:00:01'",
        "IsActive eq true",
        "Memo eq null",
        "Number eq 'x' or Number eq 'O''Neil-1'",
        "(Number eq 'x' or Total ge 5.94) and not (IsActive eq false)",
        "Number eq 'x' and Number eq 'y' or Total le 6",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn conditions_that_do_not_hold() {
    for text in [
        "Number eq 'O'",
        "Memo eq ''",
        "Total ne 5.94",
        "Number eq 'x' and (Number eq 'y' or Total le 6)",
        "Date gt datetime'2024-05-01'",
        "startswith(Memo,'')",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for (text, why) in [
        ("InvoiceNumber eq 'x'", "InvoiceNumber"),
        ("Number/UID eq 'x'", "Number/UID"),
        ("number eq 'x'", "number"),
        ("Number eq 'x", "not closed"),
        ("Number eq x", "constant"),
        ("Number like 'x'", "like"),
        ("Number eq 5", "cannot be compared"),
        ("Total eq '5'", "cannot be compared"),
        ("Date gt 'soon'", "cannot be compared"),
        ("UID eq guid'zzz'", "not valid"),
        ("Number eq 'x' Number eq 'y'", "not expected"),
        ("(Number eq 'x'", "too early"),
        ("startswith(Total,'5')", "not a text"),
        ("Lines/any(x: x/Total gt 1)", "not understood"),
        ("", "too early"),
    ] {
        let error = Filter::parse(text, SCHEMA, Escape::Both).unwrap_err();
        assert!(error.to_string().contains(why), "{text}: {error}");
    }
    let deep = format!("{}Number eq 'x'{}", "(".repeat(5000), ")".repeat(5000));
    assert!(Filter::parse(&deep, SCHEMA, Escape::Both).unwrap_err().to_string().contains("nested"));
}

#[test]
fn a_backslash_before_the_closing_quote_is_itself() {
    let filter = Filter::parse(r"Number eq 'a\'", SCHEMA, Escape::Both).unwrap();
    assert_eq!(filter.texts_of("Number"), [r"a\"]);
}
