//! Tests of posting: at most one request, whatever the server does.

use std::time::Duration;

use postonce_domain::{Computed, Money, NotSentCause, Outcome};
use postonce_ports::ledger::Ledger;

use crate::tests::ledger::{SECRET, UID, World};
use crate::tests::server::{Reply, Seen, answer, answer_with};

fn is_post(seen: &Seen) -> bool {
    seen.method == "POST" && seen.target.contains("/Sale/Invoice")
}

/// A world whose POSTs of invoices get this reply.
fn world(reply: impl Fn() -> Reply + Send + Sync + 'static) -> World {
    World::new(move |seen| is_post(seen).then(&reply))
}

async fn post(world: &World) -> Outcome {
    let token = world.claim().await;
    world.ledger.post(token).await.outcome
}

async fn is_in_doubt_after_one_post(world: World) -> bool {
    let outcome = post(&world).await;
    assert_eq!(world.invoice_posts(), 1, "{outcome}");
    matches!(outcome, Outcome::InDoubt { .. })
}

#[tokio::test]
async fn an_accepted_invoice_is_posted_with_all_that_myob_wants() {
    let world = world(|| answer(201, &format!("{{\"UID\":\"{UID}\"}}")));
    let outcome = post(&world).await;
    assert!(matches!(outcome, Outcome::Posted { uid } if uid.as_str() == UID));
    let seen = world.server.seen().into_iter().find(is_post).unwrap();
    assert_eq!(seen.target, "/accountright/main/Sale/Invoice/Service?returnBody=true");
    for header in [
        "authorization: bearer access",
        "x-myobapi-version: v2",
        &format!("x-myobapi-key: {SECRET}"),
        "content-type: application/json",
        "accept-encoding: gzip",
    ] {
        assert!(seen.head.contains(header), "{header} in {}", seen.head);
    }
    assert!(seen.head.contains(&format!("content-length: {}", seen.body.len())));
    assert!(seen.head.starts_with("post ") && seen.head.contains(" http/1.1\r\n"));
}

#[tokio::test]
async fn what_myob_made_of_the_amounts_is_told() {
    let computed = async |is_inclusive: bool, lines: &str| {
        let body = format!(
            "{{\"UID\":\"{UID}\",\"IsTaxInclusive\":{is_inclusive},\"TotalAmount\":11.00,\
             \"TotalTax\":1.00,\"Lines\":{lines}}}"
        );
        let world = world(move || answer(201, &body));
        let token = world.claim().await;
        world.ledger.post(token).await.computed.unwrap()
    };
    let cents = |cents| Money::from_minor(cents).unwrap();
    let lines = "[{\"Type\":\"Transaction\",\"Total\":10.5},{\"Total\":\"0.50\"},\
                 {\"Type\":\"Header\",\"Total\":null}]";
    let with_tax = Computed { lines: vec![cents(1_050), cents(50)], total: cents(1_100) };
    assert_eq!(computed(true, lines).await, with_tax);
    let without = Computed { total: cents(1_000), ..with_tax };
    assert_eq!(computed(false, lines).await, without);
    // What cannot be read is not compared.
    for lines in ["null", "[{\"Total\":0.001}]", "[{}]", "7"] {
        assert_eq!(computed(true, lines).await.lines, [], "{lines}");
    }
}

#[tokio::test]
async fn an_answer_without_amounts_tells_none() {
    for body in ["", &format!("{{\"UID\":\"{UID}\",\"TotalAmount\":7,\"TotalTax\":1}}")] {
        let (headers, body) = (format!("Location: /x/{UID}\r\n"), body.to_owned());
        let world = world(move || answer_with(201, &headers, &body));
        let token = world.claim().await;
        let receipt = world.ledger.post(token).await;
        assert!(matches!(receipt.outcome, Outcome::Posted { .. }), "{receipt:?}");
        assert_eq!(receipt.computed, None);
    }
}

