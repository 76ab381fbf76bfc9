//! Bugs of lists: what is due is not shown.

use std::sync::Mutex;

use async_trait::async_trait;
use postonce_domain::{InvoiceId, StateName};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::store::{Candidate, ClaimAnswer, ClaimRequest, FileWork, Page, Wanted};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged, locked};
use super::takeovers::states;
use super::unguarded::claim_now;
use super::{Fate, Mutant, case};

/// A page ends before its last row.
#[derive(Default)]
pub(super) struct SkipsTheLastRow;

#[async_trait]
impl Bug for SkipsTheLastRow {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = real.store.page(page).await?;
        candidates.pop();
        Ok(candidates)
    }
}

/// Pages are cut by their number, while rows leave the list.
#[derive(Default)]
pub(super) struct PagesByOffset(Mutex<usize>);

#[async_trait]
impl Bug for PagesByOffset {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        const ALL: u32 = 99;
        if page.after.is_none() {
            *locked(&self.0) = 0;
        }
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let all = real.store.page(Page { after: None, limit: ALL, ..page }).await?;
        let mut offset = locked(&self.0);
        let shown: Vec<Candidate> = all.into_iter().skip(*offset).take(limit).collect();
        *offset += limit;
        Ok(shown)
    }
}

/// Only what was never claimed is due.
#[derive(Default)]
pub(super) struct NeverClaimedOnly;

#[async_trait]
impl Bug for NeverClaimedOnly {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        real.store.page(Page { wanted: Wanted::NeverClaimed, ..page }).await
    }
}

/// A company file with a rejected invoice is left alone until somebody has seen to it.
#[derive(Default)]
pub(super) struct RejectionStopsItsFile;

#[async_trait]
impl Bug for RejectionStopsItsFile {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let states = states(real).await?;
        if states.iter().any(|(_, state)| state.name() == StateName::Rejected) {
            return Ok(Vec::new());
        }
        real.store.page(page).await
    }
}

/// A run over one company file lists the invoices of all, and takes whatever epoch is current.
#[derive(Default)]
pub(super) struct ListsEveryFile;

#[async_trait]
impl Bug for ListsEveryFile {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = Vec::new();
        for FileWork { company_file, .. } in real.store.files_with_work().await? {
            candidates.extend(real.store.page(Page { company_file, ..page.clone() }).await?);
        }
        Ok(candidates)
    }

    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        claim_now(real, wish).await
    }
}

/// One snapshot for the whole run: a list that was read is not read again.
#[derive(Default)]
pub(super) struct KeepsTheList(Mutex<Option<(Option<InvoiceId>, Vec<Candidate>)>>);

#[async_trait]
impl Bug for KeepsTheList {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let known = locked(&self.0).clone();
        match known {
            Some((after, candidates)) if after == page.after => Ok(candidates),
            _ => {
                let after = page.after;
                let candidates = real.store.page(page).await?;
                *locked(&self.0) = Some((after, candidates.clone()));
                Ok(candidates)
            }
        }
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "skips-the-last-row",
        about: "a page ends before its last row",
        fate: Fate::Killed { by: &[Invariant::S13], cost: 10 },
        cases: &[
            case("lock=run actors=cron faults=0", &[]),
            case("lock=useless actors=cron,sync-now invoices=3 faults=0", &[]),
        ],
        put_in: bugged::<SkipsTheLastRow>,
    },
    Mutant {
        name: "pages-by-offset",
        about: "pages are cut by their number, while rows leave the list",
        fate: Fate::Survives {
            why: "a run goes through the list again until it finds nothing to claim",
            runs: 1_000,
        },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=3 page=1 faults=2", &[]),
            case("lock=useless actors=cron,sync-now,later-cron invoices=3 page=1 faults=3", &[]),
        ],
        put_in: bugged::<PagesByOffset>,
    },
    Mutant {
        name: "never-claimed-only",
        about: "only what was never claimed is due",
        fate: Fate::Killed { by: &[Invariant::L1], cost: 300 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[]),
            case(
                "lock=run actors=cron,reprocess invoices=0 rejected=1 faults=2",
                &[Verb::Limit, Verb::Unsent],
            ),
        ],
        put_in: bugged::<NeverClaimedOnly>,
    },
    Mutant {
        name: "rejection-stops-its-file",
        about: "a company file with a rejected invoice is left alone until somebody has seen \
                    to it",
        fate: Fate::Killed { by: &[Invariant::L6], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=3 faults=1", &[Verb::Refuse]),
            case(
                "lock=useless actors=cron,sync-now invoices=3 faults=2",
                &[Verb::Refuse, Verb::Unsent],
            ),
        ],
        put_in: bugged::<RejectionStopsItsFile>,
    },
    Mutant {
        name: "lists-every-file",
        about: "a run over one company file lists the invoices of all, and takes whatever \
                    epoch is current",
        fate: Fate::Killed { by: &[Invariant::S11], cost: 10 },
        cases: &[
            case("lock=run actors=branch invoices=2 files=2 faults=0", &[]),
            case("lock=useless actors=branch,cron invoices=2 files=2 faults=0", &[]),
        ],
        put_in: bugged::<ListsEveryFile>,
    },
    Mutant {
        name: "keeps-the-list",
        about: "one snapshot for the whole run: a list that was read is not read again",
        fate: Fate::Killed { by: &[Invariant::L1], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now invoices=2 faults=2", &[]),
            case(
                "lock=useless actors=cron,sync-now invoices=2 faults=2",
                &[Verb::Unsent, Verb::Lost, Verb::Limit],
            ),
        ],
        put_in: bugged::<KeepsTheList>,
    },
];
