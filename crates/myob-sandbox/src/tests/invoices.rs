//! Posting, reading, changing and deleting invoices.

use reqwest::Method;
use serde_json::json;

use super::Bed;

const SERVICE: &str = "/Sale/Invoice/Service";
const ITEM: &str = "/Sale/Invoice/Item";

#[tokio::test]
async fn a_post_answers_201_with_location_and_an_empty_body() {
    let bed = Bed::new().await;
    let response = bed.post(SERVICE, &bed.invoice("A-1").await).await;
    assert_eq!(response.status(), 201);
    assert!(response.headers().contains_key("x-myobapi-requestid"));
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(response.text().await.unwrap(), "");
    let path = location.strip_prefix(&format!("{}/accountright/acme", bed.url)).unwrap();
    let invoice = bed.get_json(path).await;
    assert_eq!(invoice["Number"], "A-1");
    assert_eq!(invoice["Date"], "2024-05-01T00:00:00");
    assert_eq!(invoice["Customer"]["Name"], "Wayne Ltd");
    assert_eq!(invoice["CustomerPurchaseOrderNumber"], "ref-A-1");
    assert_eq!(invoice["JournalMemo"], "a memo");
    assert_eq!(invoice["Lines"][0]["TaxCode"]["Code"], "GST");
    assert_eq!(invoice["Lines"][0]["Account"]["DisplayID"], "4-1000");
    assert_eq!(invoice["URI"], location);
}

#[tokio::test]
async fn totals_are_computed_and_exact() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-1").await;
    body["TotalAmount"] = json!(1);
    let posted = bed.post(&format!("{SERVICE}?returnBody=true"), &body).await;
    let text = posted.text().await.unwrap();
    for part in [r#""Subtotal":100.00"#, r#""TotalTax":10.00"#, r#""TotalAmount":110.00"#] {
        assert!(text.contains(part), "{part}: {text}");
    }
    body["IsTaxInclusive"] = json!(true);
    body["Lines"][0]["UnitCount"] = json!("6.0000");
    body["Lines"][0]["UnitPrice"] = json!(0.99);
    let inclusive = bed.created(SERVICE, &body).await;
    assert_eq!(inclusive["TotalAmount"], json!(5.94));
    assert_eq!(inclusive["TotalTax"], json!(0.54));
    assert_eq!(bed.ledger().await["invoices"][1]["total"], "5.94");
}

#[tokio::test]
async fn freight_counts_and_needs_a_tax_code() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-1").await;
    body["Freight"] = json!(11);
    let (status, error) = bed.refused(SERVICE, &body).await;
    assert_eq!((status, &error["ErrorCode"]), (400, &json!(100)));
    assert_eq!(error["AdditionalDetails"], "FreightTaxCode");
    body["FreightTaxCode"] = json!({ "UID": body["Lines"][0]["TaxCode"]["UID"] });
    body["Lines"][0]["DiscountPercent"] = json!(50);
    let posted = bed.created(SERVICE, &body).await;
    assert_eq!(posted["Subtotal"], json!(50.0));
    assert_eq!(posted["TotalTax"], json!(6.1));
    assert_eq!(posted["TotalAmount"], json!(67.1));
}

#[tokio::test]
async fn zero_and_negative_totals_are_accepted() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-0").await;
    body["Lines"][0]["UnitPrice"] = json!(0);
    assert_eq!(bed.created(SERVICE, &body).await["Status"], "Closed");
    body["Lines"][0]["UnitPrice"] = json!(-1.5);
    let credit = bed.created(SERVICE, &body).await;
    assert_eq!(credit["Status"], "Credit");
    assert_eq!(credit["TotalAmount"], json!(-6.6));
}

