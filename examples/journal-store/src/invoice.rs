//! An invoice's row, and what the domain makes of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::{
    Attempt, BlockCode, BlockReason, ClaimId, CompanyFile, Customer, CustomerCode, ExternalId,
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceState, ItemCode, LedgerUid, Life, Line,
    Money, Percent, Quantity, StateName, TaxCode, UnitPrice, Version,
};
use postonce_ports::error::StoreError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::corrupt;
use crate::text;

/// One invoice: what it says, what it was declared to come to, and where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InvoiceRow {
    pub(crate) id: i64,
    pub(crate) company_file: String,
    pub(crate) side: String,
    pub(crate) external_id: String,
    pub(crate) number: String,
    #[serde(with = "text")]
    pub(crate) date: Date,
    pub(crate) customer_code: String,
    customer_name: String,
    customer_email: String,
    lines: Vec<LineRow>,
    freight: i64,
    tax_inclusive: bool,
    memo: String,
    declared_lines: usize,
    pub(crate) declared_total: i64,
    pub(crate) state: StateRow,
    pub(crate) version: i64,
    pub(crate) attempt: u32,
    pub(crate) held: bool,
    /// Documents that a person has ruled out.
    pub(crate) ignored: BTreeSet<String>,
    #[serde(with = "text")]
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LineRow {
    number: u32,
    item: Option<String>,
    description: String,
    quantity: i64,
    unit_price: i64,
    discount: i64,
    tax_code: String,
}

/// The states of the domain, as they are written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateRow {
    Draft,
    Ready,
    Blocked {
        code: String,
        text: String,
    },
    Claimed {
        #[serde(with = "text")]
        claim: Uuid,
    },
    InDoubt {
        #[serde(with = "text")]
        claim: Uuid,
        #[serde(with = "text::maybe")]
        absent_confirmed_at: Option<Timestamp>,
    },
    Posted {
        uid: String,
    },
    Rejected {
        code: Option<String>,
        reason: String,
    },
    NeedsHuman {
        uids: Vec<String>,
        reason: String,
    },
    Forgotten,
}

impl StateRow {
    pub(crate) fn name(&self) -> StateName {
        match self {
            Self::Draft => StateName::Draft,
            Self::Ready => StateName::Ready,
            Self::Blocked { .. } => StateName::Blocked,
            Self::Claimed { .. } => StateName::Claimed,
            Self::InDoubt { .. } => StateName::InDoubt,
            Self::Posted { .. } => StateName::Posted,
            Self::Rejected { .. } => StateName::Rejected,
            Self::NeedsHuman { .. } => StateName::NeedsHuman,
            Self::Forgotten => StateName::Forgotten,
        }
    }

    fn write(state: &InvoiceState) -> Self {
        match state {
            InvoiceState::Draft => Self::Draft,
            InvoiceState::Ready => Self::Ready,
            InvoiceState::Blocked { reason } => {
                Self::Blocked { code: reason.code.as_str().to_owned(), text: reason.text.clone() }
            }
            InvoiceState::Claimed { claim } => Self::Claimed { claim: claim.0 },
            InvoiceState::InDoubt { claim, absent_confirmed_at } => {
                Self::InDoubt { claim: claim.0, absent_confirmed_at: *absent_confirmed_at }
            }
            InvoiceState::Posted { uid } => Self::Posted { uid: uid.as_str().to_owned() },
            InvoiceState::Rejected { code, reason } => {
                Self::Rejected { code: code.clone(), reason: reason.clone() }
            }
            InvoiceState::NeedsHuman { uids, reason } => Self::NeedsHuman {
                uids: uids.iter().map(|uid| uid.as_str().to_owned()).collect(),
                reason: reason.clone(),
            },
            InvoiceState::Forgotten => Self::Forgotten,
        }
    }

    fn read(&self) -> Result<InvoiceState, String> {
        let uid = |raw: &String| LedgerUid::parse(raw).map_err(|why| format!("uid: {why}"));
        Ok(match self {
            Self::Draft => InvoiceState::Draft,
            Self::Ready => InvoiceState::Ready,
            Self::Blocked { code, text } => {
                let code = BlockCode::from_name(code).ok_or("an unknown code")?;
                InvoiceState::Blocked { reason: BlockReason::new(code, text) }
            }
            Self::Claimed { claim } => InvoiceState::Claimed { claim: ClaimId(*claim) },
            Self::InDoubt { claim, absent_confirmed_at } => InvoiceState::InDoubt {
                claim: ClaimId(*claim),
                absent_confirmed_at: *absent_confirmed_at,
            },
            Self::Posted { uid: raw } => InvoiceState::Posted { uid: uid(raw)? },
            Self::Rejected { code, reason } => {
                InvoiceState::Rejected { code: code.clone(), reason: reason.clone() }
            }
            Self::NeedsHuman { uids, reason } => InvoiceState::NeedsHuman {
                uids: uids.iter().map(uid).collect::<Result<_, _>>()?,
                reason: reason.clone(),
            },
            Self::Forgotten => InvoiceState::Forgotten,
        })
    }
}

