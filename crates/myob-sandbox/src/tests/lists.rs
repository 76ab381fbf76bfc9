//! Filters, order and pages over HTTP.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

const PATH: &str = "/Sale/Invoice/Service";

/// A bed with invoices of these numbers and dates.
async fn bed_with(invoices: &[(&str, &str)]) -> Bed {
    let bed = Bed::new().await;
    let mut body = bed.invoice("").await;
    for (number, date) in invoices {
        body["Number"] = json!(number);
        body["Date"] = json!(date);
        body["CustomerPurchaseOrderNumber"] = json!(format!("ref-{number}"));
        bed.created(PATH, &body).await;
    }
    bed
}

#[tokio::test]
async fn searches_find_by_number_and_reference_and_more() {
    let bed =
        bed_with(&[("A'1", "2024-01-31"), ("B-2", "2024-02-01"), ("B-2", "2024-02-02")]).await;
    for (filter, found) in [
        ("Number eq 'A''1'", vec!["A'1"]),
        (r"Number eq 'A\'1'", vec!["A'1"]),
        ("Number eq 'b-2'", vec![]),
        ("Number eq 'B-2'", vec!["B-2", "B-2"]),
        ("Number eq 'B-2' or Number eq 'A''1'", vec!["A'1", "B-2", "B-2"]),
        ("Number eq 'B-2' or CustomerPurchaseOrderNumber eq 'ref-B-2'", vec!["B-2", "B-2"]),
        ("CustomerPurchaseOrderNumber eq 'ref-A''1' and Number eq 'B-2'", vec![]),
        ("Date ge datetime'2024-02-01' and Date lt datetime'2024-02-02'", vec!["B-2"]),
        ("Number eq 'B-2' and Date gt datetime'2024-02-01'", vec!["B-2"]),
        ("startswith(Number,'A') eq true", vec!["A'1"]),
        ("InvoiceType eq 'Item'", vec![]),
        ("TotalAmount eq 110 and Status eq 'Open' and endswith(Number,'2')", vec!["B-2", "B-2"]),
        ("JournalMemo eq 'a memo' and Customer/Name eq 'Wayne Ltd'", vec!["A'1", "B-2", "B-2"]),
    ] {
        assert_eq!(bed.numbers("/Sale/Invoice", filter).await, found, "{filter}");
        assert_eq!(bed.numbers(PATH, filter).await, found, "{filter}");
        assert_eq!(bed.numbers("/Sale/Invoice/Item", filter).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_list_of_all_layouts_has_types_and_no_lines() {
    let bed = bed_with(&[("A-1", "2024-01-31")]).await;
    let all = bed.get_json("/Sale/Invoice").await;
    assert_eq!(all["Items"][0]["InvoiceType"], "Service");
    assert_eq!(all["Items"][0].get("Lines"), None);
    let service = bed.get_json(PATH).await;
    assert_eq!(service["Items"][0].get("InvoiceType"), None);
    assert_eq!(service["Items"][0]["Lines"].as_array().unwrap().len(), 1);
    let bare = bed.get_json(&format!("{PATH}?generateUris=false")).await;
    assert!(!bare.to_string().contains("URI"), "{bare}");
}

#[tokio::test]
async fn queries_that_are_not_understood_are_refused() {
    let bed = Bed::new().await;
    for (key, value, named) in [
        ("$filter", "InvoiceNumber eq 'x'", "InvoiceNumber"),
        ("$filter", "Number eq", "too early"),
        ("$orderby", "Nothing desc", "Nothing"),
        ("$orderby", "Number up", "up"),
        ("$top", "many", "many"),
        ("$skip", "-1", "-1"),
    ] {
        let request = bed.request(Method::GET, "/Sale/Invoice").query(&[(key, value)]);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400, "{key}={value}");
        let body: Json = response.json().await.unwrap();
        let details = body["Errors"][0]["AdditionalDetails"].as_str().unwrap();
        assert!(details.contains(named), "{details}");
    }
}

#[tokio::test]
async fn pages_are_of_400_and_1000_at_most_and_linked() {
    let bed = Bed::new().await;
    let mut body = bed.invoice("").await;
    for number in 0..1002 {
        body["Number"] = json!(format!("N{number:04}"));
        assert_eq!(bed.post(PATH, &body).await.status(), 201);
    }
    let size = |page: &Json| page["Items"].as_array().unwrap().len();
    let first = bed.get_json("/Sale/Invoice?$orderby=Number%20desc").await;
    assert_eq!((size(&first), &first["Count"]), (400, &json!(1002)));
    assert_eq!(first["Items"][0]["Number"], "N1001");
    let mut seen = size(&first);
    let mut next = first["NextPageLink"].clone();
    let headers = bed.request(Method::GET, "").build().unwrap().headers().clone();
    while let Some(link) = next.as_str() {
        let response = bed.client.get(link).headers(headers.clone()).send().await.unwrap();
        let page: Json = response.json().await.unwrap();
        assert_eq!(page["Items"][0]["Number"], format!("N{:04}", 1001 - seen));
        seen += size(&page);
        next = page["NextPageLink"].clone();
    }
    assert_eq!(seen, 1002);
    assert_eq!(size(&bed.get_json("/Sale/Invoice?$top=5000").await), 1000);
    let last = bed.get_json("/Sale/Invoice?$top=1&$skip=1001").await;
    assert_eq!((size(&last), &last["NextPageLink"]), (1, &Json::Null));
    assert_eq!(size(&bed.get_json("/Sale/Invoice?$skip=9999").await), 0);
}

#[tokio::test]
async fn order_is_by_several_fields_and_stable() {
    let bed = bed_with(&[("B", "2024-01-01"), ("A", "2024-01-02"), ("C", "2024-01-01")]).await;
    let list = bed.get_json("/Sale/Invoice?$orderby=Date%20desc,%20Number").await;
    let numbers: Vec<&str> =
        list["Items"].as_array().unwrap().iter().map(|it| it["Number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["A", "B", "C"]);
}
