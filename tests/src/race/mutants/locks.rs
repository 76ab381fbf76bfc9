//! Bugs of the run lock, and of waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, ClaimToken, CompanyFile, Epoch, Invoice, Marker, Outcome, PreparedRequest, RunStatus,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::{PrepareError, Receipt};
use postonce_ports::lock::{HeldLock, LockAnswer, LockError};
use postonce_ports::store::{Candidate, ClaimAnswer, ClaimRefusal, ClaimRequest, Page, Recorded};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, Grip, bugged};
use super::{Fate, Mutant, case};

/// Takes the lock as it should be taken, and has a look at the hand that holds it.
pub(super) async fn acquire(
    real: &Ports,
    look: impl FnOnce(&mut Grip),
) -> Result<LockAnswer, LockError> {
    Ok(match real.lock.try_acquire().await? {
        LockAnswer::Acquired(held) => {
            let mut grip = Grip::new(held);
            look(&mut grip);
            LockAnswer::Acquired(Box::new(grip))
        }
        LockAnswer::Busy(holder) => LockAnswer::Busy(holder),
    })
}

/// An early way out, after a refusal, goes past the release.
#[derive(Default)]
pub(super) struct LockKeptAfterError(Arc<AtomicBool>);

#[async_trait]
impl Bug for LockKeptAfterError {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        acquire(real, |grip| grip.forgets = Arc::clone(&self.0)).await
    }

    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::Rejected { .. } = outcome {
            self.0.store(true, Ordering::Relaxed);
        }
        outcome.into()
    }
}

/// What gives the lock back is made only after one more question to the server.
#[derive(Default)]
pub(super) struct GuardAfterAcquire;

#[async_trait]
impl Bug for GuardAfterAcquire {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        let grip = match real.lock.try_acquire().await? {
            LockAnswer::Acquired(held) => Grip::new(held),
            busy @ LockAnswer::Busy(_) => return Ok(busy),
        };
        grip.forgets.store(true, Ordering::Relaxed);
        // Whatever it is asked; the answer does not matter.
        drop(real.store.files_with_work().await);
        grip.forgets.store(false, Ordering::Relaxed);
        Ok(LockAnswer::Acquired(Box::new(grip)))
    }
}

/// While it lives, a panic is seen.
struct Watch<'a>(&'a AtomicBool);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A panic goes past the release.
#[derive(Default)]
pub(super) struct LockKeptOnPanic(Arc<AtomicBool>);

#[async_trait]
impl Bug for LockKeptOnPanic {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        acquire(real, |grip| grip.forgets = Arc::clone(&self.0)).await
    }

    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let _watch = Watch(&self.0);
        real.store.page(page).await
    }

    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let _watch = Watch(&self.0);
        real.store.settle(claim, outcome).await
    }
}

/// The session goes back to the pool with the lock on it.
#[derive(Default)]
pub(super) struct PooledWithItsLock;

#[async_trait]
impl Bug for PooledWithItsLock {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        acquire(real, |grip| grip.forgets.store(true, Ordering::Relaxed)).await
    }
}

/// A lock that is lost is believed to be held.
#[derive(Default)]
pub(super) struct LossUnnoticed;

#[async_trait]
impl Bug for LossUnnoticed {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        acquire(real, |grip| grip.notices = false).await
    }
}

/// A hold of nothing: of a second lock with almost the same name.
struct OtherLock;

#[async_trait]
impl HeldLock for OtherLock {
    fn owner(&self) -> String {
        "another".to_owned()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    async fn raise_epoch(&self, _file: &CompanyFile) -> Result<Epoch, LockError> {
        Ok(Epoch(1))
    }

    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        Ok(())
    }
}

/// Two names for one lock: whoever comes second takes the other one, and no epoch keeps him out.
#[derive(Default)]
pub(super) struct TwoLockNames;

#[async_trait]
impl Bug for TwoLockNames {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        Ok(match real.lock.try_acquire().await? {
            LockAnswer::Busy(_) => LockAnswer::Acquired(Box::new(OtherLock)),
            acquired @ LockAnswer::Acquired(_) => acquired,
        })
    }

    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        const EPOCHS: i64 = 9;
        for epoch in 0..EPOCHS {
            let request = wish.request.clone();
            let wish = ClaimRequest { epoch: Epoch(epoch), request, ..wish };
            let answer = real.store.claim(wish).await?;
            if !matches!(answer, ClaimAnswer::Refused(ClaimRefusal::Fenced)) {
                return Ok(answer);
            }
        }
        real.store.claim(wish).await
    }
}

/// A run that is on record as running is taken for one that has the lock.
#[derive(Default)]
pub(super) struct RunRowAsLock;

#[async_trait]
impl Bug for RunRowAsLock {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        let runs = real.history.runs(1).await.unwrap_or_default();
        if runs.iter().any(|run| run.status == RunStatus::Running) {
            return Ok(LockAnswer::Busy(None));
        }
        real.lock.try_acquire().await
    }
}

/// The lock is asked for again and again, without a pause.
#[derive(Default)]
pub(super) struct SpinsOnTheLock;

#[async_trait]
impl Bug for SpinsOnTheLock {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        loop {
            if let acquired @ LockAnswer::Acquired(_) = real.lock.try_acquire().await? {
                return Ok(acquired);
            }
        }
    }
}

