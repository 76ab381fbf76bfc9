//! A person's verbs, and when they are refused.

use std::time::Duration;

use postonce_domain::{ClaimId, InstallationId, LedgerUid, Marker, StateName};
use postonce_engine::{ResolveError, Verdict};
use uuid::Uuid;

use super::books::Answer;
use super::world::{INSTALLATION, QUIET, World};

/// `INV-1` is in doubt, and its document is not in the ledger.
async fn in_doubt() -> World {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
    world
}

async fn resolved(world: &World, verdict: Verdict) -> StateName {
    let resolved = world.resolve("INV-1", verdict).await.unwrap();
    assert_eq!(world.state("INV-1").await, resolved.state);
    let note = world.trail("INV-1").await.pop().unwrap().note;
    assert_eq!((note.actor.as_str(), note.text.contains("I have looked")), ("grace", true));
    resolved.state
}

#[tokio::test]
async fn absent_is_refused_until_the_quiet_period_is_over() {
    const ALMOST_QUIET: Duration = Duration::from_secs(299);
    let world = in_doubt().await;
    world.clock.pass(ALMOST_QUIET);
    let words = world.refusal("INV-1", Verdict::Absent).await;
    assert!(words.contains("may still take effect"), "{words}");
    world.clock.pass(Duration::from_secs(1));
    assert_eq!(resolved(&world, Verdict::Absent).await, StateName::Ready);
}

#[tokio::test]
async fn absent_is_refused_while_an_older_claim_is_not_quiet() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let mut world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.extend([Answer::Rejected, Answer::Loses]);
    world.policy.doubt.quiet = HOUR;
    world.sync().await;
    // The next claim is made with a shorter quiet period.
    world.policy.doubt.quiet = QUIET;
    world.reprocess(&["INV-1"]).await;
    world.clock.pass(QUIET);
    let words = world.refusal("INV-1", Verdict::Absent).await;
    assert!(words.contains("may still take effect"), "{words}");
    world.clock.pass(HOUR);
    assert_eq!(resolved(&world, Verdict::Absent).await, StateName::Ready);
}

#[tokio::test]
async fn absent_rules_out_the_documents_that_a_person_was_shown() {
    let world = World::unsettled();
    world.import(&["INV-1"]).await;
    world.ledger.books().add("INV-1", "typed by hand", "");
    world.sync().await;
    assert_eq!(resolved(&world, Verdict::Absent).await, StateName::Ready);
    // What was found has raised an alarm.
    assert_eq!(world.sync().await.counts.claimed, 0);
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn absent_is_refused_while_its_own_document_is_there() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    let own = world.ledger.books().documents[0].uid.clone();
    let other = world.ledger.books().add("INV-1", "typed by hand", "");
    world.clock.pass(QUIET);
    world.sync().await;
    assert_eq!(world.state("INV-1").await, StateName::NeedsHuman);
    let words = world.refusal("INV-1", Verdict::Absent).await;
    assert!(words.contains(&format!("{own} carries this invoice's own marker")), "{words}");
    assert_eq!(world.state("INV-1").await, StateName::NeedsHuman);
    world.ledger.books().delete(&own);
    assert_eq!(resolved(&world, Verdict::Absent).await, StateName::Ready);
    assert_eq!(world.ledger.books().documents.len(), 1, "{other} is left");
}

#[tokio::test]
async fn forgotten_is_never_sent() {
    let world = in_doubt().await;
    assert_eq!(resolved(&world, Verdict::Forgotten).await, StateName::Forgotten);
    world.clock.pass(QUIET);
    assert_eq!(world.sync().await.counts.claimed, 0);
}

#[tokio::test]
async fn a_document_with_the_number_or_the_reference_is_taken() {
    for (number, reference) in [("inv-1", "typed by hand"), ("X-9", "order INV-1")] {
        let world = in_doubt().await;
        let uid = world.ledger.books().add(number, reference, "");
        assert_eq!(resolved(&world, Verdict::Posted(uid.clone())).await, StateName::Posted);
        assert_eq!(world.uid("INV-1").await, uid);
    }
}

#[tokio::test]
async fn a_document_that_is_not_there_is_refused() {
    let world = in_doubt().await;
    let uid = LedgerUid::parse("doc-404").unwrap();
    let words = world.refusal("INV-1", Verdict::Posted(uid)).await;
    assert!(words.contains("no document doc-404"), "{words}");
}

#[tokio::test]
async fn a_document_with_another_number_and_another_reference_is_refused() {
    let world = in_doubt().await;
    let uid = world.ledger.books().add("X-9", "typed by hand", "");
    let words = world.refusal("INV-1", Verdict::Posted(uid)).await;
    assert!(words.contains("neither of which is the invoice's"), "{words}");
}

#[tokio::test]
async fn a_document_that_is_recorded_for_another_invoice_is_refused_by_its_name() {
    let world = in_doubt().await;
    world.import(&["INV-2"]).await;
    world.sync().await;
    let other = world.id("INV-2").await;
    let uid = world.uid("INV-2").await;
    {
        let mut books = world.ledger.books();
        books.documents[0].number = "INV-1".to_owned();
        books.documents[0].memo = String::new();
    }
    let words = world.refusal("INV-1", Verdict::Posted(uid.clone())).await;
    assert_eq!(words, format!("document {uid} is recorded for invoice {other}"));
}

#[tokio::test]
async fn a_document_with_another_invoices_marker_is_refused() {
    let world = in_doubt().await;
    world.import(&["INV-2"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    let other = world.id("INV-2").await;
    let uid = {
        let mut books = world.ledger.books();
        books.documents[0].number = "INV-1".to_owned();
        books.documents[0].uid.clone()
    };
    let words = world.refusal("INV-1", Verdict::Posted(uid.clone())).await;
    assert_eq!(words, format!("document {uid} carries the marker of invoice {other}"));
}

#[tokio::test]
async fn a_document_with_another_installations_marker_is_refused() {
    let world = in_doubt().await;
    let claim = ClaimId(Uuid::from_u128(99));
    let stranger = Marker { installation: InstallationId(Uuid::from_u128(8)), claim };
    let uid = world.ledger.books().add("INV-1", "order INV-1", &stranger.to_string());
    let words = world.refusal("INV-1", Verdict::Posted(uid)).await;
    assert!(words.contains("another installation's marker"), "{words}");
    let ours = Marker { installation: INSTALLATION, claim };
    let uid = world.ledger.books().add("INV-1", "order INV-1", &ours.to_string());
    assert_eq!(resolved(&world, Verdict::Posted(uid)).await, StateName::Posted);
}

#[tokio::test]
async fn no_verdict_is_taken_on_an_invoice_that_waits() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    let uid = world.ledger.books().add("INV-1", "order INV-1", "");
    for verdict in [Verdict::Absent, Verdict::Forgotten, Verdict::Posted(uid)] {
        let words = world.refusal("INV-1", verdict).await;
        assert!(words.contains("an invoice that is ready"), "{words}");
    }
    let id = postonce_domain::InvoiceId(404);
    let answer = world.engine().resolve(id, Verdict::Absent, "grace", "why").await;
    assert!(matches!(answer, Err(ResolveError::NotFound)), "{answer:?}");
}
