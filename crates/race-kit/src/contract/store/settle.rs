//! What became of a claim.

use postonce_domain::{
    InvoiceState, Move, NotSentCause, NoteKind, Outcome, RunId, StateName, outcome_note,
};
use postonce_ports::store::{InvoiceStore, Recorded};

use crate::contract::StoreFixture;
use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{
    LONG, RUN, apply, claim, claim_quiet, claimed, doubt, file, import_one, invoice_with,
    last_note, life, not_sent, notes_of, posted_as, rejected, settle, settled, state, uid,
};

pub async fn each_outcome_leads_where_it_must(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let outcomes = [
        (posted_as("u"), StateName::Posted),
        (rejected(), StateName::Rejected),
        (not_sent(), StateName::Ready),
        (doubt(), StateName::InDoubt),
    ];
    for (n, (outcome, wanted)) in (1..).zip(outcomes) {
        let (id, claim) = claimed(fixture, n).await;
        let before = life(&store, id).await;
        assert_eq!(
            store.settle(claim, &outcome).await.unwrap(),
            Recorded::Moved(wanted),
            "each outcome moves the invoice, and the answer names the state"
        );
        let after = life(&store, id).await;
        assert_eq!(after.state.name(), wanted, "the invoice is where the outcome leads");
        assert!(after.version > before.version, "every move raises the version");
        let last = last_note(fixture, id).await;
        assert_eq!(
            (last.note.kind, last.note.claim),
            (NoteKind::Outcome, Some(claim)),
            "the note is an outcome's and names the claim"
        );
        assert_eq!(
            (last.note.text, last.payload),
            (outcome_note(&outcome), None),
            "the note has the words of `outcome_note`, and no payload"
        );
    }
}

pub async fn the_same_outcome_twice_is_written_once(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    for (n, outcome) in (1..).zip([posted_as("u"), rejected(), not_sent(), doubt()]) {
        let (id, claim) = settled(fixture, n, &outcome).await;
        let before = (life(&store, id).await, fixture.trail(id).await);
        assert_eq!(
            store.settle(claim, &outcome).await.unwrap(),
            Recorded::Already,
            "the same outcome is on record already"
        );
        assert_eq!(
            (life(&store, id).await, fixture.trail(id).await),
            before,
            "the second time writes neither state nor note"
        );
    }
}

pub async fn concurrent_records_of_one_outcome_are_written_once(fixture: &impl StoreFixture) {
    let stores = [fixture.adapter(), fixture.other()];
    let (id, claim) = claimed(fixture, 1).await;
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.settle(claim, &posted_as("u")).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let moved = answers.iter().filter(|it| **it == Recorded::Moved(StateName::Posted)).count();
    let already = answers.iter().filter(|it| **it == Recorded::Already).count();
    assert_eq!(
        (moved, already),
        (1, 7),
        "one of the callers moves it, and the others learn that it is on record"
    );
    assert_eq!(notes_of(fixture, id, NoteKind::Outcome).await, 1, "one outcome is one note");
}

pub async fn an_outcome_of_an_unknown_claim_is_not_written(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, _) = claimed(fixture, 1).await;
    let unknown = fresh_claim();
    let recorded = store.settle(unknown, &posted_as("u")).await.unwrap();
    assert_eq!(recorded, Recorded::UnknownClaim, "there is no such claim");
    assert_eq!(
        notes_of(fixture, id, NoteKind::Outcome).await,
        0,
        "an unknown claim's outcome is written to no trail"
    );
}

