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
    assert_eq!(
        moved,
        Applied::Moved(life(&store, id).await),
        "the answer is the life that is stored from now on"
    );
    assert_eq!(state(&store, id).await, StateName::Blocked, "the move is made");
    let trail = fixture.trail(id).await;
    assert_eq!(trail.len(), 1, "a move writes one note");
    assert_eq!(
        (&trail[0].note, &trail[0].payload),
        (&change.note, &None),
        "the note is the one that was given, without a payload"
    );
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
    assert_eq!(store.apply(stale).await.unwrap(), refused, "a guard on another version is stale");
    assert_eq!(
        store.apply(claimless).await.unwrap(),
        refused,
        "a guard on a claim that the invoice does not carry is stale"
    );
    let impossible = change(&store, id, Move::Repost).await;
    let not_allowed = MoveError::NotAllowed { verb: "repost", from: StateName::Ready };
    assert_eq!(
        store.apply(impossible).await.unwrap(),
        Applied::Refused(not_allowed),
        "a move that the state does not allow is refused by `Life`"
    );
    assert_eq!(life(&store, id).await, before, "a refused move changes nothing");
    assert!(fixture.trail(id).await.is_empty(), "a refused move writes no note");
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
    assert_eq!(
        (moved, answers.iter().filter(|it| **it == stale).count()),
        (1, 15),
        "one caller moves, and every other one is told that it is stale"
    );
    assert_eq!(fixture.trail(id).await.len(), 1, "only the move that was made writes its note");
}

pub async fn a_claim_is_no_move_to_apply(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let claim = change(&store, id, Move::Claim(fresh_claim())).await;
    let answer = store.apply(claim).await.unwrap();
    assert!(
        matches!(answer, Applied::Refused(MoveError::NotAllowed { .. })),
        "`Move::Claim` is refused, since a claim needs its own transaction: {answer:?}"
    );
    assert_eq!(state(&store, id).await, StateName::Ready, "the refused claim changes nothing");
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
        assert_eq!(
            store.apply(change).await.unwrap(),
            Applied::UidTaken(owner),
            "a document of the company file is not recorded twice, and the owner is named"
        );
        assert_eq!(
            (life(&store, id).await, fixture.trail(id).await),
            before,
            "nothing is written, neither state nor note"
        );
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
    assert_eq!(
        ignored,
        [uid("a"), uid("b")],
        "the documents of `needs_human` are kept, each once, in the order of their texts"
    );
    apply(&store, id, alarm(&["b", "c"])).await;
    apply(&store, id, Move::ResolveAbsent).await;
    let ignored = store.dossier(id).await.unwrap().unwrap().ignored;
    assert_eq!(ignored, [uid("a"), uid("b"), uid("c")], "those of a second time are added");
    let other = ready(fixture, 2).await;
    assert!(
        store.dossier(other).await.unwrap().unwrap().ignored.is_empty(),
        "each invoice has its own"
    );
}

pub async fn a_move_of_an_unknown_invoice_finds_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let mut change = change(&store, id, block()).await;
    change.invoice = InvoiceId(id.0 + 1);
    assert_eq!(store.apply(change).await.unwrap(), Applied::NotFound, "there is no such invoice");
    assert!(
        fixture.trail(id).await.is_empty(),
        "a move that finds nothing writes no note elsewhere"
    );
    assert!(
        fixture.trail(InvoiceId(id.0 + 1)).await.is_empty(),
        "nor one for an invoice that is not there"
    );
}

pub async fn the_data_of_every_state_survives_storage(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let reason = BlockReason::new(BlockCode::TaxCodeMissing, "there is no `É`");
    let blocked = apply(&store, id, Move::Block(reason.clone())).await;
    assert_eq!(
        blocked.state,
        InvoiceState::Blocked { reason },
        "the reason of a block is in the answer"
    );
    assert_eq!(life(&store, id).await, blocked, "the reason of a block is stored");
    apply(&store, id, Move::Release).await;

    let human = apply(&store, id, alarm(&["y", "x"])).await;
    assert_eq!(
        life(&store, id).await,
        human,
        "documents and reason of `needs_human` are stored, in the order that they were given"
    );
    apply(&store, id, Move::ResolveAbsent).await;

    let claim = claim(&store, id).await;
    assert_eq!(
        life(&store, id).await.state,
        InvoiceState::Claimed { claim },
        "the claim that an invoice carries is stored"
    );
    settle(&store, claim, &doubt()).await;
    assert!(is_doubtful(&life(&store, id).await, claim), "the claim in doubt is stored");
    let at = Timestamp::from_microsecond(1_700_000_000_123_456).unwrap();
    let absent = apply(&store, id, Move::ConfirmAbsent(at)).await;
    assert_eq!(
        absent.state,
        InvoiceState::InDoubt { claim, absent_confirmed_at: Some(at) },
        "the time is in the answer"
    );
    assert_eq!(life(&store, id).await, absent, "the time is stored to the microsecond");
    let posted = apply(&store, id, Move::ResolvePosted(uid("u"))).await;
    assert_eq!(life(&store, id).await, posted, "the document is stored");

    let codeless = Outcome::Rejected { code: None, reason: String::new() };
    let (id, _) = settled(fixture, 2, &codeless).await;
    let state = InvoiceState::Rejected { code: None, reason: String::new() };
    assert_eq!(
        life(&store, id).await.state,
        state,
        "a rejection without a code has none after storage, and an empty reason"
    );
}

pub async fn hold_and_unhold_raise_the_version(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = life(&store, id).await;
    let held = apply(&store, id, Move::Hold(true)).await;
    assert!(
        held.held && held.version > before.version && held.state == before.state,
        "`held` is set, the version grows, the state stays"
    );
    let free = apply(&store, id, Move::Hold(false)).await;
    assert!(
        !free.held && free.version > held.version,
        "`held` is taken off, and the version grows"
    );
    assert_eq!(notes_of(fixture, id, NoteKind::Person).await, 2, "each of the two has its note");
}
