//! Connections that are cut at each request of a claim and of a settle.

use diesel_async::SimpleAsyncConnection as _;
use postonce_domain::{ClaimId, InvoiceId, StateName};
use postonce_ports::store::{ClaimAnswer, InvoiceStore, Recorded};

use super::proxy::{Cut, Proxy};
use super::{Scene, posted_as, whole};
use crate::MysqlStore;

/// What a claim sends: SELECT, UPDATE, and two INSERTs with COMMIT.
const CLAIM: i64 = 3;

/// What a settle sends of a claim that this process has made: UPDATE, and UPDATE and INSERT with
/// COMMIT.
const SETTLE: i64 = 2;

/// And of another's: SELECT, UPDATE, UPDATE, and INSERT with COMMIT.
const SETTLE_OF_ANOTHER: i64 = 4;

/// A store whose one session has prepared every statement, and a proxy before it.
async fn behind_a_proxy(scene: &Scene) -> (Proxy, MysqlStore) {
    let proxy = Proxy::before(&scene.options).await;
    let store = MysqlStore::open(proxy.options()).await.unwrap();
    warm_up(scene, &store, 1000).await;
    proxy.requests();
    (proxy, store)
}

async fn warm_up(scene: &Scene, store: &MysqlStore, n: u32) {
    for (claimant, n) in [(store, n), (&scene.store, n + 1000)] {
        let claim = claimed(scene, claimant, n).await.1;
        store.settle(claim, &posted_as(&format!("warm{n}"))).await.map(drop).unwrap();
    }
}

async fn claimed(scene: &Scene, store: &MysqlStore, n: u32) -> (InvoiceId, ClaimId) {
    let id = scene.ready(n).await;
    let answer = store.claim(scene.wish(id).await).await.unwrap();
    let ClaimAnswer::Claimed(token) = answer else { panic!("not claimed: {answer:?}") };
    (id, token.id())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_takes_three_round_trips_and_its_outcome_two() {
    let scene = Scene::new().await;
    let (proxy, store) = behind_a_proxy(&scene).await;
    let (_, claim) = claimed(&scene, &store, 1).await;
    assert_eq!(proxy.requests(), CLAIM);
    let recorded = store.settle(claim, &posted_as("u1")).await.unwrap();
    assert_eq!(recorded, Recorded::Moved(StateName::Posted));
    assert_eq!(proxy.requests(), SETTLE);
    assert_eq!(store.retries(), 0);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_cut_before_its_commit_is_made_on_another_connection() {
    let scene = Scene::new().await;
    let (proxy, store) = behind_a_proxy(&scene).await;
    let mut n = 0;
    for cut in [Cut::Request, Cut::Answer] {
        for passing in 0..CLAIM - 1 {
            n += 1;
            let id = scene.ready(n).await;
            let before = store.retries();
            let wish = scene.wish(id).await;
            let claim = wish.request.marker.claim;
            proxy.cut(passing, cut);
            let answer = store.claim(wish).await.unwrap();
            assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{cut:?} {passing}: {answer:?}");
            assert_eq!(store.retries() - before, 1, "{cut:?} {passing}");
            assert!(store.read_back(claim).await.unwrap());
            assert!(whole(&scene, id, claim).await, "{cut:?} {passing}");
            // The new session has prepared what a claim needs.
            warm_up(&scene, &store, 1000 + n).await;
        }
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_commit_goes_unanswered_is_read_back_as_it_is() {
    let scene = Scene::new().await;
    let (proxy, store) = behind_a_proxy(&scene).await;
    for (n, cut) in [(1, Cut::Request), (2, Cut::Answer)] {
        let id = scene.ready(n).await;
        let wish = scene.wish(id).await;
        let claim = wish.request.marker.claim;
        proxy.cut(CLAIM - 1, cut);
        let answer = store.claim(wish).await.unwrap();
        assert!(matches!(answer, ClaimAnswer::Unanswered(_)), "{cut:?}: {answer:?}");
        assert_eq!(store.read_back(claim).await.unwrap(), cut == Cut::Answer);
        assert!(whole(&scene, id, claim).await, "{cut:?}");
        warm_up(&scene, &store, 1000 + n).await;
    }
    assert_eq!(store.retries(), 0);
    scene.end().await;
}

/// Its INSERT and COMMIT may be on their way when it is looked for: what they wait behind, such as a
/// proxy or a full disk, is played by a session that has the invoice's row, as theirs has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_may_still_come_is_waited_for() {
    let scene = Scene::new().await;
    let (proxy, store) = behind_a_proxy(&scene).await;
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    let claim = wish.request.marker.claim;
    proxy.cut(CLAIM - 1, Cut::Request);
    let answer = store.claim(wish).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Unanswered(_)), "{answer:?}");
    let mut late = scene.raw().await;
    late.batch_execute("START TRANSACTION").await.unwrap();
    let row = format!("UPDATE postonce_invoice SET updated_at = updated_at + 1 WHERE id = {id}");
    late.batch_execute(&row).await.unwrap();
    let looking = tokio::spawn(async move { store.read_back(claim).await });
    scene.until_waiting("SELECT").await;
    let made = format!(
        "INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
         customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, next_check) \
         VALUES ('{claim}', {id}, 'shop', 1, 'N', 'r', 'c', '/', '{{}}', 0, 1, 0, 0, 0)"
    );
    late.batch_execute(&made).await.unwrap();
    late.batch_execute("COMMIT").await.unwrap();
    assert!(looking.await.unwrap().unwrap());
    drop(late);
    scene.end().await;
}

