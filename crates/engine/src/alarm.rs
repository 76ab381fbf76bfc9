//! Gone back, or not alone: signs that the database was restored, failed over or copied, or that
//! someone else posts to a company file.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use postonce_domain::{CompanyFile, Finding, StateName, StopCause};
use postonce_ports::doubt::Dossier;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::{LedgerError, PrepareError};
use postonce_ports::registry::{Alarm, Whereabouts};
use postonce_ports::store::{Candidate, FileWork, Page, StoredInvoice, Wanted};

use crate::inquiry::join;
use crate::run::{FileRun, Run, Work, id_of};
use crate::{Engine, EngineError};

/// So many of a company file's oldest invoices that were never claimed are looked up before its
/// first claim.
pub(crate) const LOOKED_AT: u32 = 4;

/// What comes next.
const AFTER: &str = "the next run after that goes on by itself, and looks each invoice up before it \
                     is sent, until a cut-over of the company file says that its past is settled";

/// An invoice, and what the ledger has of it.
pub(crate) type Looked = (Dossier, Finding);

impl Engine {
    /// What is to be said of a database that is not where it was; `None` if it is.
    pub(crate) async fn elsewhere(&self) -> Result<Option<String>, StoreError> {
        let Whereabouts::Moved { from, to } = self.ports.registry.whereabouts().await? else {
            return Ok(None);
        };
        Ok(Some(format!(
            "the database is on another server than it was (from {from}, to {to}): a failover, a \
             restored or moved copy, or a copy of one that is in use elsewhere; nothing is sent \
             until a person says `postonce connect --take-over`; make sure first that no other copy \
             is in use"
        )))
    }

    /// A company file with what is on record of it now.
    pub(crate) async fn refreshed(&self, work: &FileWork) -> Result<FileWork, StoreError> {
        let name = work.company_file.clone();
        let known = self.ports.registry.company_file_settings(&name).await?.unwrap_or_default();
        let (cut_over_through, alarm) = (known.cut_over_through, known.alarm);
        Ok(FileWork { company_file: name, cut_over_through, alarm, due: work.due })
    }

    /// The next of the file's oldest invoices that were never claimed.
    pub(crate) async fn oldest(
        &self,
        file: &CompanyFile,
        after: Option<postonce_domain::InvoiceId>,
    ) -> Result<Vec<Candidate>, StoreError> {
        let wanted = Wanted::NeverClaimed;
        let page = Page { company_file: file.clone(), after, wanted, limit: LOOKED_AT };
        self.ports.store.page(page).await
    }

    /// What the ledger has of an invoice; `None` if it could not be sent anyway, so that a stranger
    /// with its number is no alarm, or if another run of this database has claimed it meanwhile, so
    /// that the document is that run's.
    pub(crate) async fn look_at(
        &self,
        stored: &StoredInvoice,
    ) -> Result<Option<Looked>, EngineError> {
        match self.ports.ledger.check(&stored.invoice).await {
            Err(PrepareError::Blocked(_)) => return Ok(None),
            Err(PrepareError::Ledger(error)) => return Err(error.into()),
            Ok(()) => {}
        }
        let Some(dossier) = self.ports.doubts.dossier(stored.id).await? else { return Ok(None) };
        let finding = self.inquire(&dossier).await?;
        let now = self.ports.store.life(stored.id).await?;
        let untouched = now.is_some_and(|life| life.version == stored.life.version);
        Ok(untouched.then_some((dossier, finding)))
    }
}

