//! Tests of `outcome`, and of the notes that say it.

use super::{NotSentCause, Outcome};
use crate::outcome_note;
use crate::{BlockCode, BlockReason, InvoiceId, InvoiceNumber, LedgerUid, RunId, claim_note};

fn rejected(code: Option<&str>) -> Outcome {
    Outcome::Rejected { code: code.map(str::to_owned), reason: "no customer".to_owned() }
}

#[test]
fn the_trail_says_what_became_of_a_claim() {
    assert_eq!(claim_note(), "MYOB sync claim: posting invoice");
    let posted = Outcome::Posted { uid: LedgerUid::parse("a").unwrap() };
    let not_sent =
        Outcome::NotSent { cause: NotSentCause::RateLimited, reason: "slow down".to_owned() };
    let in_doubt = Outcome::InDoubt { reason: "timed out".to_owned() };
    let notes = [posted, rejected(Some("100")), rejected(None), not_sent, in_doubt];
    assert_eq!(
        notes.map(|outcome| outcome_note(&outcome)),
        [
            "MYOB sync outcome: posted as a",
            "MYOB sync outcome: rejected (100): no customer",
            "MYOB sync outcome: rejected: no customer",
            "MYOB sync outcome: not sent (rate_limited): slow down",
            "MYOB sync outcome: in doubt: timed out",
        ]
    );
}

#[test]
fn ids_and_reasons_are_shown_as_they_are() {
    assert_eq!(InvoiceId(7).to_string(), "7");
    assert_eq!(RunId(8).to_string(), "8");
    assert_eq!(InvoiceNumber::parse("inv-1").unwrap().to_string(), "inv-1");
    assert_eq!(BlockReason::new(BlockCode::ItemMissing, "no item `X`").to_string(), "no item `X`");
}
