use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::{Guard, InvoiceState, Life, Move, MoveError, Settled, StateName, Version};
use crate::{Attempt, BlockCode, BlockReason, ClaimId, LedgerUid, NotSentCause, Outcome};

const CURRENT: ClaimId = ClaimId(Uuid::from_u128(1));
const OLDER: ClaimId = ClaimId(Uuid::from_u128(2));

fn uid(name: &str) -> LedgerUid {
    LedgerUid::parse(name).unwrap()
}

fn reason() -> BlockReason {
    BlockReason::new(BlockCode::CustomerMissing, "no such customer")
}

fn states() -> Vec<InvoiceState> {
    let at = Some(Timestamp::UNIX_EPOCH);
    vec![
        InvoiceState::Draft,
        InvoiceState::Ready,
        InvoiceState::Blocked { reason: reason() },
        InvoiceState::Claimed { claim: CURRENT },
        InvoiceState::InDoubt { claim: CURRENT, absent_confirmed_at: None },
        InvoiceState::InDoubt { claim: CURRENT, absent_confirmed_at: at },
        InvoiceState::Posted { uid: uid("a") },
        InvoiceState::Rejected { code: None, reason: "no".to_owned() },
        InvoiceState::NeedsHuman { uids: vec![uid("a")], reason: "?".to_owned() },
        InvoiceState::Forgotten,
    ]
}

fn moves() -> Vec<Move> {
    vec![
        Move::Release,
        Move::Block(reason()),
        Move::Claim(CURRENT),
        Move::LeaveBehind,
        Move::Adopt(uid("a")),
        Move::Alarm { uids: vec![uid("a")], reason: "?".to_owned() },
        Move::ConfirmAbsent(Timestamp::UNIX_EPOCH),
        Move::Repost,
        Move::Reprocess,
        Move::ResolvePosted(uid("a")),
        Move::ResolveAbsent,
        Move::ResolveForgotten,
        Move::Gone,
        Move::Hold(true),
        Move::Hold(false),
    ]
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Posted { uid: uid("a") },
        Outcome::Posted { uid: uid("b") },
        Outcome::Rejected { code: Some("100".to_owned()), reason: "no".to_owned() },
        Outcome::NotSent { cause: NotSentCause::NoConnection, reason: "refused".to_owned() },
        Outcome::InDoubt { reason: "timeout".to_owned() },
    ]
}

fn life(state: InvoiceState) -> Life {
    Life { state, version: Version(5), attempt: Attempt(2), held: false }
}

/// Where each move may lead from each state, written a second time as plain words.
fn expected(from: &InvoiceState, wanted: &Move) -> Option<StateName> {
    use StateName::*;
    let absent = matches!(from, InvoiceState::InDoubt { absent_confirmed_at: Some(_), .. });
    match (from.name(), wanted) {
        (Draft | Blocked, Move::Release) | (Rejected, Move::Reprocess) | (Posted, Move::Gone) => {
            Some(Ready)
        }
        (InDoubt, Move::Repost) if absent => Some(Ready),
        (InDoubt | NeedsHuman, Move::ResolveAbsent) => Some(Ready),
        (Ready | Blocked, Move::Block(_)) => Some(Blocked),
        (Ready, Move::Claim(_)) => Some(Claimed),
        (Claimed, Move::LeaveBehind) => Some(InDoubt),
        (Ready | InDoubt, Move::Adopt(_)) | (InDoubt | NeedsHuman, Move::ResolvePosted(_)) => {
            Some(Posted)
        }
        (Ready | InDoubt, Move::Alarm { .. }) => Some(NeedsHuman),
        (InDoubt, Move::ConfirmAbsent(_)) if !absent => Some(InDoubt),
        (InDoubt | NeedsHuman, Move::ResolveForgotten) => Some(Forgotten),
        (Posted | Forgotten, Move::Hold(true)) => None,
        (same, Move::Hold(_)) => Some(same),
        _ => None,
    }
}

#[test]
fn every_move_from_every_state_leads_where_the_table_says() {
    for state in states() {
        for wanted in moves() {
            let life = life(state.clone());
            let got = life.apply(Guard::Version(Version(5)), wanted.clone());
            let name = got.as_ref().ok().map(|next| next.state.name());
            assert_eq!(name, expected(&state, &wanted), "{state:?} by {wanted:?}");
            if let Ok(next) = got {
                assert_eq!(next.version, Version(6), "{state:?} by {wanted:?}");
                let claims = u32::from(matches!(wanted, Move::Claim(_)));
                assert_eq!(next.attempt, Attempt(2 + claims), "{state:?} by {wanted:?}");
            }
        }
    }
}

#[test]
fn no_move_is_made_on_a_stale_version_or_another_claim() {
    for state in states() {
        for wanted in moves() {
            for guard in [Guard::Version(Version(4)), Guard::Claim(OLDER)] {
                let got = life(state.clone()).apply(guard, wanted.clone());
                assert_eq!(got, Err(MoveError::Stale { now: state.name() }), "{wanted:?}");
            }
        }
    }
}