#[tokio::test]
async fn a_server_error_is_not_tried_again() {
    assert!(is_in_doubt_after_one_post(world(|| answer(500, ""))).await);
    assert!(is_in_doubt_after_one_post(world(|| answer(503, "<html>"))).await);
    assert!(is_in_doubt_after_one_post(world(|| answer(504, ""))).await);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let world = world(move || answer_with(status, "Location: /elsewhere\r\n", ""));
        let outcome = post(&world).await;
        assert!(matches!(outcome, Outcome::InDoubt { .. }), "{status}: {outcome}");
        assert_eq!(world.server.count("POST", "/elsewhere"), 0, "{status}");
        assert_eq!(world.server.count("GET", "/elsewhere"), 0, "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_is_not_tried_again() {
    assert!(is_in_doubt_after_one_post(world(|| Reply::Close)).await);
}

#[tokio::test]
async fn a_body_that_is_cut_is_in_doubt() {
    let cut = || {
        let head = "HTTP/1.1 201 X\r\nContent-Length: 500\r\n\r\n";
        Reply::Bytes(format!("{head}{{\"UID\":\"{UID}\"}}").into_bytes())
    };
    assert!(is_in_doubt_after_one_post(world(cut)).await);
}

#[tokio::test]
async fn a_body_that_does_not_unzip_is_in_doubt() {
    let bad = || answer_with(201, "Content-Encoding: gzip\r\n", &format!("{{\"UID\":\"{UID}\"}}"));
    assert!(is_in_doubt_after_one_post(world(bad)).await);
}

#[tokio::test]
async fn a_body_without_end_is_in_doubt() {
    let endless = || {
        let head = "HTTP/1.1 201 X\r\nConnection: close\r\n\r\n".to_owned();
        Reply::Bytes((head + &" ".repeat(crate::http::BODY_BYTES_MAX + 1)).into_bytes())
    };
    assert!(is_in_doubt_after_one_post(world(endless)).await);
}

#[tokio::test]
async fn silence_is_in_doubt() {
    let silent = World::with(
        |seen| is_post(seen).then_some(Reply::Hang),
        |options| options.post_timeout = Duration::from_millis(300),
    );
    assert!(is_in_doubt_after_one_post(silent).await);
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let gone = World::new(|_| None);
    let token = gone.claim().await;
    // A port that was free a moment ago, and that nobody listens on.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut ledger = gone.ledger;
    ledger.api.base = format!("http://{address}/accountright").parse().unwrap();
    let outcome = ledger.post(token).await.outcome;
    let none = NotSentCause::NoConnection;
    assert!(matches!(outcome, Outcome::NotSent { cause, .. } if cause == none));
    assert_eq!(gone.server.count("POST", "/Sale/Invoice"), 0);
}

#[tokio::test]
async fn a_broken_tls_handshake_sent_nothing() {
    let world = World::new(|_| None);
    let token = world.claim().await;
    let mut ledger = world.ledger;
    // The server speaks plain HTTP.
    let url = world.server.url.replace("http://", "https://");
    ledger.api.base = format!("{url}/accountright").parse().unwrap();
    let outcome = ledger.post(token).await.outcome;
    let none = NotSentCause::NoConnection;
    assert!(matches!(&outcome, Outcome::NotSent { cause, .. } if *cause == none), "{outcome}");
}

#[tokio::test]
async fn an_expired_token_connects_and_hands_over_nothing() {
    let world = world(|| answer(201, &format!("{{\"UID\":\"{UID}\"}}")));
    let token = world.claim().await;
    world.clock.advance(Duration::from_secs(10));
    let before = world.server.seen().len();
    let outcome = world.ledger.post(token).await.outcome;
    let expired = NotSentCause::Expired;
    assert!(matches!(&outcome, Outcome::NotSent { cause, .. } if *cause == expired), "{outcome}");
    let connection = loop {
        // The server notes the connection when it sees its end.
        if let Some(seen) = world.server.seen().get(before) {
            break seen.clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(connection.body, "", "a byte of the body arrived");
}

#[tokio::test]
async fn a_401_drops_the_token_and_the_next_prepare_gets_another() {
    let world = world(|| answer(401, ""));
    let outcome = post(&world).await;
    let cause = NotSentCause::Unauthorised;
    assert!(matches!(outcome, Outcome::NotSent { cause: found, .. } if found == cause));
    assert_eq!(world.server.count("POST", "/oauth2/"), 1);
    world.prepared().await;
    assert_eq!(world.server.count("POST", "/oauth2/"), 2);
}

#[tokio::test]
async fn a_post_never_waits_for_a_token() {
    let world = world(|| answer(401, ""));
    let (first, second) = (world.claim().await, world.claim().await);
    drop(world.ledger.post(first).await.outcome);
    let outcome = world.ledger.post(second).await.outcome;
    let cause = NotSentCause::Unauthorised;
    assert!(matches!(outcome, Outcome::NotSent { cause: found, .. } if found == cause));
    assert_eq!(world.invoice_posts(), 1);
}

#[tokio::test]
async fn a_reason_does_not_repeat_a_secret() {
    let told = format!("{{\"Errors\":[{{\"Name\":\"Odd\",\"Message\":\"key {SECRET}\"}}]}}");
    let world = world(move || answer(400, &told));
    let outcome = post(&world).await;
    let shown = outcome.to_string();
    assert!(shown.contains("Odd") && !shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_reference_that_names_nothing_is_looked_up_again() {
    let world = world(|| answer(400, "{\"Errors\":[{\"Name\":\"NotFound\",\"ErrorCode\":150}]}"));
    drop(post(&world).await);
    let before = world.server.count("GET", "/Contact/Customer");
    world.prepared().await;
    assert_eq!(world.server.count("GET", "/Contact/Customer"), before + 1);
}
