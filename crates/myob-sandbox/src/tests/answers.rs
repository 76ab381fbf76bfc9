//! Unchanged answers, compression and odd paths.

use reqwest::Method;

use super::Bed;

#[tokio::test]
async fn an_etag_saves_the_body_until_something_changes() {
    let bed = Bed::new().await;
    let first = bed.get("/Sale/Invoice").await;
    let tag = first.headers()["etag"].clone();
    let again =
        || bed.request(Method::GET, "/Sale/Invoice").header("if-none-match", tag.clone()).send();
    let unchanged = again().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    assert_eq!(unchanged.text().await.unwrap(), "");
    bed.created("/Sale/Invoice/Service", &bed.invoice("A-1").await).await;
    assert_eq!(again().await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_are_packed_for_those_who_ask() {
    let bed = Bed::new().await;
    let client = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let headers = bed.request(Method::GET, "").build().unwrap().headers().clone();
    let url = format!("{}/accountright/acme/GeneralLedger/TaxCode", bed.url);
    let plain = |accepted: &'static str| {
        let request = client.get(&url).headers(headers.clone());
        request.header("accept-encoding", accepted).send()
    };
    let packed = plain("deflate, gzip;q=0.5").await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
    for accepted in ["identity", "gzip;q=0", "deflate"] {
        let response = plain(accepted).await.unwrap();
        assert!(!response.headers().contains_key("content-encoding"), "{accepted}");
    }
    // The client asks for it by itself, and unpacks errors, too.
    let response = bed.get("/Nowhere").await;
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("NotFound"));
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let bed = Bed::new().await;
    assert_eq!(bed.get_json("/Sale/Invoice/Service/?$top=3").await["Count"], 0);
    assert_eq!(bed.get_json("/").await["CompanyFile"]["Id"], "acme");
}

#[tokio::test]
async fn wrong_methods_and_layouts_are_refused() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    assert_eq!(bed.post("/Sale/Invoice", &invoice).await.status(), 405);
    assert_eq!(bed.post("/Sale/Invoice/Professional", &invoice).await.status(), 405);
    assert_eq!(bed.post("/Sale/Invoice/Quote", &invoice).await.status(), 404);
    assert_eq!(bed.get("/Sale/Invoice/Quote").await.status(), 404);
}
