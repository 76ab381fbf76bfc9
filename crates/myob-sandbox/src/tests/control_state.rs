//! Consent that ends, keys that are switched off, customers that go, and a past.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

const PATH: &str = "/Sale/Invoice/Service";

async fn done(bed: &Bed, path: &str, body: Json) -> Json {
    let (status, answer) = bed.control(Method::POST, path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn access_tokens_expire_on_demand_and_a_refresh_gives_new_ones() {
    let mut bed = Bed::new().await;
    let tokens = bed.refresh("sandbox").await;
    done(&bed, "tokens/expire", json!({})).await;
    assert_eq!(bed.get("").await.status(), 401);
    let renewed = bed.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    bed.token = renewed["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("").await.status(), 200);
}

#[tokio::test]
async fn a_revoked_consent_ends_refreshing_until_it_is_given_anew() {
    let bed = Bed::new().await;
    let tokens = bed.refresh("sandbox").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    done(&bed, "tokens/revoke", json!({})).await;
    assert_eq!(bed.get("").await.status(), 200);
    let bed = bed.restarted().await;
    for token in [refresh, "sandbox"] {
        assert_eq!(bed.refresh(token).await["error"], "invalid_grant");
    }
    let url = format!("{}/oauth2/account/authorize", bed.url);
    let query =
        [("client_id", "sandbox"), ("redirect_uri", "http://x/"), ("response_type", "code")];
    let back = bed.client.get(url).query(&query).send().await.unwrap();
    let target = back.headers()["location"].to_str().unwrap();
    let pairs = crate::form::pairs(target.split_once('?').unwrap().1);
    let form = [
        ("client_id", "sandbox"),
        ("client_secret", "sandbox"),
        ("grant_type", "authorization_code"),
        ("code", crate::form::value(&pairs, "code").unwrap()),
        ("redirect_uri", "http://x/"),
    ];
    let url = format!("{}/oauth2/v1/authorize", bed.url);
    assert_eq!(bed.client.post(url).form(&form).send().await.unwrap().status(), 200);
    assert!(bed.refresh("sandbox").await["access_token"].is_string());
    assert_eq!(bed.refresh(refresh).await["error"], "invalid_grant");
}

#[tokio::test]
async fn a_reset_gives_consent_and_key_back() {
    let bed = Bed::new().await;
    done(&bed, "tokens/revoke", json!({})).await;
    done(&bed, "keys", json!({ "active": false })).await;
    bed.control(Method::POST, "reset", None).await;
    assert!(bed.refresh("sandbox").await["access_token"].is_string());
    assert_eq!(bed.get("").await.status(), 200);
}

#[tokio::test]
async fn an_inactive_key_is_refused_as_myob_does_it() {
    let bed = Bed::new().await;
    done(&bed, "keys", json!({ "active": false })).await;
    let response = bed.get("").await;
    assert_eq!(response.status(), 403);
    let body: Json = response.json().await.unwrap();
    assert_eq!(body["Errors"][0]["Name"], "DeveloperInactive");
    done(&bed, "keys", json!({ "active": true })).await;
    assert_eq!(bed.get("").await.status(), 200);
}

#[tokio::test]
async fn a_customer_that_is_deleted_takes_no_more_invoices() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let kept = bed.created(PATH, &invoice).await;
    let path = format!("/Contact/Customer/{}", invoice["Customer"]["UID"].as_str().unwrap());
    assert_eq!(bed.request(Method::DELETE, &path).send().await.unwrap().status(), 200);
    assert_eq!(bed.get(&path).await.status(), 404);
    let (status, error) = bed.refused(PATH, &invoice).await;
    assert_eq!((status, &error["ErrorCode"]), (400, &json!(150)));
    let one = format!("{PATH}/{}", kept["UID"].as_str().unwrap());
    assert_eq!(bed.get_json(&one).await["Customer"]["UID"], invoice["Customer"]["UID"]);
}

#[tokio::test]
async fn a_fill_makes_a_past_with_doubles_that_a_restart_makes_again() {
    let bed = Bed::new().await;
    let past = json!({
        "company_file": "acme", "count": 25, "from": "2024-01-01", "to": "2024-12-31",
        "duplicate_every": 10,
    });
    let answer = done(&bed, "fill", past.clone()).await;
    assert_eq!(answer, json!({ "invoices": 25, "duplicates": 2 }));
    done(&bed, "fill", past).await;
    let ledger = bed.ledger().await;
    assert_eq!(ledger["invoices"].as_array().unwrap().len(), 50);
    assert_eq!(ledger["duplicates"].as_array().unwrap().len(), 4);
    assert_eq!(ledger["posts_received"], 0);
    let twins = bed.get_json("/Sale/Invoice?$filter=Number%20eq%20'F00000009'").await;
    let [one, other] = [&twins["Items"][0], &twins["Items"][1]];
    assert_ne!(one["UID"], other["UID"]);
    for field in ["CustomerPurchaseOrderNumber", "Customer", "Date", "TotalAmount"] {
        assert_eq!(one[field], other[field], "{field}");
    }
    let all = bed.get_json("/Sale/Invoice/Service?$orderby=Date&generateUris=false").await;
    let items = all["Items"].as_array().unwrap();
    assert_eq!(items[0]["Date"], "2024-01-01T00:00:00");
    assert_eq!(items[49]["Date"], "2024-12-31T00:00:00");
    assert_eq!(items[0]["LastModified"], "2024-01-01T00:00:00.000");
    let bed = bed.restarted().await;
    assert_eq!(bed.ledger().await, ledger);
    let again = bed.get_json("/Sale/Invoice/Service?$orderby=Date&generateUris=false").await;
    assert_eq!(again, all);
}

#[tokio::test]
async fn a_hundred_thousand_invoices_are_there_in_seconds_and_one_line() {
    let bed = Bed::new().await;
    let before = std::fs::metadata(bed.log()).unwrap().len();
    let past = json!({
        "company_file": "acme", "count": 100_000, "from": "2020-01-01", "to": "2025-12-31",
    });
    // The client's patience is the limit.
    done(&bed, "fill", past).await;
    // The company file's first records and one line for all invoices.
    assert!(std::fs::metadata(bed.log()).unwrap().len() - before < 4096);
    let page = bed.get_json("/Sale/Invoice?$top=1&$skip=99999").await;
    assert_eq!(
        (&page["Count"], &page["Items"][0]["Number"]),
        (&json!(100_000), &json!("F00100000"))
    );
}

#[tokio::test]
async fn what_cannot_be_filled_is_said() {
    let bed = Bed::new().await;
    let good = json!({ "company_file": "a", "count": 1, "from": "2024-01-01", "to": "2024-01-01" });
    for (field, value, why) in [
        ("count", json!(0), "count must be from 1 to 1000000"),
        ("count", json!(1_000_001), "count must be from 1 to 1000000"),
        ("to", json!("2023-12-31"), "to is before from"),
        ("duplicate_every", json!(1), "duplicate_every must be 0, or 2 and more"),
        ("company_file", json!(""), "company_file is empty"),
        ("colour", json!(1), "unknown field `colour`"),
        ("from", json!("yesterday"), "expected"),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        let (status, answer) = bed.control(Method::POST, "fill", Some(wrong)).await;
        let message = answer["Errors"][0]["Message"].as_str().unwrap();
        assert!(status == 400 && message.contains(why), "{message}");
    }
    done(&bed, "fill", good).await;
}
