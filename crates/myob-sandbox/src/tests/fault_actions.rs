//! What every fault does to the answer, and to the books. The deadly ones are watched on the
//! bare socket.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Bed, PATIENCE};

const PATH: &str = "/Sale/Invoice/Service";

/// A bed on which the next POST of an invoice meets `fault`.
async fn bed_with(fault: Json) -> (Bed, Json) {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(fault).await;
    (bed, invoice)
}

/// Whether the POST counts as arrived, as committed, and is in the books.
async fn assert_effect(bed: &Bed, status: Option<u16>, committed: bool) {
    let booked = if committed { vec!["A-1"] } else { vec![] };
    assert_eq!(bed.booked().await, booked);
    assert_eq!(bed.ledger().await["posts_received"], 1);
    let requests = bed.requests().await;
    let is_post = |entry: &&Json| entry["number"] == "A-1" && entry["method"] == "POST";
    let posts: Vec<&Json> = requests.iter().filter(is_post).collect();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["status"], json!(status));
    assert_eq!(posts[0]["committed"], committed);
    assert_eq!(posts[0]["path"], "/accountright/acme/Sale/Invoice/Service");
    // One fault, one use: the same request passes now.
    let again = bed.post(PATH, &bed.invoice("A-9").await).await;
    assert_eq!(again.status(), 201);
}

#[tokio::test]
async fn drop_closes_the_connection_before_the_effect() {
    let (bed, invoice) = bed_with(json!({ "action": "drop" })).await;
    assert_eq!(bed.raw_post(PATH, &invoice).await, b"");
    assert_effect(&bed, None, false).await;
}

#[tokio::test]
async fn commit_then_drop_closes_the_connection_after_the_effect() {
    let (bed, invoice) = bed_with(json!({ "action": "commit_then_drop" })).await;
    assert_eq!(bed.raw_post(PATH, &invoice).await, b"");
    assert_effect(&bed, None, true).await;
}

#[tokio::test]
async fn late_commit_takes_effect_when_its_time_has_come() {
    let (bed, invoice) = bed_with(json!({ "action": "late_commit", "delay_ms": 60_000 })).await;
    assert_eq!(bed.raw_post(PATH, &invoice).await, b"");
    let filter = "Number eq 'A-1'";
    bed.advance(55_000).await;
    assert_eq!(bed.numbers("/Sale/Invoice", filter).await, Vec::<String>::new());
    assert_eq!(bed.booked().await, Vec::<String>::new());
    bed.advance(5_000).await;
    assert_eq!(bed.numbers("/Sale/Invoice", filter).await, ["A-1"]);
    assert_effect(&bed, None, true).await;
}

#[tokio::test]
async fn a_late_commit_that_is_invalid_never_takes_effect() {
    let (bed, mut invoice) = bed_with(json!({ "action": "late_commit", "delay_ms": 1 })).await;
    invoice["Customer"] = json!(null);
    assert_eq!(bed.raw_post(PATH, &invoice).await, b"");
    bed.advance(10).await;
    assert_effect(&bed, None, false).await;
}

#[tokio::test]
async fn plain_refusals_have_no_effect() {
    for (action, status, name) in [
        ("error_500", 500, "InternalError"),
        ("gateway_timeout", 504, "GatewayTimeout"),
        ("rate_limit", 403, "RateLimitError"),
        ("too_many_429", 429, "TooManyRequests"),
        ("unauthorised", 401, "OAuthTokenIsInvalid"),
        ("not_found", 404, "NotFound"),
        ("reject", 400, "ValidationError"),
    ] {
        let (bed, invoice) = bed_with(json!({ "action": action })).await;
        let (got, error) = bed.refused(PATH, &invoice).await;
        assert_eq!((got, &error["Name"]), (status, &json!(name)), "{action}");
        assert_effect(&bed, Some(status), false).await;
    }
}

