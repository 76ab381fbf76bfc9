//! Claims in doubt: what is known of them, and what inquiries have shown.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::{
    ClaimId, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, NoteKind, OutcomeName,
    Owner, Version,
};

use crate::error::StoreError;
use crate::store::{Note, POSTONCE, StoredInvoice};

/// An invoice in doubt, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubtful {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: InvoiceNumber,
    /// Its company file.
    pub company_file: CompanyFile,
    /// The claim in doubt.
    pub claim: ClaimId,
    /// When the claim was made.
    pub since: Timestamp,
    /// Before then, finding nothing proves nothing.
    pub quiet_until: Timestamp,
    /// Inquiries so far.
    pub inquiries: u32,
    /// When it was proven absent, if it was.
    pub absent_confirmed_at: Option<Timestamp>,
    /// When it is looked up next.
    pub next_check: Timestamp,
}

/// One claim of an invoice, as inquiry needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastClaim {
    /// The claim.
    pub id: ClaimId,
    /// The number that was sent.
    pub number: InvoiceNumber,
    /// The reference that was sent.
    pub reference: ExternalId,
    /// How it ended, as far as is known.
    pub outcome: Option<OutcomeName>,
    /// When it was made.
    pub claimed_at: Timestamp,
    /// Until when its request may still take effect.
    pub quiet_until: Timestamp,
    /// Whether that time has come, by the store's clock.
    pub quiet_over: bool,
    /// Inquiries that found nothing, so far.
    pub inquiries: u32,
    /// When it is looked up next, while it is in doubt.
    pub next_check: Timestamp,
}

/// All that the database knows of an invoice that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// The invoice.
    pub stored: StoredInvoice,
    /// Its claims, oldest first.
    pub claims: Vec<PastClaim>,
    /// Documents that a person has ruled out, each once, in the order of their texts.
    pub ignored: Vec<LedgerUid>,
    /// When this was read, by the store's clock.
    pub read_at: Timestamp,
}

/// A document that is certainly in the ledger, to try a search on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its id there.
    pub uid: LedgerUid,
    /// Its number.
    pub number: InvoiceNumber,
    /// Its reference.
    pub reference: ExternalId,
}

/// A complete inquiry that found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The claim that was looked for.
    pub claim: ClaimId,
    /// The invoice's version before the search.
    pub version: Version,
    /// [`Dossier::read_at`] of before the search.
    pub begun: Timestamp,
    /// Whether a probe was found just before, by number and by reference.
    pub probed: bool,
    /// How far apart two misses must be to prove something.
    pub recheck: Duration,
    /// How long from now until the next check.
    pub next_check: Duration,
}

impl Miss {
    /// Its line in the trail. One text for every store.
    pub fn note(&self) -> Note {
        let proof = if self.probed {
            "a document that was posted later was found"
        } else {
            "nothing shows yet that a search would find it"
        };
        Note {
            kind: NoteKind::Inquiry,
            claim: Some(self.claim),
            actor: POSTONCE.to_owned(),
            text: format!("MYOB inquiry: not found by number or reference; {proof}"),
        }
    }
}

/// What the misses so far prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing: the quiet period is not over, or there was no probe.
    Unproven,
    /// A first miss counts; another is needed.
    Once {
        /// Not before then.
        again_at: Timestamp,
    },
    /// The document is not there.
    Proven {
        /// Since when that is known.
        at: Timestamp,
    },
}

/// Claims in doubt. All times are the store's own clock.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DoubtStore: Send + Sync {
    /// Every invoice in doubt, by id.
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError>;

    /// The invoices in doubt of a company file whose next check is due, by id. The first check is
    /// due when the quiet period is over.
    async fn due(&self, company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError>;

    /// All that is known of an invoice; `None` if there is no such invoice.
    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError>;

    /// Whose these claims and documents of a company file are. Unknown ones are left out.
    async fn owners(
        &self,
        company_file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError>;

    /// A document of the file that was posted by a claim made after `claim`, the newest one that
    /// its invoice is still posted by; `None` if there is none yet, or no such claim.
    async fn probe(
        &self,
        company_file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<Option<Probe>, StoreError>;

    /// Counts an inquiry that found nothing, writes [`Miss::note`], both or neither, and says what
    /// that proves.
    ///
    /// Only misses with a probe that began after the quiet period count; two of them, the second
    /// begun at least `recheck` after the first was over, prove absence. A move of the invoice
    /// starts the count anew, and a miss of an older version does not count. A claim that is
    /// unknown proves nothing and has no line. The next check is due after `next_check`, or as soon as a second
    /// miss would prove absence.
    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError>;
}
