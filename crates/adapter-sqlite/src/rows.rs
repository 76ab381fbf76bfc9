//! Rows of invoices and lines, and the one way in which they become values.

use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use jiff::civil::Date;
use postonce_domain::{
    Attempt, BlockCode, BlockReason, ClaimId, CompanyFile, Customer, CustomerCode, ExternalId,
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceState, ItemCode, LedgerUid, Life, Line,
    Money, Percent, Quantity, StateName, TaxCode, UnitPrice, Version,
};
use postonce_ports::error::StoreError;
use uuid::Uuid;

use crate::schema::{postonce_invoice, postonce_invoice_line};

pub(crate) const INVOICE: &str = "postonce_invoice";
pub(crate) const CLAIM: &str = "postonce_claim";

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_invoice, check_for_backend(Sqlite))]
pub(crate) struct InvoiceRow {
    pub(crate) id: i64,
    #[diesel(embed)]
    pub(crate) content: ContentRow,
    #[diesel(embed)]
    pub(crate) life: LifeRow,
}

/// What an invoice says, but for its lines.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = postonce_invoice, check_for_backend(Sqlite))]
pub(crate) struct ContentRow {
    pub(crate) company_file: String,
    pub(crate) side: String,
    pub(crate) external_id: String,
    pub(crate) number: String,
    pub(crate) invoice_date: String,
    pub(crate) customer_code: String,
    pub(crate) customer_name: String,
    pub(crate) customer_email: String,
    pub(crate) freight_minor: i64,
    pub(crate) tax_inclusive: bool,
    pub(crate) memo: String,
    pub(crate) line_count: i64,
    pub(crate) total_minor: i64,
}

/// Where an invoice stands.
#[derive(Clone, Debug, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = postonce_invoice, check_for_backend(Sqlite), treat_none_as_null = true)]
pub(crate) struct LifeRow {
    pub(crate) state: String,
    pub(crate) version: i64,
    pub(crate) held: bool,
    pub(crate) attempt: i64,
    pub(crate) claim_id: Option<String>,
    pub(crate) ledger_uid: Option<String>,
    pub(crate) state_code: Option<String>,
    pub(crate) state_reason: Option<String>,
    pub(crate) state_uids: Option<String>,
    pub(crate) absent_confirmed_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = postonce_invoice_line, check_for_backend(Sqlite))]
pub(crate) struct LineRow {
    pub(crate) invoice_id: i64,
    pub(crate) line_number: i64,
    pub(crate) item_code: Option<String>,
    pub(crate) description: String,
    pub(crate) quantity_e4: i64,
    pub(crate) unit_price_e4: i64,
    pub(crate) discount_e2: i64,
    pub(crate) tax_code: String,
}

#[expect(clippy::needless_pass_by_value, reason = "callers name the key as they have it")]
pub(crate) fn corrupt(table: &'static str, key: impl ToString, why: impl ToString) -> StoreError {
    StoreError::Corrupt { table, key: key.to_string(), why: why.to_string() }
}

/// Why a row is no value, in words that name the column.
pub(crate) type Unreadable = String;

impl InvoiceRow {
    pub(crate) fn id(&self) -> InvoiceId {
        InvoiceId(self.id)
    }

    /// Where it stands, or which row is broken.
    pub(crate) fn life(&self) -> Result<Life, StoreError> {
        self.life.parse().map_err(|why| corrupt(INVOICE, self.id, why))
    }

    /// What it says, if the row and its lines can be read and agree with what was declared.
    pub(crate) fn invoice(&self, lines: &[LineRow]) -> Result<Invoice, BlockReason> {
        let found = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let differ = |text| Err(BlockReason::new(BlockCode::TotalsDiffer, text));
        if found != self.content.line_count {
            let declared = self.content.line_count;
            return differ(format!("{declared} lines were declared, and there are {found}"));
        }
        let invoice = self.content.parse(lines).map_err(|why| {
            let text = format!("row {} of {INVOICE} cannot be read: {why}", self.id);
            BlockReason::new(BlockCode::Unreadable, text)
        })?;
        if invoice.total().minor() != self.content.total_minor {
            let declared = Money::from_minor(self.content.total_minor).unwrap_or_default();
            let total = invoice.total();
            return differ(format!("a total of {declared} was declared, and it comes to {total}"));
        }
        Ok(invoice)
    }
}

fn field<T, E: std::fmt::Display>(name: &str, parsed: Result<T, E>) -> Result<T, Unreadable> {
    parsed.map_err(|why| format!("{name} {why}"))
}

fn number<T>(name: &str, parsed: Option<T>) -> Result<T, Unreadable> {
    parsed.ok_or_else(|| format!("{name} is out of range"))
}

