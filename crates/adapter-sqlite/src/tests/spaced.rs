//! Times that lie apart: what was written is made older, as if time had passed.

use std::time::Duration;

use postonce_domain::{ClaimId, InvoiceId, MappingKey, MappingKind};
use postonce_ports::clock::Ids;
use postonce_ports::creation::{CreationAbsence, CreationClaims};
use postonce_ports::doubt::{Absence, DoubtStore, Miss};
use postonce_ports::store::{ClaimAnswer, InvoiceStore};

use super::{Counted, Scene, doubt, shop};

const HOUR: Duration = Duration::from_hours(1);

impl Scene {
    fn pass(&self, time: Duration) {
        let by = time.as_micros();
        self.execute(&format!(
            "UPDATE postonce_claim SET claimed_at = claimed_at - {by}, \
             quiet_until = quiet_until - {by}, next_check = next_check - {by}, \
             first_miss_at = first_miss_at - {by}, absent_at = absent_at - {by}; \
             UPDATE postonce_customer_claim SET quiet_until = quiet_until - {by}, \
             first_miss_at = first_miss_at - {by}"
        ))
        .unwrap();
    }

    async fn miss(&self, (id, claim): (InvoiceId, ClaimId)) -> Absence {
        let dossier = self.store.dossier(id).await.unwrap().unwrap();
        let (version, begun) = (dossier.stored.life.version, dossier.read_at);
        let next_check = 24 * HOUR;
        let miss = Miss { claim, version, begun, probed: true, recheck: HOUR, next_check };
        self.store.record_miss(miss).await.unwrap()
    }
}

#[tokio::test]
async fn absence_is_proven_by_two_misses_that_far_apart_after_the_quiet_period() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let mut wish = scene.wish(id).await;
    wish.quiet = 2 * HOUR;
    let answer = scene.store.claim(wish).await.unwrap();
    let ClaimAnswer::Claimed(token) = answer else { panic!("{answer:?}") };
    let claim = token.id();
    scene.store.settle(claim, &doubt()).await.map(drop).unwrap();
    scene.pass(HOUR);
    assert!(scene.store.due(&shop()).await.unwrap().is_empty());
    assert_eq!(scene.miss((id, claim)).await, Absence::Unproven);
    scene.pass(25 * HOUR);
    assert_eq!(scene.store.due(&shop()).await.unwrap(), [id]);
    let first = scene.miss((id, claim)).await;
    assert!(matches!(first, Absence::Once { .. }), "{first:?}");
    scene.pass(HOUR / 2);
    assert!(matches!(scene.miss((id, claim)).await, Absence::Once { .. }));
    assert!(scene.store.due(&shop()).await.unwrap().is_empty());
    scene.pass(HOUR / 2);
    assert_eq!(scene.store.due(&shop()).await.unwrap(), [id], "a second miss would prove it");
    let proven = scene.miss((id, claim)).await;
    assert!(matches!(proven, Absence::Proven { .. }), "{proven:?}");
    assert!(scene.store.due(&shop()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_customer_is_absent_after_two_misses_that_far_apart() {
    let scene = Scene::new();
    let key = MappingKey::of(MappingKind::Customer, "CUS1").unwrap();
    let store = &scene.store;
    store.claim_creation(&shop(), &key, Counted.claim_id(), HOUR).await.map(drop).unwrap();
    let missed = async || store.creation_missed(&shop(), &key, Duration::ZERO, HOUR).await.unwrap();
    assert_eq!(missed().await, CreationAbsence::Unproven);
    scene.pass(HOUR);
    assert_eq!(missed().await, CreationAbsence::Unproven);
    assert_eq!(missed().await, CreationAbsence::Unproven);
    scene.pass(HOUR);
    assert_eq!(missed().await, CreationAbsence::Proven);
}
