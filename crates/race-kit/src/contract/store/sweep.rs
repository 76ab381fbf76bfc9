//! Claims that a run left behind.

use postonce_domain::{Epoch, NoteKind, StateName};
use postonce_ports::store::InvoiceStore;

use crate::contract::StoreFixture;
use crate::contract::scene::{
    RUN, claimed, file, granted, is_doubtful, last_note, life, not_sent, notes_of, posted_as,
    raise, ready, rejected, settle, settled, shop, state, wish,
};

pub async fn a_sweep_moves_claims_of_older_epochs_alone(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (first, older) = claimed(fixture, 1).await;
    let (second, old) = claimed(fixture, 2).await;
    let (done, _) = settled(fixture, 3, &posted_as("u")).await;
    let current = ready(fixture, 4).await;
    let epoch = raise(&store, &shop()).await;
    let wish = wish(&store, current, epoch).await;
    granted(&store, wish).await;
    let waiting = ready(fixture, 5).await;
    assert_eq!(
        store.sweep(&shop(), epoch).await.unwrap(),
        2,
        "the claims of older epochs without an outcome are swept, and counted"
    );
    for (id, claim) in [(first, older), (second, old)] {
        assert!(
            is_doubtful(&life(&store, id).await, claim),
            "a claim that was left behind is in doubt, and stays with its invoice"
        );
        let last = last_note(fixture, id).await;
        assert_eq!(
            (last.note.kind, last.note.claim),
            (NoteKind::Outcome, Some(claim)),
            "each gets an outcome note"
        );
    }
    let others = [(done, StateName::Posted), (current, StateName::Claimed)];
    for (id, wanted) in others.into_iter().chain([(waiting, StateName::Ready)]) {
        assert_eq!(
            state(&store, id).await,
            wanted,
            "what is settled, of the newest epoch, or not claimed stays where it is"
        );
    }
    assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 0, "there is nothing left to sweep");
    assert_eq!(
        store.open_claims(RUN).await.unwrap().len(),
        1,
        "only the claim of the newest epoch is open"
    );
}

pub async fn a_sweep_is_of_one_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, _) = claimed(fixture, 1).await;
    let epoch = Epoch(100);
    assert_eq!(
        store.sweep(&file("other"), epoch).await.unwrap(),
        0,
        "another company file's sweep finds nothing here"
    );
    assert_eq!(
        state(&store, id).await,
        StateName::Claimed,
        "the sweep of another company file changes nothing"
    );
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
        assert_eq!(store.sweep(&shop(), epoch).await.unwrap(), 1, "the claim is of an older epoch");
        settle(&store, claim, &outcome).await;
        assert_eq!(
            state(&store, id).await,
            wanted,
            "the invoice still carries the claim, so that its sender's answer counts"
        );
        assert_eq!(
            notes_of(fixture, id, NoteKind::Outcome).await,
            2,
            "both outcomes are in the trail"
        );
    }
}
