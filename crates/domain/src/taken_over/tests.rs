//! Tests of what is taken over.

use super::*;
use crate::{Attempt, BlockCode, BlockReason, ClaimId};

fn uid(text: &str) -> LedgerUid {
    LedgerUid::parse(text).unwrap()
}

fn posted(text: &str) -> TakenOver {
    TakenOver::Posted(uid(text))
}

fn human(texts: &[&str]) -> TakenOver {
    let uids = texts.iter().map(|text| uid(text)).collect();
    TakenOver::NeedsHuman { uids, reason: "two".to_owned() }
}

#[test]
fn what_was_never_sent_or_was_refused_is_taken_over() {
    let reason = BlockReason::new(BlockCode::CustomerMissing, "none");
    for state in [
        InvoiceState::Draft,
        InvoiceState::Ready,
        InvoiceState::Blocked { reason },
        InvoiceState::Rejected { code: None, reason: "no".to_owned() },
    ] {
        for past in [posted("a"), human(&["a", "b"])] {
            let before = Life { held: true, ..Life::new(state.clone()) };
            let next = before.taken_over(&past).unwrap().unwrap();
            assert_eq!(next.state, past.state());
            assert_eq!((next.version, next.held), (Version(2), true));
            assert_eq!(next.taken_over(&past), Ok(None), "a second time changes nothing");
        }
    }
}

#[test]
fn what_a_claim_may_have_sent_is_not_taken_over() {
    let claim = ClaimId(uuid::Uuid::from_u128(7));
    for state in [
        InvoiceState::Claimed { claim },
        InvoiceState::InDoubt { claim, absent_confirmed_at: None },
        InvoiceState::Forgotten,
        InvoiceState::Posted { uid: uid("other") },
    ] {
        for past in [posted("a"), human(&["a", "b"])] {
            assert_eq!(Life::new(state.clone()).taken_over(&past), Err(state.name()), "{state:?}");
        }
    }
}

#[test]
fn a_person_may_have_picked_one_of_the_documents_since() {
    let picked = Life::new(InvoiceState::Posted { uid: uid("a") });
    assert_eq!(picked.taken_over(&human(&["a", "b"])), Ok(None));
    assert_eq!(picked.taken_over(&human(&["b", "c"])), Err(StateName::Posted));
}

#[test]
fn documents_that_nobody_here_has_sent_become_the_one_that_is_named() {
    let found = Life::new(human(&["a", "b"]).state());
    let next = found.taken_over(&posted("b")).unwrap().unwrap();
    assert_eq!(next.state, InvoiceState::Posted { uid: uid("b") });
    assert_eq!(found.taken_over(&human(&["b", "a"])), Ok(None), "whatever their order");
    assert_eq!(found.taken_over(&human(&["a"])), Err(StateName::NeedsHuman));
    assert_eq!(found.taken_over(&posted("c")), Err(StateName::NeedsHuman));
    let sent = Life { attempt: Attempt(1), ..found };
    assert_eq!(sent.taken_over(&posted("b")), Err(StateName::NeedsHuman), "a claim tells more");
}
