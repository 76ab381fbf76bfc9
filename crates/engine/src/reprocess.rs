//! Reprocess: a person wants rejected invoices to be sent again.

use futures::stream::{FuturesUnordered, StreamExt as _};
use postonce_domain::{Guard, InvoiceId, InvoiceState, Move, NoteKind, RunResult, StateName};
use postonce_ports::clock::Stop;
use postonce_ports::doubt::Dossier;
use postonce_ports::error::StoreError;
use postonce_ports::lock::Holder;
use postonce_ports::store::{Candidate, Change, FileWork, Note, StoredInvoice};

use crate::reconcile::file_of;
use crate::room::{Place, Room};
use crate::run::{FileRun, Run, Work};
use crate::send::moved;
use crate::{Engine, EngineError, Seen, SyncRequest};

/// What became of the wish to reprocess.
#[derive(Debug)]
pub struct Reprocessed {
    /// The invoices that cannot be reprocessed.
    pub refused: Vec<(InvoiceId, ReprocessRefusal)>,
    /// The run over the others; `None` if there are none.
    pub run: Option<RunResult<Holder>>,
}

/// Why an invoice cannot be reprocessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReprocessRefusal {
    /// There is none.
    #[error("there is no such invoice")]
    NotFound,
    /// It has moved on since it was seen.
    #[error("it has moved on: it is {0} now")]
    Stale(StateName),
    /// Its row cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A person holds it.
    #[error("it is held; take the hold off first")]
    Held,
    /// It may be in the ledger already.
    #[error("it is in doubt: {evidence}")]
    InDoubt {
        /// What is known so far, and what comes next.
        evidence: String,
    },
    /// It is in another state.
    #[error("it is {0}; only rejected invoices are reprocessed")]
    NotRejected(StateName),
}

impl Engine {
    /// Sends rejected invoices again: one run over `invoices`, under the run lock.
    pub async fn reprocess(
        &self,
        invoices: &[impl Into<Seen> + Copy + Sync],
        reason: &str,
        request: &SyncRequest,
        stop: &dyn Stop,
    ) -> Result<Reprocessed, EngineError> {
        let refused = self.refusals(invoices).await?;
        let seen = invoices.iter().map(|seen| (*seen).into());
        let is_wanted = |seen: &Seen| refused.iter().all(|(refused, _)| *refused != seen.invoice);
        let wanted: Vec<Seen> = seen.filter(is_wanted).collect();
        if wanted.is_empty() {
            return Ok(Reprocessed { refused, run: None });
        }
        let work = Work::Rejected { invoices: &wanted, reason };
        let run = Some(self.run(request, stop, work).await?);
        Ok(Reprocessed { refused, run })
    }

    /// Those of `invoices` that cannot be reprocessed as they are now.
    pub async fn refusals(
        &self,
        invoices: &[impl Into<Seen> + Copy + Sync],
    ) -> Result<Vec<(InvoiceId, ReprocessRefusal)>, EngineError> {
        let mut refused = Vec::new();
        for seen in invoices {
            let seen: Seen = (*seen).into();
            let dossier = match self.ports.doubts.dossier(seen.invoice).await {
                Err(error @ StoreError::Corrupt { .. }) => {
                    let why = ReprocessRefusal::Unreadable(error.to_string());
                    refused.push((seen.invoice, why));
                    continue;
                }
                dossier => dossier?,
            };
            let may = dossier
                .as_ref()
                .map_or(Err(ReprocessRefusal::NotFound), |dossier| may_reprocess(dossier, seen));
            refused.extend(may.err().map(|refusal| (seen.invoice, refusal)));
        }
        Ok(refused)
    }

    /// The company files of these invoices, by alias.
    pub(crate) async fn files_of(&self, invoices: &[Seen]) -> Result<Vec<FileWork>, EngineError> {
        let mut wanted = std::collections::BTreeSet::new();
        for seen in invoices {
            if let Some(dossier) = self.ports.doubts.dossier(seen.invoice).await? {
                wanted.insert(file_of(&dossier).clone());
            }
        }
        let known = self.ports.store.files_with_work().await?;
        let of = |name: &_| known.iter().find(|file| file.company_file == *name).cloned();
        // What is on record of each is read when the run opens it.
        let fresh =
            |company_file| FileWork { company_file, cut_over_through: None, alarm: None, due: 0 };
        Ok(wanted.into_iter().map(|name| of(&name).unwrap_or_else(|| fresh(name))).collect())
    }
}

