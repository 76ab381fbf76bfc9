use super::*;

#[test]
fn an_invoice_is_named_by_id_or_by_alias_and_number() {
    assert_eq!(parse("7"), Ok(Selector::Id(InvoiceId(7))));
    let alias = CompanyFile::parse("acme").unwrap();
    let number = InvoiceNumber::parse("INV-7").unwrap();
    assert_eq!(parse("acme:INV-7"), Ok(Selector::Number(alias, number)));
}

#[test]
fn anything_else_is_refused() {
    for raw in ["", "x", "0", "-1", "1.5", ":", "a:", ":1", "a:0042", "a b:1", "a:1:2"] {
        assert!(parse(raw).is_err(), "{raw}");
    }
}
