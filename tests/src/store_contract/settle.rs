//! What became of a claim.

use futures::future::join_all;
use postonce_adapter_host::RandomIds;
use postonce_domain::{InvoiceState, Move, NoteKind, Outcome, StateName, outcome_note};
use postonce_ports::clock::Ids;
use postonce_ports::store::{InvoiceStore, Recorded};

use super::fixture::Fixture;
use super::scene::{
    LONG, RUN, apply, claim, claim_quiet, claimed, doubt, file, import_one, invoice_with, life,
    not_sent, notes_of, posted_as, rejected, settle, settled, state, trail, uid,
};

pub(super) async fn each_outcome_leads_where_it_must(fixture: &impl Fixture) {
    let store = fixture.store();
    let outcomes = [
        (posted_as("u"), StateName::Posted),
        (rejected(), StateName::Rejected),
        (not_sent(), StateName::Ready),
        (doubt(), StateName::InDoubt),
    ];
    for (n, (outcome, wanted)) in (1..).zip(outcomes) {
        let (id, claim) = claimed(&store, n).await;
        let before = life(&store, id).await;
        assert_eq!(store.settle(claim, &outcome).await.unwrap(), Recorded::Moved(wanted));
        let after = life(&store, id).await;
        assert_eq!(after.state.name(), wanted);
        assert!(after.version > before.version);
        let last = trail(&store, id).await.pop().unwrap();
        assert_eq!((last.note.kind, last.note.claim), (NoteKind::Outcome, Some(claim)));
        assert_eq!((last.note.text, last.payload), (outcome_note(&outcome), None));
    }
}

pub(super) async fn the_same_outcome_twice_is_written_once(fixture: &impl Fixture) {
    let store = fixture.store();
    for (n, outcome) in (1..).zip([posted_as("u"), rejected(), not_sent(), doubt()]) {
        let (id, claim) = settled(&store, n, &outcome).await;
        let before = (life(&store, id).await, trail(&store, id).await);
        assert_eq!(store.settle(claim, &outcome).await.unwrap(), Recorded::Already);
        assert_eq!((life(&store, id).await, trail(&store, id).await), before);
    }
}

pub(super) async fn concurrent_records_of_one_outcome_are_written_once(fixture: &impl Fixture) {
    let stores = [fixture.store(), fixture.other()];
    let (id, claim) = claimed(&stores[0], 1).await;
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.settle(claim, &posted_as("u")).await.unwrap() })
    });
    let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let moved = answers.iter().filter(|it| **it == Recorded::Moved(StateName::Posted)).count();
    let already = answers.iter().filter(|it| **it == Recorded::Already).count();
    assert_eq!((moved, already), (1, 7));
    assert_eq!(notes_of(&stores[0], id, NoteKind::Outcome).await, 1);
}

pub(super) async fn an_outcome_of_an_unknown_claim_is_not_written(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, _) = claimed(&store, 1).await;
    let unknown = RandomIds.claim_id();
    let recorded = store.settle(unknown, &posted_as("u")).await.unwrap();
    assert_eq!(recorded, Recorded::UnknownClaim);
    assert_eq!(notes_of(&store, id, NoteKind::Outcome).await, 0);
}

pub(super) async fn a_uid_of_another_invoice_needs_a_person(fixture: &impl Fixture) {
    let store = fixture.store();
    let (first, _) = settled(&store, 1, &posted_as("u")).await;
    let (second, claim) = claimed(&store, 2).await;
    let recorded = store.settle(claim, &posted_as("u")).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::NeedsHuman));
    let InvoiceState::NeedsHuman { uids, .. } = life(&store, second).await.state else { panic!() };
    assert_eq!(uids, [uid("u")]);
    assert_eq!(state(&store, first).await, StateName::Posted);
    let last = trail(&store, second).await.pop().unwrap();
    assert_eq!(last.note.text, outcome_note(&posted_as("u")));
    assert_eq!(store.settle(claim, &posted_as("u")).await.unwrap(), Recorded::Already);

    let elsewhere = invoice_with(3, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(&store, elsewhere).await;
    let claim = claim_quiet(&store, elsewhere, LONG).await;
    settle(&store, claim, &posted_as("u")).await;
    assert_eq!(state(&store, elsewhere).await, StateName::Posted);
}

pub(super) async fn a_late_posted_moves_a_doubtful_invoice(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, claim) = settled(&store, 1, &doubt()).await;
    settle(&store, claim, &posted_as("u")).await;
    assert_eq!(state(&store, id).await, StateName::Posted);

    let (id, claim) = settled(&store, 2, &doubt()).await;
    apply(&store, id, Move::ResolveForgotten).await;
    settle(&store, claim, &posted_as("v")).await;
    assert_eq!(state(&store, id).await, StateName::NeedsHuman);
}

pub(super) async fn a_late_posted_beside_a_newer_claim_needs_a_person(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, older) = settled(&store, 1, &not_sent()).await;
    let newer = claim(&store, id).await;
    settle(&store, older, &posted_as("u")).await;
    assert_eq!(state(&store, id).await, StateName::NeedsHuman);
    settle(&store, newer, &posted_as("v")).await;
    let InvoiceState::NeedsHuman { uids, .. } = life(&store, id).await.state else { panic!() };
    assert_eq!(uids, [uid("u"), uid("v")]);
}

pub(super) async fn other_late_outcomes_are_kept_as_notes(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, older) = settled(&store, 1, &not_sent()).await;
    claim(&store, id).await;
    let before = life(&store, id).await;
    let notes = notes_of(&store, id, NoteKind::Outcome).await;
    for outcome in [rejected(), doubt()] {
        assert_eq!(store.settle(older, &outcome).await.unwrap(), Recorded::Noted);
        assert_eq!(store.settle(older, &outcome).await.unwrap(), Recorded::Already);
    }
    assert_eq!(life(&store, id).await, before);
    assert_eq!(notes_of(&store, id, NoteKind::Outcome).await, notes + 2);
}

pub(super) async fn what_an_inquiry_found_first_is_still_written_to_the_trail(
    fixture: &impl Fixture,
) {
    let store = fixture.store();
    let (id, claim) = settled(&store, 1, &doubt()).await;
    apply(&store, id, Move::Adopt(uid("u"))).await;
    let before = life(&store, id).await;
    assert_eq!(store.settle(claim, &posted_as("u")).await.unwrap(), Recorded::Noted);
    assert_eq!(life(&store, id).await, before);
    let last = trail(&store, id).await.pop().unwrap();
    assert_eq!(last.note.text, outcome_note(&posted_as("u")));
}

pub(super) async fn a_claim_is_open_until_its_outcome_is_on_record(fixture: &impl Fixture) {
    let store = fixture.store();
    let (_, first) = claimed(&store, 1).await;
    let (_, second) = claimed(&store, 2).await;
    assert_eq!(store.open_claims(RUN).await.unwrap(), [first, second]);
    assert!(store.open_claims(postonce_domain::RunId(RUN.0 + 1)).await.unwrap().is_empty());
    let unknown = Outcome::InDoubt { reason: "the connection broke".to_owned() };
    settle(&store, first, &unknown).await;
    assert_eq!(store.open_claims(RUN).await.unwrap(), [second]);
    settle(&store, second, &not_sent()).await;
    assert!(store.open_claims(RUN).await.unwrap().is_empty());
}
