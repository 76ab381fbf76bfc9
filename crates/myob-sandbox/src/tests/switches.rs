//! What each switch changes in records, invoices and searches, beside what it leaves as it is.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

const PATH: &str = "/Sale/Invoice/Service";

#[tokio::test]
async fn switches_are_merged_survive_a_restart_and_end_with_a_reset() {
    let bed = Bed::new().await;
    let (_, first) = bed.control(Method::GET, "switches", None).await;
    assert_eq!(first["duplicate_number"], "accept");
    bed.switch(json!({ "duplicate_number": "reject" })).await;
    bed.switch(json!({ "visibility_ms": 5, "price_decimals": "2" })).await;
    let bed = bed.restarted().await;
    let (_, set) = bed.control(Method::GET, "switches", None).await;
    assert_eq!(set["duplicate_number"], "reject");
    assert_eq!((&set["visibility_ms"], &set["price_decimals"]), (&json!(5), &json!(2)));
    bed.control(Method::POST, "reset", Some(json!({ "faults": true }))).await;
    assert_eq!(bed.control(Method::GET, "switches", None).await.1, set);
    bed.control(Method::POST, "reset", None).await;
    assert_eq!(bed.control(Method::GET, "switches", None).await.1, first);
}

#[tokio::test]
async fn a_wrong_switch_is_refused_by_name_and_nothing_is_set() {
    let bed = Bed::new().await;
    for (given, why) in [
        (json!({ "keys": "old", "colour": 1 }), "there is no switch `colour`"),
        (json!({ "keys": "gold" }), "`keys` cannot be `gold`: it takes both|old|new"),
    ] {
        let (status, answer) = bed.control(Method::PUT, "switches", Some(given)).await;
        let message = answer["Errors"][0]["Message"].as_str().unwrap();
        assert!(status == 400 && message.contains(why), "{message}");
    }
    assert_eq!(bed.control(Method::GET, "switches", None).await.1["keys"], "both");
}

#[tokio::test]
async fn duplicate_number_refuses_always_or_with_warnings_as_errors() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let strict = format!("{PATH}?warningsAsErrors=true");
    let first = bed.created(PATH, &invoice).await;
    assert_eq!(bed.post(&strict, &invoice).await.status(), 201);
    bed.switch(json!({ "duplicate_number": "warn" })).await;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    assert_eq!(bed.refused(&strict, &invoice).await.0, 400);
    bed.switch(json!({ "duplicate_number": "reject" })).await;
    let (status, error) = bed.refused(PATH, &invoice).await;
    assert_eq!(
        (status, &error["Name"], &error["ErrorCode"]),
        (400, &json!("Duplicate"), &json!(200))
    );
    let other = bed.created(PATH, &bed.invoice("A-2").await).await;
    // A change keeps its own number, and does not take that of another.
    for (number, status) in [("A-2", 200), ("A-1", 400)] {
        let path = format!("{PATH}/{}", other["UID"].as_str().unwrap());
        let mut change = bed.get_json(&path).await;
        change["Number"] = json!(number);
        let response = bed.request(Method::PUT, &path).json(&change).send().await.unwrap();
        assert_eq!(response.status(), status, "{number}");
    }
    assert_eq!(first["Number"], "A-1");
}

#[tokio::test]
async fn a_late_effect_asks_the_switches_when_it_is_due() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.created(PATH, &invoice).await;
    bed.switch(json!({ "duplicate_number": "warn" })).await;
    for (path, booked) in [(PATH.to_owned(), 2), (format!("{PATH}?warningsAsErrors=true"), 2)] {
        bed.fault(json!({ "action": "late_commit", "delay_ms": 50 })).await;
        assert_eq!(bed.raw_post(&path, &invoice).await, b"");
        bed.advance(100).await;
        assert_eq!(bed.booked().await.len(), booked, "{path}");
    }
}

#[tokio::test]
async fn number_padding_changes_numbers_that_are_all_digits() {
    for (padding, numbers) in [
        ("keep", ["1234", "00001234", "A-01"]),
        ("pad8", ["00001234", "00001234", "A-01"]),
        ("strip", ["1234", "1234", "A-01"]),
    ] {
        let bed = Bed::new().await;
        bed.switch(json!({ "number_padding": padding })).await;
        for (sent, kept) in ["1234", "00001234", "A-01"].into_iter().zip(numbers) {
            let created = bed.created(PATH, &bed.invoice(sent).await).await;
            assert_eq!(created["Number"], kept, "{padding}");
        }
    }
}

