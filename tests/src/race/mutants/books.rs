//! Bugs of what the books are taken to say, and bugs that stop the work.

use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, ClaimToken, CompanyFile, InvoiceId, LedgerDocument, LedgerUid, Marker, Move,
    NotSentCause, Outcome, SearchKey,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::{LedgerError, Receipt};
use postonce_ports::lock::{LockAnswer, LockError};
use postonce_ports::registry::Alarm;
use postonce_ports::store::{Applied, Candidate, Change, Page, Recorded, Wanted};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged};
use super::locks::acquire;
use super::outcomes::LimitAsDenied;
use super::unguarded::force;
use super::{Fate, Mutant, case};

/// A document with the invoice's number, reference, customer and total is taken for its own,
/// whosever marker it carries.
#[derive(Default)]
pub(super) struct AdoptsAStranger;

#[async_trait]
impl Bug for AdoptsAStranger {
    async fn search(
        &self,
        real: &Ports,
        file: &CompanyFile,
        key: &SearchKey,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let mut found = real.ledger.search(file, key).await?;
        let Ok(installation) = real.store.installation().await else { return Ok(found) };
        for document in &mut found {
            if let Some(marker) = Marker::find(&document.memo) {
                document.memo = Marker { installation, ..marker }.to_string();
            }
        }
        Ok(found)
    }
}

/// What is posted is recorded once more, under another id.
#[derive(Default)]
pub(super) struct PostedUnderAnotherId;

#[async_trait]
impl Bug for PostedUnderAnotherId {
    async fn settle(
        &self,
        real: &Ports,
        claim: ClaimId,
        outcome: &Outcome,
    ) -> Result<Recorded, StoreError> {
        let recorded = real.store.settle(claim, outcome).await?;
        if let Outcome::Posted { uid } = outcome
            && let Ok(uid) = LedgerUid::parse(&format!("{uid}-again"))
        {
            return real.store.settle(claim, &Outcome::Posted { uid }).await;
        }
        Ok(recorded)
    }
}

/// What is found is shown to a person, even if it is the invoice's own.
#[derive(Default)]
pub(super) struct ShowsAPersonAll;

#[async_trait]
impl Bug for ShowsAPersonAll {
    async fn apply(&self, real: &Ports, change: Change) -> Result<Applied, StoreError> {
        if let Move::Adopt(uid) = change.wanted {
            let wanted = Move::Alarm { uids: vec![uid], reason: "by a bug".to_owned() };
            return real.store.apply(Change { wanted, ..change }).await;
        }
        real.store.apply(change).await
    }
}

/// "Too many requests" is taken for "you may not", and what is blocked is never tried again.
#[derive(Default)]
pub(super) struct BlockedForEver;

#[async_trait]
impl Bug for BlockedForEver {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        LimitAsDenied.post(real, token).await
    }

    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let wanted =
            if page.wanted == Wanted::ReadyOrBlocked { Wanted::Ready } else { page.wanted };
        real.store.page(Page { wanted, ..page }).await
    }
}

/// An answer that is rare is not thought of.
#[derive(Default)]
pub(super) struct PanicsOnARareAnswer;

#[async_trait]
impl Bug for PanicsOnARareAnswer {
    async fn post(&self, real: &Ports, token: ClaimToken) -> Receipt {
        let Receipt { outcome, .. } = real.ledger.post(token).await;
        if let Outcome::NotSent { cause: NotSentCause::RateLimited, .. } = outcome {
            // Without the panic hook, which would tell of it each time.
            std::panic::resume_unwind(Box::new("an answer that nobody thought of"));
        }
        outcome.into()
    }
}

/// The first look at the lock is at a server that is just coming up.
#[derive(Default)]
pub(super) struct PanicsOnABusyLock;

#[async_trait]
impl Bug for PanicsOnABusyLock {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        let answer = real.lock.try_acquire().await?;
        if let LockAnswer::Busy(_) = answer {
            std::panic::resume_unwind(Box::new("nobody else ever has the lock"));
        }
        Ok(answer)
    }
}

/// That a person has held an invoice in doubt and let it go is taken for his word that it is not
/// in the ledger.
#[derive(Default)]
pub(super) struct HoldAsWord;

#[async_trait]
impl Bug for HoldAsWord {
    async fn apply(&self, real: &Ports, change: Change) -> Result<Applied, StoreError> {
        let (invoice, lets_go) = (change.invoice, change.wanted == Move::Hold(false));
        let applied = real.store.apply(change).await?;
        if lets_go && matches!(applied, Applied::Moved(_)) {
            drop(force(real, invoice, Move::ResolveAbsent).await?);
        }
        Ok(applied)
    }
}

/// Company files other than this one, with work.
async fn others(real: &Ports, file: &CompanyFile) -> Result<Vec<CompanyFile>, StoreError> {
    let files = real.store.files_with_work().await?.into_iter().map(|it| it.company_file);
    Ok(files.filter(|it| it != file).collect())
}

/// An alarm of one company file is one of all.
#[derive(Default)]
pub(super) struct AlarmsTheOther;

#[async_trait]
impl Bug for AlarmsTheOther {
    async fn due(&self, real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        for other in others(real, file).await? {
            let _: Alarm = real.registry.alarm(&other, Duration::from_secs(300)).await?;
        }
        real.doubts.due(file).await
    }
}

/// Whoever runs over one company file fences out the runs over another.
#[derive(Default)]
pub(super) struct FencesTheOther;

