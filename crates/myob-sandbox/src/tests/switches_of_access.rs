//! What each switch changes in tokens, keys, company files, limits and packing.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::Bed;

const REDIRECT: &str = "https://app.example/back";

/// Consents and gives the redirect's query.
async fn consented(bed: &Bed, further: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut query =
        vec![("client_id", "sandbox"), ("redirect_uri", REDIRECT), ("response_type", "code")];
    query.extend(further);
    let url = format!("{}/oauth2/account/authorize", bed.url);
    let response = bed.client.get(url).query(&query).send().await.unwrap();
    let target = response.headers()["location"].to_str().unwrap();
    crate::form::pairs(target.split_once('?').unwrap().1)
}

/// The tokens for a consent.
async fn connected(bed: &Bed, further: &[(&str, &str)]) -> Json {
    let query = consented(bed, further).await;
    let form = [
        ("client_id", "sandbox"),
        ("client_secret", "sandbox"),
        ("grant_type", "authorization_code"),
        ("code", crate::form::value(&query, "code").unwrap()),
        ("redirect_uri", REDIRECT),
    ];
    let url = format!("{}/oauth2/v1/authorize", bed.url);
    bed.client.post(url).form(&form).send().await.unwrap().json().await.unwrap()
}

fn refresh_of(tokens: &Json) -> &str {
    tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"))
}

#[tokio::test]
async fn expires_in_is_a_number_or_a_text_and_as_long_as_the_life() {
    let mut bed = Bed::new().await;
    bed.switch(json!({ "expires_in": "text", "access_life_s": 5 })).await;
    let tokens = bed.refresh("sandbox").await;
    assert_eq!(tokens["expires_in"], "5");
    bed.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("").await.status(), 200);
    bed.advance(5_000).await;
    assert_eq!(bed.get("").await.status(), 401);
}

#[tokio::test]
async fn a_used_refresh_token_dies_at_once_or_later_or_never() {
    let bed = Bed::new().await;
    let first = bed.refresh("sandbox").await;
    let token = refresh_of(&first);
    bed.switch(json!({ "refresh_rotation": "none" })).await;
    assert_eq!(refresh_of(&bed.refresh(token).await), token);
    bed.switch(json!({ "refresh_rotation": "grace", "grace_ms": 60_000 })).await;
    let second = bed.refresh(token).await;
    assert_ne!(refresh_of(&second), token);
    bed.advance(50_000).await;
    // The second use does not make its life longer.
    assert_ne!(refresh_of(&bed.refresh(token).await), refresh_of(&second));
    bed.advance(10_000).await;
    assert_eq!(bed.refresh(token).await["error"], "invalid_grant");
    bed.switch(json!({ "refresh_rotation": "strict" })).await;
    let token = refresh_of(&second);
    bed.refresh(token).await;
    assert_eq!(bed.refresh(token).await["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_can_have_an_end() {
    let bed = Bed::new().await;
    bed.switch(json!({ "refresh_life_s": 60 })).await;
    let [used, late] = [bed.refresh("sandbox").await, bed.refresh("sandbox").await];
    bed.advance(59_000).await;
    let bed = bed.restarted().await;
    assert!(bed.refresh(refresh_of(&used)).await["access_token"].is_string());
    bed.advance(1_000).await;
    assert_eq!(bed.refresh(refresh_of(&late)).await["error"], "invalid_grant");
    assert!(bed.refresh("sandbox").await["access_token"].is_string());
}

#[tokio::test]
async fn scopes_open_what_they_name() {
    let mut bed = Bed::new().await;
    let tokens = connected(&bed, &[("scope", "sme-sales sme-company-file")]).await;
    assert_eq!(tokens["scope"], "sme-sales sme-company-file");
    // A refresh keeps what was consented to.
    let tokens = bed.refresh(refresh_of(&tokens)).await;
    bed.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("/Contact/Customer").await.status(), 200);
    bed.switch(json!({ "scopes": "enforce" })).await;
    for (path, status) in
        [("/Sale/Invoice", 200), ("", 200), ("/Contact/Customer", 403), ("/Inventory/Item", 403)]
    {
        assert_eq!(bed.get(path).await.status(), status, "{path}");
    }
    let tokens = connected(&bed, &[("scope", "CompanyFile")]).await;
    bed.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(bed.get("/Contact/Customer").await.status(), 200);
}

#[tokio::test]
async fn old_keys_need_a_cftoken_and_new_ones_list_no_files() {
    let bed = Bed::new().await;
    bed.get("").await;
    let list = async || {
        let mut request = bed.request(Method::GET, "").build().unwrap();
        *request.url_mut() = format!("{}/accountright", bed.url).parse().unwrap();
        bed.client.execute(request).await.unwrap().json::<Json>().await.unwrap()
    };
    let with = async |cftoken: &str| {
        let request = bed.request(Method::GET, "/Sale/Invoice");
        request.header("x-myobapi-cftoken", cftoken).send().await.unwrap().status().as_u16()
    };
    assert_eq!(list().await.as_array().unwrap().len(), 1);
    bed.switch(json!({ "keys": "old" })).await;
    assert_eq!(list().await.as_array().unwrap().len(), 1);
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 403);
    assert_eq!(with("QWRtaW5pc3RyYXRvcjpzZWNyZXQ=").await, 403);
    assert_eq!(with("QWRtaW5pc3RyYXRvcjo=").await, 200);
    bed.switch(json!({ "keys": "new" })).await;
    assert_eq!(list().await, json!([]));
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
}