#[tokio::test]
async fn number_case_folds_in_filters_on_the_number() {
    let bed = Bed::new().await;
    bed.created(PATH, &bed.invoice("Ab-1").await).await;
    let none = Vec::<String>::new();
    assert_eq!(bed.numbers(PATH, "Number eq 'aB-1'").await, none);
    bed.switch(json!({ "number_case": "fold" })).await;
    assert_eq!(bed.numbers(PATH, "Number eq 'aB-1' and TotalAmount gt 1").await, ["Ab-1"]);
    assert_eq!(bed.numbers(PATH, "Number ne 'aB-1'").await, none);
    assert_eq!(bed.numbers(PATH, "JournalMemo eq 'A MEMO'").await, none);
}

#[tokio::test]
async fn visibility_ms_keeps_what_is_new_out_of_lists_and_gets() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.switch(json!({ "visibility_ms": 60_000 })).await;
    let created = bed.created(PATH, &invoice).await;
    let one = format!("{PATH}/{}", created["UID"].as_str().unwrap());
    let customer = bed.created("/Contact/Customer", &json!({ "CompanyName": "New" })).await;
    let customer = format!("/Contact/Customer/{}", customer["UID"].as_str().unwrap());
    let old = format!("/Contact/Customer/{}", invoice["Customer"]["UID"].as_str().unwrap());
    for (visible, status) in [(false, 404), (true, 200)] {
        let found = bed.numbers("/Sale/Invoice", "Number eq 'A-1'").await;
        assert_eq!(!found.is_empty(), visible);
        assert_eq!(bed.get(&one).await.status(), status);
        assert_eq!(bed.get(&customer).await.status(), status);
        assert_eq!(bed.get(&old).await.status(), status);
        let count = bed.get_json("/Contact/Customer").await["Count"].clone();
        assert_eq!(count != json!(0), visible);
        bed.advance(60_000).await;
    }
    assert_eq!(bed.booked().await, ["A-1"]);
}

#[tokio::test]
async fn list_memo_leaves_the_memo_out_of_lists() {
    let bed = Bed::new().await;
    let created = bed.created(PATH, &bed.invoice("A-1").await).await;
    bed.switch(json!({ "list_memo": "absent" })).await;
    for path in ["/Sale/Invoice", PATH] {
        let list = bed.get_json(path).await;
        assert!(!list["Items"][0].as_object().unwrap().contains_key("JournalMemo"), "{path}");
    }
    let one = bed.get_json(&format!("{PATH}/{}", created["UID"].as_str().unwrap())).await;
    assert_eq!(one["JournalMemo"], "a memo");
    bed.switch(json!({ "list_memo": "shown" })).await;
    assert_eq!(bed.get_json(PATH).await["Items"][0]["JournalMemo"], "a memo");
}

#[tokio::test]
async fn post_body_gives_the_record_always_or_never() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    for (value, plain, asked) in
        [("asked", false, true), ("always", true, true), ("never", false, false)]
    {
        bed.switch(json!({ "post_body": value })).await;
        for (path, whole) in [(PATH, plain), (&*format!("{PATH}?returnBody=true"), asked)] {
            let answer = bed.post(path, &invoice).await;
            assert_eq!(answer.status(), 201);
            assert!(answer.headers().contains_key("location"));
            assert_eq!(!answer.text().await.unwrap().is_empty(), whole, "{value} {path}");
        }
    }
}

#[tokio::test]
async fn unknown_field_returns_everything_but_a_broken_filter_is_still_refused() {
    let bed = Bed::new().await;
    bed.created(PATH, &bed.invoice("A-1").await).await;
    let status = async |filter| {
        let request = bed.request(Method::GET, "/Sale/Invoice").query(&[("$filter", filter)]);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("InvoiceNumber eq 'B'").await, 400);
    bed.switch(json!({ "unknown_field": "everything" })).await;
    assert_eq!(bed.numbers("/Sale/Invoice", "InvoiceNumber eq 'B'").await, ["A-1"]);
    assert_eq!(status("Number eq eq 'B'").await, 400);
}

#[tokio::test]
async fn quote_escape_takes_one_way_only() {
    let bed = Bed::new().await;
    bed.created(PATH, &bed.invoice("O'N").await).await;
    let ways = ["Number eq 'O''N'", r"Number eq 'O\'N'"];
    for (value, found) in
        [("both", [true, true]), ("doubled", [true, false]), ("backslash", [false, true])]
    {
        bed.switch(json!({ "quote_escape": value })).await;
        for (filter, found) in ways.into_iter().zip(found) {
            let request = bed.request(Method::GET, PATH).query(&[("$filter", filter)]);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status() == 200, found, "{value} {filter}");
        }
    }
}

