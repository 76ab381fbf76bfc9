//! Bugs of doubt: looked up too early, too carelessly, or not at all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{CompanyFile, InvoiceId, LedgerDocument, Marker, SearchKey};
use postonce_engine::Ports;
use postonce_ports::doubt::{Absence, Dossier, Miss};
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::store::{ClaimAnswer, ClaimRequest};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged, locked};
use super::{Fate, Mutant, case};

/// Every invoice in doubt of a company file, whether its time has come or not.
async fn all_doubtful(real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
    let doubtful = real.doubts.doubtful().await?;
    let of_file = doubtful.into_iter().filter(|it| it.company_file == *file);
    Ok(of_file.map(|it| it.invoice).collect())
}

/// A claim without a quiet period.
async fn claim_without_quiet(real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
    real.store.claim(ClaimRequest { quiet: Duration::ZERO, ..wish }).await
}

/// What one search has not found is not there.
async fn miss_proves(real: &Ports, miss: Miss) -> Result<Absence, StoreError> {
    let _: Absence = real.doubts.record_miss(miss).await?;
    Ok(Absence::Proven { at: real.clock.wall() })
}

/// Looks up at once, and once is enough.
#[derive(Default)]
pub(super) struct LooksTooEarly;

#[async_trait]
impl Bug for LooksTooEarly {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        claim_without_quiet(real, wish).await
    }

    async fn due(&self, real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        all_doubtful(real, file).await
    }

    async fn record_miss(&self, real: &Ports, miss: Miss) -> Result<Absence, StoreError> {
        miss_proves(real, miss).await
    }
}

/// Looks up at once, but twice.
#[derive(Default)]
pub(super) struct NoQuietPeriod;

#[async_trait]
impl Bug for NoQuietPeriod {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        claim_without_quiet(real, wish).await
    }

    async fn due(&self, real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        all_doubtful(real, file).await
    }
}

/// Looks up after the quiet period, but once.
#[derive(Default)]
pub(super) struct OneMissProves;

#[async_trait]
impl Bug for OneMissProves {
    async fn record_miss(&self, real: &Ports, miss: Miss) -> Result<Absence, StoreError> {
        miss_proves(real, miss).await
    }
}

/// Whether the quiet period is over is asked of the host's clock, and once is enough.
#[derive(Default)]
pub(super) struct QuietByHostClock;

#[async_trait]
impl Bug for QuietByHostClock {
    async fn due(&self, real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        let now = real.clock.wall();
        let doubtful = real.doubts.doubtful().await?.into_iter();
        let due = doubtful.filter(|it| it.company_file == *file && it.quiet_until <= now);
        Ok(due.map(|it| it.invoice).collect())
    }

    async fn record_miss(&self, real: &Ports, miss: Miss) -> Result<Absence, StoreError> {
        let now = real.clock.wall();
        let doubtful = real.doubts.doubtful().await?;
        if doubtful.iter().any(|it| it.claim == miss.claim && it.quiet_until <= now) {
            return miss_proves(real, miss).await;
        }
        real.doubts.record_miss(miss).await
    }
}

/// The search never finds anything: a wrong field, a quote, the second page.
#[derive(Default)]
pub(super) struct SearchFindsNothing;

#[async_trait]
impl Bug for SearchFindsNothing {
    async fn search(
        &self,
        real: &Ports,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        drop(real.ledger.search(file, key).await?);
        Ok(Vec::new())
    }
}

/// The same, and nobody tries the search on a document that is certainly there.
#[derive(Default)]
pub(super) struct SearchWithoutProbe;

#[async_trait]
impl Bug for SearchWithoutProbe {
    async fn search(
        &self,
        real: &Ports,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        SearchFindsNothing.search(real, file, key).await
    }

    async fn record_miss(&self, real: &Ports, miss: Miss) -> Result<Absence, StoreError> {
        real.doubts.record_miss(Miss { probed: true, ..miss }).await
    }
}

/// Whatever a search hits is taken for the invoice that is looked for.
#[derive(Default)]
pub(super) struct BelievesAnyHit(Mutex<Option<Marker>>);

#[async_trait]
impl Bug for BelievesAnyHit {
    async fn dossier(
        &self,
        real: &Ports,
        invoice: InvoiceId,
    ) -> Result<Option<Dossier>, StoreError> {
        let dossier = real.doubts.dossier(invoice).await?;
        let last = dossier.as_ref().and_then(|it| it.claims.last()).map(|past| past.id);
        let installation = real.store.installation().await?;
        *locked(&self.0) = last.map(|claim| Marker { installation, claim });
        Ok(dossier)
    }

    async fn search(
        &self,
        real: &Ports,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let mut found = real.ledger.search(file, key).await?;
        let marker = *locked(&self.0);
        for document in &mut found {
            match key {
                SearchKey::Number(number) => document.number = number.to_string(),
                SearchKey::Reference(reference) => document.reference = reference.to_string(),
            }
            document.memo = marker.map_or_else(String::new, |marker| marker.to_string());
        }
        Ok(found)
    }
}

/// A search that fails is taken for one that finds nothing, and so is every later one of the
/// process, which spares the ledger.
#[derive(Default)]
pub(super) struct ErrorAsNothing(AtomicBool);

