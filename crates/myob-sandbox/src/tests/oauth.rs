//! Tokens, keys and the rate limit.

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value as Json, json};

use super::Bed;

/// The token endpoint's status and answer.
async fn token(bed: &Bed, changes: &[(&str, &str)]) -> (u16, Json) {
    let mut form = vec![("client_id", "sandbox"), ("client_secret", "sandbox")];
    form.retain(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
    form.extend(changes);
    let url = format!("{}/oauth2/v1/authorize", bed.url);
    let response = bed.client.post(url).form(&form).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_refresh_token_works_once_and_the_sandboxs_own_for_ever() {
    let bed = Bed::new().await;
    let first = bed.refresh("sandbox").await;
    assert_eq!(first["token_type"], "bearer");
    assert_eq!(first["expires_in"], 1200);
    let token = first["refresh_token"].as_str().unwrap();
    let second = bed.refresh(token).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(bed.refresh(token).await, json!({ "error": "invalid_grant" }));
    assert!(bed.refresh("sandbox").await["access_token"].is_string());
    assert!(
        bed.refresh(second["refresh_token"].as_str().unwrap()).await["access_token"].is_string()
    );
}

#[tokio::test]
async fn a_code_is_given_by_redirect_and_works_once() {
    let bed = Bed::new().await;
    let query = [
        ("client_id", "sandbox"),
        ("redirect_uri", "https://app.example/back?x=1"),
        ("response_type", "code"),
        ("scope", "sme-sales"),
        ("state", "a b&c"),
        ("prompt", "consent"),
    ];
    let url = format!("{}/oauth2/account/authorize", bed.url);
    let response = bed.client.get(url).query(&query).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let target = response.headers()["location"].to_str().unwrap();
    let (before, after) = target.split_once("&code=").unwrap();
    assert_eq!(before, "https://app.example/back?x=1");
    assert!(after.contains("&businessId=") && after.ends_with("&state=a%20b%26c"), "{after}");
    let code = after.split('&').next().unwrap();
    let grant = |redirect| {
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)]
    };
    let (status, refused) = token(&bed, &grant("https://other.example/")).await;
    assert_eq!((status, refused), (400, json!({ "error": "invalid_grant" })));
    let (status, tokens) = token(&bed, &grant("https://app.example/back?x=1")).await;
    assert_eq!(status, 200);
    assert!(tokens["refresh_token"].is_string());
    let (status, _) = token(&bed, &grant("https://app.example/back?x=1")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn token_requests_that_are_wrong_say_how() {
    let bed = Bed::new().await;
    for (changes, error) in [
        (vec![("client_secret", "x"), ("grant_type", "refresh_token")], "invalid_client"),
        (vec![("client_id", "x"), ("grant_type", "refresh_token")], "invalid_client"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
        (vec![("grant_type", "authorization_code"), ("code", "x")], "invalid_grant"),
    ] {
        assert_eq!(token(&bed, &changes).await, (400, json!({ "error": error })), "{changes:?}");
    }
    let url = format!("{}/oauth2/account/authorize?client_id=sandbox", bed.url);
    let response = bed.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn an_access_token_counts_for_twenty_minutes_of_the_sandbox_clock() {
    let bed = Bed::new().await;
    bed.advance(1_190_000).await;
    assert_eq!(bed.get("").await.status(), 200);
    bed.advance(10_000).await;
    let response = bed.get("").await;
    assert_eq!(response.status(), 401);
    let body: Json = response.json().await.unwrap();
    assert_eq!(body["Errors"][0]["Name"], "OAuthTokenIsInvalid");
}

#[tokio::test]
async fn key_token_and_version_are_all_needed() {
    let bed = Bed::new().await;
    let url = format!("{}/accountright/acme/Sale/Invoice", bed.url);
    let full = bed.request(Method::GET, "").build().unwrap().headers().clone();
    for (header, value, status, name) in [
        ("x-myobapi-key", None, 403, "DeveloperInactive"),
        ("x-myobapi-key", Some("other"), 403, "DeveloperInactive"),
        (AUTHORIZATION.as_str(), None, 401, "OAuthTokenIsMissing"),
        (AUTHORIZATION.as_str(), Some("Bearer sandbox"), 401, "OAuthTokenIsInvalid"),
        ("x-myobapi-version", None, 400, "InvalidApiVersion"),
    ] {
        let mut headers = full.clone();
        headers.remove(header);
        if let Some(value) = value {
            headers.insert(header, value.parse().unwrap());
        }
        let name_of_header = reqwest::header::HeaderName::try_from(header).unwrap();
        let response = bed.client.get(&url).headers(headers).send().await.unwrap();
        assert_eq!(response.status(), status, "{name_of_header}");
        let body: Json = response.json().await.unwrap();
        assert_eq!(body["Errors"][0]["Name"], name);
    }
}

#[tokio::test]
async fn above_the_rate_a_request_gets_a_403() {
    let bed = Bed::with_rate(1).await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(bed.get("/Sale/Invoice").await);
    }
    assert_eq!(statuses.first().unwrap().status(), 200);
    let refused = statuses.into_iter().find(|response| response.status() == 403).unwrap();
    assert!(!refused.headers().contains_key("retry-after"));
    let body: Json = refused.json().await.unwrap();
    assert_eq!(body["Errors"][0]["Name"], "RateLimitError");
    assert_eq!(body["Errors"][0]["ErrorCode"], Json::Null);
}
