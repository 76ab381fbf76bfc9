//! Rows of claims, as doubt needs them.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use jiff::Timestamp;
use postonce_domain::{
    ClaimId, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Misses, OutcomeName,
};
use postonce_ports::doubt::{Absence, Doubtful, Miss, PastClaim, Probe};
use postonce_ports::error::StoreError;

use crate::rows::{CLAIM, INVOICE, claim_id, corrupt, parsed};
use crate::schema::postonce_claim;
use crate::time::{later, timestamp};

/// A claim, but for what it sent.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = postonce_claim)]
pub struct ClaimRow {
    pub seq: i64,
    pub id: String,
    pub invoice_id: i64,
    pub company_file: String,
    pub number: String,
    pub reference: String,
    pub claimed_at: i64,
    pub quiet_until: i64,
    pub outcome: Option<String>,
    pub ledger_uid: Option<String>,
    pub inquiries: i64,
    pub next_check: i64,
    pub first_miss_at: Option<i64>,
    pub absent_at: Option<i64>,
}

impl ClaimRow {
    fn id(&self) -> Result<ClaimId, StoreError> {
        claim_id(CLAIM, &self.id, &self.id)
    }

    fn number(&self) -> Result<InvoiceNumber, StoreError> {
        parsed(CLAIM, &self.id, InvoiceNumber::parse(&self.number))
    }

    fn reference(&self) -> Result<ExternalId, StoreError> {
        parsed(CLAIM, &self.id, ExternalId::parse(&self.reference))
    }

    fn inquiries(&self) -> u32 {
        u32::try_from(self.inquiries).unwrap_or(u32::MAX)
    }

    fn time(&self, at: i64) -> Result<Timestamp, StoreError> {
        timestamp(CLAIM, &self.id, at)
    }

    fn misses(&self) -> Result<Misses, StoreError> {
        Ok(Misses {
            first: self.first_miss_at.map(|at| self.time(at)).transpose()?,
            proven: self.absent_at.map(|at| self.time(at)).transpose()?,
        })
    }

    /// As a dossier shows it, read at `now`.
    pub fn past(&self, now: i64) -> Result<PastClaim, StoreError> {
        let outcome = |name: &String| {
            OutcomeName::from_name(name).ok_or_else(|| corrupt(CLAIM, &self.id, "unknown outcome"))
        };
        Ok(PastClaim {
            id: self.id()?,
            number: self.number()?,
            reference: self.reference()?,
            outcome: self.outcome.as_ref().map(outcome).transpose()?,
            claimed_at: self.time(self.claimed_at)?,
            quiet_until: self.time(self.quiet_until)?,
            quiet_over: self.quiet_until <= now,
            inquiries: self.inquiries(),
            next_check: self.time(self.next_check)?,
        })
    }

    /// As the list of invoices in doubt shows it.
    pub fn doubtful(&self, absent_confirmed_at: Option<i64>) -> Result<Doubtful, StoreError> {
        let absent = absent_confirmed_at.map(|at| timestamp(INVOICE, self.invoice_id, at));
        Ok(Doubtful {
            invoice: InvoiceId(self.invoice_id),
            number: self.number()?,
            company_file: parsed(CLAIM, &self.id, CompanyFile::parse(&self.company_file))?,
            claim: self.id()?,
            since: self.time(self.claimed_at)?,
            quiet_until: self.time(self.quiet_until)?,
            inquiries: self.inquiries(),
            absent_confirmed_at: absent.transpose()?,
            next_check: self.time(self.next_check)?,
        })
    }

    /// The document that it posted, if it did.
    pub fn probe(&self) -> Result<Option<Probe>, StoreError> {
        let Some(uid) = &self.ledger_uid else { return Ok(None) };
        let uid = parsed(CLAIM, &self.id, LedgerUid::parse(uid))?;
        Ok(Some(Probe { uid, number: self.number()?, reference: self.reference()? }))
    }

    /// What the claim is after a miss at `now`, while its invoice has `version`.
    pub fn missed(&self, miss: &Miss, version: i64, now: i64) -> Result<Missed, StoreError> {
        let mut misses = self.misses()?;
        if miss.probed && version == miss.version.0 {
            let quiet_until = self.time(self.quiet_until)?;
            misses = misses.and(miss.begun, self.time(now)?, quiet_until, miss.recheck);
        }
        let again_at = misses.again_at(miss.recheck);
        let next_check = later(now, miss.next_check);
        let again = again_at.map_or(next_check, |at| at.as_microsecond().min(next_check));
        Ok(Missed {
            change: MissRow {
                inquiries: i64::from(self.inquiries().saturating_add(1)),
                next_check: again,
                first_miss_at: misses.first.map(Timestamp::as_microsecond),
                absent_at: misses.proven.map(Timestamp::as_microsecond),
            },
            proves: match (misses.proven, again_at) {
                (Some(at), _) => Absence::Proven { at },
                (None, Some(again_at)) => Absence::Once { again_at },
                (None, None) => Absence::Unproven,
            },
        })
    }
}

/// What a miss changes, and what it proves.
#[derive(Debug)]
pub struct Missed {
    /// The columns to write.
    pub change: MissRow,
    /// What the misses prove.
    pub proves: Absence,
}

/// The columns that count misses.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = postonce_claim, treat_none_as_null = true)]
pub struct MissRow {
    pub inquiries: i64,
    pub next_check: i64,
    pub first_miss_at: Option<i64>,
    pub absent_at: Option<i64>,
}
