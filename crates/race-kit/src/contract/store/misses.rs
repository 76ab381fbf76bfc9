//! Inquiries that found nothing, and what they prove.

use std::time::Duration;

use postonce_domain::{ClaimId, InvoiceId, Move, NoteKind};
use postonce_ports::doubt::{Absence, DoubtStore, Miss};

use crate::contract::fresh::fresh_claim;
use crate::contract::scene::{LONG, apply, claim_quiet, doubt, notes_of, ready, settle, shop, uid};
use crate::contract::{EngineStore, StoreFixture};

/// A search that begins now.
async fn miss(
    store: &impl EngineStore,
    (id, claim): (InvoiceId, ClaimId),
    recheck: Duration,
) -> Miss {
    let dossier = store.dossier(id).await.unwrap().unwrap();
    let (version, begun) = (dossier.stored.life.version, dossier.read_at);
    Miss { claim, version, begun, probed: true, recheck, next_check: LONG }
}

async fn in_doubt(fixture: &impl StoreFixture, n: u32, quiet: Duration) -> (InvoiceId, ClaimId) {
    let store = fixture.adapter();
    let id = ready(fixture, n).await;
    let claim = claim_quiet(&store, id, quiet).await;
    settle(&store, claim, &doubt()).await;
    (id, claim)
}

pub async fn a_miss_in_the_quiet_period_proves_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, LONG).await;
    for _ in 0..3 {
        let absence = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
        assert_eq!(
            absence,
            Absence::Unproven,
            "the request may still take effect, so that finding nothing proves nothing"
        );
    }
    assert_eq!(
        store.doubtful().await.unwrap()[0].inquiries,
        3,
        "every inquiry is counted, whatever it proves"
    );
}

pub async fn a_miss_without_a_probe_proves_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    for _ in 0..3 {
        let unprobed = Miss { probed: false, ..miss(&store, it, Duration::ZERO).await };
        assert_eq!(
            store.record_miss(unprobed).await.unwrap(),
            Absence::Unproven,
            "a search that was not tried on a known document proves nothing"
        );
    }
    let first = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    assert!(matches!(first, Absence::Once { .. }), "the first one with a probe counts: {first:?}");
    assert_eq!(
        store.doubtful().await.unwrap()[0].inquiries,
        4,
        "every inquiry is counted, whatever it proves"
    );
}

pub async fn a_dossier_counts_the_misses_of_each_claim(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, first) = in_doubt(fixture, 1, Duration::ZERO).await;
    let missed = miss(&store, (id, first), LONG).await;
    store.record_miss(missed).await.unwrap();
    apply(&store, id, Move::ResolveAbsent).await;
    let second = claim_quiet(&store, id, LONG).await;
    settle(&store, second, &doubt()).await;
    for _ in 0..2 {
        let missed = miss(&store, (id, second), LONG).await;
        store.record_miss(missed).await.unwrap();
    }
    let claims = store.dossier(id).await.unwrap().unwrap().claims;
    let counted: Vec<_> = claims.iter().map(|past| (past.id, past.inquiries)).collect();
    assert_eq!(counted, [(first, 1), (second, 2)], "each claim has a count of its own");
}

pub async fn a_miss_of_an_unknown_claim_proves_nothing(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    for _ in 0..2 {
        let known = miss(&store, it, Duration::ZERO).await;
        let unknown = Miss { claim: fresh_claim(), ..known };
        assert_eq!(
            store.record_miss(unknown).await.unwrap(),
            Absence::Unproven,
            "there is no such claim, so nothing is proven"
        );
    }
}

pub async fn every_miss_has_a_line_whatever_it_proves(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    let before = notes_of(fixture, it.0, NoteKind::Inquiry).await;
    let known = miss(&store, it, Duration::ZERO).await;
    let misses = [known, Miss { probed: false, ..known }, Miss { claim: fresh_claim(), ..known }];
    for missed in misses {
        store.record_miss(missed).await.map(drop).unwrap();
    }
    let lines = fixture.trail(it.0).await;
    let lines: Vec<_> = lines.into_iter().map(|line| line.note).collect();
    assert!(lines.ends_with(&[misses[0].note(), misses[1].note()]), "{lines:?}");
    let more = notes_of(fixture, it.0, NoteKind::Inquiry).await - before;
    assert_eq!(more, 2, "one line for each miss, none for an unknown claim");
}

pub async fn a_first_miss_needs_another(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    let since = store.doubtful().await.unwrap()[0].since;
    let first = store.record_miss(miss(&store, it, LONG).await).await.unwrap();
    let Absence::Once { again_at } = first else { panic!("{first:?}") };
    assert!(
        again_at.duration_since(since).unsigned_abs() >= LONG,
        "the second may count `recheck` after the first was over, and not before"
    );
    // One that comes too early changes nothing.
    assert_eq!(
        store.record_miss(miss(&store, it, LONG).await).await.unwrap(),
        first,
        "one that comes too early changes nothing"
    );
}

