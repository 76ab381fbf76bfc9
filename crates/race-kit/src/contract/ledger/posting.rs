//! Requests that leave once, and what is made of what comes back.

#![expect(missing_docs, reason = "a promise is called by its sentence")]

use jiff::Timestamp;
use postonce_domain::{Attempt, ClaimToken, InvoiceId, NotAfter, NotSentCause, Outcome};

use super::{LedgerFixture, NextPost, WINDOW, marker, post, token};
use crate::contract::runtime::at_once;

/// What the adapter cannot tell the effect of, and how many documents each leaves in the books.
const UNTOLD: [(NextPost, usize); 5] = [
    (NextPost::Lost, 0),
    (NextPost::LostAfterBooking, 1),
    (NextPost::CutShort, 1),
    (NextPost::Failed, 0),
    (NextPost::FailedAfterBooking, 1),
];

pub async fn what_it_cannot_tell_is_in_doubt_after_one_request(fixture: &impl LedgerFixture) {
    let (mut posts, mut booked) = (0, 0);
    for (n, (next, effect)) in (1..).zip(UNTOLD) {
        fixture.next_post(next).await;
        let outcome = post(fixture, &fixture.invoice(&format!("INV-{n}")), marker()).await;
        assert!(
            matches!(outcome, Outcome::InDoubt { .. }),
            "{next:?}: it may be booked or not, so nothing but `in_doubt` is true: {outcome}"
        );
        posts += 1;
        assert_eq!(fixture.received().await.posts, posts, "{next:?}: a token is sent once");
        booked += effect;
        let books = fixture.books().await.len();
        assert_eq!(books, booked, "{next:?}: the fixture does not play it as it is described");
    }
}

pub async fn a_refused_invoice_is_rejected_after_one_request(fixture: &impl LedgerFixture) {
    fixture.next_post(NextPost::Refused).await;
    let invoice = fixture.invoice("INV-1");
    let outcome = post(fixture, &invoice, marker()).await;
    assert!(matches!(outcome, Outcome::Rejected { .. }), "the ledger said no: {outcome}");
    assert_eq!(fixture.received().await.posts, 1, "a refused token is not sent again");
    assert!(fixture.books().await.is_empty(), "what was refused is in no books");
    let again = post(fixture, &invoice, marker()).await;
    assert!(matches!(again, Outcome::Posted { .. }), "a refusal is of one request: {again}");
}

pub async fn after_an_unauthorised_answer_the_next_claim_goes_through(
    fixture: &impl LedgerFixture,
) {
    fixture.next_post(NextPost::Unauthorised).await;
    let invoice = fixture.invoice("INV-1");
    let outcome = post(fixture, &invoice, marker()).await;
    let unauthorised = NotSentCause::Unauthorised;
    assert!(
        matches!(outcome, Outcome::NotSent { cause, .. } if cause == unauthorised),
        "the ledger turned the token away and did nothing: {outcome}"
    );
    assert_eq!(fixture.received().await.posts, 1, "the next try needs a claim of its own");
    let again = post(fixture, &invoice, marker()).await;
    assert!(matches!(again, Outcome::Posted { .. }), "access is fresh again: {again}");
    assert_eq!(fixture.books().await.len(), 1, "it is booked once");
}

pub async fn a_token_whose_time_has_passed_sends_nothing(fixture: &impl LedgerFixture) {
    let (ledger, clock) = (fixture.adapter(), fixture.clock());
    let (boot, wall) = (clock.boot(), clock.wall());
    let late_by_boot = NotAfter { boot, wall: wall + WINDOW };
    let late_by_wall = NotAfter { boot: boot + WINDOW, wall };
    let long_ago = NotAfter { boot: boot + WINDOW, wall: Timestamp::UNIX_EPOCH };
    for not_after in [late_by_boot, late_by_wall, long_ago] {
        let request = ledger.prepare(&fixture.invoice("INV-1"), marker()).await.unwrap();
        let late = ClaimToken::mint(InvoiceId(1), Attempt(1), not_after, request);
        let outcome = ledger.post(late).await.outcome;
        assert!(
            matches!(outcome, Outcome::NotSent { cause: NotSentCause::Expired, .. }),
            "a token is too late if either clock says so: {not_after:?}: {outcome}"
        );
    }
    assert_eq!(fixture.received().await.posts, 0, "what is too late is not sent");
    assert!(fixture.books().await.is_empty(), "what is not sent is not booked");
}

pub async fn posts_at_the_same_time_are_booked_once_each(fixture: &impl LedgerFixture) {
    let mut tasks = Vec::new();
    for (n, ledger) in (1..=12).zip([fixture.adapter(), fixture.other()].into_iter().cycle()) {
        let invoice = fixture.invoice(&format!("INV-{n}"));
        let request = ledger.prepare(&invoice, marker()).await.unwrap();
        let token = token(fixture, request);
        tasks.push(async move { (invoice, ledger.post(token).await.outcome) });
    }
    let answers = at_once(fixture, tasks).await;
    let books = fixture.books().await;
    assert_eq!(books.len(), 12, "each invoice is booked once");
    for (invoice, outcome) in answers {
        let number = invoice.parts().number.as_str();
        let booked = books.iter().find(|booked| booked.number == number);
        let uid = booked.map(|booked| &booked.uid);
        let is_its_own = matches!(&outcome, Outcome::Posted { uid: told } if Some(told) == uid);
        assert!(is_its_own, "{number} is told its own document's id {uid:?}: {outcome}");
    }
}
