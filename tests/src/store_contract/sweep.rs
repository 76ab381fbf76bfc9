//! Claims that a run left behind.

use postonce_domain::{NoteKind, StateName};
use postonce_ports::store::InvoiceStore;

use super::fixture::Fixture;
use super::scene::{
    RUN, claimed, file, is_doubtful, life, not_sent, notes_of, posted_as, raise, ready, rejected,
    settle, settled, shop, state, trail,
};

pub(super) async fn a_sweep_moves_claims_of_older_epochs_alone(fixture: &impl Fixture) {
    let store = fixture.store();
    let (first, older) = claimed(&store, 1).await;
    let (second, old) = claimed(&store, 2).await;
    let (done, _) = settled(&store, 3, &posted_as("u")).await;
    let (current, _) = claimed(&store, 4).await;
    let waiting = ready(&store, 5).await;
    let epoch = postonce_domain::Epoch(4);
    assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 2);
    for (id, claim) in [(first, older), (second, old)] {
        assert!(is_doubtful(&life(&store, id).await, claim));
        let last = trail(&store, id).await.pop().unwrap();
        assert_eq!((last.note.kind, last.note.claim), (NoteKind::Outcome, Some(claim)));
    }
    let others = [(done, StateName::Posted), (current, StateName::Claimed)];
    for (id, wanted) in others.into_iter().chain([(waiting, StateName::Ready)]) {
        assert_eq!(state(&store, id).await, wanted);
    }
    assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 0);
    assert_eq!(store.open_claims(RUN).await.unwrap().len(), 1);
}

pub(super) async fn a_sweep_is_of_one_company_file(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, _) = claimed(&store, 1).await;
    let epoch = postonce_domain::Epoch(100);
    assert_eq!(store.sweep(&file("other"), epoch).await.unwrap(), 0);
    assert_eq!(state(&store, id).await, StateName::Claimed);
}

pub(super) async fn the_late_answer_of_a_swept_claim_is_applied(fixture: &impl Fixture) {
    let store = fixture.store();
    for (n, (outcome, wanted)) in (1..).zip([
        (posted_as("u"), StateName::Posted),
        (rejected(), StateName::Rejected),
        (not_sent(), StateName::Ready),
    ]) {
        let (id, claim) = claimed(&store, n).await;
        let epoch = raise(&store, &shop()).await;
        assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 1);
        settle(&store, claim, &outcome).await;
        assert_eq!(state(&store, id).await, wanted);
        assert_eq!(notes_of(&store, id, NoteKind::Outcome).await, 2);
    }
}
