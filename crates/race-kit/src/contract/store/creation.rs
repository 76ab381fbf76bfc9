//! Claims on customers and items that are being created.

use std::time::Duration;

use postonce_domain::{ClaimId, MappingKey, MappingKind};
use postonce_ports::creation::{CreationAbsence, CreationClaim, CreationClaims};

use crate::contract::Fixture;
use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, file, shop};

fn customer(code: &str) -> MappingKey {
    MappingKey::of(MappingKind::Customer, code).unwrap()
}

fn item(code: &str) -> MappingKey {
    MappingKey::of(MappingKind::Item, code).unwrap()
}

async fn claim_as(store: &impl CreationClaims, claim: ClaimId, quiet: Duration) -> CreationClaim {
    store.claim_creation(&shop(), &customer("CUS1"), claim, quiet).await.unwrap()
}

async fn claim(store: &impl CreationClaims, quiet: Duration) -> CreationClaim {
    claim_as(store, fresh_claim(), quiet).await
}

async fn missed(store: &impl CreationClaims, recheck: Duration) -> CreationAbsence {
    took(store, Duration::ZERO, recheck).await
}

async fn took(store: &impl CreationClaims, took: Duration, recheck: Duration) -> CreationAbsence {
    store.creation_missed(&shop(), &customer("CUS1"), took, recheck).await.unwrap()
}

pub async fn a_creation_is_claimed_once(fixture: &impl Fixture<Adapter: CreationClaims>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let now = Duration::ZERO;
    assert_eq!(claim(&store, now).await, CreationClaim::Granted, "nobody had claimed it");
    assert_eq!(
        claim(&store, now).await,
        CreationClaim::Open,
        "it is claimed, and the quiet period has no say in that"
    );
    assert_eq!(claim(&other, now).await, CreationClaim::Open, "another process sees the claim");
    let others =
        [(file("other"), customer("CUS1")), (shop(), customer("cus1")), (shop(), item("CUS1"))];
    for (file, key) in others {
        let answer = store.claim_creation(&file, &key, fresh_claim(), LONG).await.unwrap();
        assert_eq!(
            answer,
            CreationClaim::Granted,
            "another company file's, another code by its case, or an item is another record"
        );
    }
}

pub async fn of_concurrent_claims_of_a_creation_one_is_granted(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { claim(&store, LONG).await }
    });
    let answers = at_once(fixture, tasks).await;
    assert_eq!(
        answers.iter().filter(|it| **it == CreationClaim::Granted).count(),
        1,
        "one of the callers may create the record"
    );
}

pub async fn a_released_creation_may_be_claimed_again(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let (store, id) = (fixture.adapter(), fresh_claim());
    let key = customer("CUS1");
    assert_eq!(claim_as(&store, id, LONG).await, CreationClaim::Granted, "nobody had claimed it");
    store.release_creation(&shop(), &key, id).await.unwrap();
    store.release_creation(&shop(), &key, id).await.unwrap();
    assert_eq!(
        claim(&store, LONG).await,
        CreationClaim::Granted,
        "it was released, twice without harm"
    );
}

pub async fn a_late_release_leaves_the_claim_of_another(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let (store, stalled) = (fixture.adapter(), fresh_claim());
    let key = customer("CUS1");
    let granted = claim_as(&store, stalled, Duration::ZERO).await;
    assert_eq!(granted, CreationClaim::Granted, "nobody had claimed it");
    assert!(store.creation_found(&shop(), &key).await.unwrap(), "a search found the record");
    assert!(!store.creation_found(&shop(), &key).await.unwrap(), "there is no claim any more");
    assert_eq!(claim(&fixture.other(), LONG).await, CreationClaim::Granted, "another one claims");
    store.release_creation(&shop(), &key, stalled).await.unwrap();
    assert_eq!(
        claim(&store, LONG).await,
        CreationClaim::Open,
        "who releases a claim that is gone frees no other"
    );
}

pub async fn two_misses_prove_that_a_record_is_absent(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let store = fixture.adapter();
    let (unproven, now) = (CreationAbsence::Unproven, Duration::ZERO);
    for _ in 0..2 {
        assert_eq!(missed(&store, now).await, unproven, "without a claim nothing is proven");
    }
    assert_eq!(claim(&store, now).await, CreationClaim::Granted, "a miss is no claim");
    assert_eq!(missed(&store, now).await, unproven, "a first miss after the claim proves nothing");
    assert_eq!(
        missed(&store, now).await,
        CreationAbsence::Proven,
        "a second one proves that it is absent"
    );
    assert_eq!(claim(&store, now).await, CreationClaim::Granted, "it may be created again");
    assert_eq!(missed(&store, now).await, unproven, "the count began anew");
}

pub async fn misses_of_a_record_too_early_prove_nothing(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let (store, id) = (fixture.adapter(), fresh_claim());
    let unproven = CreationAbsence::Unproven;
    assert_eq!(claim_as(&store, id, LONG).await, CreationClaim::Granted, "nobody had claimed it");
    for _ in 0..3 {
        let miss = missed(&store, Duration::ZERO).await;
        assert_eq!(miss, unproven, "a search in the quiet period proves nothing");
    }
    store.release_creation(&shop(), &customer("CUS1"), id).await.unwrap();
    assert_eq!(claim(&store, Duration::ZERO).await, CreationClaim::Granted, "it was released");
    for _ in 0..3 {
        let miss = took(&store, LONG, Duration::ZERO).await;
        assert_eq!(miss, unproven, "nor one that began before the quiet period was over");
    }
    for _ in 0..3 {
        let miss = missed(&store, LONG).await;
        assert_eq!(miss, unproven, "two searches closer than `recheck` prove nothing");
    }
    let miss = took(&store, LONG, Duration::ZERO).await;
    assert_eq!(miss, unproven, "nor a second one that began before the first was over");
    assert_eq!(
        claim(&store, Duration::ZERO).await,
        CreationClaim::Open,
        "what is not proven absent stays claimed"
    );
}

pub async fn open_creations_are_listed_oldest_first(
    fixture: &impl Fixture<Adapter: CreationClaims>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.open_creations().await.unwrap(), [], "there is none");
    let (one, two) = (fresh_claim(), fresh_claim());
    let keys = [customer("CUS1"), item("CUS1")];
    for (key, claim) in keys.iter().zip([one, two]) {
        let answer = store.claim_creation(&shop(), key, claim, LONG).await.unwrap();
        assert_eq!(answer, CreationClaim::Granted, "nobody had claimed it");
    }
    let open = other.open_creations().await.unwrap();
    assert_eq!(open.iter().map(|it| &it.key).collect::<Vec<_>>(), [&keys[0], &keys[1]]);
    assert_eq!(open.iter().map(|it| it.claim).collect::<Vec<_>>(), [one, two], "by their claims");
    assert!(open.iter().all(|it| it.company_file == shop() && it.missed_at.is_none()));
    assert!(open.iter().all(|it| it.since < it.quiet_until), "they are quiet for a while");
    store.release_creation(&shop(), &keys[0], one).await.unwrap();
    assert_eq!(other.open_creations().await.unwrap(), open[1..], "what is released is not open");
}