fn may_reprocess(dossier: &Dossier, seen: Seen) -> Result<(), ReprocessRefusal> {
    let life = &dossier.stored.life;
    if seen.is_stale(life) {
        return Err(ReprocessRefusal::Stale(life.state.name()));
    }
    match &life.state {
        InvoiceState::Rejected { .. } if life.held => Err(ReprocessRefusal::Held),
        InvoiceState::Rejected { .. } => Ok(()),
        InvoiceState::InDoubt { claim, absent_confirmed_at } => {
            let past = dossier.claims.iter().find(|past| past.id == *claim);
            let evidence = match (absent_confirmed_at, past) {
                (Some(at), _) => {
                    format!("confirmed absent at {at}; resolve it as absent, posted or forgotten")
                }
                (None, Some(past)) => format!(
                    "claimed at {}, quiet until {}, {} inquiries found nothing; the next one is due at {}",
                    past.claimed_at, past.quiet_until, past.inquiries, past.next_check
                ),
                (None, None) => "nothing is known of its claim".to_owned(),
            };
            Err(ReprocessRefusal::InDoubt { evidence })
        }
        state @ (InvoiceState::Draft
        | InvoiceState::Ready
        | InvoiceState::Blocked { .. }
        | InvoiceState::Claimed { .. }
        | InvoiceState::Posted { .. }
        | InvoiceState::NeedsHuman { .. }
        | InvoiceState::Forgotten) => Err(ReprocessRefusal::NotRejected(state.name())),
    }
}

impl Run<'_> {
    /// Moves each invoice back to ready and sends it.
    pub(crate) async fn resend(&self, files: &[FileRun], invoices: &[Seen], reason: &str) {
        let room = Room::new(self.engine.policy.concurrency.get());
        let mut in_flight = FuturesUnordered::new();
        for seen in invoices {
            let place = room.place(&mut in_flight).await;
            in_flight.push(self.resend_one(files, *seen, reason, place));
        }
        while in_flight.next().await.is_some() {}
    }

    async fn resend_one(&self, files: &[FileRun], seen: Seen, reason: &str, place: Place<'_>) {
        let invoice = seen.invoice;
        let dossier = match self.engine.ports.doubts.dossier(invoice).await {
            Ok(Some(dossier)) => dossier,
            Ok(None) => return,
            Err(StoreError::Corrupt { .. }) => return self.bug(invoice),
            Err(error) => return self.halt(&error),
        };
        let Some(file) = files.iter().find(|file| file.work.company_file == *file_of(&dossier))
        else {
            return;
        };
        // Another run had it between the first look and the lock.
        if seen.is_stale(&dossier.stored.life) {
            return;
        }
        if !self.may_claim(&file.work.company_file) {
            return;
        }
        match self.reopen(&dossier, reason).await {
            Ok(Some(stored)) => self.one(file, Candidate::Readable(Box::new(stored)), place).await,
            Ok(None) => {}
            Err(error) => self.report(&file.work.company_file, invoice, error),
        }
    }

    /// `rejected → ready`, on what is stored now: of two who reprocess at once, one does.
    async fn reopen(
        &self,
        dossier: &Dossier,
        reason: &str,
    ) -> Result<Option<StoredInvoice>, EngineError> {
        let text =
            if reason.is_empty() { "reprocess".to_owned() } else { format!("reprocess: {reason}") };
        let actor = self.request.origin.actor.clone();
        let change = Change {
            invoice: dossier.stored.id,
            guard: Guard::Version(dossier.stored.life.version),
            wanted: Move::Reprocess,
            note: Note { kind: NoteKind::Person, claim: None, actor, text },
        };
        let applied = self.engine.ports.store.apply(change).await?;
        Ok(moved(applied).map(|life| StoredInvoice { life, ..dossier.stored.clone() }))
    }
}