#[async_trait]
impl Bug for FencesTheOther {
    async fn try_acquire(&self, real: &Ports) -> Result<LockAnswer, LockError> {
        acquire(real, |grip| grip.raises = CompanyFile::parse("shop").ok()).await
    }
}

/// A line is written into the trails of another company file's invoices, and nothing else.
#[derive(Default)]
pub(super) struct NotesInTheOther;

#[async_trait]
impl Bug for NotesInTheOther {
    async fn due(&self, real: &Ports, file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        for doubtful in real.doubts.doubtful().await? {
            if doubtful.company_file != *file {
                let again = Outcome::InDoubt { reason: "by a bug".to_owned() };
                let _: Recorded = real.store.settle(doubtful.claim, &again).await?;
            }
        }
        real.doubts.due(file).await
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "adopts-a-stranger",
        about: "a document that is equal is taken for the invoice's own, whosever marker it \
                    carries",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 10 },
        cases: &[
            case("lock=run actors=cron,sync-now stranger=yes lookup-always=yes faults=1", &[]),
            case("lock=useless actors=cron,later-cron invoices=2 stranger=yes faults=2", &[]),
        ],
        put_in: bugged::<AdoptsAStranger>,
    },
    Mutant {
        name: "posted-under-another-id",
        about: "what is posted is recorded once more under an id that the ledger never gave, \
                    and a person is to explain it",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 10 },
        cases: &[
            case("lock=run actors=cron faults=0", &[]),
            case("lock=useless actors=cron,sync-now invoices=2 faults=2", &[]),
        ],
        put_in: bugged::<PostedUnderAnotherId>,
    },
    Mutant {
        name: "shows-a-person-all",
        about: "whatever is found is shown to a person, even the invoice's own document",
        fate: Fate::Killed { by: &[Invariant::S5], cost: 500 },
        cases: &[
            case("lock=run actors=cron,later-cron faults=1", &[Verb::Lost]),
            case(
                "lock=useless actors=cron,later-cron invoices=2 faults=2",
                &[Verb::Hold, Verb::Lost, Verb::Crash],
            ),
        ],
        put_in: bugged::<ShowsAPersonAll>,
    },
    Mutant {
        name: "blocked-for-ever",
        about: "\"too many requests\" is taken for \"you may not\", and what is blocked is never \
                    tried again",
        fate: Fate::Killed { by: &[Invariant::S13], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Limit]),
            case("lock=useless actors=cron,sync-now faults=2", &[Verb::Limit]),
        ],
        put_in: bugged::<BlockedForEver>,
    },
    Mutant {
        name: "panics-on-a-rare-answer",
        about: "an answer of the ledger that is rare is not thought of: the work on the invoice \
                    panics",
        fate: Fate::Killed { by: &[Invariant::S15], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=2", &[Verb::Limit]),
            case("lock=useless actors=cron,sync-now faults=2", &[]),
        ],
        put_in: bugged::<PanicsOnARareAnswer>,
    },
    Mutant {
        name: "panics-on-a-busy-lock",
        about: "that another has the lock is not thought of: the run panics",
        fate: Fate::Killed { by: &[Invariant::S15], cost: 100 },
        cases: &[
            case("lock=run actors=cron,sync-now faults=0", &[]),
            case("lock=lease actors=cron,handler faults=2", &[]),
        ],
        put_in: bugged::<PanicsOnABusyLock>,
    },
    Mutant {
        name: "hold-as-word",
        about: "that a person has held an invoice in doubt is taken for his word that it is not \
                    in the ledger",
        fate: Fate::Killed { by: &[Invariant::S7], cost: 1_000 },
        cases: &[
            case("lock=run actors=cron,person-holds,later-cron faults=1", &[Verb::Vanish]),
            case(
                "lock=useless actors=cron,person-holds,later-cron invoices=2 faults=2",
                &[Verb::Vanish],
            ),
        ],
        put_in: bugged::<HoldAsWord>,
    },
    Mutant {
        name: "alarms-the-other",
        about: "a run over one company file raises an alarm in the other",
        fate: Fate::Killed { by: &[Invariant::S11], cost: 10 },
        cases: &[
            case("lock=run actors=branch invoices=2 files=2 faults=0", &[]),
            case("lock=useless actors=branch,cron invoices=2 files=2 faults=0", &[]),
        ],
        put_in: bugged::<AlarmsTheOther>,
    },
    Mutant {
        name: "fences-the-other",
        about: "a run over one company file raises the epoch of the other",
        fate: Fate::Killed { by: &[Invariant::S11], cost: 10 },
        cases: &[
            case("lock=run actors=branch invoices=2 files=2 faults=0", &[]),
            case("lock=useless actors=branch,cron invoices=2 files=2 faults=0", &[]),
        ],
        put_in: bugged::<FencesTheOther>,
    },
    Mutant {
        name: "notes-in-the-other",
        about: "a run over one company file writes into the trails of the other",
        fate: Fate::Killed { by: &[Invariant::S11], cost: 3_000 },
        cases: &[
            case(
                "lock=useless actors=branch,cron invoices=2 files=2 faults=3",
                &[Verb::Lost, Verb::Hold],
            ),
            case("lock=useless actors=branch,cron invoices=2 files=2 faults=2", &[Verb::Vanish]),
        ],
        put_in: bugged::<NotesInTheOther>,
    },
];
