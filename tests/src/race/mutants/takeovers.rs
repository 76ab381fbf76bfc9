//! Bugs of taking over what a dead run has left.

use async_trait::async_trait;
use postonce_domain::{
    CompanyFile, Epoch, Guard, InvoiceId, InvoiceState, Move, NoteKind, StateName,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::store::{Change, Recorded};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged};
use super::unguarded::{force, note, undone};
use super::{Fate, Mutant, case};

/// The invoices of a race and where they stand.
pub(super) async fn states(real: &Ports) -> Result<Vec<(InvoiceId, InvoiceState)>, StoreError> {
    let mut states = Vec::new();
    for n in 1.. {
        match real.store.life(InvoiceId(n)).await? {
            Some(life) => states.push((InvoiceId(n), life.state)),
            None => break,
        }
    }
    Ok(states)
}

/// What a dead run has left claimed is taken for not sent.
#[derive(Default)]
pub(super) struct BlindTakeover;

#[async_trait]
impl Bug for BlindTakeover {
    async fn sweep(
        &self,
        real: &Ports,
        file: &CompanyFile,
        epoch: Epoch,
    ) -> Result<u64, StoreError> {
        for (_, state) in states(real).await? {
            if let InvoiceState::Claimed { claim } = state {
                let _: Recorded = real.store.settle(claim, &undone()).await?;
            }
        }
        real.store.sweep(file, epoch).await
    }
}

/// What a dead run has left is sent again since its time is over.
#[derive(Default)]
pub(super) struct TimeAloneReopens;

#[async_trait]
impl Bug for TimeAloneReopens {
    async fn sweep(
        &self,
        real: &Ports,
        file: &CompanyFile,
        epoch: Epoch,
    ) -> Result<u64, StoreError> {
        let swept = real.store.sweep(file, epoch).await?;
        for (invoice, state) in states(real).await? {
            if state.name() == StateName::InDoubt {
                let at = real.clock.wall();
                drop(force(real, invoice, Move::ConfirmAbsent(at)).await?);
                drop(force(real, invoice, Move::Repost).await?);
            }
        }
        Ok(swept)
    }
}

/// What a dead run has left is put in doubt, and the trail does not have it.
#[derive(Default)]
pub(super) struct SweptWithoutANote;

#[async_trait]
impl Bug for SweptWithoutANote {
    async fn sweep(
        &self,
        real: &Ports,
        _file: &CompanyFile,
        _epoch: Epoch,
    ) -> Result<u64, StoreError> {
        for (invoice, state) in states(real).await? {
            if let InvoiceState::Claimed { claim } = state {
                let guard = Guard::Claim(claim);
                let (wanted, note) = (Move::LeaveBehind, note(NoteKind::Event, Some(claim)));
                drop(real.store.apply(Change { invoice, guard, wanted, note }).await?);
            }
        }
        Ok(0)
    }
}

/// What a dead run has left stays claimed.
#[derive(Default)]
pub(super) struct NeverSweeps;

#[async_trait]
impl Bug for NeverSweeps {
    async fn sweep(&self, _: &Ports, _: &CompanyFile, _: Epoch) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// A run over one company file takes over the claims of all.
#[derive(Default)]
pub(super) struct SweepsEveryFile;

#[async_trait]
impl Bug for SweepsEveryFile {
    async fn sweep(
        &self,
        real: &Ports,
        file: &CompanyFile,
        epoch: Epoch,
    ) -> Result<u64, StoreError> {
        let mut swept = real.store.sweep(file, epoch).await?;
        for other in real.store.files_with_work().await? {
            swept += real.store.sweep(&other.company_file, Epoch(i64::MAX)).await?;
        }
        Ok(swept)
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "blind-takeover",
        about: "what a dead run has left claimed is taken for not sent",
        fate: Fate::Killed { by: &[Invariant::S1, Invariant::S2], cost: 200 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Crash]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Lost]),
        ],
        put_in: bugged::<BlindTakeover>,
    },
    Mutant {
        name: "time-alone-reopens",
        about: "what is in doubt is sent again since its time is over",
        fate: Fate::Killed { by: &[Invariant::S7], cost: 200 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Vanish]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Vanish, Verb::Hide]),
        ],
        put_in: bugged::<TimeAloneReopens>,
    },
    Mutant {
        name: "swept-without-a-note",
        about: "what a dead run has left is put in doubt in one transaction, and the note \
                    goes into another that is never made",
        fate: Fate::Killed { by: &[Invariant::S9], cost: 200 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Crash]),
        ],
        put_in: bugged::<SweptWithoutANote>,
    },
    Mutant {
        name: "never-sweeps",
        about: "what a dead run has left stays claimed",
        fate: Fate::Killed { by: &[Invariant::L1], cost: 200 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Crash, Verb::Cancel]),
        ],
        put_in: bugged::<NeverSweeps>,
    },
    Mutant {
        name: "sweeps-every-file",
        about: "a run over one company file takes over the claims of all",
        fate: Fate::Killed { by: &[Invariant::S11], cost: 5_000 },
        cases: &[
            case(
                "lock=useless actors=cron,branch invoices=2 files=2 faults=2",
                &[Verb::Lost, Verb::Crash],
            ),
            case(
                "lock=useless actors=cron,branch,branch invoices=4 files=2 faults=2",
                &[Verb::Lost, Verb::Crash],
            ),
        ],
        put_in: bugged::<SweepsEveryFile>,
    },
];
