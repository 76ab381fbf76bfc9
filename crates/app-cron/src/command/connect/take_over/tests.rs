use super::*;

#[test]
fn both_places_are_named_before_the_question() {
    let text = places("server a\u{1b}[2J", "server b");
    assert!(text.contains("was: server a\\u{1b}[2J\n"), "{text}");
    assert!(text.contains("is:  server b\n"), "{text}");
}
