//! Bugs of claiming: too late, not at all, or over another's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use postonce_domain::{
    Attempt, ClaimId, ClaimToken, InvoiceId, Move, MoveError, Outcome, RunId, StateName,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, ClaimRequest, Recorded};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, FOR_EVER, bugged, locked};
use super::unguarded::{again, force};
use super::{Fate, Mutant, case};

/// The right to send, although nothing is on record.
fn unclaimed(wish: &ClaimRequest) -> ClaimAnswer {
    let request = wish.request.clone();
    ClaimAnswer::Claimed(ClaimToken::mint(wish.invoice, Attempt(1), wish.not_after, request))
}

/// The claim and its note are written when the answer is there.
#[derive(Default)]
pub(super) struct ClaimAfterPost(Mutex<BTreeMap<ClaimId, ClaimRequest>>);

#[async_trait]
impl Bug for ClaimAfterPost {
    async fn claim(&self, _real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let answer = unclaimed(&wish);
        locked(&self.0).insert(wish.request.marker.claim, wish);
        Ok(answer)
    }

    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let kept = locked(&self.0).remove(&claim);
        if let Some(wish) = kept {
            drop(real.store.claim(wish).await?);
        }
        real.store.settle(claim, outcome).await
    }
}

/// Claims and outcomes are written when the run is over.
#[derive(Default)]
pub(super) struct WrittenAtTheEnd {
    claims: Mutex<Vec<ClaimRequest>>,
    outcomes: Mutex<Vec<(ClaimId, Outcome)>>,
}

#[async_trait]
impl Bug for WrittenAtTheEnd {
    async fn claim(&self, _real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let answer = unclaimed(&wish);
        locked(&self.claims).push(wish);
        Ok(answer)
    }

    async fn settle(
        &self,
        _real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        locked(&self.outcomes).push((claim, outcome.clone()));
        Ok(Recorded::Already)
    }

    async fn open_claims(&self, real: &Ports, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        let claims = std::mem::take(&mut *locked(&self.claims));
        for wish in claims {
            drop(real.store.claim(wish).await?);
        }
        let outcomes = std::mem::take(&mut *locked(&self.outcomes));
        for (claim, outcome) in outcomes {
            let _: Recorded = real.store.settle(claim, &outcome).await?;
        }
        real.store.open_claims(run).await
    }
}

/// Claims are as they should be; only the outcomes wait for the end of the run.
#[derive(Default)]
pub(super) struct OutcomesAtTheEnd(Mutex<Vec<(ClaimId, Outcome)>>);

#[async_trait]
impl Bug for OutcomesAtTheEnd {
    async fn settle(
        &self,
        _real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        locked(&self.0).push((claim, outcome.clone()));
        Ok(Recorded::Already)
    }

    async fn open_claims(&self, real: &Ports, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        let outcomes = std::mem::take(&mut *locked(&self.0));
        for (claim, outcome) in outcomes {
            let _: Recorded = real.store.settle(claim, &outcome).await?;
        }
        real.store.open_claims(run).await
    }
}

/// There is no claim: what was answered is written down as if it had been found.
#[derive(Default)]
pub(super) struct NoClaim(Mutex<BTreeMap<ClaimId, InvoiceId>>);

#[async_trait]
impl Bug for NoClaim {
    async fn claim(&self, _real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        locked(&self.0).insert(wish.request.marker.claim, wish.invoice);
        Ok(unclaimed(&wish))
    }

    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let invoice = locked(&self.0).get(&claim).copied();
        if let (Some(invoice), Outcome::Posted { uid }) = (invoice, outcome) {
            drop(force(real, invoice, Move::Adopt(uid.clone())).await?);
        }
        Ok(Recorded::Already)
    }
}

/// The request leaves inside the claim's transaction, which is rolled back if the answer is lost.
#[derive(Default)]
pub(super) struct PostInTransaction(Mutex<BTreeMap<ClaimId, ClaimRequest>>);