#[test]
fn a_held_invoice_is_not_claimed() {
    let held =
        life(InvoiceState::Ready).apply(Guard::Version(Version(5)), Move::Hold(true)).unwrap();
    assert!(held.held);
    assert_eq!(held.apply(Guard::Version(Version(6)), Move::Claim(CURRENT)), Err(MoveError::Held));
}

fn settled(state: InvoiceState, claim: ClaimId, outcome: &Outcome) -> Option<StateName> {
    match life(state).settle(claim, outcome, false) {
        Settled::Moved(next) => Some(next.state.name()),
        Settled::Already | Settled::Noted => None,
    }
}

/// Where an outcome of the current or an older claim leads, written a second time.
fn expected_outcome(from: &InvoiceState, current: bool, outcome: &Outcome) -> Option<StateName> {
    use StateName::*;
    let carried = current && from.claim().is_some();
    match (from.name(), outcome) {
        (Posted | NeedsHuman, Outcome::Posted { uid: same }) if *same == uid("a") => None,
        (Posted | NeedsHuman | Forgotten, Outcome::Posted { .. }) => Some(NeedsHuman),
        (Claimed, Outcome::Posted { .. }) if !carried => Some(NeedsHuman),
        (_, Outcome::Posted { .. }) => Some(Posted),
        (_, Outcome::Rejected { .. }) if carried => Some(Rejected),
        (_, Outcome::NotSent { .. }) if carried => Some(Ready),
        (Claimed, Outcome::InDoubt { .. }) if carried => Some(InDoubt),
        _ => None,
    }
}

#[test]
fn every_outcome_in_every_state_leads_where_the_table_says() {
    for state in states() {
        for outcome in outcomes() {
            for (claim, current) in [(CURRENT, true), (OLDER, false)] {
                assert_eq!(
                    settled(state.clone(), claim, &outcome),
                    expected_outcome(&state, current, &outcome),
                    "{state:?} by {outcome:?}, current: {current}"
                );
            }
        }
    }
}

#[test]
fn new_content_is_taken_until_it_may_have_been_sent() {
    for state in states() {
        let name = state.name();
        let renewed = life(state).renew();
        let same = [StateName::Draft, StateName::Ready, StateName::Rejected];
        let expected = if name == StateName::Blocked {
            Some(StateName::Ready)
        } else {
            same.contains(&name).then_some(name)
        };
        assert_eq!(renewed.as_ref().map(|life| life.state.name()), expected, "{name}");
        assert!(renewed.is_none_or(|life| life.version == Version(6)));
    }
}

#[test]
fn another_invoices_document_is_never_recorded_as_posted() {
    for state in states() {
        let got = life(state).settle(CURRENT, &Outcome::Posted { uid: uid("b") }, true);
        let Settled::Moved(next) = got else { panic!("the uid was dropped: {got:?}") };
        assert_eq!(next.state.name(), StateName::NeedsHuman);
    }
}

#[test]
fn a_second_document_keeps_both_uids() {
    let posted = life(InvoiceState::Posted { uid: uid("a") });
    let got = posted.settle(OLDER, &Outcome::Posted { uid: uid("b") }, false);
    let Settled::Moved(Life { state: InvoiceState::NeedsHuman { uids, .. }, .. }) = got else {
        panic!("{got:?}")
    };
    assert_eq!(uids, [uid("a"), uid("b")]);
}

proptest! {
    /// Whatever happens in whatever order: no way back to `ready` without evidence or a person,
    /// no uid lost, and counters that only grow.
    #[test]
    fn any_history_keeps_the_invariants(
        steps in prop::collection::vec((0_usize..15, 0_usize..5, any::<bool>(), any::<bool>()), 0..40),
    ) {
        let mut life = Life::new(InvoiceState::Draft);
        for (wanted, outcome, is_outcome, current) in steps {
            let before = life.clone();
            let claim = if current { CURRENT } else { OLDER };
            if is_outcome {
                let outcome = outcomes().swap_remove(outcome);
                if let Settled::Moved(next) = life.settle(claim, &outcome, false) {
                    life = next;
                }
                if matches!(outcome, Outcome::Posted { .. }) {
                    let state = life.state.name();
                    prop_assert!(matches!(state, StateName::Posted | StateName::NeedsHuman));
                }
            } else if let Ok(next) = life.apply(Guard::Version(life.version), moves().swap_remove(wanted)) {
                life = next;
            }
            prop_assert!(life.version >= before.version);
            prop_assert!(life.attempt >= before.attempt);
            if life != before {
                prop_assert_eq!(life.version, Version(before.version.0 + 1));
            }
        }
    }
}

#[test]
fn a_refusal_names_what_was_wanted() {
    let verbs: Vec<&str> = moves().iter().map(Move::verb).collect();
    assert_eq!(
        verbs,
        [
            "release",
            "block",
            "claim",
            "leave behind",
            "adopt a document for",
            "raise an alarm for",
            "confirm the absence of",
            "repost",
            "reprocess",
            "resolve as posted",
            "resolve as absent",
            "forget",
            "reopen",
            "hold",
            "unhold",
        ]
    );
}
