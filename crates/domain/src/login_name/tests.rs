use super::LoginName;

fn name(raw: &str) -> LoginName {
    LoginName::parse(raw).unwrap()
}

#[test]
fn a_name_is_kept_as_it_is_written() {
    for raw in ["k", "Kim", "kim.lee@example.com", "cron_2-a", &"x".repeat(64)] {
        assert_eq!(name(raw).to_string(), raw);
    }
}

#[test]
fn a_name_has_a_stated_alphabet_and_length() {
    for raw in ["", " kim", "kim ", "kim lee", "kim\n", "kim/x", "kïm", "kim\0", &"x".repeat(65)] {
        assert!(LoginName::parse(raw).is_err(), "{raw:?}");
    }
}

#[test]
fn names_that_differ_in_case_are_one_name() {
    assert_eq!(name("Kim"), name("kIM"));
    assert_ne!(name("kim"), name("kim."));
    assert!(name("ann") < name("Bob") && name("Bob") < name("cid"), "they are in one order");
    assert_eq!(name("BOB").cmp(&name("bob")), std::cmp::Ordering::Equal);
}
