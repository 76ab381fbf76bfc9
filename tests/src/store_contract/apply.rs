//! Moves and their notes.

use futures::future::join_all;
use jiff::Timestamp;
use postonce_adapter_host::RandomIds;
use postonce_domain::{
    BlockCode, BlockReason, Guard, InvoiceId, InvoiceState, Move, MoveError, NoteKind, Outcome,
    StateName, Version,
};
use postonce_ports::clock::Ids;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{Applied, InvoiceStore};

use super::fixture::Fixture;
use super::scene::{
    alarm, apply, block, change, claim, doubt, file, import_one, invoice_with, is_doubtful, life,
    notes_of, posted_as, ready, settle, settled, state, trail, uid,
};

pub(super) async fn a_move_and_its_note_are_both_written(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    let change = change(&store, id, block()).await;
    let moved = store.apply(change.clone()).await.unwrap();
    assert_eq!(moved, Applied::Moved(life(&store, id).await));
    assert_eq!(state(&store, id).await, StateName::Blocked);
    let trail = trail(&store, id).await;
    assert_eq!(trail.len(), 1);
    assert_eq!((&trail[0].note, &trail[0].payload), (&change.note, &None));
}

pub(super) async fn a_refused_move_writes_nothing(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    let before = life(&store, id).await;
    let mut stale = change(&store, id, block()).await;
    stale.guard = Guard::Version(Version(before.version.0 + 1));
    let mut claimless = stale.clone();
    claimless.guard = Guard::Claim(RandomIds.claim_id());
    let refused = Applied::Refused(MoveError::Stale { now: StateName::Ready });
    assert_eq!(store.apply(stale).await.unwrap(), refused);
    assert_eq!(store.apply(claimless).await.unwrap(), refused);
    let impossible = change(&store, id, Move::Repost).await;
    let not_allowed = MoveError::NotAllowed { verb: "repost", from: StateName::Ready };
    assert_eq!(store.apply(impossible).await.unwrap(), Applied::Refused(not_allowed));
    assert_eq!(life(&store, id).await, before);
    assert!(trail(&store, id).await.is_empty());
}

pub(super) async fn of_concurrent_moves_with_one_guard_one_is_made(fixture: &impl Fixture) {
    let stores = [fixture.store(), fixture.other()];
    let id = ready(&stores[0], 1).await;
    let change = change(&stores[0], id, block()).await;
    let tasks = (0..16).map(|n| {
        let (store, change) = (stores[n % 2].clone(), change.clone());
        tokio::spawn(async move { store.apply(change).await.unwrap() })
    });
    let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let moved = answers.iter().filter(|answer| matches!(answer, Applied::Moved(_))).count();
    let stale = Applied::Refused(MoveError::Stale { now: StateName::Blocked });
    assert_eq!((moved, answers.iter().filter(|it| **it == stale).count()), (1, 15));
    assert_eq!(trail(&stores[0], id).await.len(), 1);
}

pub(super) async fn a_claim_is_no_move_to_apply(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    let claim = change(&store, id, Move::Claim(RandomIds.claim_id())).await;
    let answer = store.apply(claim).await.unwrap();
    assert!(matches!(answer, Applied::Refused(MoveError::NotAllowed { .. })), "{answer:?}");
    assert_eq!(state(&store, id).await, StateName::Ready);
}

pub(super) async fn a_uid_is_not_recorded_twice_in_a_company_file(fixture: &impl Fixture) {
    let store = fixture.store();
    let (owner, _) = settled(&store, 1, &posted_as("uid-1")).await;
    let adopting = ready(&store, 2).await;
    let (resolving, _) = settled(&store, 3, &doubt()).await;
    for (id, wanted) in
        [(adopting, Move::Adopt(uid("uid-1"))), (resolving, Move::ResolvePosted(uid("uid-1")))]
    {
        let before = (life(&store, id).await, trail(&store, id).await);
        let change = change(&store, id, wanted).await;
        assert_eq!(store.apply(change).await.unwrap(), Applied::UidTaken(owner));
        assert_eq!((life(&store, id).await, trail(&store, id).await), before);
    }
    let elsewhere = invoice_with(4, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(&store, elsewhere).await;
    apply(&store, elsewhere, Move::Adopt(uid("uid-1"))).await;
    // It is another document if it is spelled otherwise.
    apply(&store, adopting, Move::Adopt(uid("UID-1"))).await;
}

pub(super) async fn resolve_absent_keeps_the_documents_that_were_seen(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    apply(&store, id, alarm(&["b", "a"])).await;
    apply(&store, id, Move::ResolveAbsent).await;
    let ignored = store.dossier(id).await.unwrap().unwrap().ignored;
    assert_eq!(ignored, [uid("a"), uid("b")]);
    apply(&store, id, alarm(&["b", "c"])).await;
    apply(&store, id, Move::ResolveAbsent).await;
    let ignored = store.dossier(id).await.unwrap().unwrap().ignored;
    assert_eq!(ignored, [uid("a"), uid("b"), uid("c")]);
    let other = ready(&store, 2).await;
    assert!(store.dossier(other).await.unwrap().unwrap().ignored.is_empty());
}

pub(super) async fn a_move_of_an_unknown_invoice_finds_nothing(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    let mut change = change(&store, id, block()).await;
    change.invoice = InvoiceId(id.0 + 1);
    assert_eq!(store.apply(change).await.unwrap(), Applied::NotFound);
    assert!(store.notes(None, 0, 10).await.unwrap().is_empty());
}

pub(super) async fn the_data_of_every_state_survives_storage(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
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
    let (id, _) = settled(&store, 2, &codeless).await;
    let state = InvoiceState::Rejected { code: None, reason: String::new() };
    assert_eq!(life(&store, id).await.state, state);
}

pub(super) async fn hold_and_unhold_raise_the_version(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = ready(&store, 1).await;
    let before = life(&store, id).await;
    let held = apply(&store, id, Move::Hold(true)).await;
    assert!(held.held && held.version > before.version && held.state == before.state);
    let free = apply(&store, id, Move::Hold(false)).await;
    assert!(!free.held && free.version > held.version);
    assert_eq!(notes_of(&store, id, NoteKind::Person).await, 2);
}