/// The lock is waited for, however long that takes.
#[derive(Default)]
pub(super) struct WaitsForEver;

#[async_trait]
impl Bug for WaitsForEver {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        loop {
            if let acquired @ LockAnswer::Acquired(_) = real.lock.try_acquire().await? {
                return Ok(acquired);
            }
            real.clock.sleep(Duration::from_secs(60)).await;
        }
    }
}

/// A place in the ledger's rate is given back only after a good answer.
#[derive(Default)]
pub(super) struct PlaceNotGivenBack(AtomicUsize);

#[async_trait]
impl Bug for PlaceNotGivenBack {
    async fn prepare(
        &self,
        real: &Ports,
        invoice: &Invoice,
        marker: Marker,
    ) -> Result<PreparedRequest, PrepareError> {
        if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
            // Nobody ever wakes who waits here.
            std::future::pending::<()>().await;
        }
        real.ledger.prepare(invoice, marker).await
    }

    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::Posted { .. } = outcome {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        outcome.into()
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "lock-kept-after-error",
        about: "the way out after a refusal goes past the release",
        fate: Fate::Killed { by: &[Invariant::S12], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Refuse]),
            case("lock=run actors=handler,cron invoices=2 faults=2", &[Verb::Refuse, Verb::Limit]),
        ],
        put_in: bugged::<LockKeptAfterError>,
    },
    Mutant {
        name: "guard-after-acquire",
        about: "what gives the lock back is made only after one more question to the server",
        fate: Fate::Killed { by: &[Invariant::S12], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case("lock=lease actors=cron,sync-now faults=2", &[Verb::Cancel]),
        ],
        put_in: bugged::<GuardAfterAcquire>,
    },
    Mutant {
        name: "lock-kept-on-panic",
        about: "a panic goes past the release",
        fate: Fate::Killed { by: &[Invariant::S12], cost: 500 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case("lock=run actors=handler,cron invoices=2 faults=1", &[Verb::Panic]),
        ],
        put_in: bugged::<LockKeptOnPanic>,
    },
    Mutant {
        name: "pooled-with-its-lock",
        about: "the session goes back to the pool with the lock on it",
        fate: Fate::Killed { by: &[Invariant::S12, Invariant::L3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=0", &[]),
            case("lock=run actors=handler,cron faults=2", &[Verb::Crash]),
        ],
        put_in: bugged::<PooledWithItsLock>,
    },
    Mutant {
        name: "run-row-as-lock",
        about: "a run that is on record as running is taken for one that has the lock",
        fate: Fate::Killed { by: &[Invariant::L3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case("lock=run actors=cron,sync-now faults=2", &[Verb::HostLoss, Verb::Panic]),
        ],
        put_in: bugged::<RunRowAsLock>,
    },
    Mutant {
        name: "spins-on-the-lock",
        about: "the lock is asked for again and again, without a pause",
        fate: Fate::Killed { by: &[Invariant::L4], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=0", &[]),
            case("lock=run actors=handler,cron invoices=2 faults=2", &[Verb::Lost]),
        ],
        put_in: bugged::<SpinsOnTheLock>,
    },
    Mutant {
        name: "waits-for-ever",
        about: "the lock is waited for, however long that takes",
        fate: Fate::Killed { by: &[Invariant::L5], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=1", &[Verb::Freeze]),
            case("lock=run actors=handler,cron invoices=2 faults=1", &[Verb::Freeze]),
        ],
        put_in: bugged::<WaitsForEver>,
    },
    Mutant {
        name: "place-not-given-back",
        about: "a place in the ledger's rate is given back only after a good answer",
        fate: Fate::Killed { by: &[Invariant::L2], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=2 faults=1", &[Verb::Refuse, Verb::Lost]),
            case(
                "lock=useless actors=cron,sync-now invoices=3 faults=2",
                &[Verb::Unsent, Verb::Crash],
            ),
        ],
        put_in: bugged::<PlaceNotGivenBack>,
    },
    Mutant {
        name: "loss-unnoticed",
        about: "a lock that is lost is believed to be held",
        fate: Fate::Survives {
            why: "claims of an older epoch are refused, so a run that goes on claims nothing",
            runs: 2_000,
        },
        cases: &[
            case("lock=run actors=cron,sync-now,later-cron invoices=2 faults=3", &[]),
            case(
                "lock=lease actors=cron,sync-now invoices=2 faults=3",
                &[Verb::LockLost, Verb::Pause, Verb::TimePasses],
            ),
        ],
        put_in: bugged::<LossUnnoticed>,
    },
    Mutant {
        name: "two-lock-names",
        about: "two names for one lock: whoever comes second takes the other one, and no \
                    epoch keeps him out",
        fate: Fate::Survives {
            why: "the lock gives order, the claim gives the promise: of two who claim one \
                      version, one is refused",
            runs: 2_000,
        },
        cases: &[
            case("lock=run actors=cron,sync-now,later-cron invoices=2 faults=3", &[]),
            case(
                "lock=run actors=cron,sync-now faults=4",
                &[Verb::Hold, Verb::Lost, Verb::Crash, Verb::Pause],
            ),
        ],
        put_in: bugged::<TwoLockNames>,
    },
];
