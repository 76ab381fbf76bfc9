//! Tests of `payload`.

use postonce_domain::{
    ClaimId, CompanyFile, CustomerCode, ExternalId, InstallationId, InvoiceNumber, InvoiceParts,
    ItemCode, Percent, Quantity, Side, TaxCode, UnitPrice,
};
use uuid::Uuid;

use super::*;

fn line(number: u32, item: Option<&str>) -> Line {
    Line {
        number,
        item: item.map(|item| ItemCode::parse(item).unwrap()),
        description: "Ünï \"q\"".to_owned(),
        quantity: Quantity::parse("3.3333").unwrap(),
        unit_price: UnitPrice::parse("99999.9999").unwrap(),
        discount: Percent::parse("12.5").unwrap(),
        tax_code: TaxCode::parse("GST").unwrap(),
    }
}

fn invoice(lines: Vec<Line>, freight: &str) -> Invoice {
    Invoice::new(InvoiceParts {
        company_file: CompanyFile::parse("main").unwrap(),
        side: Side::Platform,
        external_id: ExternalId::parse("ref-1").unwrap(),
        number: InvoiceNumber::parse("INV-1").unwrap(),
        date: jiff::civil::date(2026, 2, 3),
        customer: customer(),
        lines,
        freight: Money::parse(freight).unwrap(),
        tax_inclusive: true,
        memo: "thanks".to_owned(),
    })
    .unwrap()
}

fn customer() -> Customer {
    let code = CustomerCode::parse("C-1").unwrap();
    Customer { code, name: "Ann".to_owned(), email: "ann@example.com".to_owned() }
}

fn marker() -> Marker {
    Marker { installation: InstallationId(Uuid::from_u128(1)), claim: ClaimId(Uuid::from_u128(2)) }
}

fn resolved() -> Resolved {
    Resolved {
        customer: "customer-uid".to_owned(),
        tax_codes: [("GST".to_owned(), "gst-uid".to_owned())].into(),
        items: [("W".to_owned(), "widget-uid".to_owned())].into(),
        accounts: (1..=4).map(|line| (line, "account-uid".to_owned())).collect(),
        jobs: BTreeMap::new(),
        freight_tax_code: None,
    }
}

#[test]
fn an_invoice_by_account_is_written_exactly() {
    let invoice = invoice(vec![line(1, Some("W"))], "5");
    let body = invoice_payload(&invoice, marker(), Layout::Service, &resolved()).unwrap();
    let expected = concat!(
        r#"{"Number":"INV-1","Date":"2026-02-03T00:00:00","CustomerPurchaseOrderNumber":"ref-1","#,
        r#""JournalMemo":"PostOnce 00000000-0000-0000-0000-000000000001 "#,
        r#"00000000-0000-0000-0000-000000000002","Comment":"thanks","#,
        r#""Customer":{"UID":"customer-uid"},"IsTaxInclusive":true,"#,
        r#""Lines":[{"Type":"Transaction","Description":"Ünï \"q\"","#,
        r#""Account":{"UID":"account-uid"},"UnitCount":3.3333,"UnitPrice":99999.9999,"#,
        r#""DiscountPercent":12.5,"Total":291663.75,"TaxCode":{"UID":"gst-uid"}}],"#,
        r#""Freight":5.00,"FreightTaxCode":{"UID":"gst-uid"}}"#,
    );
    assert_eq!(body, expected);
}

#[test]
fn a_line_without_an_item_goes_by_account_in_the_item_layout() {
    let invoice = invoice(vec![line(1, Some("W")), line(2, None)], "0");
    let body = invoice_payload(&invoice, marker(), Layout::Item, &resolved()).unwrap();
    let start = r#""Item":{"UID":"widget-uid"},"ShipQuantity":3.3333,"UnitPrice""#;
    let second = r#""Account":{"UID":"account-uid"},"UnitCount":3.3333,"UnitPrice""#;
    assert!(body.contains(start) && body.contains(second), "{body}");
    assert_eq!(body.matches("ShipQuantity").count(), 1);
    assert!(!body.contains("Freight"), "{body}");
}

#[test]
fn no_uid_or_version_of_our_own_is_sent() {
    let body = |layout| {
        let invoice = invoice(vec![line(1, Some("W"))], "5");
        invoice_payload(&invoice, marker(), layout, &resolved()).unwrap()
    };
    let item = item_payload(&line(1, Some("W")), ("a", "t"), marker());
    let customer = customer_payload(&customer(), "t", marker());
    for body in [body(Layout::Service), body(Layout::Item), customer, item] {
        let top: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&body).unwrap();
        assert!(!top.contains_key("UID"), "{body}");
        assert!(!body.contains("RowID") && !body.contains("RowVersion"), "{body}");
    }
}

#[test]
fn an_unresolved_reference_makes_no_body() {
    let invoice = invoice(vec![line(1, Some("W"))], "0");
    let none = Resolved { accounts: [].into(), items: [].into(), ..resolved() };
    assert!(invoice_payload(&invoice, marker(), Layout::Item, &none).is_none());
    assert!(invoice_payload(&invoice, marker(), Layout::Service, &none).is_none());
}

#[test]
fn a_new_customer_is_a_company_with_its_code() {
    let start =
        r#"{"CompanyName":"Ann","IsIndividual":false,"DisplayID":"C-1","IsActive":true,"Notes":""#;
    let rest = concat!(
        r#"","Addresses":[{"Location":1,"Email":"ann@example.com"}],"#,
        r#""SellingDetails":{"TaxCode":{"UID":"t"},"FreightTaxCode":{"UID":"t"}}}"#,
    );
    let body = customer_payload(&customer(), "t", marker());
    assert_eq!(body, format!("{start}{}{rest}", marker()));
    let nameless = Customer { name: String::new(), email: String::new(), ..customer() };
    let body = customer_payload(&nameless, "t", marker());
    assert!(body.contains(r#""CompanyName":"C-1""#) && !body.contains("Addresses"), "{body}");
}

#[test]
fn a_new_item_is_named_by_its_line_if_that_is_short_enough() {
    let mut line = line(1, Some("W"));
    let name = |line: &Line| {
        let body = item_payload(line, ("a", "t"), marker());
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body["Name"].as_str().unwrap_or_default().to_owned()
    };
    for (description, wanted) in [("é".repeat(30), "é".repeat(30)), ("é".repeat(31), "W".into())]
    {
        line.description = description;
        assert_eq!(name(&line), wanted);
    }
    line.description = String::new();
    assert_eq!(name(&line), "W");
}
