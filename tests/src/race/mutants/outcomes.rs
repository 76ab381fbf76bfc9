//! Bugs of answers: what the ledger said is taken for something else, or written down wrongly.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use postonce_domain::{ClaimId, ClaimToken, InvoiceId, Move, NotSentCause, Outcome, OutcomeName};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::Receipt;
use postonce_ports::store::Recorded;
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, FOR_EVER, bugged, locked};
use super::unguarded::{force, undone};
use super::{Fate, Mutant, case};

/// What has no answer is taken for refused.
#[derive(Default)]
pub(super) struct DoubtAsRejected;

#[async_trait]
impl Bug for DoubtAsRejected {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::InDoubt { reason } = outcome {
            return Outcome::Rejected { code: None, reason }.into();
        }
        outcome.into()
    }
}

/// What has no answer is taken for not sent.
#[derive(Default)]
pub(super) struct DoubtAsNotSent;

#[async_trait]
impl Bug for DoubtAsNotSent {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if outcome.name() == OutcomeName::InDoubt { undone().into() } else { outcome.into() }
    }
}

/// What has no answer is sent once more, with the same claim.
#[derive(Default)]
pub(super) struct RetryOnTimeout;

#[async_trait]
impl Bug for RetryOnTimeout {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let request = token.request().clone();
        let again = ClaimToken::mint(token.invoice(), token.attempt(), FOR_EVER, request);
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if outcome.name() == OutcomeName::InDoubt {
            return real.ledger.post(again).await;
        }
        outcome.into()
    }
}

/// "Too many requests" is taken for a refusal of the invoice.
#[derive(Default)]
pub(super) struct LimitAsRejected;

#[async_trait]
impl Bug for LimitAsRejected {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::NotSent { cause: NotSentCause::RateLimited, reason } = outcome {
            return Outcome::Rejected { code: None, reason }.into();
        }
        outcome.into()
    }
}

/// "Too many requests" is taken for "you may not".
#[derive(Default)]
pub(super) struct LimitAsDenied;

#[async_trait]
impl Bug for LimitAsDenied {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::NotSent { cause: NotSentCause::RateLimited, reason } = outcome {
            return Outcome::NotSent { cause: NotSentCause::AccessDenied, reason }.into();
        }
        outcome.into()
    }
}

/// An outcome that the database does not take is said to be written.
#[derive(Default)]
pub(super) struct SwallowsAnOutcome;

#[async_trait]
impl Bug for SwallowsAnOutcome {
    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        Ok(real.store.settle(claim, outcome).await.unwrap_or(Recorded::Already))
    }
}

/// Doubt that comes late is written over what is known by then.
#[derive(Default)]
pub(super) struct LateDoubtOverwrites(Mutex<BTreeMap<ClaimId, InvoiceId>>);

#[async_trait]
impl Bug for LateDoubtOverwrites {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        locked(&self.0).insert(token.id(), token.invoice());
        real.ledger.post(token).await
    }

    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let recorded = real.store.settle(claim, outcome).await?;
        let invoice = locked(&self.0).get(&claim).copied();
        if let (Outcome::InDoubt { .. }, Recorded::Noted, Some(invoice)) =
            (outcome, recorded, invoice)
        {
            drop(force(real, invoice, Move::Gone).await?);
        }
        Ok(recorded)
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "doubt-as-rejected",
        about: "a lost answer, an error 500 or a timeout is taken for a refusal",
        fate: Fate::Killed { by: &[Invariant::S6], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Lost]),
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Hold]),
            case("lock=useless actors=cron,sync-now faults=2", &[]),
        ],
        put_in: bugged::<DoubtAsRejected>,
    },
    Mutant {
        name: "doubt-as-not-sent",
        about: "a lost answer is taken for a request that never left",
        fate: Fate::Killed { by: &[Invariant::S1, Invariant::S2, Invariant::S10], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Lost]),
            case("lock=run actors=cron,sync-now faults=2", &[]),
        ],
        put_in: bugged::<DoubtAsNotSent>,
    },
    Mutant {
        name: "retry-on-timeout",
        about: "what has no answer is sent once more with the same claim",
        fate: Fate::Killed { by: &[Invariant::S8, Invariant::S2], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Lost]),
            case("lock=useless actors=cron,sync-now faults=2", &[]),
        ],
        put_in: bugged::<RetryOnTimeout>,
    },
    Mutant {
        name: "limit-as-rejected",
        about: "\"too many requests\" is taken for a refusal of the invoice",
        fate: Fate::Killed { by: &[Invariant::S10, Invariant::S13], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Limit]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Limit, Verb::Unsent]),
        ],
        put_in: bugged::<LimitAsRejected>,
    },
    Mutant {
        name: "limit-as-denied",
        about: "\"too many requests\" is taken for \"you may not\"",
        fate: Fate::Survives {
            why: "the invoice is blocked, and what is blocked is tried again in every run",
            runs: 1_000,
        },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Limit]),
            case("lock=useless actors=cron,sync-now faults=2", &[]),
        ],
        put_in: bugged::<LimitAsDenied>,
    },
    Mutant {
        name: "swallows-an-outcome",
        about: "an outcome that the database does not take is said to be written",
        fate: Fate::Killed { by: &[Invariant::S10], cost: 500 },
        cases: &[
            case("lock=run actors=cron faults=4", &[]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Unsent, Verb::Lost]),
        ],
        put_in: bugged::<SwallowsAnOutcome>,
    },
    Mutant {
        name: "late-doubt-overwrites",
        about: "doubt that comes late is written over what is known by then",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 10_000 },
        cases: &[
            case("lock=useless actors=cron,later-cron faults=2", &[Verb::Lost, Verb::TimePasses]),
            case("lock=lease actors=cron,later-cron faults=2", &[Verb::Lost, Verb::Stall]),
        ],
        put_in: bugged::<LateDoubtOverwrites>,
    },
];