#[async_trait]
impl Bug for PostInTransaction {
    async fn claim(&self, _real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let answer = unclaimed(&wish);
        locked(&self.0).insert(wish.request.marker.claim, wish);
        Ok(answer)
    }

    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let kept = locked(&self.0).remove(&claim);
        match (kept, outcome) {
            (Some(_), Outcome::InDoubt { .. }) => Ok(Recorded::Already),
            (Some(wish), _) => {
                drop(real.store.claim(wish).await?);
                real.store.settle(claim, outcome).await
            }
            (None, _) => real.store.settle(claim, outcome).await,
        }
    }
}

/// Nobody looks at how many rows the claim has changed.
#[derive(Default)]
pub(super) struct PostsAnyway;

#[async_trait]
impl Bug for PostsAnyway {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let kept = again(&wish);
        let answer = real.store.claim(wish).await?;
        Ok(if let ClaimAnswer::Refused(_) = answer { unclaimed(&kept) } else { answer })
    }
}

/// A commit without an answer leaves its connection inside the transaction, and the next claim is
/// made there, never to be committed.
#[derive(Default)]
pub(super) struct ClaimInOpenTransaction(Mutex<bool>);

#[async_trait]
impl Bug for ClaimInOpenTransaction {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        if *locked(&self.0) {
            return Ok(unclaimed(&wish));
        }
        let answer = real.store.claim(wish).await?;
        if let ClaimAnswer::Unanswered(_) = &answer {
            *locked(&self.0) = true;
        }
        Ok(answer)
    }
}

/// Attempts are counted from one again with each claim.
#[derive(Default)]
pub(super) struct AttemptBeginsAnew;

#[async_trait]
impl Bug for AttemptBeginsAnew {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let kept = again(&wish);
        let answer = real.store.claim(wish).await?;
        Ok(if let ClaimAnswer::Claimed(_) = answer { unclaimed(&kept) } else { answer })
    }
}

/// A claim's request may be sent at any time.
#[derive(Default)]
pub(super) struct NoDeadline;

#[async_trait]
impl Bug for NoDeadline {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        real.store.claim(ClaimRequest { not_after: FOR_EVER, ..wish }).await
    }
}

/// A commit without an answer is taken for a refusal.
#[derive(Default)]
pub(super) struct UnansweredAsRefused;

#[async_trait]
impl Bug for UnansweredAsRefused {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let answer = real.store.claim(wish).await?;
        let refused = || {
            let stale = MoveError::Stale { now: StateName::Claimed };
            ClaimAnswer::Refused(ClaimRefusal::Moved(stale))
        };
        Ok(if let ClaimAnswer::Unanswered(_) = answer { refused() } else { answer })
    }
}

/// The end of a run settles every claim that it made, not only those without an outcome.
#[derive(Default)]
pub(super) struct CountsTwice(Mutex<BTreeSet<ClaimId>>);

