//! The list of requests, one request, and the pages for people.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

const PATH: &str = "/Sale/Invoice/Service";

async fn page(bed: &Bed, path: &str) -> (u16, String) {
    let request = bed.client.get(format!("{}/sandbox/{path}", bed.url));
    let response = request.header("accept", "text/html,*/*").send().await.unwrap();
    let html = response.headers()["content-type"].to_str().unwrap().starts_with("text/html");
    let status = response.status().as_u16();
    assert!(html || status != 200);
    (status, response.text().await.unwrap())
}

#[tokio::test]
async fn a_request_is_listed_with_what_it_asked_and_how_it_went() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    bed.fault(json!({ "action": "delay", "delay_ms": 20 })).await;
    bed.fault(json!({ "action": "empty_201" })).await;
    let answer = bed.post(&format!("{PATH}?returnBody=true"), &invoice).await;
    let id = answer.headers()["x-myobapi-requestid"].to_str().unwrap();
    let last = bed.requests().await.pop().unwrap();
    assert_eq!(last["request_id"], id);
    assert_eq!(last["query"], "returnBody=true");
    assert_eq!(last["company_file"], "acme");
    assert_eq!(last["fault"], "empty_201");
    assert!(last["took_ms"].as_u64().unwrap() >= 20);
    bed.fault(json!({ "action": "drop" })).await;
    bed.raw_post(PATH, &invoice).await;
    let last = bed.requests().await.pop().unwrap();
    assert_eq!((&last["status"], &last["fault"]), (&json!(null), &json!("drop")));
    assert!(last["took_ms"].is_u64());
}

#[tokio::test]
async fn the_list_begins_and_ends_where_it_is_asked_to() {
    let bed = Bed::new().await;
    for _ in 0..5 {
        bed.get("/Sale/Invoice").await;
    }
    let seqs = async |query: &str| {
        let (_, list) = bed.control(Method::GET, &format!("requests{query}"), None).await;
        let seqs = list.as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap());
        seqs.collect::<Vec<_>>()
    };
    assert_eq!(seqs("").await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(seqs("?after=2&limit=2").await, [3, 4]);
    assert_eq!(seqs("?after=6").await, Vec::<u64>::new());
    assert_eq!(seqs("?limit=0").await, Vec::<u64>::new());
    assert_eq!(bed.control(Method::GET, "requests?after=x", None).await.0, 400);
}

#[tokio::test]
async fn one_request_shows_both_sides_without_secrets() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let request = bed.request(Method::POST, &format!("{PATH}?returnBody=true")).json(&invoice);
    let request = request.header("x-myobapi-cftoken", "c2VjcmV0").header("accept-encoding", "gzip");
    assert_eq!(request.send().await.unwrap().status(), 201);
    let all = bed.requests().await;
    let shown =
        async |seq: &Json| bed.control(Method::GET, &format!("requests/{seq}"), None).await.1;
    let last = shown(&all.last().unwrap()["seq"]).await;
    let sent: Json = serde_json::from_str(last["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(sent, invoice);
    let answered: Json = serde_json::from_str(last["answer"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answered["Number"], "A-1");
    let text = last.to_string();
    assert!(!text.contains(&bed.token) && !text.contains("c2VjcmV0"), "{text}");
    assert!(text.contains(r#"["authorization","***"]"#) && text.contains(r#""location","http"#));
    // What is exchanged for tokens is not shown either.
    let first = shown(&all[0]["seq"]).await;
    assert_eq!(first["entry"]["path"], "/oauth2/v1/authorize");
    assert_eq!(
        (&first["request"]["body"], &first["answer"]["body"]),
        (&json!("***"), &json!("***"))
    );
    assert_eq!(bed.control(Method::GET, "requests/99999", None).await.0, 404);
    assert_eq!(bed.control(Method::GET, "requests/x", None).await.0, 404);
}

#[tokio::test]
async fn what_a_fault_made_of_an_answer_is_what_is_shown() {
    let bed = Bed::new().await;
    for (action, body) in [
        ("invalid_json_201", "{\"UID\": \"not a"),
        ("empty_201", ""),
        ("error_502_committed", "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    ] {
        let invoice = bed.invoice("A-1").await;
        bed.fault(json!({ "action": action })).await;
        bed.post(&format!("{PATH}?returnBody=true"), &invoice).await;
        let seq = bed.requests().await.pop().unwrap()["seq"].clone();
        let (_, shown) = bed.control(Method::GET, &format!("requests/{seq}"), None).await;
        assert_eq!(shown["answer"]["body"], body, "{action}");
    }
}

#[tokio::test]
async fn people_get_pages_with_links_in_which_nothing_runs() {
    let bed = Bed::new().await;
    let mut invoice = bed.invoice("<b>1</b>").await;
    invoice["JournalMemo"] = json!("<script>alert(1)</script>");
    bed.created(PATH, &invoice).await;
    let seq = bed.requests().await.pop().unwrap()["seq"].clone();
    let (status, list) = page(&bed, "requests").await;
    assert_eq!(status, 200);
    assert!(list.contains(&format!("<a href=\"/sandbox/requests/{seq}\">{seq}</a>")));
    assert!(list.contains("&lt;b&gt;1&lt;/b&gt;") && !list.contains("<b>1"));
    let (status, one) = page(&bed, &format!("requests/{seq}")).await;
    assert_eq!(status, 200);
    assert!(one.contains("&lt;script&gt;alert(1)") && !one.contains("<script>"));
    assert!(!one.contains(&bed.token));
    assert_eq!(page(&bed, "requests/99999").await.0, 404);
}
