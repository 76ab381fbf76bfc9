//! Bugs of reprocess: what is not rejected is sent again.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use postonce_domain::{InvoiceId, InvoiceState, Move, StateName};
use postonce_engine::Ports;
use postonce_ports::doubt::Dossier;
use postonce_ports::error::StoreError;
use postonce_ports::store::{Applied, Change, Recorded};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged, locked};
use super::unguarded::{force, undone};
use super::{Fate, Mutant, case};

/// The dossier of an invoice as one would like it to be: rejected.
fn as_rejected(dossier: &mut Dossier) {
    let reason = "by a bug".to_owned();
    dossier.stored.life.state = InvoiceState::Rejected { code: None, reason };
}

/// What is posted can be reprocessed.
#[derive(Default)]
pub(super) struct ReprocessesPosted;

#[async_trait]
impl Bug for ReprocessesPosted {
    async fn dossier(
        &self,
        real: &Ports,
        invoice: InvoiceId,
    ) -> Result<Option<Dossier>, StoreError> {
        let mut dossier = real.doubts.dossier(invoice).await?;
        if let Some(it) = &mut dossier
            && it.stored.life.state.name() == StateName::Posted
        {
            as_rejected(it);
        }
        Ok(dossier)
    }

    async fn apply(&self, real: &Ports, change: Change) -> Result<Applied, StoreError> {
        let applied = real.store.apply(change.clone()).await?;
        match (&change.wanted, &applied) {
            (Move::Reprocess, Applied::Refused(_)) => force(real, change.invoice, Move::Gone).await,
            _ => Ok(applied),
        }
    }
}

/// What is being sent can be reprocessed.
#[derive(Default)]
pub(super) struct ReprocessesInFlight;

#[async_trait]
impl Bug for ReprocessesInFlight {
    async fn dossier(
        &self,
        real: &Ports,
        invoice: InvoiceId,
    ) -> Result<Option<Dossier>, StoreError> {
        let mut dossier = real.doubts.dossier(invoice).await?;
        if let Some(it) = &mut dossier {
            let is_fresh = it.claims.last().is_some_and(|past| !past.quiet_over);
            if is_fresh && it.stored.life.state.claim().is_some() {
                as_rejected(it);
            }
        }
        Ok(dossier)
    }

    async fn apply(&self, real: &Ports, change: Change) -> Result<Applied, StoreError> {
        let invoice = change.invoice;
        let life = real.store.life(invoice).await?;
        let claim = life.and_then(|it| it.state.claim());
        match (&change.wanted, claim) {
            (Move::Reprocess, Some(claim)) => {
                let _: Recorded = real.store.settle(claim, &undone()).await?;
                let life = real.store.life(invoice).await?;
                Ok(life.map_or(Applied::NotFound, Applied::Moved))
            }
            _ => real.store.apply(change).await,
        }
    }
}

/// Reprocess acts on what was read before it waited for the lock.
#[derive(Default)]
pub(super) struct ReprocessesByOldRow(Mutex<BTreeMap<InvoiceId, Dossier>>);

#[async_trait]
impl Bug for ReprocessesByOldRow {
    async fn dossier(
        &self,
        real: &Ports,
        invoice: InvoiceId,
    ) -> Result<Option<Dossier>, StoreError> {
        let known = locked(&self.0).get(&invoice).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let dossier = real.doubts.dossier(invoice).await?;
        if let Some(dossier) = &dossier {
            locked(&self.0).insert(invoice, dossier.clone());
        }
        Ok(dossier)
    }

    async fn apply(&self, real: &Ports, change: Change) -> Result<Applied, StoreError> {
        ReprocessesPosted.apply(real, change).await
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "reprocesses-posted",
        about: "what is posted can be reprocessed",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 500 },
        cases: &[
            case("lock=run actors=cron,reprocess faults=0", &[]),
            case("lock=run actors=reprocess,cron rejected=1 faults=2", &[]),
        ],
        put_in: bugged::<ReprocessesPosted>,
    },
    Mutant {
        name: "reprocesses-in-flight",
        about: "what is being sent can be reprocessed",
        fate: Fate::Killed { by: &[Invariant::S2, Invariant::S1, Invariant::S8], cost: 5_000 },
        cases: &[
            case("lock=useless actors=cron,reprocess faults=0", &[]),
            case("lock=run actors=cron,reprocess faults=2", &[Verb::Crash]),
        ],
        put_in: bugged::<ReprocessesInFlight>,
    },
    Mutant {
        name: "reprocesses-by-old-row",
        about: "reprocess acts on what was read before it waited for the lock",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 200 },
        cases: &[
            case("lock=run actors=reprocess,reprocess invoices=0 rejected=1 faults=0", &[]),
            case("lock=useless actors=reprocess,reprocess rejected=1 faults=1", &[Verb::Lost]),
        ],
        put_in: bugged::<ReprocessesByOldRow>,
    },
];