#[async_trait]
impl Bug for CountsTwice {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        locked(&self.0).insert(wish.request.marker.claim);
        real.store.claim(wish).await
    }

    async fn open_claims(&self, real: &Ports, run: RunId) -> Result<Vec<ClaimId>, StoreError> {
        let mut all = locked(&self.0).clone();
        all.extend(real.store.open_claims(run).await?);
        Ok(all.into_iter().collect())
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "claim-after-post",
        about: "the claim and its note are written when the answer is there",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now", &[]),
            case("lock=useless actors=cron,sync-now faults=0", &[]),
        ],
        put_in: bugged::<ClaimAfterPost>,
    },
    Mutant {
        name: "written-at-the-end",
        about: "claims and outcomes are written when the run is over",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=2", &[]),
            case("lock=useless actors=cron,sync-now faults=0", &[]),
        ],
        put_in: bugged::<WrittenAtTheEnd>,
    },
    Mutant {
        name: "no-claim",
        about: "nothing is claimed; what was answered is written down as if it had been found",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now", &[]),
            case("lock=useless actors=handler,handler faults=0", &[]),
        ],
        put_in: bugged::<NoClaim>,
    },
    Mutant {
        name: "post-in-transaction",
        about: "the request leaves inside the claim's transaction, which is rolled back if \
                    the answer is lost",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now", &[]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Lost]),
        ],
        put_in: bugged::<PostInTransaction>,
    },
    Mutant {
        name: "posts-anyway",
        about: "nobody looks whether the claim was refused",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 200 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::LockLost]),
            case("lock=useless actors=cron,sync-now faults=2", &[]),
            case("lock=lease actors=cron,sync-now faults=2", &[Verb::TimePasses, Verb::Pause]),
        ],
        put_in: bugged::<PostsAnyway>,
    },
    Mutant {
        name: "claim-in-open-transaction",
        about: "a commit without an answer leaves its session inside the transaction, and the \
                    next claim is made there, never to be committed",
        fate: Fate::Killed { by: &[Invariant::S3], cost: 500 },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=2 faults=2", &[]),
            case(
                "lock=useless actors=cron,sync-now invoices=2 faults=1",
                &[Verb::Unsent, Verb::Lost],
            ),
        ],
        put_in: bugged::<ClaimInOpenTransaction>,
    },
    Mutant {
        name: "attempt-begins-anew",
        about: "each claim counts as the first attempt",
        fate: Fate::Killed { by: &[Invariant::S8], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron faults=2", &[Verb::Limit, Verb::Refuse]),
            case("lock=run actors=cron,reprocess faults=2", &[Verb::Refuse]),
        ],
        put_in: bugged::<AttemptBeginsAnew>,
    },
    Mutant {
        name: "no-deadline",
        about: "a claim's request may be sent at any time, by a sender that has stood still \
                    for long",
        fate: Fate::Killed { by: &[Invariant::S8, Invariant::S2, Invariant::S1], cost: 10_000 },
        cases: &[
            case(
                "lock=useless actors=cron,later-cron,person-absent,later-cron faults=1",
                &[Verb::Stall, Verb::TimePasses],
            ),
            case(
                "lock=lease actors=cron,later-cron,person-absent,later-cron faults=1",
                &[Verb::Stall, Verb::TimePasses],
            ),
        ],
        put_in: bugged::<NoDeadline>,
    },
    Mutant {
        name: "unanswered-as-refused",
        about: "a commit without an answer is taken for a refusal",
        fate: Fate::Killed { by: &[Invariant::S10], cost: 2_000 },
        cases: &[
            case("lock=run actors=cron faults=2", &[]),
            case(
                "lock=useless actors=cron,sync-now invoices=2 faults=2",
                &[Verb::Lost, Verb::Unsent],
            ),
        ],
        put_in: bugged::<UnansweredAsRefused>,
    },
    Mutant {
        name: "counts-twice",
        about: "a run's end settles every claim that it made, and counts each once more",
        fate: Fate::Killed { by: &[Invariant::S10], cost: 10 },
        cases: &[
            case("lock=run actors=cron", &[]),
            case("lock=useless actors=cron,sync-now invoices=2 faults=0", &[]),
        ],
        put_in: bugged::<CountsTwice>,
    },
    Mutant {
        name: "outcomes-at-the-end",
        about: "outcomes are written when the run is over; claims are as they should be",
        fate: Fate::Survives {
            why: "a claim without an outcome is swept into doubt, and what is found there is \
                      adopted: late writing costs an inquiry and no invoice",
            runs: 1_000,
        },
        cases: &[
            case("lock=run actors=cron,sync-now", &[]),
            case("lock=useless actors=cron,sync-now,later-cron invoices=2 faults=3", &[]),
        ],
        put_in: bugged::<OutcomesAtTheEnd>,
    },
];
