//! Faults that say something untrue, or nothing that can be used, and connections that are reset.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value as Json, json};

use super::{Bed, PATIENCE};

const PATH: &str = "/Sale/Invoice/Service";

/// A bed with one invoice, another that can be posted, and one fault.
async fn bed_with(fault: Json) -> (Bed, Json, Json) {
    let bed = Bed::new().await;
    let old = bed.created(PATH, &bed.invoice("A-0").await).await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(fault).await;
    (bed, invoice, old)
}

/// Posts under a fault; the answer, and whether the invoice is in the books.
async fn posted(action: &str) -> (Response, bool) {
    let (bed, invoice, _) = bed_with(json!({ "action": action })).await;
    let answer = bed.post(PATH, &invoice).await;
    let booked = bed.booked().await.contains(&"A-1".to_owned());
    let last = bed.requests().await.pop().unwrap();
    assert_eq!(last["committed"], booked, "{action}");
    (answer, booked)
}

#[tokio::test]
async fn a_reset_is_an_error_and_no_end_to_the_client() {
    for (action, booked) in [("reset", false), ("reset_committed", true)] {
        let (bed, invoice, _) = bed_with(json!({ "action": action })).await;
        let error = bed.raw_posted(PATH, &invoice).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{action}");
        assert_eq!(bed.booked().await.contains(&"A-1".to_owned()), booked, "{action}");
        // The next connection is not touched.
        assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    }
    let (bed, invoice, _) = bed_with(json!({ "action": "drop" })).await;
    assert_eq!(bed.raw_posted(PATH, &invoice).await.unwrap(), b"");
}

#[tokio::test]
async fn a_bad_gateway_is_a_page_with_or_without_an_effect() {
    for (action, effect) in [("error_502", false), ("error_502_committed", true)] {
        let (answer, booked) = posted(action).await;
        assert_eq!((answer.status().as_u16(), booked), (502, effect), "{action}");
        assert!(answer.text().await.unwrap().starts_with("<html>"));
    }
}

#[tokio::test]
async fn a_conflict_has_myobs_body_and_no_effect() {
    let (answer, booked) = posted("conflict_409").await;
    assert_eq!((answer.status().as_u16(), booked), (409, false));
    let body: Json = answer.json().await.unwrap();
    assert_eq!(body["Errors"][0]["ErrorCode"], 111);
}

#[tokio::test]
async fn accepted_202_takes_effect_in_its_time() {
    let (bed, invoice, _) = bed_with(json!({ "action": "accepted_202", "delay_ms": 60_000 })).await;
    let answer = bed.post(PATH, &invoice).await;
    assert_eq!(answer.status(), 202);
    assert!(!answer.headers().contains_key("location"));
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(bed.booked().await, ["A-0"]);
    bed.advance(60_000).await;
    assert_eq!(bed.booked().await, ["A-0", "A-1"]);
}

#[tokio::test]
async fn ok_200_without_uid_shows_the_record_without_its_identity() {
    let (answer, booked) = posted("ok_200_without_uid").await;
    assert_eq!((answer.status().as_u16(), booked), (200, true));
    assert!(!answer.headers().contains_key("location"));
    let body: Json = answer.json().await.unwrap();
    assert_eq!(
        (&body["Number"], &body["UID"], &body["URI"]),
        (&json!("A-1"), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn wrong_uid_names_another_document() {
    let (bed, invoice, old) = bed_with(json!({ "action": "wrong_uid" })).await;
    let answer = bed.post(PATH, &invoice).await;
    assert_eq!(answer.status(), 201);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let uid = old["UID"].as_str().unwrap();
    assert!(location.ends_with(uid), "{location}");
    let body: Json = answer.json().await.unwrap();
    assert_eq!((&body["UID"], &body["Number"]), (&old["UID"], &json!("A-1")));
    assert_eq!(bed.numbers(PATH, "Number eq 'A-1'").await, ["A-1"]);
    // Without another document it is one that does not exist.
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(json!({ "action": "wrong_uid" })).await;
    let body: Json = bed.post(PATH, &invoice).await.json().await.unwrap();
    let path = format!("{PATH}/{}", body["UID"].as_str().unwrap());
    assert_eq!(bed.get(&path).await.status(), 404);
}

#[tokio::test]
async fn invalid_json_201_keeps_its_location_and_its_length() {
    let (answer, booked) = posted("invalid_json_201").await;
    assert_eq!((answer.status().as_u16(), booked), (201, true));
    assert!(answer.headers().contains_key("location"));
    let text = answer.text().await.unwrap();
    assert!(!text.is_empty() && serde_json::from_str::<Json>(&text).is_err());
}

#[tokio::test]
async fn a_refusal_is_not_dressed_up_by_a_lie() {
    for action in ["wrong_uid", "ok_200_without_uid", "invalid_json_201", "trickle"] {
        let (bed, mut invoice, _) = bed_with(json!({ "action": action })).await;
        invoice["Customer"] = json!(null);
        assert_eq!(bed.refused(PATH, &invoice).await.0, 400, "{action}");
    }
}

#[tokio::test]
async fn a_trickle_outlasts_the_client_and_took_effect() {
    let (bed, invoice, _) = bed_with(json!({ "action": "trickle", "delay_ms": 60_000 })).await;
    let request = bed.request(Method::POST, PATH).json(&invoice);
    let answer = request.timeout(Duration::from_millis(300)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert!(answer.bytes().await.unwrap_err().is_timeout());
    assert_eq!(bed.booked().await, ["A-0", "A-1"]);
    // Who waits long enough gets it whole.
    bed.fault(json!({ "action": "trickle", "delay_ms": 1 })).await;
    let request = bed.request(Method::POST, PATH).json(&invoice).timeout(PATIENCE);
    let body: Json = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["Number"], "A-1");
}
