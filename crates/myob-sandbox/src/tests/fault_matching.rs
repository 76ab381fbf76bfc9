//! Which requests faults hit, how often, and which faults are refused.

use reqwest::Method;
use serde_json::json;

use super::Bed;

const PATH: &str = "/Sale/Invoice/Service";

async fn post(bed: &Bed, number: &str) -> u16 {
    bed.post(PATH, &bed.invoice(number).await).await.status().as_u16()
}

#[tokio::test]
async fn times_counts_and_zero_is_for_ever() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "error_500", "times": 2 })).await;
    assert_eq!(
        [post(&bed, "A").await, post(&bed, "B").await, post(&bed, "C").await],
        [500, 500, 201]
    );
    bed.fault(json!({ "action": "error_500", "times": 0 })).await;
    for _ in 0..3 {
        assert_eq!(post(&bed, "D").await, 500);
    }
    assert_eq!(bed.control(Method::DELETE, "faults", None).await.0, 200);
    assert_eq!(post(&bed, "E").await, 201);
}

#[tokio::test]
async fn the_first_match_wins_and_a_delay_is_no_obstacle() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "delay", "delay_ms": 1, "match": { "number": "B" } })).await;
    bed.fault(json!({ "action": "gateway_timeout", "match": { "number": "B" } })).await;
    bed.fault(json!({ "action": "error_500", "times": 0 })).await;
    assert_eq!(post(&bed, "A").await, 500);
    assert_eq!(post(&bed, "B").await, 504);
    assert_eq!(post(&bed, "B").await, 500);
}

#[tokio::test]
async fn a_match_looks_at_method_path_company_file_and_number() {
    let bed = Bed::new().await;
    let never = [
        json!({ "method": "PUT" }),
        json!({ "path_prefix": "/Sale/Invoice/Item" }),
        json!({ "path_prefix": "/accountright/other" }),
        json!({ "company_file": "other" }),
        json!({ "number": "B" }),
        json!({ "method": "POST", "number": "a" }),
    ];
    let invoice = bed.invoice("A").await;
    for matches in never {
        bed.fault(json!({ "action": "error_500", "match": matches, "times": 0 })).await;
    }
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    bed.control(Method::DELETE, "faults", None).await;
    let ever = [
        json!({ "method": "post" }),
        json!({ "path_prefix": "/Sale/Invoice/Service" }),
        json!({ "path_prefix": "/accountright/acme/Sale" }),
        json!({ "company_file": "acme" }),
        json!({ "number": "A" }),
        json!({ "method": "POST", "number": "A", "company_file": "acme", "path_prefix": "/Sale" }),
        json!({}),
    ];
    for matches in ever {
        bed.fault(json!({ "action": "error_500", "match": matches })).await;
        assert_eq!(bed.post(PATH, &invoice).await.status(), 500, "{matches}");
    }
}

#[tokio::test]
async fn a_fault_without_match_leaves_other_requests_alone() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "drop", "times": 0 })).await;
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
    assert_eq!(bed.post("/Contact/Customer", &json!({ "CompanyName": "x" })).await.status(), 201);
}

#[tokio::test]
async fn a_number_in_a_match_is_that_of_a_body_not_of_a_search() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "commit_then_drop", "match": { "number": "A" } })).await;
    assert_eq!(bed.numbers("/Sale/Invoice", "Number eq 'A'").await, Vec::<String>::new());
    let (_, waiting) = bed.control(Method::GET, "faults", None).await;
    assert_eq!(waiting[0]["remaining"], 1);
}

#[tokio::test]
async fn oauth_can_go_wrong_too() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "unauthorised", "match": { "path_prefix": "/oauth2" } })).await;
    assert!(bed.refresh("sandbox").await.get("access_token").is_none());
    assert!(bed.refresh("sandbox").await.get("access_token").is_some());
}

