//! Tests of preparing: everything is at hand, or it says what is missing.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postonce_domain::{BlockCode, Invoice, InvoiceParts, Quantity, UnitPrice};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::{Ledger, LedgerError, PrepareError};
use reqwest::Url;

use crate::api::FileAccess;
use crate::tests::ledger::{SECRET, UID, World, file, invoice, marker, parts, usual};
use crate::tests::server::{Seen, Server, answer, page};
use crate::{CompanyFileAccess, FileUser, Missing, Options, Unusual, file_access};

fn code(error: &PrepareError) -> Option<BlockCode> {
    match error {
        PrepareError::Blocked(reason) => Some(reason.code),
        PrepareError::Ledger(_) => None,
    }
}

/// Why an invoice is blocked when lists with `missing` in their path are empty.
async fn blocked_without(missing: &'static str) -> Option<BlockCode> {
    let world = World::new(move |seen| seen.target.contains(missing).then(|| page("")));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!(world.ledger.check(&invoice()).await.unwrap_err().to_string(), error.to_string());
    code(&error)
}

#[tokio::test]
async fn a_missing_reference_blocks() {
    assert_eq!(blocked_without("/TaxCode").await, Some(BlockCode::TaxCodeMissing));
    assert_eq!(blocked_without("/Account").await, Some(BlockCode::AccountMissing));
    assert_eq!(blocked_without("/Customer").await, Some(BlockCode::CustomerMissing));
}

#[tokio::test]
async fn a_filter_that_myob_ignores_finds_nothing_wrong() {
    let other = r#"{"UID":"6b1c9f2e-0d5a-4e5e-9a42-0c8b7a1f2d3e","Code":"gst"}"#;
    let world = World::new(move |seen| seen.target.contains("/TaxCode").then(|| page(other)));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!(code(&error), Some(BlockCode::TaxCodeMissing));
}

#[tokio::test]
async fn an_early_invoice_is_blocked_without_a_request() {
    let start = |options: &mut Options| options.start_date = Some(jiff::civil::date(2026, 2, 4));
    let world = World::with(|_| None, start);
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!(code(&error), Some(BlockCode::BeforeStartDate));
    assert_eq!(world.server.seen().len(), 0);
    let later = InvoiceParts { date: jiff::civil::date(2026, 2, 4), ..parts() };
    assert!(world.ledger.prepare(&Invoice::new(later).unwrap(), marker()).await.is_ok());
}

#[tokio::test]
async fn an_unknown_company_file_blocks_without_a_request() {
    let mut world = World::new(|_| None);
    world.ledger.api.unlisted_is_own_id = false;
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!(code(&error), Some(BlockCode::CompanyFileUnknown));
    assert_eq!(world.server.seen().len(), 0);
}

#[tokio::test]
async fn a_listed_file_goes_by_its_business_id_and_its_own_refresh_token() {
    let mut world = World::new(|seen| {
        // The server has this business under another name.
        let moved = Seen { target: seen.target.replace("/b-1", "/main"), ..seen.clone() };
        Some(usual(&moved))
    });
    let access = FileAccess {
        business_id: "b-1".to_owned(),
        refresh_token: Some("own".into()),
        base: None,
        cftoken: None,
        password: None,
    };
    world.ledger.api.files.insert(file(), access);
    let request = world.prepared().await;
    assert_eq!(request.route, "b-1/Sale/Invoice/Service");
    let seen = world.server.seen();
    let token = seen.iter().find(|seen| seen.target.contains("/oauth2/")).unwrap();
    assert!(token.body.contains("refresh_token=own&"), "{}", token.body);
    let reads = seen.iter().filter(|seen| seen.method == "GET");
    assert!(reads.clone().count() > 0);
    assert!(reads.into_iter().all(|seen| seen.target.starts_with("/accountright/b-1/")));
}

#[tokio::test]
async fn a_file_of_an_older_key_is_asked_at_its_own_address_as_its_own_user() {
    let mut world =
        World::new(|seen| (!seen.target.contains("/oauth2/")).then(|| answer(500, "not here")));
    let own = Server::start(|seen| {
        let asked = seen.target.replace("/ar3/b-1", "/accountright/main");
        usual(&Seen { target: asked, ..seen.clone() })
    });
    let access = CompanyFileAccess {
        business_id: "b-1".to_owned(),
        refresh_token: None,
        base_url: Some(format!("{}/ar3", own.url)),
        user: Some(FileUser { name: "Administrator".to_owned(), password: "".into() }),
    };
    let base = world.ledger.api.base.clone();
    let access = file_access(&file(), access, &base).unwrap();
    world.ledger.api.files.insert(file(), access);
    let request = world.prepared().await;
    assert_eq!(request.route, "b-1/Sale/Invoice/Service");
    assert_eq!(world.server.count("GET", ""), 0);
    assert!(own.count("GET", "/TaxCode") > 0);
    for seen in own.seen() {
        let user = "x-myobapi-cftoken: qwrtaw5pc3ryyxrvcjo=";
        assert!(seen.head.contains(user) && seen.target.starts_with("/ar3/b-1"), "{seen:?}");
    }
}

