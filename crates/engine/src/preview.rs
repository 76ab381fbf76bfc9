//! What a run would do now, without doing it.

use postonce_domain::{BlockReason, CompanyFile, Finding, InvoiceId, LedgerUid, StopCause};
use postonce_ports::ledger::{LedgerError, PrepareError};
use postonce_ports::store::{Candidate, FileWork, Page, StoredInvoice, Wanted};

use crate::alarm::{LOOKED_AT, Looked, quiet_words, sight, sign_words};
use crate::run::id_of;
use crate::send::stop_cause;
use crate::{Engine, EngineError};

/// What would become of one invoice.
#[derive(Debug)]
pub struct Preview {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number; empty if its row cannot be read.
    pub number: String,
    /// What would become of it.
    pub outcome: PreviewOutcome,
}

/// See [`Preview`].
#[derive(Debug)]
pub enum PreviewOutcome {
    /// It would be claimed and posted.
    WouldPost,
    /// It would be blocked.
    Blocked(BlockReason),
    /// The ledger has it, or something with its number or reference.
    AlreadyThere {
        /// The documents.
        uids: Vec<LedgerUid>,
    },
    /// It would wait: the database is on another server than it was, or the company file is or
    /// would be under an alarm.
    Withheld {
        /// What a run would stop for.
        cause: StopCause,
        /// What is the matter.
        words: String,
    },
    /// The ledger did not answer.
    Unavailable {
        /// What a run would stop for.
        cause: StopCause,
        /// What went wrong.
        words: String,
    },
}

impl Engine {
    /// What a run would do with each due invoice, `limit` of them at most.
    ///
    /// Takes no lock, claims nothing, writes nothing, and only reads in the ledger.
    pub async fn preview(
        &self,
        company_file: Option<&CompanyFile>,
        limit: Option<u64>,
    ) -> Result<Vec<Preview>, EngineError> {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let moved = self.elsewhere().await?;
        let mut previews = Vec::new();
        for file in self.ports.store.files_with_work().await? {
            if company_file.is_some_and(|only| file.company_file != *only) {
                continue;
            }
            let obstacle = match &moved {
                Some(words) => Some(Obstacle::Withheld(StopCause::OtherServer, words.clone())),
                None => self.obstacle(&file).await?,
            };
            self.preview_file(&file, obstacle.as_ref(), limit, &mut previews).await?;
        }
        Ok(previews)
    }

    /// What keeps a run from claiming anything in the file; `None` if nothing does.
    async fn obstacle(&self, file: &FileWork) -> Result<Option<Obstacle>, EngineError> {
        let name = &file.company_file;
        if let Some(alarm) = &file.alarm {
            let words = quiet_words(name, alarm);
            let quiet = Obstacle::Withheld(StopCause::Alarm, words);
            return Ok(Some(quiet).filter(|_| !alarm.quiet_over));
        }
        let found = match self.look_around(name).await {
            Ok(found) => found,
            Err(EngineError::Ledger(error)) => {
                return Ok(Some(Obstacle::Unavailable(stop_cause(&error), error.to_string())));
            }
            Err(error) => return Err(error),
        };
        let seen: Vec<String> =
            found.iter().map(|(dossier, finding)| sight(dossier, finding)).collect();
        let words = sign_words(name, &seen);
        Ok((!seen.is_empty()).then_some(Obstacle::Found(found, words)))
    }

    /// What the ledger has of the oldest invoices that were never claimed.
    async fn look_around(&self, file: &CompanyFile) -> Result<Vec<Looked>, EngineError> {
        let (mut found, mut after, mut looked_at) = (Vec::new(), None, 0);
        loop {
            let candidates = self.oldest(file, after).await?;
            let Some(last) = candidates.last() else { return Ok(found) };
            after = Some(id_of(last));
            for candidate in candidates {
                if looked_at >= LOOKED_AT {
                    return Ok(found);
                }
                let Candidate::Readable(stored) = candidate else { continue };
                if let Some(looked) = self.look_at(&stored).await? {
                    looked_at += 1;
                    found.extend(Some(looked).filter(|(_, finding)| *finding != Finding::Nothing));
                }
            }
        }
    }