impl Run<'_> {
    /// Whether the database is where it was. If it is not, each of the files gets an alarm, and
    /// the run does nothing more: this may be a copy of a database that is in use.
    pub(crate) async fn is_where_it_was(&self, files: &[FileRun]) -> bool {
        match self.engine.elsewhere().await {
            Ok(None) => return true,
            Ok(Some(words)) => self.tally.halt(StopCause::OtherServer, words),
            Err(error) => {
                self.halt(&error);
                return false;
            }
        }
        for file in files {
            if let Err(error) = self.raise(&file.work.company_file).await {
                self.halt(&error);
            }
        }
        false
    }

    /// Makes sure that invoices of the file may be claimed: no alarm's quiet period runs, and the
    /// oldest invoices are not in the ledger already. `None` if nothing is to be claimed in it.
    pub(crate) async fn open(&self, file: &FileRun, work: &Work<'_>) -> Option<FileRun> {
        let name = &file.work.company_file;
        if !self.may_claim(name) {
            return None;
        }
        let known = match self.engine.refreshed(&file.work).await {
            Ok(known) => known,
            Err(error) => {
                self.halt(&error);
                return None;
            }
        };
        match known.alarm {
            Some(alarm) if !alarm.quiet_over => {
                if matches!(work, Work::Rejected { .. }) || self.is_anything_due(name).await {
                    self.tally.stop_file(name, StopCause::Alarm, quiet_words(name, &alarm));
                }
                return None;
            }
            // Every invoice is looked up anyway.
            Some(_) => {}
            None => self.look_around(name).await,
        }
        self.may_claim(name).then_some(FileRun { work: known, epoch: file.epoch })
    }

    /// Whether the file may still be claimed in: the database has not moved since it was opened,
    /// and nobody has raised an alarm.
    pub(crate) async fn stays_open(&self, file: &FileRun) -> bool {
        if !self.is_where_it_was(std::slice::from_ref(file)).await {
            return false;
        }
        let now = match self.engine.refreshed(&file.work).await {
            Ok(now) => now.alarm,
            Err(error) => {
                self.halt(&error);
                return false;
            }
        };
        let known = file.work.alarm.map(|alarm| alarm.quiet_until);
        let Some(alarm) = now.filter(|alarm| Some(alarm.quiet_until) > known) else { return true };
        let name = &file.work.company_file;
        self.tally.stop_file(name, StopCause::Alarm, quiet_words(name, &alarm));
        false
    }

    async fn is_anything_due(&self, file: &CompanyFile) -> bool {
        let wanted = Wanted::ReadyOrBlocked;
        let page = Page { company_file: file.clone(), after: None, wanted, limit: 1 };
        match self.engine.ports.store.page(page).await {
            Ok(candidates) => !candidates.is_empty(),
            Err(error) => {
                self.halt(&error);
                true
            }
        }
    }

    /// Looks up the oldest invoices that were never claimed; one that is in the ledger is an alarm.
    async fn look_around(&self, file: &CompanyFile) {
        let (mut found, mut after, mut looked_at) = (Vec::new(), None, 0);
        'oldest: loop {
            let candidates = match self.engine.oldest(file, after).await {
                Ok(candidates) => candidates,
                Err(error) => {
                    self.halt(&error);
                    break;
                }
            };
            let Some(last) = candidates.last() else { break };
            after = Some(id_of(last));
            for candidate in candidates {
                if looked_at >= LOOKED_AT || !self.may_claim(file) {
                    break 'oldest;
                }
                // A row that cannot be read is blocked when its turn comes.
                let Candidate::Readable(stored) = candidate else { continue };
                if let Some(looked) = self.look_at(file, &stored).await {
                    looked_at += 1;
                    found.extend(Some(looked).filter(|(_, finding)| *finding != Finding::Nothing));
                }
            }
        }
        if !found.is_empty() {
            self.found(file, found).await;
        }
    }

    /// One of the oldest. If the ledger does not answer, nothing is claimed on its strength: the
    /// run leaves the invoice alone.
    async fn look_at(&self, file: &CompanyFile, stored: &StoredInvoice) -> Option<Looked> {
        const TRIES: u32 = 2;
        let mut tries = 0;
        loop {
            self.wait_while_slowed(file).await;
            tries += 1;
            let looked = AssertUnwindSafe(self.engine.look_at(stored)).catch_unwind().await;
            let again = match looked {
                Ok(Ok(looked)) => {
                    self.tally.trouble_is_over(stored.id);
                    return looked;
                }
                Ok(Err(error)) => {
                    let unavailable =
                        matches!(error, EngineError::Ledger(LedgerError::Unavailable { .. }));
                    self.report(file, stored.id, error);
                    unavailable && tries < TRIES
                }
                Err(_) => {
                    self.bug(stored.id);
                    false
                }
            };
            if !again || !self.may_claim(file) {
                self.tally.leave_alone(stored.id);
                return None;
            }
        }
    }

    /// Raises the alarm, and only then moves what was found: a crash in between leaves the alarm.
    async fn found(&self, file: &CompanyFile, found: Vec<Looked>) {
        let alarm = match self.raise(file).await {
            Ok(alarm) => alarm,
            Err(error) => return self.halt(&error),
        };
        let mut seen = Vec::new();
        for (dossier, finding) in found {
            let sight = sight(&dossier, &finding);
            match self.take_in(&dossier, finding).await {
                Ok(state) => seen.push(with_state(sight, state)),
                Err(error) => {
                    seen.push(sight);
                    self.report(file, dossier.stored.id, error);
                }
            }
        }
        self.tally.stop_file(file, StopCause::Alarm, found_words(file, &seen, &alarm));
    }

    async fn raise(&self, file: &CompanyFile) -> Result<Alarm, StoreError> {
        self.engine.ports.registry.alarm(file, self.engine.policy.doubt.quiet).await
    }
}

/// What was found of an invoice, as `INV-1 as UID`.
pub(crate) fn sight(dossier: &Dossier, finding: &Finding) -> String {
    let number = &dossier.stored.invoice.parts().number;
    match finding {
        Finding::Ours { uid, .. } => format!("{number} as {uid}"),
        Finding::Unexplained { uids, .. } => format!("{number} as {}", join(uids)),
        Finding::Nothing => number.to_string(),
    }
}

fn with_state(sight: String, state: Option<StateName>) -> String {
    match state {
        Some(state) => format!("{sight} (now {state})"),
        None => sight,
    }
}

/// What is to be said when the oldest invoices of a file are looked up and found.
fn found_words(file: &CompanyFile, seen: &[String], alarm: &Alarm) -> String {
    format!(
        "{}; nothing more is sent there until {}; {AFTER}",
        sign_words(file, seen),
        alarm.quiet_until
    )
}

/// What it means that the ledger has what was never sent.
pub(crate) fn sign_words(file: &CompanyFile, seen: &[String]) -> String {
    format!(
        "company file {file}: the ledger has what this database never sent: {}; it was restored \
         from a backup, or someone else posts to that company file",
        seen.join(", ")
    )
}

/// What is to be said of a file while its alarm's quiet period runs.
pub(crate) fn quiet_words(file: &CompanyFile, alarm: &Alarm) -> String {
    format!(
        "company file {file}: an alarm stands: the database was restored or moved, or someone else \
         posts to that company file; nothing is sent there until {}; {AFTER}",
        alarm.quiet_until
    )
}
