//! Claims that a run left behind.

use postonce_domain::{NoteKind, StateName};
use postonce_ports::store::InvoiceStore;

use crate::contract::StoreFixture;
use crate::contract::scene::{
    RUN, claimed, file, is_doubtful, life, not_sent, notes_of, posted_as, raise, ready, rejected,
    settle, settled, shop, state,
};

pub async fn a_sweep_moves_claims_of_older_epochs_alone(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (first, older) = claimed(fixture, 1).await;
    let (second, old) = claimed(fixture, 2).await;
    let (done, _) = settled(fixture, 3, &posted_as("u")).await;
    let (current, _) = claimed(fixture, 4).await;
    let waiting = ready(fixture, 5).await;
    let epoch = postonce_domain::Epoch(4);
    assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 2);
    for (id, claim) in [(first, older), (second, old)] {
        assert!(is_doubtful(&life(&store, id).await, claim));
        let last = fixture.trail(id).await.pop().unwrap();
        assert_eq!((last.note.kind, last.note.claim), (NoteKind::Outcome, Some(claim)));
    }
    let others = [(done, StateName::Posted), (current, StateName::Claimed)];
    for (id, wanted) in others.into_iter().chain([(waiting, StateName::Ready)]) {
        assert_eq!(state(&store, id).await, wanted);
    }
    assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 0);
    assert_eq!(store.open_claims(RUN).await.unwrap().len(), 1);
}

pub async fn a_sweep_is_of_one_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, _) = claimed(fixture, 1).await;
    let epoch = postonce_domain::Epoch(100);
    assert_eq!(store.sweep(&file("other"), epoch).await.unwrap(), 0);
    assert_eq!(state(&store, id).await, StateName::Claimed);
}

pub async fn the_late_answer_of_a_swept_claim_is_applied(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    for (n, (outcome, wanted)) in (1..).zip([
        (posted_as("u"), StateName::Posted),
        (rejected(), StateName::Rejected),
        (not_sent(), StateName::Ready),
    ]) {
        let (id, claim) = claimed(fixture, n).await;
        let epoch = raise(&store, &shop()).await;
        assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 1);
        settle(&store, claim, &outcome).await;
        assert_eq!(state(&store, id).await, wanted);
        assert_eq!(notes_of(fixture, id, NoteKind::Outcome).await, 2);
    }
}
