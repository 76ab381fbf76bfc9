//! Tests of `json`.

use super::*;

#[test]
fn keys_are_found_in_any_case() {
    let object = Object::parse("{\"uid\":\"a\",\"JOURNALMEMO\":null}").unwrap();
    assert_eq!(object.text("UID").as_deref(), Some("a"));
    assert!(object.has("JournalMemo"));
    assert!(object.is_null("JournalMemo"));
    assert!(!object.has("Memo"));
}

#[test]
fn amounts_keep_their_digits() {
    let money = |raw: &str| Object::parse(&format!("{{\"T\":{raw}}}")).unwrap().money("T");
    assert_eq!(money("99999999999.99"), Money::parse("99999999999.99").ok());
    assert_eq!(money("0.10"), Money::from_minor(10));
    assert_eq!(money("\"150.0000\""), Money::from_minor(15_000));
    assert_eq!(money("-12.5"), Money::from_minor(-1_250));
    assert_eq!(money("12.345"), None);
    assert_eq!(money("1e2"), None);
    assert_eq!(money("null"), None);
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "[]", "\"x\"", "{", "{} {}", "<html>"] {
        assert!(Object::parse(text).is_none(), "{text}");
    }
    assert!(Object::parse("\u{feff}{}").is_some());
}

#[test]
fn a_list_with_anything_but_objects_is_refused() {
    let list = |raw: &str| Object::parse(&format!("{{\"Items\":{raw}}}")).unwrap().objects("Items");
    assert_eq!(list("[{},{}]").map(|items| items.len()), Some(2));
    for raw in ["null", "{}", "[1]", "[null]"] {
        assert!(list(raw).is_none(), "{raw}");
    }
}

#[test]
fn a_key_that_is_there_twice_with_two_values_makes_the_object_unreadable() {
    assert!(Object::parse(r#"{"Items":[{}],"items":[]}"#).is_none());
    assert!(Object::parse(r#"{"UID":"a","UID":"b"}"#).is_none());
    let same = Object::parse(r#"{"UID":"a","uid":"a"}"#).unwrap();
    assert_eq!(same.text("UID").as_deref(), Some("a"), "nothing is in question");
    let outer = Object::parse(r#"{"List":[{"A":1,"a":2}],"One":{"A":1,"a":2}}"#).unwrap();
    assert!(outer.objects("List").is_none() && outer.object("One").is_none(), "within likewise");
}
