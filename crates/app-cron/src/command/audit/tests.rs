use super::*;

#[test]
fn a_value_that_looks_like_a_formula_is_made_harmless() {
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
        assert_eq!(harmless(text.to_owned()), format!("'{text}"));
    }
    assert_eq!(harmless("MYOB sync claim".to_owned()), "MYOB sync claim");
    assert_eq!(harmless(String::new()), "");
}

#[test]
fn a_row_is_quoted_where_it_must_be() {
    let cells = NoteJson::COLUMNS.map(|name| if name == "text" { "a,\"b\"\nc" } else { "x" });
    let row = csv_row(&cells.map(str::to_owned)).unwrap();
    assert_eq!(String::from_utf8(row).unwrap(), "x,x,x,x,x,x,x,\"a,\"\"b\"\"\nc\",x\n");
}
