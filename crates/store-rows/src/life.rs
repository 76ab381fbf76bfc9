//! Where an invoice stands, as its columns say it.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_domain::{
    Attempt, BlockCode, BlockReason, ClaimId, InvoiceState, LedgerUid, Life, StateName, Version,
};
use uuid::Uuid;

use crate::rows::{Unreadable, field, number};
use crate::schema::postonce_invoice;

/// Where an invoice stands.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable, AsChangeset)]
#[diesel(table_name = postonce_invoice, treat_none_as_null = true)]
pub struct LifeRow {
    pub state: String,
    pub version: i64,
    pub held: bool,
    pub attempt: i64,
    pub claim_id: Option<String>,
    pub ledger_uid: Option<String>,
    pub state_code: Option<String>,
    pub state_reason: Option<String>,
    pub state_uids: Option<String>,
    pub absent_confirmed_at: Option<i64>,
}

impl LifeRow {
    /// The row of a life.
    pub fn of(life: &Life) -> Self {
        let mut row = Self {
            state: life.state.name().as_str().to_owned(),
            version: life.version.0,
            held: life.held,
            attempt: i64::from(life.attempt.0),
            claim_id: life.state.claim().map(|claim| claim.to_string()),
            ledger_uid: None,
            state_code: None,
            state_reason: None,
            state_uids: None,
            absent_confirmed_at: None,
        };
        match &life.state {
            InvoiceState::Blocked { reason } => {
                row.state_code = Some(reason.code.as_str().to_owned());
                row.state_reason = Some(reason.text.clone());
            }
            InvoiceState::InDoubt { absent_confirmed_at, .. } => {
                row.absent_confirmed_at = absent_confirmed_at.map(jiff::Timestamp::as_microsecond);
            }
            InvoiceState::Posted { uid } => row.ledger_uid = Some(uid.to_string()),
            InvoiceState::Rejected { code, reason } => {
                row.state_code.clone_from(code);
                row.state_reason = Some(reason.clone());
            }
            InvoiceState::NeedsHuman { uids, reason } => {
                row.state_uids = Some(join(uids));
                row.state_reason = Some(reason.clone());
            }
            InvoiceState::Draft
            | InvoiceState::Ready
            | InvoiceState::Claimed { .. }
            | InvoiceState::Forgotten => {}
        }
        row
    }

    /// The life that the row tells of.
    pub fn parse(&self) -> Result<Life, Unreadable> {
        let attempt = number("attempt", u32::try_from(self.attempt).ok())?;
        Ok(Life {
            state: self.parse_state()?,
            version: Version(self.version),
            attempt: Attempt(attempt),
            held: self.held,
        })
    }

    /// The name of its state.
    pub fn parse_name(&self) -> Result<StateName, Unreadable> {
        StateName::from_name(&self.state).ok_or_else(|| format!("state {} is unknown", self.state))
    }

    fn parse_state(&self) -> Result<InvoiceState, Unreadable> {
        let reason = || self.state_reason.clone().unwrap_or_default();
        Ok(match self.parse_name()? {
            StateName::Draft => InvoiceState::Draft,
            StateName::Ready => InvoiceState::Ready,
            StateName::Blocked => {
                // A code that a newer program has written still has its words.
                let code = self.state_code.as_deref().and_then(BlockCode::from_name);
                let code = code.unwrap_or(BlockCode::Unreadable);
                InvoiceState::Blocked { reason: BlockReason::new(code, reason()) }
            }
            StateName::Claimed => InvoiceState::Claimed { claim: self.parse_claim()? },
            StateName::InDoubt => {
                let at = self.absent_confirmed_at.map(jiff::Timestamp::from_microsecond);
                let absent_confirmed_at = field("absent_confirmed_at", at.transpose())?;
                InvoiceState::InDoubt { claim: self.parse_claim()?, absent_confirmed_at }
            }
            StateName::Posted => {
                let uid = self.ledger_uid.as_deref().unwrap_or_default();
                InvoiceState::Posted { uid: field("ledger_uid", LedgerUid::parse(uid))? }
            }
            StateName::Rejected => {
                InvoiceState::Rejected { code: self.state_code.clone(), reason: reason() }
            }
            StateName::NeedsHuman => {
                InvoiceState::NeedsHuman { uids: self.parse_uids()?, reason: reason() }
            }
            StateName::Forgotten => InvoiceState::Forgotten,
        })
    }

    fn parse_claim(&self) -> Result<ClaimId, Unreadable> {
        let text = self.claim_id.as_deref().unwrap_or_default();
        field("claim_id", Uuid::try_parse(text)).map(ClaimId)
    }

    /// The documents that a person must look at.
    pub fn parse_uids(&self) -> Result<Vec<LedgerUid>, Unreadable> {
        let texts = self.state_uids.as_deref().unwrap_or_default().split_whitespace();
        texts.map(|text| field("state_uids", LedgerUid::parse(text))).collect()
    }
}

/// The documents of `needs_human`: no UID has a blank.
fn join(uids: &[LedgerUid]) -> String {
    uids.iter().map(LedgerUid::as_str).collect::<Vec<_>>().join(" ")
}
