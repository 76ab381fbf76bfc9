//! The claim, on which the promise of one post rests.

use postonce_domain::{
    Attempt, Epoch, InvoiceId, InvoiceState, Move, MoveError, NoteKind, StateName, Version,
    claim_note,
};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, ClaimRequest, InvoiceStore};

use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{
    RUN, apply, file, granted, invoice, life, not_sent, notes_of, one_in_each_state, raise, ready,
    settled, shop, state, wish,
};
use crate::contract::{EngineStore, StoreFixture};

async fn refusal(store: &impl EngineStore, wish: ClaimRequest) -> ClaimRefusal {
    let answer = store.claim(wish).await.unwrap();
    let ClaimAnswer::Refused(refusal) = answer else { panic!("not refused: {answer:?}") };
    refusal
}

fn again(wish: &ClaimRequest) -> ClaimRequest {
    let mut request = wish.request.clone();
    request.marker.claim = fresh_claim();
    ClaimRequest { request, ..*wish }
}

pub async fn a_claim_writes_state_attempt_payload_and_note(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = life(&store, id).await;
    let epoch = raise(&store, &shop()).await;
    let wish = wish(&store, id, epoch).await;
    let (request, not_after) = (wish.request.clone(), wish.not_after);
    let ClaimAnswer::Claimed(token) = store.claim(wish).await.unwrap() else {
        panic!("not claimed")
    };
    assert_eq!(
        (token.invoice(), token.attempt()),
        (id, Attempt(1)),
        "the token is of this invoice and its first claim"
    );
    assert_eq!(
        (token.request(), token.not_after()),
        (&request, not_after),
        "the token carries the request and the deadline that were given"
    );
    let claim = token.id();
    let after = life(&store, id).await;
    assert_eq!(
        after.state,
        InvoiceState::Claimed { claim },
        "the invoice is claimed under the id of the marker"
    );
    assert_eq!(
        (after.attempt, after.version),
        (Attempt(1), Version(before.version.0 + 1)),
        "a claim adds one to attempt and version"
    );
    assert!(store.read_back(claim).await.unwrap(), "a claim that was granted is on record");
    let trail = fixture.trail(id).await;
    assert_eq!(trail.len(), 1, "a claim writes one note");
    assert_eq!(
        (trail[0].note.kind, trail[0].note.claim),
        (NoteKind::Claim, Some(claim)),
        "the note is a claim's and names it"
    );
    assert_eq!(trail[0].note.text, claim_note(), "the note has the words of `claim_note`");
    assert_eq!(trail[0].note.actor, "postonce", "the actor is `POSTONCE`");
    assert_eq!(
        trail[0].payload.as_ref(),
        Some(&request.payload),
        "the payload stands with the note, exactly as it will be sent"
    );
    let past = store.dossier(id).await.unwrap().unwrap().claims;
    assert_eq!((past.len(), past[0].id), (1, claim), "the dossier knows the claim");
    assert_eq!(
        (&past[0].number, &past[0].reference),
        (&request.number, &request.reference),
        "the claim keeps the number and the reference that are sent"
    );
}

pub async fn a_claim_of_an_older_version_is_refused(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let epoch = raise(&store, &shop()).await;
    let old = wish(&store, id, epoch).await;
    apply(&store, id, Move::Hold(true)).await;
    apply(&store, id, Move::Hold(false)).await;
    let stale = ClaimRefusal::Moved(MoveError::Stale { now: StateName::Ready });
    assert_eq!(refusal(&store, old).await, stale, "what was read is not what is stored any more");
}

pub async fn a_claim_of_another_epoch_is_fenced(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let old = raise(&store, &shop()).await;
    let new = raise(&store, &shop()).await;
    raise(&store, &file("other")).await;
    for epoch in [Epoch(0), old, Epoch(new.0 + 1)] {
        let wish = wish(&store, id, epoch).await;
        assert_eq!(
            refusal(&store, wish).await,
            ClaimRefusal::Fenced,
            "only the newest epoch of the company file may claim"
        );
    }
    let wish = wish(&store, id, new).await;
    granted(&store, wish).await;
}

pub async fn a_held_invoice_is_not_claimed(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    apply(&store, id, Move::Hold(true)).await;
    let epoch = raise(&store, &shop()).await;
    let wish = wish(&store, id, epoch).await;
    assert_eq!(
        refusal(&store, wish).await,
        ClaimRefusal::Moved(MoveError::Held),
        "a person holds it"
    );
}