#[async_trait]
impl Bug for ErrorAsNothing {
    async fn search(
        &self,
        real: &Ports,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let found = real.ledger.search(file, key).await;
        if found.is_err() {
            self.0.store(true, Ordering::Relaxed);
        }
        let spares = self.0.load(Ordering::Relaxed);
        Ok(found.ok().filter(|_| !spares).unwrap_or_default())
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "looks-too-early",
        about: "what is in doubt is looked up at once, and once is enough",
        fate: Fate::Killed { by: &[Invariant::S2, Invariant::S1, Invariant::S7], cost: 1_500 },
        cases: &[
            case("lock=run actors=cron,handler repost-absent=yes faults=2", &[Verb::Hold]),
            case(
                "lock=run actors=cron,sync-now invoices=2 repost-absent=yes faults=2",
                &[Verb::Hold],
            ),
        ],
        put_in: bugged::<LooksTooEarly>,
    },
    Mutant {
        name: "no-quiet-period",
        about: "what is in doubt is looked up at once, but twice",
        fate: Fate::Killed { by: &[Invariant::S7], cost: 2_000 },
        cases: &[
            case(
                "lock=run actors=cron,sync-now,later-cron invoices=2 repost-absent=yes faults=3",
                &[Verb::Vanish, Verb::Hold],
            ),
            case(
                "lock=lease actors=cron,handler,later-cron invoices=2 repost-absent=yes faults=3",
                &[Verb::Vanish, Verb::Lost],
            ),
        ],
        put_in: bugged::<NoQuietPeriod>,
    },
    Mutant {
        name: "one-miss-proves",
        about: "what is in doubt is looked up after the quiet period, but once",
        fate: Fate::Killed { by: &[Invariant::S7], cost: 2_000 },
        cases: &[
            case(
                "lock=run actors=cron,sync-now,later-cron invoices=2 repost-absent=yes faults=3",
                &[Verb::Vanish, Verb::Hold],
            ),
            case(
                "lock=useless actors=cron,sync-now,later-cron invoices=2 repost-absent=yes faults=3",
                &[],
            ),
        ],
        put_in: bugged::<OneMissProves>,
    },
    Mutant {
        name: "quiet-by-host-clock",
        about: "whether the quiet period is over is asked of the host's clock, and once is \
                    enough",
        fate: Fate::Killed { by: &[Invariant::S2, Invariant::S1, Invariant::S7], cost: 200 },
        cases: &[
            case(
                "lock=useless actors=cron,sync-now repost-absent=yes faults=2",
                &[Verb::Hold, Verb::ClockAhead, Verb::Crash],
            ),
            case(
                "lock=useless actors=cron,sync-now,sync-now invoices=2 repost-absent=yes faults=2",
                &[Verb::Hold, Verb::ClockAhead],
            ),
        ],
        put_in: bugged::<QuietByHostClock>,
    },
    Mutant {
        name: "search-finds-nothing",
        about: "the search never finds anything: a wrong field, a quote, the second page",
        fate: Fate::Killed { by: &[Invariant::S5], cost: 100 },
        cases: &[
            case("lock=run actors=cron faults=2", &[]),
            case(
                "lock=useless actors=cron,later-cron invoices=2 repost-absent=yes faults=2",
                &[Verb::Lost],
            ),
        ],
        put_in: bugged::<SearchFindsNothing>,
    },
    Mutant {
        name: "search-without-probe",
        about: "the same, and nobody tries the search on a document that is certainly there",
        fate: Fate::Killed { by: &[Invariant::S7, Invariant::S1], cost: 100 },
        cases: &[
            case(
                "lock=run actors=cron,later-cron invoices=2 repost-absent=yes faults=2",
                &[Verb::Lost],
            ),
            case(
                "lock=useless actors=cron,sync-now repost-absent=yes faults=2",
                &[Verb::Lost, Verb::Crash],
            ),
        ],
        put_in: bugged::<SearchWithoutProbe>,
    },
    Mutant {
        name: "believes-any-hit",
        about: "whatever a search hits is taken for the invoice that is looked for",
        fate: Fate::Killed { by: &[Invariant::S4, Invariant::S5], cost: 5_000 },
        cases: &[
            case(
                "lock=run actors=cron,later-cron invoices=2 filter=loose faults=2",
                &[Verb::Vanish, Verb::Lost],
            ),
            case(
                "lock=run actors=cron invoices=2 filter=loose faults=2",
                &[Verb::Vanish, Verb::Lost, Verb::Hold],
            ),
        ],
        put_in: bugged::<BelievesAnyHit>,
    },
    Mutant {
        name: "error-as-nothing",
        about: "a search that fails is taken for one that finds nothing, and so is every \
                    later one of the process",
        fate: Fate::Killed { by: &[Invariant::S1], cost: 1_000 },
        cases: &[
            case(
                "lock=run actors=cron,sync-now stranger=yes lookup-always=yes faults=1",
                &[Verb::Unsent],
            ),
            case(
                "lock=lease actors=cron,later-cron stranger=yes lookup-always=yes invoices=2 faults=2",
                &[],
            ),
        ],
        put_in: bugged::<ErrorAsNothing>,
    },
];