#[tokio::test]
async fn texts_that_are_too_long_are_refused_or_cut() {
    let bed = Bed::new().await;
    let mut invoice = bed.invoice("A-1").await;
    invoice["Comment"] = json!("Überlang");
    let limits = json!({ "memo_limit": 4, "comment_limit": 4, "description_limit": 2 });
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    bed.switch(limits).await;
    assert_eq!(bed.refused(PATH, &invoice).await.0, 400);
    bed.switch(json!({ "text_over": "cut" })).await;
    let cut = bed.created(PATH, &invoice).await;
    assert_eq!((&cut["JournalMemo"], &cut["Comment"]), (&json!("a me"), &json!("Über")));
    assert_eq!(cut["Lines"][0]["Description"], "Wo");
}

#[tokio::test]
async fn price_decimals_and_rounding_change_what_an_invoice_comes_to() {
    let bed = Bed::new().await;
    let mut invoice = bed.invoice("A-1").await;
    let line = invoice["Lines"][0].clone();
    let with = |quantity: u32, price: &str| {
        let mut line = line.clone();
        line["UnitCount"] = json!(quantity);
        line["UnitPrice"] = json!(price);
        line
    };
    invoice["Lines"] = json!([with(100, "1.005"), with(1, "0.05"), with(1, "0.05")]);
    let totals = async |switches| {
        bed.switch(switches).await;
        let created = bed.created(PATH, &invoice).await;
        [&created["Subtotal"], &created["TotalTax"]].map(ToString::to_string)
    };
    assert_eq!(totals(json!({})).await, ["100.6", "10.07"]);
    assert_eq!(totals(json!({ "rounding": "half_even" })).await, ["100.6", "10.05"]);
    assert_eq!(totals(json!({ "rounding": "carry" })).await, ["100.6", "10.06"]);
    assert_eq!(totals(json!({ "price_decimals": 2 })).await, ["101.1", "10.11"]);
}

#[tokio::test]
async fn zero_and_negative_totals_can_be_refused() {
    let bed = Bed::new().await;
    for (switch, quantity) in [("zero_total", 0), ("negative_total", -1)] {
        let mut invoice = bed.invoice("A-1").await;
        invoice["Lines"][0]["UnitCount"] = json!(quantity);
        assert_eq!(bed.post(PATH, &invoice).await.status(), 201, "{switch}");
        bed.switch(json!({ switch: "reject" })).await;
        let (status, error) = bed.refused(PATH, &invoice).await;
        assert_eq!((status, &error["AdditionalDetails"]), (400, &json!("TotalAmount")));
    }
    assert_eq!(bed.post(PATH, &bed.invoice("A-1").await).await.status(), 201);
}

#[tokio::test]
async fn a_locked_period_takes_no_write_change_or_deletion() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let created = bed.created(PATH, &invoice).await;
    let one = format!("{PATH}/{}", created["UID"].as_str().unwrap());
    bed.switch(json!({ "lock_period_before": "2024-05-01" })).await;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    bed.switch(json!({ "lock_period_before": "2024-05-02" })).await;
    let (status, error) = bed.refused(PATH, &invoice).await;
    assert_eq!((status, &error["Name"]), (400, &json!("DateInLockPeriod")));
    let mut later = created.clone();
    later["Date"] = json!("2024-06-01");
    for request in [bed.request(Method::PUT, &one).json(&later), bed.request(Method::DELETE, &one)]
    {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400);
        let body: Json = response.json().await.unwrap();
        assert_eq!(body["Errors"][0]["Name"], "DateInLockPeriod");
    }
}

#[tokio::test]
async fn tax_codes_that_do_not_belong_on_a_sale_can_be_refused() {
    let bed = Bed::new().await;
    let code = json!({ "Code": "IMP", "Rate": 0, "Type": "ImportDuty" });
    let code = bed.created("/GeneralLedger/TaxCode", &code).await;
    let mut invoice = bed.invoice("A-1").await;
    let taxed = invoice["Lines"][0]["TaxCode"].clone();
    invoice["Lines"][0]["TaxCode"] = json!({ "UID": code["UID"] });
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    bed.switch(json!({ "invalid_tax_type": "refuse" })).await;
    let (status, error) = bed.refused(PATH, &invoice).await;
    assert_eq!((status, &error["ErrorCode"]), (400, &json!(32002)));
    invoice["Lines"][0]["TaxCode"] = taxed;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
}