/// In a text of several statements too, a refusal is no unanswered COMMIT.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_the_server_does_not_let_in_is_refused_in_its_words() {
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let wish = scene.wish(id).await;
    let claim = wish.request.marker.claim;
    let check = "ALTER TABLE postonce_claim ADD CONSTRAINT none_today CHECK (attempt > 9)";
    scene.sql(check).await.unwrap();
    let refused = scene.store.claim(wish).await.unwrap_err();
    assert!(refused.to_string().contains("none_today"), "{refused}");
    assert!(whole(&scene, id, claim).await);
    assert_eq!(scene.state(id).await, StateName::Ready);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settle_that_is_cut_is_recorded_once_whoever_asks_again() {
    let scene = Scene::new().await;
    let (proxy, store) = behind_a_proxy(&scene).await;
    let mut n = 0;
    // What this process claimed, and what another did.
    let ways = [(&store, SETTLE), (&scene.store, SETTLE_OF_ANOTHER)];
    for (cut, (claimant, trips)) in
        [Cut::Request, Cut::Answer].into_iter().flat_map(|cut| ways.map(|way| (cut, way)))
    {
        for passing in 0..trips {
            n += 1;
            let (id, claim) = claimed(&scene, claimant, n).await;
            let outcome = posted_as(&format!("u{n}"));
            proxy.cut(passing, cut);
            let first = store.settle(claim, &outcome).await;
            let at_commit = passing == trips - 1;
            let again = store.settle(claim, &outcome).await.unwrap();
            match (at_commit, cut) {
                (false, _) => {
                    assert_eq!(first.unwrap(), Recorded::Moved(StateName::Posted));
                    assert_eq!(again, Recorded::Already);
                }
                (true, Cut::Request) => {
                    assert!(first.unwrap_err().to_string().contains("not known"));
                    assert_eq!(again, Recorded::Moved(StateName::Posted));
                }
                (true, Cut::Answer) => {
                    assert!(first.unwrap_err().to_string().contains("not known"));
                    assert_eq!(again, Recorded::Already);
                }
            }
            assert_eq!(scene.state(id).await, StateName::Posted);
            let outcomes = format!(
                "SELECT count(*) FROM postonce_invoice_note WHERE claim_id = '{claim}' \
                 AND kind = 'outcome'"
            );
            assert_eq!(scene.number(&outcomes).await, 1);
            warm_up(&scene, &store, 1000 + n).await;
        }
    }
    scene.end().await;
}
