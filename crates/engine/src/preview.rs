//! What a run would do now, without doing it.

use postonce_domain::{BlockReason, CompanyFile, Finding, InvoiceId, LedgerUid, StopCause};
use postonce_ports::doubt::Dossier;
use postonce_ports::ledger::{LedgerError, PrepareError};
use postonce_ports::store::{Candidate, FileWork, Page, StoredInvoice, Wanted};

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
        let mut previews = Vec::new();
        for file in self.ports.store.files_with_work().await? {
            if company_file.is_some_and(|only| file.company_file != *only) {
                continue;
            }
            self.preview_file(&file, limit, &mut previews).await?;
        }
        Ok(previews)
    }

    async fn preview_file(
        &self,
        file: &FileWork,
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
                let preview = self.preview_one(file, candidate).await?;
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
        let dossier = Dossier { stored: stored.clone(), ..dossier };
        match self.inquire(&dossier).await {
            Ok(Finding::Nothing) => Ok(PreviewOutcome::WouldPost),
            Ok(Finding::Ours { uid, .. }) => Ok(PreviewOutcome::AlreadyThere { uids: vec![uid] }),
            Ok(Finding::Unexplained { uids, .. }) => Ok(PreviewOutcome::AlreadyThere { uids }),
            Err(EngineError::Ledger(error)) => Ok(unavailable(&error)),
            Err(error) => Err(error),
        }
    }
}

fn unavailable(error: &LedgerError) -> PreviewOutcome {
    PreviewOutcome::Unavailable { cause: stop_cause(error), words: error.to_string() }
}