#[tokio::test]
async fn a_file_elsewhere_than_at_myob_is_refused_before_a_token_goes_there() {
    let base = Url::parse("https://api.myob.com/accountright").unwrap();
    for (url, is_ours) in [
        ("https://ar3.api.myob.com/accountright", true),
        ("http://ar3.api.myob.com/accountright", false),
        ("https://api.myob.com.example/accountright", false),
    ] {
        let access = CompanyFileAccess {
            business_id: "b-1".to_owned(),
            refresh_token: None,
            base_url: Some(url.to_owned()),
            user: None,
        };
        let answer = file_access(&file(), access, &base);
        assert_eq!(answer.is_ok(), is_ours, "{url}");
        if let Err(error) = answer {
            assert!(error.to_string().starts_with("company_file.main.base_url `"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_business_that_myob_does_not_know_is_that_files_trouble_alone() {
    let world = World::new(|seen| (!seen.target.contains("/oauth2/")).then(|| answer(404, "")));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    let PrepareError::Ledger(LedgerError::NotAuthorised { message }) = &error else {
        panic!("{error:?}")
    };
    assert!(message.contains("`company_file.main.business_id`"), "{message}");
    assert!(message.contains("`postonce connect main`"), "{message}");
    // The file is there, and one of its lists is not: that may be MYOB's trouble.
    let world = World::new(|seen| seen.target.contains("/TaxCode").then(|| answer(404, "")));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert!(matches!(error, PrepareError::Ledger(LedgerError::Unavailable { .. })), "{error:?}");
}

#[tokio::test]
async fn an_error_does_not_repeat_a_secret() {
    let told = format!("{{\"Errors\":[{{\"Name\":\"Odd\",\"Message\":\"key {SECRET}\"}}]}}");
    let world = World::new(move |seen| seen.target.contains("/Tax").then(|| answer(400, &told)));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err().to_string();
    assert!(error.contains("Odd") && !error.contains(SECRET), "{error}");
}

/// Another than the API key, which no message repeats anyway.
const PASSWORD: &str = "a-password-that-nobody-ever-guesses";

#[tokio::test]
async fn an_error_does_not_repeat_the_password_of_a_company_file() {
    let user = FileUser { name: "Administrator".to_owned(), password: PASSWORD.into() };
    let cftoken = STANDARD.encode(format!("Administrator:{PASSWORD}"));
    let told =
        format!("{{\"Errors\":[{{\"Name\":\"Odd\",\"Message\":\"{cftoken} of {PASSWORD}\"}}]}}");
    let mut world =
        World::new(move |seen| seen.target.contains("/Tax").then(|| answer(400, &told)));
    let access = CompanyFileAccess {
        business_id: "main".to_owned(),
        refresh_token: None,
        base_url: None,
        user: Some(user),
    };
    let base = world.ledger.api.base.clone();
    world.ledger.api.files.insert(file(), file_access(&file(), access, &base).unwrap());
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err().to_string();
    assert!(error.contains("Odd"), "{error}");
    assert!(!error.contains(&cftoken) && !error.contains(PASSWORD), "{error}");
}

#[tokio::test]
async fn without_a_configured_account_an_invoice_by_account_is_blocked() {
    let world = World::with(|_| None, |options| options.default_account = None);
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert_eq!(code(&error), Some(BlockCode::AccountMissing));
}

#[tokio::test]
async fn references_are_asked_for_once() {
    let world = World::new(|_| None);
    let (first, second) = (world.prepared().await, world.prepared().await);
    assert_eq!(first, second);
    for resource in ["/TaxCode", "/Account", "/Customer"] {
        assert_eq!(world.server.count("GET", resource), 1, "{resource}");
    }
    assert_eq!(world.invoice_posts(), 0);
}

#[tokio::test]
async fn a_read_is_tried_again_a_bounded_number_of_times() {
    let world = World::new(|seen| seen.target.contains("/TaxCode").then(|| answer(503, "")));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert!(matches!(error, PrepareError::Ledger(LedgerError::Unavailable { .. })));
    assert!(error.to_string().contains("GET http://127.0.0.1:"), "{error}");
    assert_eq!(world.server.count("GET", "/TaxCode"), 4);
    assert!(world.clock.boot() >= Duration::from_millis(3_500), "the waits grow");
}

#[tokio::test]
async fn a_redirected_read_is_not_followed() {
    let world = World::new(|seen| {
        let redirect = "Location: /elsewhere\r\n";
        seen.target
            .contains("/TaxCode")
            .then(|| crate::tests::server::answer_with(307, redirect, ""))
    });
    assert!(world.ledger.prepare(&invoice(), marker()).await.is_err());
    assert_eq!(world.server.count("GET", "/elsewhere"), 0);
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_a_persons_affair() {
    let world = World::new(|seen| seen.target.contains("/TaxCode").then(|| answer(401, "")));
    let error = world.ledger.prepare(&invoice(), marker()).await.unwrap_err();
    assert!(matches!(error, PrepareError::Ledger(LedgerError::NotAuthorised { .. })));
    assert_eq!(world.server.count("GET", "/TaxCode"), 2);
    assert_eq!(world.server.count("POST", "/oauth2/"), 2);
}

#[tokio::test]
async fn a_token_near_its_end_is_refreshed_before_it_is_needed() {
    let world = World::new(|_| None);
    world.prepared().await;
    // Tokens last 1,200 seconds here; 70 are kept for the send window and for slow clocks.
    world.clock.advance(Duration::from_secs(1_129));
    world.prepared().await;
    assert_eq!(world.server.count("POST", "/oauth2/"), 1);
    world.clock.advance(Duration::from_secs(1));
    world.prepared().await;
    assert_eq!(world.server.count("POST", "/oauth2/"), 2);
}

#[tokio::test]
async fn requests_are_spaced_by_the_rate() {
    let world = World::with(|_| None, |options| options.rate_per_second = 4);
    world.prepared().await;
    let start = world.clock.boot();
    for _ in 0..8 {
        world.prepared().await;
    }
    // Only the places for the POSTs are taken: everything else is remembered.
    let taken = world.clock.boot().saturating_sub(start);
    assert!(taken >= Duration::from_millis(1_999), "{taken:?}");
}

#[tokio::test]
async fn many_at_once_share_one_refresh() {
    let world = Arc::new(World::new(|_| None));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let world = Arc::clone(&world);
        tasks.spawn(async move { world.prepared().await });
    }
    assert_eq!(tasks.join_all().await.len(), 8);
    assert_eq!(world.server.count("POST", "/oauth2/"), 1);
}

#[tokio::test]
async fn a_check_creates_no_customer() {
    let world = World::with(
        |seen| seen.target.contains("/Customer").then(|| page("")),
        |options| options.missing_customer = Missing::Create,
    );
    assert!(world.ledger.check(&invoice()).await.is_ok());
    assert_eq!(world.server.count("POST", "/Contact/Customer"), 0);
    assert_eq!(world.claims.open(), 0);
}

/// Why the invoice is blocked, with these lines.
async fn blocked(
    quantity: &str,
    price: &str,
    change: impl FnOnce(&mut Options),
) -> Option<BlockCode> {
    let mut parts = parts();
    parts.lines[0].quantity = Quantity::parse(quantity).unwrap();
    parts.lines[0].unit_price = UnitPrice::parse(price).unwrap();
    let world = World::with(|_| None, change);
    let invoice = Invoice::new(parts).unwrap();
    match world.ledger.prepare(&invoice, marker()).await {
        Ok(_) => None,
        Err(PrepareError::Blocked(reason)) => Some(reason.code),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn credits_and_invoices_over_nothing_are_sent_unless_they_are_blocked() {
    let no_credits = |options: &mut Options| options.credits = Unusual::Block;
    let no_zero = |options: &mut Options| options.zero_totals = Unusual::Block;
    assert_eq!(blocked("-1", "5", |_| {}).await, None);
    assert_eq!(blocked("-1", "5", no_credits).await, Some(BlockCode::Credit));
    assert_eq!(blocked("-1", "5", no_zero).await, None);
    assert_eq!(blocked("1", "0", |_| {}).await, None);
    assert_eq!(blocked("1", "0", no_zero).await, Some(BlockCode::ZeroTotal));
    assert_eq!(blocked("1", "0", no_credits).await, None);
    assert_eq!(blocked("1", "0.01", no_zero).await, None);
}

#[tokio::test]
async fn a_customer_or_account_in_another_currency_blocks_and_is_not_created_anew() {
    for place in ["/Contact/Customer", "/GeneralLedger/Account"] {
        for currency in ["{\"Code\":\"USD\"}", "{}", "7"] {
            let record = format!(
                "{{\"UID\":\"{UID}\",\"DisplayID\":\"{}\",\"ForeignCurrency\":{currency}}}",
                if place.contains("Customer") { "C-1" } else { "4-1000" }
            );
            let world = World::with(
                move |seen| seen.target.contains(place).then(|| page(&record)),
                |options| options.missing_customer = Missing::Create,
            );
            let refused = world.ledger.prepare(&invoice(), marker()).await;
            let Err(PrepareError::Blocked(reason)) = refused else { panic!("{refused:?}") };
            assert_eq!(reason.code, BlockCode::ForeignCurrency);
            assert_eq!(reason.text.contains("USD"), currency.contains("USD"), "{reason}");
            assert_eq!(world.server.count("POST", place), 0);
            assert_eq!(world.claims.open(), 0);
        }
    }
}
