use super::*;

#[test]
fn only_a_clear_yes_is_one() {
    for answer in ["y\n", "Y\n", " yes \n", "YES\n"] {
        assert!(means_yes(answer), "{answer:?}");
    }
    for answer in ["", "\n", "n\n", "no\n", "yeah, no\n", "ye\n"] {
        assert!(!means_yes(answer), "{answer:?}");
    }
}

#[test]
fn both_places_are_named_before_the_question() {
    let text = places("server a\u{1b}[2J", "server b");
    assert!(text.contains("was: server a\\u{1b}[2J\n"), "{text}");
    assert!(text.contains("is:  server b\n"), "{text}");
}
