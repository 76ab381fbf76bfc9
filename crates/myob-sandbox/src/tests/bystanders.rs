//! Endpoints beside records and sales.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

#[tokio::test]
async fn every_path_that_is_named_answers() {
    let bed = Bed::new().await;
    let root = bed.get_json("").await;
    for uri in root["Resources"].as_array().unwrap() {
        let path = uri.as_str().unwrap().split("/accountright/acme").nth(1).unwrap();
        bed.get_json(path).await;
    }
    for path in ["Contact/Employee", "Sale/Invoice/Professional", "Sale/Order", "Sale/Order/Item"] {
        let empty = json!({ "Items": [], "NextPageLink": null, "Count": 0 });
        assert_eq!(bed.get_json(&format!("/{path}")).await, empty);
        let status = bed.post(&format!("/{path}"), &json!({})).await.status().as_u16();
        assert_eq!(status, 405, "{path}");
    }
}

#[tokio::test]
async fn info_names_the_build_and_is_no_company_file() {
    let bed = Bed::new().await;
    bed.switch(json!({ "files": "listed", "keys": "old" })).await;
    for path in ["Info", "info/", "DataScopes"] {
        let url = format!("{}/accountright/{path}", bed.url);
        let request = bed.request(Method::GET, "").build().unwrap();
        let response = bed.client.get(url).headers(request.headers().clone()).send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body: Json = response.json().await.unwrap();
        assert!(path == "DataScopes" || body["Build"].is_string(), "{body}");
    }
    assert_eq!(bed.ledger().await["invoices"], json!([]));
}

#[tokio::test]
async fn the_user_and_the_preferences_are_shown() {
    let bed = Bed::new().await;
    let user = bed.get_json("/CurrentUser").await;
    assert!(user["UserAccess"].as_array().unwrap().len() > 10);
    let preferences = bed.get_json("/Company/Preferences").await;
    assert_eq!(preferences["System"]["LockPeriodPriorTo"], json!(null));
    bed.switch(json!({ "lock_period_before": "2026-07-01" })).await;
    let preferences = bed.get_json("/Company/Preferences").await;
    assert_eq!(preferences["System"]["LockPeriodPriorTo"], "2026-07-01T00:00:00");
}

#[tokio::test]
async fn jobs_and_categories_are_records_as_others() {
    let bed = Bed::new().await;
    for (path, field) in
        [("/GeneralLedger/Job", "Number"), ("/GeneralLedger/Category", "DisplayID")]
    {
        assert_eq!(bed.refused(path, &json!({ "Name": "x" })).await.0, 400);
        let made = bed.created(path, &json!({ field: "J-1", "Name": "First" })).await;
        let filter = format!("{field} eq 'J-1'");
        assert_eq!(bed.uid(path, &filter).await, made["UID"].as_str().unwrap());
        let one = format!("{path}/{}", made["UID"].as_str().unwrap());
        let mut changed = bed.get_json(&one).await;
        changed["Name"] = json!("Second");
        let put = bed.request(Method::PUT, &one).json(&changed).send().await.unwrap();
        assert_eq!(put.status(), 200);
        assert_eq!(bed.get_json(&one).await["Name"], "Second");
        assert_eq!(bed.request(Method::DELETE, &one).send().await.unwrap().status(), 200);
        assert_eq!(bed.get(&one).await.status(), 404);
    }
}

#[tokio::test]
async fn a_consent_that_is_denied_says_so_to_the_client() {
    let bed = Bed::new().await;
    bed.switch(json!({ "consent": "denied" })).await;
    let url = format!("{}/oauth2/account/authorize", bed.url);
    let query = [
        ("client_id", "sandbox"),
        ("redirect_uri", "http://127.0.0.1:1/back"),
        ("response_type", "code"),
        ("state", "s1"),
    ];
    let response = bed.client.get(url).query(&query).send().await.unwrap();
    let target = response.headers()["location"].to_str().unwrap();
    assert_eq!(target, "http://127.0.0.1:1/back?error=access_denied&state=s1");
    assert_eq!(bed.control(Method::GET, "files", None).await.1, json!([]));
}