pub async fn two_misses_far_enough_apart_prove_absence(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    let other = in_doubt(fixture, 2, Duration::ZERO).await;
    let first = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    assert!(matches!(first, Absence::Once { .. }), "a first miss counts: {first:?}");
    let proven = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    let Absence::Proven { at } = proven else { panic!("{proven:?}") };
    assert!(at >= store.doubtful().await.unwrap()[0].since, "the proof is of now");
    assert_eq!(
        store.record_miss(miss(&store, it, LONG).await).await.unwrap(),
        proven,
        "what is proven stays proven"
    );
    let others = store.record_miss(miss(&store, other, Duration::ZERO).await).await.unwrap();
    assert!(matches!(others, Absence::Once { .. }), "each claim is counted for itself");
}

pub async fn a_move_starts_the_count_anew(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    store.record_miss(miss(&store, it, Duration::ZERO).await).await.map(drop).unwrap();
    apply(&store, it.0, Move::ResolvePosted(uid("u"))).await;
    let anew = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    assert!(matches!(anew, Absence::Once { .. }), "a move starts the count anew: {anew:?}");
    let proven = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    assert!(
        matches!(proven, Absence::Proven { .. }),
        "two misses after the move prove absence: {proven:?}"
    );
    apply(&store, it.0, Move::Gone).await;
    let anew = store.record_miss(miss(&store, it, Duration::ZERO).await).await.unwrap();
    assert!(
        matches!(anew, Absence::Once { .. }),
        "a move starts the count anew after a proof too: {anew:?}"
    );
}

pub async fn the_next_check_is_due_after_the_time_given_or_when_it_would_prove_absence(
    fixture: &impl StoreFixture,
) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    assert_eq!(
        store.due(&shop()).await.unwrap(),
        [it.0],
        "it is due at first, since its quiet period is over"
    );
    let unprobed = Miss { probed: false, ..miss(&store, it, LONG).await };
    store.record_miss(unprobed).await.map(drop).unwrap();
    assert!(
        store.due(&shop()).await.unwrap().is_empty(),
        "it is not due before `next_check` has passed"
    );
    let listed = &store.doubtful().await.unwrap()[0];
    assert!(
        listed.next_check.duration_since(listed.since).unsigned_abs() >= LONG,
        "the next check is told"
    );
    let at_once = Miss { next_check: Duration::ZERO, ..unprobed };
    store.record_miss(at_once).await.map(drop).unwrap();
    assert_eq!(store.due(&shop()).await.unwrap(), [it.0], "it is due when the time given is over");
    // A second miss would prove something at once, so it is not put off.
    store.record_miss(miss(&store, it, Duration::ZERO).await).await.map(drop).unwrap();
    assert_eq!(
        store.due(&shop()).await.unwrap(),
        [it.0],
        "a second miss would prove something at once, so it is not put off"
    );
    // Once it is proven, the given time counts.
    store.record_miss(miss(&store, it, Duration::ZERO).await).await.map(drop).unwrap();
    assert!(
        store.due(&shop()).await.unwrap().is_empty(),
        "once it is proven, the time given counts"
    );
}

pub async fn a_miss_of_an_older_version_does_not_count(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    let stale = miss(&store, it, Duration::ZERO).await;
    apply(&store, it.0, Move::Hold(true)).await;
    for _ in 0..2 {
        assert_eq!(
            store.record_miss(stale).await.unwrap(),
            Absence::Unproven,
            "the invoice has moved since it was looked for"
        );
    }
}

pub async fn a_search_that_began_too_early_does_not_count(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let it = in_doubt(fixture, 1, Duration::ZERO).await;
    let before = store.dossier(it.0).await.unwrap().unwrap().claims[0].claimed_at;
    let early =
        Miss { begun: before - Duration::from_secs(1), ..miss(&store, it, Duration::ZERO).await };
    assert_eq!(
        store.record_miss(early).await.unwrap(),
        Absence::Unproven,
        "the search began in the quiet period"
    );
    let first = miss(&store, it, Duration::ZERO).await;
    let once = store.record_miss(first).await.unwrap();
    // Begun before the first was over, so the two are not apart.
    let overlapping = Miss { begun: first.begun - Duration::from_secs(1), ..first };
    assert_eq!(
        store.record_miss(overlapping).await.unwrap(),
        once,
        "the second search began before the first was over, so the two are not apart"
    );
}