    async fn preview_file(
        &self,
        file: &FileWork,
        obstacle: Option<&Obstacle>,
        limit: usize,
        previews: &mut Vec<Preview>,
    ) -> Result<(), EngineError> {
        let mut after = None;
        loop {
            let page = Page {
                company_file: file.company_file.clone(),
                after,
                wanted: Wanted::ReadyOrBlocked,
                limit: self.policy.page,
            };
            let candidates = self.ports.store.page(page).await?;
            if candidates.is_empty() {
                return Ok(());
            }
            for candidate in candidates {
                if previews.len() >= limit {
                    return Ok(());
                }
                let preview = match obstacle {
                    Some(obstacle) => obstacle.preview(&candidate),
                    None => self.preview_one(file, candidate).await?,
                };
                after = Some(preview.invoice);
                previews.push(preview);
            }
        }
    }

    async fn preview_one(
        &self,
        file: &FileWork,
        candidate: Candidate,
    ) -> Result<Preview, EngineError> {
        let stored = match candidate {
            Candidate::Readable(stored) => *stored,
            Candidate::Unreadable { id, reason, .. } => {
                let outcome = PreviewOutcome::Blocked(reason);
                return Ok(Preview { invoice: id, number: String::new(), outcome });
            }
        };
        let outcome = match self.ports.ledger.check(&stored.invoice).await {
            Err(PrepareError::Blocked(reason)) => PreviewOutcome::Blocked(reason),
            Err(PrepareError::Ledger(error)) => unavailable(&error),
            Ok(()) => self.preview_lookup(file, &stored).await?,
        };
        let number = stored.invoice.parts().number.to_string();
        Ok(Preview { invoice: stored.id, number, outcome })
    }

    async fn preview_lookup(
        &self,
        file: &FileWork,
        stored: &StoredInvoice,
    ) -> Result<PreviewOutcome, EngineError> {
        if !self.looks_up_first(file, stored) {
            return Ok(PreviewOutcome::WouldPost);
        }
        let Some(dossier) = self.ports.doubts.dossier(stored.id).await? else {
            return Ok(PreviewOutcome::WouldPost);
        };
        match self.inquire(&dossier).await {
            Ok(finding) => Ok(already_there(finding).unwrap_or(PreviewOutcome::WouldPost)),
            Err(EngineError::Ledger(error)) => Ok(unavailable(&error)),
            Err(error) => Err(error),
        }
    }
}

/// What keeps a run from claiming anything in a company file.
enum Obstacle {
    Withheld(StopCause, String),
    /// These would be moved, and the others would wait.
    Found(Vec<Looked>, String),
    Unavailable(StopCause, String),
}

impl Obstacle {
    fn preview(&self, candidate: &Candidate) -> Preview {
        let invoice = id_of(candidate);
        let number = match candidate {
            Candidate::Readable(stored) => stored.invoice.parts().number.to_string(),
            Candidate::Unreadable { .. } => String::new(),
        };
        let withheld =
            |cause, words: &String| PreviewOutcome::Withheld { cause, words: words.clone() };
        let outcome = match self {
            Self::Withheld(cause, words) => withheld(*cause, words),
            Self::Unavailable(cause, words) => {
                PreviewOutcome::Unavailable { cause: *cause, words: words.clone() }
            }
            Self::Found(found, words) => found
                .iter()
                .find(|(dossier, _)| dossier.stored.id == invoice)
                .and_then(|(_, finding)| already_there(finding.clone()))
                .unwrap_or_else(|| withheld(StopCause::Alarm, words)),
        };
        Preview { invoice, number, outcome }
    }
}

/// What becomes of an invoice of which this was found; `None` if nothing was.
fn already_there(finding: Finding) -> Option<PreviewOutcome> {
    match finding {
        Finding::Nothing => None,
        Finding::Ours { uid, .. } => Some(PreviewOutcome::AlreadyThere { uids: vec![uid] }),
        Finding::Unexplained { uids, .. } => Some(PreviewOutcome::AlreadyThere { uids }),
    }
}

fn unavailable(error: &LedgerError) -> PreviewOutcome {
    PreviewOutcome::Unavailable { cause: stop_cause(error), words: error.to_string() }
}