pub async fn a_uid_of_another_invoice_needs_a_person(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (first, _) = settled(fixture, 1, &posted_as("u")).await;
    let (second, claim) = claimed(fixture, 2).await;
    let recorded = store.settle(claim, &posted_as("u")).await.unwrap();
    assert_eq!(
        recorded,
        Recorded::Moved(StateName::NeedsHuman),
        "the document is another invoice's, so only a person can tell"
    );
    let InvoiceState::NeedsHuman { uids, .. } = life(&store, second).await.state else {
        panic!("a person must look at it")
    };
    assert_eq!(uids, [uid("u")], "the document in question is kept");
    assert_eq!(state(&store, first).await, StateName::Posted, "the other invoice stays as it was");
    let last = last_note(fixture, second).await;
    assert_eq!(
        last.note.text,
        outcome_note(&posted_as("u")),
        "the outcome is in the trail, whatever it led to"
    );
    assert_eq!(
        store.settle(claim, &posted_as("u")).await.unwrap(),
        Recorded::Already,
        "the same outcome is on record already"
    );

    let elsewhere = invoice_with(3, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(fixture, elsewhere).await;
    let claim = claim_quiet(&store, elsewhere, LONG).await;
    settle(&store, claim, &posted_as("u")).await;
    assert_eq!(
        state(&store, elsewhere).await,
        StateName::Posted,
        "a document's id is a company file's own"
    );
}

pub async fn a_late_posted_moves_a_doubtful_invoice(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, claim) = settled(fixture, 1, &doubt()).await;
    settle(&store, claim, &posted_as("u")).await;
    assert_eq!(state(&store, id).await, StateName::Posted, "the late answer says where it is");

    let (id, claim) = settled(fixture, 2, &doubt()).await;
    apply(&store, id, Move::ResolveForgotten).await;
    settle(&store, claim, &posted_as("v")).await;
    assert_eq!(
        state(&store, id).await,
        StateName::NeedsHuman,
        "it was given up, and yet is in the ledger"
    );
}

pub async fn a_late_posted_beside_a_newer_claim_needs_a_person(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, older) = settled(fixture, 1, &not_sent()).await;
    let newer = claim(&store, id).await;
    settle(&store, older, &posted_as("u")).await;
    assert_eq!(
        state(&store, id).await,
        StateName::NeedsHuman,
        "another claim is under way, so that it may be in the ledger twice"
    );
    settle(&store, newer, &posted_as("v")).await;
    let InvoiceState::NeedsHuman { uids, .. } = life(&store, id).await.state else {
        panic!("a person must look at it")
    };
    assert_eq!(
        uids,
        [uid("u"), uid("v")],
        "both documents are kept, in the order in which they were told"
    );
}

pub async fn other_late_outcomes_are_kept_as_notes(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, older) = settled(fixture, 1, &not_sent()).await;
    claim(&store, id).await;
    let before = life(&store, id).await;
    let notes = notes_of(fixture, id, NoteKind::Outcome).await;
    // It would make the newer claim's invoice ready, to be sent beside it.
    let unsent = Outcome::NotSent { cause: NotSentCause::Expired, reason: "told late".to_owned() };
    for outcome in [rejected(), unsent, doubt()] {
        assert_eq!(
            store.settle(older, &outcome).await.unwrap(),
            Recorded::Noted,
            "it comes too late to move the invoice, and is kept"
        );
        assert_eq!(
            store.settle(older, &outcome).await.unwrap(),
            Recorded::Already,
            "once kept, it is on record"
        );
    }
    assert_eq!(
        life(&store, id).await,
        before,
        "a late outcome that is only kept changes nothing else"
    );
    assert_eq!(
        notes_of(fixture, id, NoteKind::Outcome).await,
        notes + 3,
        "each of them is one note, once"
    );
}

pub async fn what_an_inquiry_found_first_is_still_written_to_the_trail(
    fixture: &impl StoreFixture,
) {
    let store = fixture.adapter();
    let (id, claim) = settled(fixture, 1, &doubt()).await;
    apply(&store, id, Move::Adopt(uid("u"))).await;
    let before = life(&store, id).await;
    assert_eq!(
        store.settle(claim, &posted_as("u")).await.unwrap(),
        Recorded::Noted,
        "the inquiry was first, so nothing moves"
    );
    assert_eq!(life(&store, id).await, before, "nothing but the trail has changed");
    let last = last_note(fixture, id).await;
    assert_eq!(
        last.note.text,
        outcome_note(&posted_as("u")),
        "what the sender was told is in the trail"
    );
}

pub async fn a_claim_is_open_until_its_outcome_is_on_record(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (_, first) = claimed(fixture, 1).await;
    let (_, second) = claimed(fixture, 2).await;
    assert_eq!(
        store.open_claims(RUN).await.unwrap(),
        [first, second],
        "the claims of the run without an outcome, in the order of their making"
    );
    assert!(store.open_claims(RunId(RUN.0 + 1)).await.unwrap().is_empty(), "another run has none");
    let unknown = Outcome::InDoubt { reason: "the connection broke".to_owned() };
    settle(&store, first, &unknown).await;
    assert_eq!(store.open_claims(RUN).await.unwrap(), [second], "`in_doubt` is an outcome");
    settle(&store, second, &not_sent()).await;
    assert!(store.open_claims(RUN).await.unwrap().is_empty(), "every claim has its outcome");
}
