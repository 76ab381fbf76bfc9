use super::*;

#[test]
fn text_from_elsewhere_cannot_move_the_cursor() {
    assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
    assert_eq!(plain("Köhler"), "Köhler");
}

#[test]
fn a_table_has_its_columns_and_no_trailing_blanks() {
    let mut rows = Rows::new(&["id", "number"]).numbers(&[0]);
    assert_eq!(rows.text("none"), "none");
    rows.add(["1".to_owned(), "A".to_owned()]);
    rows.add(["10".to_owned(), "BB".to_owned()]);
    let text = rows.text("none");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.lines().all(|line| line.trim_end() == line), "{text:?}");
    assert!(text.starts_with("ID  NUMBER"), "{text}");
}