#[tokio::test]
async fn a_request_that_may_not_pass_uses_up_no_fault() {
    let mut bed = Bed::new().await;
    bed.fault(json!({ "action": "error_500" })).await;
    let (token, invoice) = (bed.token.clone(), bed.invoice("A").await);
    bed.token = "wrong".to_owned();
    assert_eq!(bed.post(PATH, &invoice).await.status(), 401);
    bed.token = token;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 500);
    // But it arrived.
    assert_eq!(bed.ledger().await["posts_received"], 2);
}

#[tokio::test]
async fn faults_that_are_not_understood_are_refused_whole() {
    let bed = Bed::new().await;
    for (fault, named) in [
        (json!({ "action": "explode" }), "explode"),
        (json!({ "action": "drop", "after": 1 }), "after"),
        (json!({ "action": "drop", "match": { "verb": "POST" } }), "verb"),
        (json!({ "action": "drop", "times": -1 }), "-1"),
        (json!({ "times": 1 }), "action"),
        (json!("drop"), "drop"),
    ] {
        let list = json!([{ "action": "drop" }, fault]);
        let (status, answer) = bed.control(Method::POST, "faults", Some(list)).await;
        let message = answer["Errors"][0]["Message"].as_str().unwrap();
        assert_eq!(status, 400);
        assert!(message.contains(named) && message.contains("fault 2"), "{message}");
    }
    let (_, waiting) = bed.control(Method::GET, "faults", None).await;
    assert_eq!(waiting, json!([]));
    let (status, _) = bed.control(Method::POST, "faults", Some(json!({ "action": "drop" }))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn arrivals_count_what_went_wrong_too() {
    let bed = Bed::new().await;
    bed.fault(json!({ "action": "error_500", "times": 2 })).await;
    for _ in 0..3 {
        post(&bed, "A").await;
    }
    let ledger = bed.ledger().await;
    assert_eq!(ledger["posts_received"], 3);
    assert_eq!(ledger["invoices"][0]["arrivals"], 3);
    assert_eq!(ledger["duplicates"], json!([]));
}

#[tokio::test]
async fn reset_forgets_everything_or_only_the_faults() {
    let bed = Bed::new().await;
    post(&bed, "A").await;
    bed.fault(json!({ "action": "error_500", "times": 0 })).await;
    let only_faults = json!({ "faults": true });
    assert_eq!(bed.control(Method::POST, "reset", Some(only_faults)).await.0, 204);
    assert_eq!(post(&bed, "B").await, 201);
    assert_eq!(bed.booked().await, ["A", "B"]);
    bed.fault(json!({ "action": "error_500", "times": 0 })).await;
    assert_eq!(bed.control(Method::POST, "reset", None).await.0, 204);
    let empty = json!({ "invoices": [], "posts_received": 0, "duplicates": [] });
    assert_eq!(bed.ledger().await, empty);
    assert_eq!(bed.requests().await.len(), 0);
    // The token still counts.
    assert_eq!(post(&bed, "C").await, 201);
    let misspelt = json!({ "fault": true });
    assert_eq!(bed.control(Method::POST, "reset", Some(misspelt)).await.0, 400);
}

#[tokio::test]
async fn requests_are_listed_with_what_became_of_them() {
    let bed = Bed::new().await;
    post(&bed, "A").await;
    bed.numbers("/Sale/Invoice", "Number eq 'A'").await;
    bed.get("/Sale/Invoice/Quote").await;
    let requests = bed.requests().await;
    let tail = |from_end: usize| {
        let entry = &requests[requests.len() - from_end];
        let fields = ["method", "path", "number", "status", "committed"];
        fields.map(|field| entry[field].clone())
    };
    let invoices = "/accountright/acme/Sale/Invoice";
    let post = [json!("POST"), json!(format!("{invoices}/Service")), json!("A"), json!(201)];
    assert_eq!(tail(3)[..4], post);
    assert_eq!(tail(3)[4], true);
    let search = [json!("GET"), json!(invoices), json!("A"), json!(200), json!(false)];
    assert_eq!(tail(2), search);
    assert_eq!(tail(1)[3], 404);
    let seqs: Vec<_> = requests.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..).take(seqs.len()).collect::<Vec<u64>>());
}