impl InvoiceRow {
    /// A row of this content and life.
    pub(crate) fn new(id: i64, invoice: &Invoice, life: &Life, now: Timestamp) -> Self {
        let it = invoice.parts();
        let row = Self {
            id,
            company_file: it.company_file.as_str().to_owned(),
            side: it.side.as_str().to_owned(),
            external_id: it.external_id.as_str().to_owned(),
            number: it.number.as_str().to_owned(),
            date: it.date,
            customer_code: it.customer.code.as_str().to_owned(),
            customer_name: it.customer.name.clone(),
            customer_email: it.customer.email.clone(),
            lines: it.lines.iter().map(LineRow::write).collect(),
            freight: it.freight.minor(),
            tax_inclusive: it.tax_inclusive,
            memo: it.memo.clone(),
            declared_lines: it.lines.len(),
            declared_total: invoice.total().minor(),
            state: StateRow::Draft,
            version: 0,
            attempt: 0,
            held: false,
            ignored: BTreeSet::new(),
            updated_at: now,
        };
        row.moved(life, now)
    }

    /// The same invoice with other content.
    pub(crate) fn renewed(&self, invoice: &Invoice, life: &Life, now: Timestamp) -> Self {
        Self { ignored: self.ignored.clone(), ..Self::new(self.id, invoice, life, now) }
    }

    /// The same content, somewhere else.
    pub(crate) fn moved(&self, life: &Life, now: Timestamp) -> Self {
        Self {
            state: StateRow::write(&life.state),
            version: life.version.0,
            attempt: life.attempt.0,
            held: life.held,
            updated_at: now,
            ..self.clone()
        }
    }

    pub(crate) fn invoice_id(&self) -> InvoiceId {
        InvoiceId(self.id)
    }

    pub(crate) fn life(&self) -> Result<Life, StoreError> {
        let state = self.state.read().map_err(|why| corrupt("invoices", self.id, why))?;
        let (version, attempt) = (Version(self.version), Attempt(self.attempt));
        Ok(Life { state, version, attempt, held: self.held })
    }

    /// What it says, or why that cannot be sent.
    pub(crate) fn invoice(&self) -> Result<Invoice, BlockReason> {
        let unreadable = |why: String| BlockReason::new(BlockCode::Unreadable, why);
        let invoice = Invoice::new(self.parts().map_err(unreadable)?)
            .map_err(|why| unreadable(why.to_string()))?;
        let lines = invoice.parts().lines.len();
        if (lines, invoice.total().minor()) != (self.declared_lines, self.declared_total) {
            let words = "number or sum of its lines are not what was declared";
            return Err(BlockReason::new(BlockCode::TotalsDiffer, words));
        }
        Ok(invoice)
    }

    fn parts(&self) -> Result<InvoiceParts, String> {
        fn read<T, E: ToString>(field: &str, value: Result<T, E>) -> Result<T, String> {
            value.map_err(|why| format!("{field}: {}", why.to_string()))
        }
        Ok(InvoiceParts {
            company_file: read("company file", CompanyFile::parse(&self.company_file))?,
            side: read("side", self.side.parse())?,
            external_id: read("external id", ExternalId::parse(&self.external_id))?,
            number: read("number", InvoiceNumber::parse(&self.number))?,
            date: self.date,
            customer: Customer {
                code: read("customer", CustomerCode::parse(&self.customer_code))?,
                name: self.customer_name.clone(),
                email: self.customer_email.clone(),
            },
            lines: self.lines.iter().map(LineRow::read).collect::<Result<_, _>>()?,
            freight: Money::from_minor(self.freight).ok_or("freight: out of range")?,
            tax_inclusive: self.tax_inclusive,
            memo: self.memo.clone(),
        })
    }
}

impl LineRow {
    fn write(line: &Line) -> Self {
        Self {
            number: line.number,
            item: line.item.as_ref().map(|item| item.as_str().to_owned()),
            description: line.description.clone(),
            quantity: line.quantity.scaled(),
            unit_price: line.unit_price.scaled(),
            discount: line.discount.scaled(),
            tax_code: line.tax_code.as_str().to_owned(),
        }
    }

    fn read(&self) -> Result<Line, String> {
        let wrong = |what: &str| format!("line {}: {what}", self.number);
        let item = self.item.as_ref().map(|raw| ItemCode::parse(raw)).transpose();
        Ok(Line {
            number: self.number,
            item: item.map_err(|why| wrong(&why.to_string()))?,
            description: self.description.clone(),
            quantity: Quantity::from_scaled(self.quantity).ok_or_else(|| wrong("quantity"))?,
            unit_price: UnitPrice::from_scaled(self.unit_price).ok_or_else(|| wrong("price"))?,
            discount: Percent::from_scaled(self.discount).ok_or_else(|| wrong("discount"))?,
            tax_code: TaxCode::parse(&self.tax_code).map_err(|why| wrong(&why.to_string()))?,
        })
    }
}
