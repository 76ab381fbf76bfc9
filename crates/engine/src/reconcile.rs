//! Out of doubt: asking the ledger about invoices that nobody knows the outcome of.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use jiff::Timestamp;
use postonce_domain::{
    ClaimId, CompanyFile, Finding, Guard, InvoiceId, InvoiceState, LedgerUid, Move, StateName,
};
use postonce_ports::doubt::{Absence, Dossier, Miss};

use crate::inquiry::join;
use crate::run::Run;
use crate::send::moved;
use crate::{Engine, EngineError};

/// What an inquiry led to.
#[derive(Debug)]
pub struct Checked {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What became of it.
    pub outcome: CheckedOutcome,
}

/// See [`Checked`].
#[derive(Debug)]
pub enum CheckedOutcome {
    /// It was found, and is posted.
    Adopted {
        /// The document.
        uid: LedgerUid,
        /// Its total in words, where that is not the invoice's.
        differing_total: Option<String>,
    },
    /// Something was found that we cannot explain.
    NeedsHuman {
        /// The documents.
        uids: Vec<LedgerUid>,
        /// What is wrong with them.
        reason: String,
    },
    /// Nothing was found.
    StillInDoubt {
        /// What that proves.
        absence: Absence,
    },
    /// It is proven absent, and by policy will be sent again.
    Reposted,
    /// It is not in doubt.
    NotInDoubt(StateName),
    /// There is no such invoice.
    NotFound,
    /// The ledger or the database did not answer.
    Failed(EngineError),
}

impl Engine {
    /// Inquires now about `invoices`, or about all that are in doubt if none is given.
    ///
    /// Needs no run lock: every move is guarded by the claim in doubt. An error means that it did
    /// not begin; trouble with one invoice is in its [`Checked`].
    pub async fn check(&self, invoices: &[InvoiceId]) -> Result<Vec<Checked>, EngineError> {
        let invoices = if invoices.is_empty() {
            self.ports.doubts.doubtful().await?.iter().map(|doubtful| doubtful.invoice).collect()
        } else {
            invoices.to_vec()
        };
        let mut checked = Vec::new();
        for invoice in invoices {
            let outcome = self.check_one(invoice).await.unwrap_or_else(CheckedOutcome::Failed);
            checked.push(Checked { invoice, outcome });
        }
        Ok(checked)
    }

    pub(crate) async fn check_one(
        &self,
        invoice: InvoiceId,
    ) -> Result<CheckedOutcome, EngineError> {
        let Some(dossier) = self.ports.doubts.dossier(invoice).await? else {
            return Ok(CheckedOutcome::NotFound);
        };
        let InvoiceState::InDoubt { claim, absent_confirmed_at } = dossier.stored.life.state else {
            return Ok(CheckedOutcome::NotInDoubt(dossier.stored.life.state.name()));
        };
        let probed = self.probe(file_of(&dossier), claim).await?;
        let finding = self.inquire(&dossier).await?;
        if let Finding::Nothing = finding {
            return self.missed(&dossier, claim, probed, absent_confirmed_at).await;
        }
        self.found(&dossier, claim, finding).await
    }

    async fn found(
        &self,
        dossier: &Dossier,
        claim: ClaimId,
        finding: Finding,
    ) -> Result<CheckedOutcome, EngineError> {
        let differing_total = match &finding {
            Finding::Ours { differing_total, .. } => differing_total.clone(),
            Finding::Unexplained { .. } | Finding::Nothing => None,
        };
        let applied = self.conclude(dossier, Guard::Claim(claim), finding).await?;
        // Nothing moved: the true sender's answer came in meanwhile.
        let Some(life) = applied.and_then(moved) else {
            return self.state_now(dossier.stored.id).await;
        };
        Ok(match life.state {
            InvoiceState::Posted { uid } => CheckedOutcome::Adopted { uid, differing_total },
            InvoiceState::NeedsHuman { uids, reason } => {
                CheckedOutcome::NeedsHuman { uids, reason }
            }
            state @ (InvoiceState::Draft
            | InvoiceState::Ready
            | InvoiceState::Blocked { .. }
            | InvoiceState::Claimed { .. }
            | InvoiceState::InDoubt { .. }
            | InvoiceState::Rejected { .. }
            | InvoiceState::Forgotten) => CheckedOutcome::NotInDoubt(state.name()),
        })
    }

