//! Claims in doubt: what is known of them, and what inquiries have shown.

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Owner,
};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, PastClaim, Probe};
use postonce_ports::error::StoreError;

use crate::JournalStore;
use crate::invoice::{InvoiceRow, StateRow};
use crate::rows::{ClaimRow, corrupt};
use crate::step::{Step, later};
use crate::store::company_file;

#[async_trait]
impl DoubtStore for JournalStore {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        self.read(doubtful)
    }

    async fn due(&self, company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        self.read(|step| {
            let mut due = Vec::new();
            for row in step.state.invoices.values() {
                if row.company_file == company_file.as_str()
                    && let StateRow::InDoubt { claim, .. } = row.state
                    && step.claim_row(ClaimId(claim))?.next_check <= step.now
                {
                    due.push(row.invoice_id());
                }
            }
            Ok(due)
        })
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        self.read(|step| {
            let row = step.state.invoices.get(&invoice.0);
            row.map(|row| step.dossier(row)).transpose()
        })
    }

    async fn owners(
        &self,
        company_file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        self.read(|step| {
            let mut owner = Owner::default();
            for id in claims {
                let known = step.state.claim(id.0);
                if let Some(claim) = known.filter(|it| it.company_file == company_file.as_str()) {
                    owner.claims.insert(*id, InvoiceId(claim.invoice));
                }
            }
            for row in step.state.invoices.values() {
                if row.company_file == company_file.as_str()
                    && let StateRow::Posted { uid } = &row.state
                    && let Some(uid) = uids.iter().find(|it| it.as_str() == uid)
                {
                    owner.uids.insert(uid.clone(), row.invoice_id());
                }
            }
            Ok(owner)
        })
    }

    async fn probe(
        &self,
        company_file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<Option<Probe>, StoreError> {
        self.read(|step| {
            let Some(given) = step.state.claim(claim.0) else { return Ok(None) };
            let mut newest_first = step.state.claims.range(given.place + 1..).rev();
            let probe = newest_first.find_map(|(_, later)| step.probe(later, company_file));
            probe.transpose()
        })
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        Ok(self.commit(|step| Ok(step.record_miss(miss)))?)
    }
}

fn doubtful(step: &Step<'_>) -> Result<Vec<Doubtful>, StoreError> {
    let mut all = Vec::new();
    for row in step.state.invoices.values() {
        let StateRow::InDoubt { claim, absent_confirmed_at } = row.state else { continue };
        let claim = step.claim_row(ClaimId(claim))?;
        let number = InvoiceNumber::parse(&row.number);
        all.push(Doubtful {
            invoice: row.invoice_id(),
            number: number.map_err(|why| corrupt("invoices", row.id, why))?,
            company_file: company_file(&row.company_file)?,
            claim: ClaimId(claim.id),
            since: claim.claimed_at,
            quiet_until: claim.quiet_until,
            inquiries: claim.inquiries,
            absent_confirmed_at,
            next_check: claim.next_check,
        });
    }
    Ok(all)
}

impl Step<'_> {
    fn dossier(&self, row: &InvoiceRow) -> Result<Dossier, StoreError> {
        let wrong = |why| corrupt("invoices", row.id, why);
        let ignored = row.ignored.iter().map(|raw| LedgerUid::parse(raw).map_err(wrong));
        let claims = self.state.claims_of(row.id).map(|claim| self.past(claim));
        Ok(Dossier {
            stored: self.stored(row)?,
            claims: claims.collect::<Result<_, _>>()?,
            ignored: ignored.collect::<Result<_, _>>()?,
            read_at: self.now,
        })
    }

    fn past(&self, claim: &ClaimRow) -> Result<PastClaim, StoreError> {
        let (number, reference) = claim.sent()?;
        Ok(PastClaim {
            id: ClaimId(claim.id),
            number,
            reference,
            outcome: claim.known()?,
            claimed_at: claim.claimed_at,
            quiet_until: claim.quiet_until,
            quiet_over: self.now >= claim.quiet_until,
            inquiries: claim.inquiries,
            next_check: claim.next_check,
        })
    }

    /// The document of a claim, if it was posted and its invoice is still posted by that.
    fn probe(&self, claim: &ClaimRow, file: &CompanyFile) -> Option<Result<Probe, StoreError>> {
        let row = self.state.invoices.get(&claim.invoice)?;
        let StateRow::Posted { uid } = &row.state else { return None };
        if claim.company_file != file.as_str() || claim.posted_uid.as_ref() != Some(uid) {
            return None;
        }
        let uid = LedgerUid::parse(uid).map_err(|why| corrupt("invoices", row.id, why));
        let sent = claim.sent();
        Some(uid.and_then(|uid| sent.map(|(number, reference)| Probe { uid, number, reference })))
    }

    pub(crate) fn record_miss(&mut self, miss: Miss) -> Absence {
        let Some(claim) = self.state.claim(miss.claim.0) else { return Absence::Unproven };
        let mut claim = claim.clone();
        claim.inquiries += 1;
        let version = self.state.invoices.get(&claim.invoice).map(|row| row.version);
        if miss.probed && version == Some(miss.version.0) {
            let (begun, quiet_until) = (miss.begun, claim.quiet_until);
            claim.set_misses(claim.misses().and(begun, self.now, quiet_until, miss.recheck));
        }
        let misses = claim.misses();
        let again_at = misses.again_at(miss.recheck);
        let usual = later(self.now, miss.next_check);
        claim.next_check = again_at.map_or(usual, |again_at| again_at.min(usual));
        let invoice = claim.invoice;
        self.put_claim(claim);
        self.note(invoice, miss.note(), None);
        match (misses.proven, again_at) {
            (Some(at), _) => Absence::Proven { at },
            (None, Some(again_at)) => Absence::Once { again_at },
            (None, None) => Absence::Unproven,
        }
    }
}

impl ClaimRow {
    /// Number and reference, as they were sent.
    fn sent(&self) -> Result<(InvoiceNumber, ExternalId), StoreError> {
        let number = InvoiceNumber::parse(&self.number);
        let reference = ExternalId::parse(&self.reference);
        Ok((
            number.map_err(|why| corrupt("claims", self.id, why))?,
            reference.map_err(|why| corrupt("claims", self.id, why))?,
        ))
    }
}
