//! What is asked for a page of documents, and what is made of it.

use jiff::civil::date;
use postonce_domain::Money;

use super::*;

const UID: &str = "6c30f3ce-0a66-4d5c-9a2a-2f0f6f0a1d11";

fn page(text: &str) -> Result<DocumentPage, LedgerError> {
    read_page(&Object::parse(text).unwrap(), DateSpan::default(), 0)
}

fn invoice(rest: &str) -> String {
    format!(r#"{{"UID":"{UID}","Number":"INV-1","Date":"2026-03-01T00:00:00",{rest}"X":1}}"#)
}

fn of(items: &[String]) -> String {
    let count = items.len();
    format!(r#"{{"Items":[{}],"NextPageLink":null,"Count":{count}}}"#, items.join(","))
}

fn first(rest: &str) -> BookedDocument {
    page(&of(&[invoice(rest)])).unwrap().documents.remove(0)
}

fn words(text: &str) -> String {
    page(text).unwrap_err().to_string()
}

#[test]
fn a_page_is_asked_for_by_date_and_in_its_order() {
    let rest = "$orderby=Date&$top=1000&$skip=2000";
    assert_eq!(route(DateSpan::default(), 2_000), format!("Sale/Invoice?{rest}"));
    let span = DateSpan { from: Some(date(2026, 3, 1)), before: Some(date(2026, 4, 1)) };
    let filter = "Date%20ge%20datetime%272026-03-01T00%3A00%3A00%27%20and%20\
                  Date%20lt%20datetime%272026-04-01T00%3A00%3A00%27";
    assert_eq!(route(span, 2_000), format!("Sale/Invoice?$filter={filter}&{rest}"));
}

#[test]
fn whole_pages_are_left_out_and_the_rest_is_not_told_again() {
    let route = route(DateSpan::default(), 1_001);
    assert!(route.ends_with("$top=1000&$skip=1000"), "{route}");
    let [one, other] = [invoice(""), invoice("").replace("INV-1", "INV-2")];
    let object = Object::parse(&of(&[one, other])).unwrap();
    let page = read_page(&object, DateSpan::default(), 1_001).unwrap();
    let numbers: Vec<_> = page.documents.iter().map(|it| it.listed.number.as_str()).collect();
    assert_eq!(numbers, ["INV-2"]);
    let page = read_page(&object, DateSpan::default(), 1_002).unwrap();
    assert!(page.documents.is_empty(), "{page:?}");
}

#[test]
fn a_document_keeps_amount_total_customer_and_currency() {
    let read = first(
        r#""CustomerPurchaseOrderNumber":"PO","JournalMemo":"memo","InvoiceType":"Item",
        "Customer":{"UID":"card","DisplayID":"CUS1","Name":"Ada"},"IsTaxInclusive":false,
        "TotalAmount":110.00,"TotalTax":10.00,"ForeignCurrency":null,"#,
    );
    let listed = &read.listed;
    assert_eq!((listed.number.as_str(), listed.reference.as_str()), ("INV-1", "PO"));
    assert_eq!(
        (listed.amount, listed.total),
        (Money::from_minor(11_000), Money::from_minor(10_000))
    );
    assert_eq!((listed.customer.as_str(), read.customer_key.as_str()), ("CUS1", "card"));
    assert_eq!(
        (listed.date, listed.foreign, read.memo.as_str()),
        (date(2026, 3, 1), false, "memo")
    );
    assert!(first(r#""ForeignCurrency":{"UID":"usd"},"#).listed.foreign);
}

#[test]
fn cards_without_a_code_are_told_apart() {
    let of_card = |uid: &str, name: &str| {
        let customer =
            format!(r#""Customer":{{"UID":"{uid}","DisplayID":"*None","Name":"{name}"}},"#);
        let read = first(&customer);
        (read.customer_key, read.listed.customer)
    };
    assert_eq!(of_card("one", "Ada"), ("one".to_owned(), "Ada".to_owned()));
    assert_eq!(of_card("two", "Bob"), ("two".to_owned(), "Bob".to_owned()));
}

#[test]
fn a_list_goes_on_by_its_count_or_by_its_link() {
    let one = invoice("");
    let more = |rest: &str| page(&format!(r#"{{"Items":[{one}],{rest}}}"#)).unwrap().more;
    assert!(!more(r#""Count":1,"NextPageLink":null"#));
    assert!(more(r#""Count":2,"NextPageLink":null"#));
    assert!(more(r#""Count":1,"NextPageLink":"https://next""#));
}

#[test]
fn what_cannot_be_read_is_never_left_out() {
    assert!(words(r#"{"Count":0}"#).contains("no `Items`"));
    assert!(words(r#"{"Items":[]}"#).contains("no `Count`"));
    let no_uid = r#"{"Number":"INV-1","Date":"2026-03-01T00:00:00"}"#.to_owned();
    assert!(words(&of(&[no_uid])).contains("without a UID"));
    let no_date = format!(r#"{{"UID":"{UID}","Number":"INV-1","Date":null}}"#);
    assert!(words(&of(&[no_date])).contains(UID));
    let torn = invoice(r#""Customer":{"UID":"card","uid":"other"},"#);
    assert!(words(&of(&[torn])).contains("the customer of invoice"));
    assert_eq!(first(r#""Customer":null,"#).customer_key, "", "no customer is none");
    let later = invoice("").replace("2026-03-01", "2026-03-02");
    assert!(words(&of(&[later, invoice("")])).contains("order of its dates"));
    let span = DateSpan { from: Some(date(2026, 3, 2)), before: None };
    let object = Object::parse(&of(&[invoice("")])).unwrap();
    let error = read_page(&object, span, 0).unwrap_err().to_string();
    assert!(error.contains("2026-03-01, which was not asked for"), "{error}");
}