    async fn missed(
        &self,
        dossier: &Dossier,
        claim: ClaimId,
        probed: bool,
        known_absent: Option<Timestamp>,
    ) -> Result<CheckedOutcome, EngineError> {
        let counted = self.count_miss(dossier, claim, probed).await?;
        let absence = known_absent.map_or(counted, |at| Absence::Proven { at });
        let Absence::Proven { at } = absence else {
            return Ok(CheckedOutcome::StillInDoubt { absence });
        };
        if known_absent.is_none() {
            let text = "MYOB inquiry: not in the ledger, by two complete searches".to_owned();
            let wanted = Move::ConfirmAbsent(at);
            let applied = self.note_move(dossier, Guard::Claim(claim), wanted, text).await?;
            if moved(applied).is_none() {
                return self.state_now(dossier.stored.id).await;
            }
        }
        if !self.policy.doubt.repost_absent {
            return Ok(CheckedOutcome::StillInDoubt { absence });
        }
        let text = "it is not in the ledger, and is to be sent again by policy".to_owned();
        let applied = self.note_move(dossier, Guard::Claim(claim), Move::Repost, text).await?;
        match moved(applied) {
            Some(_) => Ok(CheckedOutcome::Reposted),
            None => self.state_now(dossier.stored.id).await,
        }
    }

    /// Counts a search that found nothing, and sets the time of the next.
    pub(crate) async fn count_miss(
        &self,
        dossier: &Dossier,
        claim: ClaimId,
        probed: bool,
    ) -> Result<Absence, EngineError> {
        let so_far =
            dossier.claims.iter().find(|past| past.id == claim).map_or(0, |past| past.inquiries);
        let doubt = &self.policy.doubt;
        let miss = Miss {
            claim,
            version: dossier.stored.life.version,
            begun: dossier.read_at,
            probed,
            recheck: doubt.recheck,
            next_check: doubt.next_check(so_far.saturating_add(1)),
        };
        Ok(self.ports.doubts.record_miss(miss).await?)
    }

    async fn state_now(&self, invoice: InvoiceId) -> Result<CheckedOutcome, EngineError> {
        let dossier = self.ports.doubts.dossier(invoice).await?;
        Ok(dossier.map_or(CheckedOutcome::NotFound, |dossier| {
            CheckedOutcome::NotInDoubt(dossier.stored.life.state.name())
        }))
    }
}

impl Run<'_> {
    /// Inquires about the file's doubtful invoices whose next check is due.
    pub(crate) async fn check_due(&self, file: &CompanyFile) {
        let due = match self.engine.ports.doubts.due(file).await {
            Ok(due) => due,
            Err(error) => return self.halt(&error),
        };
        for invoice in due {
            if !self.may_claim(file) {
                return;
            }
            let check = AssertUnwindSafe(self.engine.check_one(invoice)).catch_unwind();
            let Ok(checked) = check.await else {
                self.bug(invoice);
                continue;
            };
            match checked {
                Ok(CheckedOutcome::Adopted { .. }) => {
                    self.tally.count(|counts| counts.adopted += 1);
                }
                Ok(CheckedOutcome::NeedsHuman { .. }) => {
                    self.tally.count(|counts| counts.needs_human += 1);
                }
                Ok(
                    CheckedOutcome::StillInDoubt { .. }
                    | CheckedOutcome::Reposted
                    | CheckedOutcome::NotInDoubt(_)
                    | CheckedOutcome::NotFound,
                ) => {}
                Ok(CheckedOutcome::Failed(error)) | Err(error) => self.report(file, invoice, error),
            }
        }
    }
}

pub(crate) fn file_of(dossier: &Dossier) -> &CompanyFile {
    &dossier.stored.invoice.parts().company_file
}

impl std::fmt::Display for CheckedOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Adopted { uid, differing_total: None } => write!(f, "found, posted as {uid}"),
            Self::Adopted { uid, differing_total: Some(total) } => {
                write!(f, "found, posted as {uid}; its total there is {total}")
            }
            Self::NeedsHuman { uids, reason } => {
                write!(f, "needs a person: {reason}: {}", join(uids))
            }
            Self::StillInDoubt { absence: Absence::Unproven } => {
                f.write_str("not found; that proves nothing yet")
            }
            Self::StillInDoubt { absence: Absence::Once { again_at } } => {
                write!(f, "not found; a second search after {again_at} would prove it absent")
            }
            Self::StillInDoubt { absence: Absence::Proven { at } } => {
                write!(f, "confirmed absent at {at}; kept for a person to decide")
            }
            Self::Reposted => f.write_str("confirmed absent; will be sent again by policy"),
            Self::NotInDoubt(state) => write!(f, "is not in doubt: it is {state}"),
            Self::NotFound => f.write_str("there is no such invoice"),
            Self::Failed(error) => write!(f, "could not be checked: {error}"),
        }
    }
}