#[tokio::test]
async fn what_the_official_sdk_sends_besides_is_tolerated() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-1").await;
    body["UID"] = json!("00000000-0000-0000-0000-000000000000");
    body["RowVersion"] = json!(null);
    body["Comment"] = json!(null);
    body["FreightTaxCode"] = json!(null);
    body["Terms"] = json!({ "PaymentIsDue": "InAGivenNumberOfDays", "BalanceDueDate": 30 });
    body["Whatever"] = json!({ "a": [1, 2] });
    body["Lines"][0]["RowID"] = json!(0);
    body["Lines"][0]["Total"] = json!("100.0000");
    body["Lines"][0]["Item"] = json!(null);
    let posted = bed.created(SERVICE, &body).await;
    assert_eq!(posted["Terms"]["BalanceDueDate"], 30);
    assert_eq!(posted.get("Whatever"), None);
}

#[tokio::test]
async fn an_item_invoice_takes_items_and_account_lines() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("I-1").await;
    let item = bed.created("/Inventory/Item", &json!({ "Number": "SKU1", "Name": "Nut" })).await;
    let mut line = body["Lines"][0].clone();
    line["Item"] = json!({ "UID": item["UID"] });
    line["ShipQuantity"] = json!(3);
    line["UnitPrice"] = json!("1.2345");
    line["Account"] = json!(null);
    body["Lines"].as_array_mut().unwrap().push(line);
    body["Lines"].as_array_mut().unwrap().push(json!({ "Type": "Header", "Description": "x" }));
    let posted = bed.created(ITEM, &body).await;
    assert_eq!(posted["Lines"][1]["Item"]["Number"], "SKU1");
    assert_eq!(posted["Lines"][1]["Total"], json!(3.7));
    assert_eq!(posted["Lines"][2]["Type"], "Header");
    assert_eq!(posted["Subtotal"], json!(103.7));
    let uid = posted["UID"].as_str().unwrap();
    assert_eq!(bed.get(&format!("{ITEM}/{uid}")).await.status(), 200);
    assert_eq!(bed.get(&format!("{SERVICE}/{uid}")).await.status(), 404);
}

#[tokio::test]
async fn bad_invoices_are_refused_with_the_documented_codes() {
    let bed = Bed::new().await;
    let good = bed.invoice("A-1").await;
    let stranger = "11111111-1111-1111-1111-111111111111";
    for (pointer, value, status, code) in [
        ("/Customer", json!(null), 400, 100),
        ("/Customer/UID", json!(stranger), 400, 150),
        ("/Customer/UID", json!("not a uid"), 400, 50),
        ("/Date", json!(null), 400, 100),
        ("/Date", json!("yesterday"), 400, 50),
        ("/Lines", json!([]), 400, 100),
        ("/Lines/0/TaxCode", json!(null), 400, 100),
        ("/Lines/0/TaxCode/UID", json!(stranger), 400, 150),
        ("/Lines/0/Account", json!(null), 400, 100),
        ("/Lines/0/Account/UID", json!(stranger), 400, 150),
        ("/Lines/0/UnitPrice", json!("much"), 400, 50),
        ("/Lines/0/Type", json!("Poem"), 400, 50),
        ("/Number", json!("12345678901234"), 400, 1000),
        ("/JournalMemo", json!("x".repeat(256)), 400, 1000),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let (got, error) = bed.refused(SERVICE, &body).await;
        assert_eq!((got, &error["ErrorCode"]), (status, &json!(code)), "{pointer}: {error}");
        assert_eq!(error["Severity"], "Error");
    }
    let mut body = good.clone();
    body["UID"] = json!(stranger);
    let (status, error) = bed.refused(SERVICE, &body).await;
    assert_eq!((status, &error["ErrorCode"]), (409, &json!(111)));
    assert_eq!(bed.booked().await, Vec::<String>::new());
    assert_eq!(bed.ledger().await["posts_received"], 15);
}

#[tokio::test]
async fn duplicate_numbers_are_accepted_and_counted() {
    let bed = Bed::new().await;
    let body = bed.invoice("A-1").await;
    bed.created(SERVICE, &body).await;
    bed.created(ITEM, &body).await;
    bed.created(SERVICE, &bed.invoice("A-2").await).await;
    let ledger = bed.ledger().await;
    let duplicates = json!([{ "company_file": "acme", "number": "A-1", "count": 2 }]);
    assert_eq!(ledger["duplicates"], duplicates);
    assert_eq!(ledger["posts_received"], 3);
    let first = &ledger["invoices"][0];
    assert_eq!(first["company_file"], "acme");
    assert_eq!(first["reference"], "ref-A-1");
    assert_eq!(first["memo"], "a memo");
    assert_eq!(first["total"], "110.00");
    assert_eq!(first["arrivals"], 2);
}