pub async fn an_invoice_that_is_not_ready_is_not_claimed(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    for (from, _, id) in one_in_each_state(fixture).await {
        if from == StateName::Ready {
            continue;
        }
        let epoch = raise(&store, &shop()).await;
        let before = life(&store, id).await;
        let wish = wish(&store, id, epoch).await;
        let not_allowed = ClaimRefusal::Moved(MoveError::NotAllowed { verb: "claim", from });
        assert_eq!(refusal(&store, wish).await, not_allowed, "only `ready` is claimed");
        assert_eq!(life(&store, id).await, before, "a refused claim changes nothing");
    }
}

pub async fn a_refused_claim_leaves_nothing_behind(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = store.dossier(id).await.unwrap().unwrap();
    let epoch = raise(&store, &shop()).await;
    let mut fenced = wish(&store, id, Epoch(epoch.0 + 1)).await;
    let claim = fenced.request.marker.claim;
    fenced.version = Version(99);
    assert_eq!(
        refusal(&store, fenced).await,
        ClaimRefusal::Fenced,
        "the epoch is looked at first: an older run must learn that it is one"
    );
    let after = store.dossier(id).await.unwrap().unwrap();
    assert_eq!(
        (after.stored, after.claims),
        (before.stored, before.claims),
        "neither the invoice nor its claims have changed"
    );
    assert!(fixture.trail(id).await.is_empty(), "a refused claim has no note");
    assert!(!store.read_back(claim).await.unwrap(), "a refused claim is not on record");
    assert!(store.open_claims(RUN).await.unwrap().is_empty(), "a refused claim is not open");
}

pub async fn of_concurrent_claims_of_one_invoice_one_is_granted(fixture: &impl StoreFixture) {
    let stores = [fixture.adapter(), fixture.other()];
    let id = ready(fixture, 1).await;
    let epoch = raise(&stores[0], &shop()).await;
    let wish = wish(&stores[0], id, epoch).await;
    let tasks = (0..16).map(|n| {
        let (store, wish) = (stores[n % 2].clone(), again(&wish));
        async move { store.claim(wish).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let granted = answers.iter().filter(|it| matches!(it, ClaimAnswer::Claimed(_))).count();
    let refused = answers.iter().filter(|it| matches!(it, ClaimAnswer::Refused(_))).count();
    assert_eq!(
        (granted, refused),
        (1, 15),
        "one of the callers gets the token, and all others are refused"
    );
    assert_eq!(notes_of(fixture, id, NoteKind::Claim).await, 1, "one claim is one note");
    assert_eq!(
        life(&stores[1], id).await.attempt,
        Attempt(1),
        "the attempt counts what was granted"
    );
}

pub async fn concurrent_claims_of_many_invoices_are_granted_once_each(fixture: &impl StoreFixture) {
    let stores = [fixture.adapter(), fixture.other()];
    let ids = fixture.put((1..=20).map(invoice).collect()).await;
    let epoch = raise(&stores[0], &shop()).await;
    let mut tasks = Vec::new();
    for id in &ids {
        let wish = wish(&stores[0], *id, epoch).await;
        for store in [&stores[0], &stores[1], &stores[0]] {
            let (store, wish) = (store.clone(), again(&wish));
            tasks.push(async move { store.claim(wish).await.unwrap() });
        }
    }
    let mut granted = Vec::<InvoiceId>::new();
    for answer in at_once(fixture, tasks).await {
        if let ClaimAnswer::Claimed(token) = answer {
            granted.push(token.invoice());
        }
    }
    granted.sort();
    assert_eq!(granted, ids, "each invoice is claimed exactly once");
    assert_eq!(
        stores[0].open_claims(RUN).await.unwrap().len(),
        20,
        "each claim is open until its outcome comes"
    );
}

pub async fn a_claim_of_an_unknown_invoice_is_an_error(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let mut unknown = wish(&store, id, Epoch(0)).await;
    unknown.invoice = InvoiceId(id.0 + 1);
    let claim = unknown.request.marker.claim;
    assert!(store.claim(unknown).await.is_err(), "there is nothing to claim");
    assert!(!store.read_back(claim).await.unwrap(), "an error means that there is no claim");
}

pub async fn a_claim_id_counts_once(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (_, claim) = settled(fixture, 1, &not_sent()).await;
    let other = ready(fixture, 2).await;
    let epoch = raise(&store, &shop()).await;
    let mut wish = wish(&store, other, epoch).await;
    wish.request.marker.claim = claim;
    assert!(
        store.claim(wish).await.is_err(),
        "an id that is on record is never claimed under again"
    );
    assert_eq!(
        state(&store, other).await,
        StateName::Ready,
        "an error means that nothing has changed"
    );
}
