//! Moves and their notes.

use jiff::Timestamp;
use postonce_domain::{
    BlockCode, BlockReason, Guard, InvoiceId, InvoiceState, Move, MoveError, NoteKind, Outcome,
    StateName, Version,
};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::store::{Applied, InvoiceStore};

use crate::contract::StoreFixture;
use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{
    alarm, apply, block, change, claim, doubt, file, import_one, invoice_with, is_doubtful, life,
    notes_of, posted_as, ready, settle, settled, state, uid,
};

pub async fn a_move_and_its_note_are_both_written(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let change = change(&store, id, block()).await;
    let moved = store.apply(change.clone()).await.unwrap();
    assert_eq!(moved, Applied::Moved(life(&store, id).await));
    assert_eq!(state(&store, id).await, StateName::Blocked);
    let trail = fixture.trail(id).await;
    assert_eq!(trail.len(), 1);
    assert_eq!((&trail[0].note, &trail[0].payload), (&change.note, &None));
}

pub async fn a_refused_move_writes_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = life(&store, id).await;
    let mut stale = change(&store, id, block()).await;
    stale.guard = Guard::Version(Version(before.version.0 + 1));
    let mut claimless = stale.clone();
    claimless.guard = Guard::Claim(fresh_claim());
    let refused = Applied::Refused(MoveError::Stale { now: StateName::Ready });
    assert_eq!(store.apply(stale).await.unwrap(), refused);
    assert_eq!(store.apply(claimless).await.unwrap(), refused);
    let impossible = change(&store, id, Move::Repost).await;
    let not_allowed = MoveError::NotAllowed { verb: "repost", from: StateName::Ready };
    assert_eq!(store.apply(impossible).await.unwrap(), Applied::Refused(not_allowed));
    assert_eq!(life(&store, id).await, before);
    assert!(fixture.trail(id).await.is_empty());
}

pub async fn of_concurrent_moves_with_one_guard_one_is_made(fixture: &impl StoreFixture) {
    let stores = [fixture.adapter(), fixture.other()];
    let id = ready(fixture, 1).await;
    let change = change(&stores[0], id, block()).await;
    let tasks = (0..16).map(|n| {
        let (store, change) = (stores[n % 2].clone(), change.clone());
        async move { store.apply(change).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let moved = answers.iter().filter(|answer| matches!(answer, Applied::Moved(_))).count();
    let stale = Applied::Refused(MoveError::Stale { now: StateName::Blocked });
    assert_eq!((moved, answers.iter().filter(|it| **it == stale).count()), (1, 15));
    assert_eq!(fixture.trail(id).await.len(), 1);
}

pub async fn a_claim_is_no_move_to_apply(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let claim = change(&store, id, Move::Claim(fresh_claim())).await;
    let answer = store.apply(claim).await.unwrap();
    assert!(matches!(answer, Applied::Refused(MoveError::NotAllowed { .. })), "{answer:?}");
    assert_eq!(state(&store, id).await, StateName::Ready);
}

pub async fn a_uid_is_not_recorded_twice_in_a_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (owner, _) = settled(fixture, 1, &posted_as("uid-1")).await;
    let adopting = ready(fixture, 2).await;
    let (resolving, _) = settled(fixture, 3, &doubt()).await;
    for (id, wanted) in
        [(adopting, Move::Adopt(uid("uid-1"))), (resolving, Move::ResolvePosted(uid("uid-1")))]
    {
        let before = (life(&store, id).await, fixture.trail(id).await);
        let change = change(&store, id, wanted).await;
        assert_eq!(store.apply(change).await.unwrap(), Applied::UidTaken(owner));
        assert_eq!((life(&store, id).await, fixture.trail(id).await), before);
    }
    let elsewhere = invoice_with(4, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(fixture, elsewhere).await;
    apply(&store, elsewhere, Move::Adopt(uid("uid-1"))).await;
    // It is another document if it is spelled otherwise.
    apply(&store, adopting, Move::Adopt(uid("UID-1"))).await;
}

pub async fn resolve_absent_keeps_the_documents_that_were_seen(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    apply(&store, id, alarm(&["b", "a"])).await;
    apply(&store, id, Move::ResolveAbsent).await;
    let ignored = store.dossier(id).await.unwrap().unwrap().ignored;
    assert_eq!(ignored, [uid("a"), uid("b")]);
    apply(&store, id, alarm(&["b", "c"])).await;
    apply(&store, id, Move::ResolveAbsent).await;
    let ignored = store.dossier(id).await.unwrap().unwrap().ignored;
    assert_eq!(ignored, [uid("a"), uid("b"), uid("c")]);
    let other = ready(fixture, 2).await;
    assert!(store.dossier(other).await.unwrap().unwrap().ignored.is_empty());
}

pub async fn a_move_of_an_unknown_invoice_finds_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let mut change = change(&store, id, block()).await;
    change.invoice = InvoiceId(id.0 + 1);
    assert_eq!(store.apply(change).await.unwrap(), Applied::NotFound);
    assert!(fixture.trail(id).await.is_empty());
    assert!(fixture.trail(InvoiceId(id.0 + 1)).await.is_empty());
}

pub async fn the_data_of_every_state_survives_storage(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let reason = BlockReason::new(BlockCode::TaxCodeMissing, "there is no `É`");
    let blocked = apply(&store, id, Move::Block(reason.clone())).await;
    assert_eq!(blocked.state, InvoiceState::Blocked { reason });
    assert_eq!(life(&store, id).await, blocked);
    apply(&store, id, Move::Release).await;

    let human = apply(&store, id, alarm(&["y", "x"])).await;
    assert_eq!(life(&store, id).await, human);
    apply(&store, id, Move::ResolveAbsent).await;

    let claim = claim(&store, id).await;
    assert_eq!(life(&store, id).await.state, InvoiceState::Claimed { claim });
    settle(&store, claim, &doubt()).await;
    assert!(is_doubtful(&life(&store, id).await, claim));
    let at = Timestamp::from_microsecond(1_700_000_000_123_456).unwrap();
    let absent = apply(&store, id, Move::ConfirmAbsent(at)).await;
    assert_eq!(absent.state, InvoiceState::InDoubt { claim, absent_confirmed_at: Some(at) });
    assert_eq!(life(&store, id).await, absent);
    let posted = apply(&store, id, Move::ResolvePosted(uid("u"))).await;
    assert_eq!(life(&store, id).await, posted);

    let codeless = Outcome::Rejected { code: None, reason: String::new() };
    let (id, _) = settled(fixture, 2, &codeless).await;
    let state = InvoiceState::Rejected { code: None, reason: String::new() };
    assert_eq!(life(&store, id).await.state, state);
}

pub async fn hold_and_unhold_raise_the_version(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = life(&store, id).await;
    let held = apply(&store, id, Move::Hold(true)).await;
    assert!(held.held && held.version > before.version && held.state == before.state);
    let free = apply(&store, id, Move::Hold(false)).await;
    assert!(!free.held && free.version > held.version);
    assert_eq!(notes_of(fixture, id, NoteKind::Person).await, 2);
}
