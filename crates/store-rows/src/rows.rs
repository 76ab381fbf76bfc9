//! Rows of invoices and lines, and the one way in which they become values.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use jiff::civil::Date;
use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, Customer, CustomerCode, ExternalId, Invoice,
    InvoiceId, InvoiceNumber, InvoiceParts, ItemCode, Life, Line, Money, Percent, Quantity,
    TaxCode, UnitPrice,
};
use postonce_ports::error::StoreError;
use uuid::Uuid;

use crate::life::LifeRow;
use crate::schema::{postonce_invoice, postonce_invoice_line};

/// The table of invoices, as errors name it.
pub const INVOICE: &str = "postonce_invoice";
/// The table of claims, as errors name it.
pub const CLAIM: &str = "postonce_claim";

/// An invoice without its lines.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = postonce_invoice)]
pub struct InvoiceRow {
    pub id: i64,
    #[diesel(embed)]
    pub content: ContentRow,
    #[diesel(embed)]
    pub life: LifeRow,
}

/// What an invoice says, but for its lines.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = postonce_invoice)]
pub struct ContentRow {
    pub company_file: String,
    pub side: String,
    pub external_id: String,
    pub number: String,
    pub invoice_date: String,
    pub customer_code: String,
    pub customer_name: String,
    pub customer_email: String,
    pub freight_minor: i64,
    pub tax_inclusive: bool,
    pub memo: String,
    pub line_count: i64,
    pub total_minor: i64,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = postonce_invoice_line)]
pub struct LineRow {
    pub invoice_id: i64,
    pub line_number: i64,
    pub item_code: Option<String>,
    pub description: String,
    pub quantity_e4: i64,
    pub unit_price_e4: i64,
    pub discount_e2: i64,
    pub tax_code: String,
}

/// The error of a row that is not what it must be.
#[expect(clippy::needless_pass_by_value, reason = "callers name the key as they have it")]
pub fn corrupt(table: &'static str, key: impl ToString, why: impl ToString) -> StoreError {
    StoreError::Corrupt { table, key: key.to_string(), why: why.to_string() }
}

/// Why a row is no value, in words that name the column.
pub type Unreadable = String;

impl InvoiceRow {
    /// Its id.
    pub fn id(&self) -> InvoiceId {
        InvoiceId(self.id)
    }

    /// Where it stands, or which row is broken.
    pub fn life(&self) -> Result<Life, StoreError> {
        self.life.parse().map_err(|why| corrupt(INVOICE, self.id, why))
    }

    /// What it says, if the row and its lines can be read and agree with what was declared.
    pub fn invoice(&self, lines: &[LineRow]) -> Result<Invoice, BlockReason> {
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

pub(crate) fn field<T, E: std::fmt::Display>(
    name: &str,
    parsed: Result<T, E>,
) -> Result<T, Unreadable> {
    parsed.map_err(|why| format!("{name} {why}"))
}

pub(crate) fn number<T>(name: &str, parsed: Option<T>) -> Result<T, Unreadable> {
    parsed.ok_or_else(|| format!("{name} is out of range"))
}

impl ContentRow {
    /// The row of an invoice.
    pub fn of(invoice: &Invoice) -> Self {
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
    /// The row of a line of the invoice with this id.
    pub fn of(invoice: i64, line: &Line) -> Self {
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

/// A claim's id as it is stored.
pub fn claim_id(
    table: &'static str,
    key: impl ToString,
    text: &str,
) -> Result<ClaimId, StoreError> {
    Uuid::try_parse(text)
        .map(ClaimId)
        .map_err(|why| corrupt(table, key, format!("claim id: {why}")))
}

/// A text that is an identifier by its table's own check.
pub fn parsed<T, E: std::fmt::Display>(
    table: &'static str,
    key: impl ToString,
    value: Result<T, E>,
) -> Result<T, StoreError> {
    value.map_err(|why| corrupt(table, key, why))
}