#[tokio::test]
async fn an_invoice_without_a_number_gets_the_next_free_one() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("00000001").await;
    bed.created(SERVICE, &body).await;
    body["Number"] = json!(null);
    assert_eq!(bed.created(SERVICE, &body).await["Number"], "00000002");
    body.as_object_mut().unwrap().remove("Number");
    assert_eq!(bed.created(SERVICE, &body).await["Number"], "00000003");
    assert_eq!(bed.ledger().await["invoices"][2]["arrivals"], 1);
}

#[tokio::test]
async fn a_put_needs_the_latest_row_version() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-1").await;
    let old = bed.created(SERVICE, &body).await;
    let path = format!("{SERVICE}/{}", old["UID"].as_str().unwrap());
    let put =
        |path: String, body: serde_json::Value| bed.request(Method::PUT, &path).json(&body).send();
    assert_eq!(put(path.clone(), body.clone()).await.unwrap().status(), 409);
    body["RowVersion"] = json!("12345");
    assert_eq!(put(path.clone(), body.clone()).await.unwrap().status(), 409);
    body["RowVersion"] = old["RowVersion"].clone();
    body["UID"] = old["UID"].clone();
    body["Number"] = json!("A-2");
    let response = put(path.clone(), body.clone()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["location"].to_str().unwrap().ends_with(&path));
    assert_eq!(put(path.clone(), body.clone()).await.unwrap().status(), 409);
    let unknown = format!("{SERVICE}/11111111-1111-1111-1111-111111111111");
    assert_eq!(put(unknown, body).await.unwrap().status(), 404);
    assert_eq!(bed.get_json(&path).await["Number"], "A-2");
    assert_eq!(bed.numbers("/Sale/Invoice", "Number eq 'A-1'").await, Vec::<String>::new());
    assert_eq!(bed.numbers("/Sale/Invoice", "Number eq 'A-2'").await, ["A-2"]);
}

#[tokio::test]
async fn a_changed_number_is_no_duplicate_any_more() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("A-1").await;
    bed.created(SERVICE, &body).await;
    let second = bed.created(SERVICE, &body).await;
    let path = format!("{SERVICE}/{}", second["UID"].as_str().unwrap());
    body["RowVersion"] = second["RowVersion"].clone();
    body["Number"] = json!("A-2");
    let response = bed.request(Method::PUT, &path).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(bed.ledger().await["duplicates"], json!([]));
    assert_eq!(bed.booked().await, ["A-1", "A-2"]);
}

#[tokio::test]
async fn a_deleted_invoice_is_gone() {
    let bed = Bed::new().await;
    let posted = bed.created(SERVICE, &bed.invoice("A-1").await).await;
    let path = format!("{SERVICE}/{}", posted["UID"].as_str().unwrap());
    let delete = || bed.request(Method::DELETE, &path).send();
    assert_eq!(delete().await.unwrap().status(), 200);
    assert_eq!(delete().await.unwrap().status(), 404);
    assert_eq!(bed.get(&path).await.status(), 404);
    assert_eq!(bed.numbers("/Sale/Invoice", "Number eq 'A-1'").await, Vec::<String>::new());
    assert_eq!(bed.ledger().await["invoices"], json!([]));
}

#[tokio::test]
async fn company_files_do_not_see_each_other() {
    let bed = Bed::new().await;
    bed.created(SERVICE, &bed.invoice("A-1").await).await;
    let url = format!("{}/accountright/other/Sale/Invoice", bed.url);
    let request = bed.request(Method::GET, "").build().unwrap();
    let other = bed.client.get(url).headers(request.headers().clone()).send().await.unwrap();
    assert_eq!(other.json::<serde_json::Value>().await.unwrap()["Count"], 0);
}