impl ContentRow {
    pub(crate) fn of(invoice: &Invoice) -> Self {
        let parts = invoice.parts();
        Self {
            company_file: parts.company_file.to_string(),
            side: parts.side.to_string(),
            external_id: parts.external_id.to_string(),
            number: parts.number.to_string(),
            invoice_date: parts.date.to_string(),
            customer_code: parts.customer.code.to_string(),
            customer_name: parts.customer.name.clone(),
            customer_email: parts.customer.email.clone(),
            freight_minor: parts.freight.minor(),
            tax_inclusive: parts.tax_inclusive,
            memo: parts.memo.clone(),
            line_count: i64::try_from(parts.lines.len()).unwrap_or(i64::MAX),
            total_minor: invoice.total().minor(),
        }
    }

    fn parse(&self, lines: &[LineRow]) -> Result<Invoice, Unreadable> {
        let lines = lines.iter().map(LineRow::parse).collect::<Result<_, _>>()?;
        let parts = InvoiceParts {
            company_file: field("company_file", CompanyFile::parse(&self.company_file))?,
            side: field("side", self.side.parse())?,
            external_id: field("external_id", ExternalId::parse(&self.external_id))?,
            number: field("number", InvoiceNumber::parse(&self.number))?,
            date: field("invoice_date", self.invoice_date.parse::<Date>())?,
            customer: Customer {
                code: field("customer_code", CustomerCode::parse(&self.customer_code))?,
                name: self.customer_name.clone(),
                email: self.customer_email.clone(),
            },
            lines,
            freight: number("freight_minor", Money::from_minor(self.freight_minor))?,
            tax_inclusive: self.tax_inclusive,
            memo: self.memo.clone(),
        };
        Invoice::new(parts).map_err(|why| why.to_string())
    }
}

impl LineRow {
    pub(crate) fn of(invoice: i64, line: &Line) -> Self {
        Self {
            invoice_id: invoice,
            line_number: i64::from(line.number),
            item_code: line.item.as_ref().map(ToString::to_string),
            description: line.description.clone(),
            quantity_e4: line.quantity.scaled(),
            unit_price_e4: line.unit_price.scaled(),
            discount_e2: line.discount.scaled(),
            tax_code: line.tax_code.to_string(),
        }
    }

    fn parse(&self) -> Result<Line, Unreadable> {
        let item = self.item_code.as_deref().map(ItemCode::parse).transpose();
        Ok(Line {
            number: number("line_number", u32::try_from(self.line_number).ok())?,
            item: field("item_code", item)?,
            description: self.description.clone(),
            quantity: number("quantity_e4", Quantity::from_scaled(self.quantity_e4))?,
            unit_price: number("unit_price_e4", UnitPrice::from_scaled(self.unit_price_e4))?,
            discount: number("discount_e2", Percent::from_scaled(self.discount_e2))?,
            tax_code: field("tax_code", TaxCode::parse(&self.tax_code))?,
        })
    }
}

impl LifeRow {
    pub(crate) fn of(life: &Life) -> Self {
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

    pub(crate) fn parse(&self) -> Result<Life, Unreadable> {
        let attempt = number("attempt", u32::try_from(self.attempt).ok())?;
        Ok(Life {
            state: self.parse_state()?,
            version: Version(self.version),
            attempt: Attempt(attempt),
            held: self.held,
        })
    }

    pub(crate) fn parse_name(&self) -> Result<StateName, Unreadable> {
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

    pub(crate) fn parse_uids(&self) -> Result<Vec<LedgerUid>, Unreadable> {
        let texts = self.state_uids.as_deref().unwrap_or_default().split_whitespace();
        texts.map(|text| field("state_uids", LedgerUid::parse(text))).collect()
    }
}

/// The documents of `needs_human`: no UID has a blank.
fn join(uids: &[LedgerUid]) -> String {
    uids.iter().map(LedgerUid::as_str).collect::<Vec<_>>().join(" ")
}

/// A claim's id as it is stored.
pub(crate) fn claim_id(
    table: &'static str,
    key: impl ToString,
    text: &str,
) -> Result<ClaimId, StoreError> {
    Uuid::try_parse(text)
        .map(ClaimId)
        .map_err(|why| corrupt(table, key, format!("claim id: {why}")))
}

/// A text that is an identifier by its table's own check.
pub(crate) fn parsed<T, E: std::fmt::Display>(
    table: &'static str,
    key: impl ToString,
    value: Result<T, E>,
) -> Result<T, StoreError> {
    value.map_err(|why| corrupt(table, key, why))
}