#[tokio::test]
async fn the_redirect_names_the_business_always_with_prompt_or_never() {
    let bed = Bed::new().await;
    for (value, plain, prompted) in
        [("always", true, true), ("with_prompt", false, true), ("never", false, false)]
    {
        bed.switch(json!({ "business_id_on_redirect": value })).await;
        for (further, named) in [(&[][..], plain), (&[("prompt", "consent")][..], prompted)] {
            let query = consented(&bed, further).await;
            assert_eq!(crate::form::value(&query, "businessId").is_some(), named, "{value}");
            assert_eq!(crate::form::value(&query, "businessName").is_some(), named, "{value}");
        }
    }
}

#[tokio::test]
async fn only_listed_files_exist_if_so_switched() {
    let bed = Bed::new().await;
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
    bed.switch(json!({ "files": "listed" })).await;
    for status in [404, 403, 401] {
        bed.switch(json!({ "missing_file": status })).await;
        assert_eq!(bed.get("/Sale/Invoice").await.status(), status);
    }
    let named = json!({ "company_file": "acme" });
    assert_eq!(bed.control(Method::POST, "files", Some(named)).await, (200, json!(["acme"])));
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
    consented(&bed, &[("businessId", "other")]).await;
    let bed = bed.restarted().await;
    assert_eq!(bed.control(Method::GET, "files", None).await.1, json!(["acme", "other"]));
}

#[tokio::test]
async fn access_denied_comes_by_itself_or_inside_errors() {
    let bed = Bed::new().await;
    for (shape, wrapped) in [("unwrapped", false), ("wrapped", true)] {
        bed.switch(json!({ "access_error_shape": shape })).await;
        let fault = json!({ "action": "access_denied", "match": { "method": "GET" } });
        bed.fault(fault).await;
        let response = bed.get("/Sale/Invoice").await;
        assert_eq!(response.status(), 403);
        let body: Json = response.json().await.unwrap();
        assert_eq!(body["Errors"][0]["Name"] == "AccessDenied", wrapped, "{body}");
        assert_eq!(body["ErrorCode"] == "AccessDenied", !wrapped, "{body}");
    }
}

#[tokio::test]
async fn the_limit_answers_403_or_429_with_or_without_retry_after() {
    let bed = Bed::with_rate(1).await;
    for (status, after) in [("403", "none"), ("429", "7")] {
        bed.switch(json!({ "rate_limit_status": status, "retry_after": after })).await;
        let refused = loop {
            let response = bed.get("/Sale/Invoice").await;
            if response.status() != 200 {
                break response;
            }
        };
        assert_eq!(refused.status().as_str(), status);
        let header = refused.headers().get("retry-after");
        assert_eq!(header.map_or("none", |seconds| seconds.to_str().unwrap()), after);
        let body: Json = refused.json().await.unwrap();
        assert_eq!(body["Errors"][0]["Name"], "RateLimitError");
    }
}

#[tokio::test]
async fn retry_after_is_named_by_faults_that_ask_for_patience() {
    let bed = Bed::new().await;
    bed.switch(json!({ "retry_after": 3 })).await;
    for (action, named) in [
        ("rate_limit", true),
        ("too_many_429", true),
        ("unavailable_503", true),
        ("error_500", false),
    ] {
        bed.fault(json!({ "action": action, "match": {} })).await;
        let response = bed.get("/Sale/Invoice").await;
        assert_eq!(response.headers().contains_key("retry-after"), named, "{action}");
    }
}

#[tokio::test]
async fn a_day_has_a_limit_of_its_own() {
    let bed = Bed::new().await;
    bed.switch(json!({ "daily_limit": 2 })).await;
    let mut last = bed.get("/Sale/Invoice").await;
    for _ in 0..2 {
        last = bed.get("/Sale/Invoice").await;
    }
    assert_eq!(last.status(), 403);
    let body: Json = last.json().await.unwrap();
    assert_eq!(body["Errors"][0]["Message"], "API key has exceeded the daily rate limit");
    bed.switch(json!({ "access_life_s": 1_000_000 })).await;
    let mut bed = bed;
    bed.token = bed.refresh("sandbox").await["access_token"].as_str().unwrap().to_owned();
    bed.advance(86_400_000).await;
    assert_eq!(bed.get("/Sale/Invoice").await.status(), 200);
}

#[tokio::test]
async fn answers_are_packed_as_switched_and_accepted() {
    let bed = Bed::new().await;
    let unpacking_nothing = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    for (value, accepted, packed) in [
        ("gzip", "gzip, deflate", Some("gzip")),
        ("gzip", "deflate", None),
        ("deflate", "gzip, deflate", Some("deflate")),
        ("deflate", "gzip", None),
        ("none", "gzip, deflate", None),
    ] {
        bed.switch(json!({ "encoding": value })).await;
        let request = bed.request(Method::GET, "/GeneralLedger/TaxCode");
        let request = request.header("accept-encoding", accepted).build().unwrap();
        let response = unpacking_nothing.execute(request).await.unwrap();
        let coding = response.headers().get("content-encoding").cloned();
        assert_eq!(coding.as_ref().map(|it| it.to_str().unwrap()), packed, "{value} {accepted}");
        let body = response.bytes().await.unwrap();
        let text = match packed {
            Some("gzip") => read(flate2::read::GzDecoder::new(&*body)),
            Some(_) => read(flate2::read::ZlibDecoder::new(&*body)),
            None => read(&*body),
        };
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap()["Count"], 3);
    }
}

fn read(mut from: impl std::io::Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}