#[tokio::test]
async fn committed_errors_have_their_effect() {
    for (action, status) in [("error_500_committed", 500), ("gateway_timeout_committed", 504)] {
        let (bed, invoice) = bed_with(json!({ "action": action })).await;
        let (got, _) = bed.refused(PATH, &invoice).await;
        assert_eq!(got, status, "{action}");
        assert_effect(&bed, Some(status), true).await;
    }
}

#[tokio::test]
async fn access_denied_is_not_wrapped() {
    let (bed, invoice) = bed_with(json!({ "action": "access_denied" })).await;
    let response = bed.post(PATH, &invoice).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.json::<Json>().await.unwrap()["ErrorCode"], "AccessDenied");
    assert_effect(&bed, Some(403), false).await;
}

#[tokio::test]
async fn some_errors_are_pages_of_html() {
    for (action, status) in [("html_error", 403), ("unavailable_503", 503)] {
        let (bed, invoice) = bed_with(json!({ "action": action })).await;
        let response = bed.post(PATH, &invoice).await;
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["content-type"], "text/html");
        assert!(response.text().await.unwrap().starts_with("<html>"));
        assert_effect(&bed, Some(status), false).await;
    }
}

#[tokio::test]
async fn redirect_307_points_back_to_the_same_address() {
    let (bed, invoice) = bed_with(json!({ "action": "redirect_307" })).await;
    let response = bed.post(&format!("{PATH}?returnBody=true"), &invoice).await;
    assert_eq!(response.status(), 307);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(location, format!("{}/accountright/acme{PATH}?returnBody=true", bed.url));
    assert_effect(&bed, Some(307), false).await;
}

#[tokio::test]
async fn truncate_body_breaks_off_in_the_middle() {
    for path in [PATH.to_owned(), format!("{PATH}?returnBody=true")] {
        let (bed, invoice) = bed_with(json!({ "action": "truncate_body" })).await;
        let answer = String::from_utf8(bed.raw_post(&path, &invoice).await).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        let head = head.to_ascii_lowercase();
        let promised = head.split("content-length: ").nth(1).unwrap();
        let promised: usize = promised.lines().next().unwrap().parse().unwrap();
        assert!(body.len() > 100 && body.len() < promised, "{} of {promised}", body.len());
        assert!(serde_json::from_str::<Json>(body).is_err());
        assert_effect(&bed, Some(201), true).await;
    }
}

#[tokio::test]
async fn a_client_sees_a_truncated_body_as_an_error() {
    let (bed, invoice) = bed_with(json!({ "action": "truncate_body" })).await;
    let response = bed.post(PATH, &invoice).await;
    assert_eq!(response.status(), 201);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn empty_201_keeps_its_location() {
    let (bed, invoice) = bed_with(json!({ "action": "empty_201" })).await;
    let response = bed.post(&format!("{PATH}?returnBody=true"), &invoice).await;
    assert_eq!(response.status(), 201);
    assert!(response.headers().contains_key("location"));
    assert_eq!(response.text().await.unwrap(), "");
    assert_effect(&bed, Some(201), true).await;
}

#[tokio::test]
async fn no_location_201_says_nothing_at_all() {
    let (bed, invoice) = bed_with(json!({ "action": "no_location_201" })).await;
    let response = bed.post(&format!("{PATH}?returnBody=true"), &invoice).await;
    assert_eq!(response.status(), 201);
    assert!(!response.headers().contains_key("location"));
    assert_eq!(response.text().await.unwrap(), "");
    assert_effect(&bed, Some(201), true).await;
}

#[tokio::test]
async fn a_refusal_is_not_dressed_up_as_a_201() {
    for action in ["empty_201", "no_location_201", "truncate_body", "hide_from_search"] {
        let (bed, mut invoice) = bed_with(json!({ "action": action })).await;
        invoice["Customer"] = json!(null);
        assert_eq!(bed.refused(PATH, &invoice).await.0, 400, "{action}");
    }
}

#[tokio::test]
async fn hide_from_search_hides_from_lists_only_and_for_a_while() {
    let fault = json!({ "action": "hide_from_search", "delay_ms": 60_000 });
    let (bed, invoice) = bed_with(fault).await;
    let posted = bed.created(PATH, &invoice).await;
    let one = format!("{PATH}/{}", posted["UID"].as_str().unwrap());
    let filters = ["Number eq 'A-1'", "CustomerPurchaseOrderNumber eq 'ref-A-1'"];
    bed.advance(50_000).await;
    for filter in filters {
        assert_eq!(bed.numbers("/Sale/Invoice", filter).await, Vec::<String>::new());
    }
    assert_eq!(bed.get_json("/Sale/Invoice").await["Count"], 0);
    assert_eq!(bed.get_json(&one).await["Number"], "A-1");
    assert_eq!(bed.booked().await, ["A-1"]);
    bed.advance(10_000).await;
    for filter in filters {
        assert_eq!(bed.numbers("/Sale/Invoice", filter).await, ["A-1"]);
    }
}

#[tokio::test]
async fn search_error_hits_searches_and_lets_posts_pass() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "search_error" })).await;
    let invoice = bed.invoice("A-1").await;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 500);
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
}

#[tokio::test]
async fn search_error_can_wait_for_one_number() {
    let bed = Bed::new().await;
    let matches = json!({ "number": "A-1" });
    bed.fault(json!({ "action": "search_error", "match": matches, "times": 0 })).await;
    let invoice = bed.invoice("A-1").await;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    let search = |filter| bed.request(Method::GET, "/Sale/Invoice").query(&[("$filter", filter)]);
    assert_eq!(search("Number eq 'A-2'").send().await.unwrap().status(), 200);
    for filter in ["Number eq 'A-1'", "Number eq 'A-0' or Number eq 'A-1'"] {
        assert_eq!(search(filter).send().await.unwrap().status(), 500);
    }
}

#[tokio::test]
async fn delay_makes_a_request_wait_and_lets_a_later_fault_apply() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(json!({ "action": "delay", "delay_ms": 3_600_000 })).await;
    bed.fault(json!({ "action": "drop" })).await;
    let patience = Duration::from_millis(50);
    let request = bed.request(Method::POST, PATH).json(&invoice).timeout(patience).send();
    assert!(request.await.unwrap_err().is_timeout());
    let (_, faults) = bed.control(Method::GET, "faults", None).await;
    assert_eq!(faults, json!([]));
    assert_eq!(bed.booked().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_takes_effect_though_its_client_has_gone() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(json!({ "action": "delay", "delay_ms": 300 })).await;
    let patience = Duration::from_millis(20);
    let request = bed.request(Method::POST, PATH).json(&invoice).timeout(patience).send();
    assert!(request.await.unwrap_err().is_timeout());
    let booked = async {
        while bed.booked().await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, booked).await.unwrap();
    assert_eq!(bed.booked().await, ["A-1"]);
}

#[tokio::test]
async fn an_answer_that_goes_wrong_is_held_back_after_the_effect() {
    let fault = json!({ "action": "gateway_timeout_committed", "delay_ms": 3_600_000 });
    let (bed, invoice) = bed_with(fault).await;
    let patience = Duration::from_millis(50);
    let request = bed.request(Method::POST, PATH).json(&invoice).timeout(patience).send();
    assert!(request.await.unwrap_err().is_timeout());
    assert_effect(&bed, None, true).await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_open_requests_and_ends_their_effects() {
    let (bed, invoice) = bed_with(json!({ "action": "delay", "delay_ms": 3_600_000 })).await;
    let request = bed.request(Method::POST, PATH).json(&invoice).send();
    let request = tokio::spawn(request);
    let arrived = async {
        while bed.ledger().await["posts_received"] == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap();
    let bed = bed.restarted().await;
    assert!(request.await.unwrap().is_err());
    assert_eq!(bed.booked().await, Vec::<String>::new());
}
