//! An invoice: header, lines and what they add up to.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::money::line_amount;
use crate::{
    CompanyFile, CustomerCode, ExternalId, InvoiceNumber, ItemCode, Money, Percent, Quantity,
    TaxCode, UnitPrice,
};

/// Where an invoice or a request comes from. Origin only: every door syncs both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The platform's side.
    Platform,
    /// The ordering side.
    Ordering,
}

/// Neither `platform` nor `ordering`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither `platform` nor `ordering`")]
pub struct UnknownSide;

impl Side {
    /// As stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Ordering => "ordering",
        }
    }
}

impl FromStr for Side {
    type Err = UnknownSide;

    fn from_str(raw: &str) -> Result<Self, UnknownSide> {
        match raw {
            "platform" => Ok(Self::Platform),
            "ordering" => Ok(Self::Ordering),
            _ => Err(UnknownSide),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is invoiced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The code that platform and ledger share.
    pub code: CustomerCode,
    /// The name, used when the customer has to be created.
    pub name: String,
    /// The address, likewise; may be empty.
    pub email: String,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line's number on the invoice, from 1.
    pub number: u32,
    /// The item; none on a line that is text and an amount.
    pub item: Option<ItemCode>,
    /// What the customer reads.
    pub description: String,
    /// How many.
    pub quantity: Quantity,
    /// What one costs.
    pub unit_price: UnitPrice,
    /// The discount on the line.
    pub discount: Percent,
    /// The tax code.
    pub tax_code: TaxCode,
}

impl Line {
    /// Quantity × unit price less discount, rounded half away from zero to the minor unit; `None`
    /// beyond the limit of [`Money`].
    pub fn amount(&self) -> Option<Money> {
        line_amount(self.quantity, self.unit_price, self.discount)
    }
}

/// The fields of an [`Invoice`], before they are checked against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceParts {
    /// The company file that it belongs to.
    pub company_file: CompanyFile,
    /// Where it comes from.
    pub side: Side,
    /// The platform's own id, unique per company file.
    pub external_id: ExternalId,
    /// The number, unique per company file.
    pub number: InvoiceNumber,
    /// The invoice's date in the company's zone.
    pub date: Date,
    /// Who is invoiced.
    pub customer: Customer,
    /// The lines, by rising number.
    pub lines: Vec<Line>,
    /// Freight, in the same tax mode as the lines.
    pub freight: Money,
    /// Whether line amounts and freight include tax.
    pub tax_inclusive: bool,
    /// Free text for the ledger's comment; may be empty.
    pub memo: String,
}

/// An invoice whose parts fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    parts: InvoiceParts,
    total: Money,
}

/// Why parts do not make an invoice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// There is no line.
    #[error("an invoice needs a line")]
    NoLine,
    /// A line number stands twice or lines are out of order.
    #[error("line {number} is there twice or out of order")]
    LineOrder {
        /// The line's number.
        number: u32,
    },
    /// Some quantities are negative and some are not.
    #[error(
        "line {number} has a negative quantity on an invoice that is no credit; a credit has negative quantities on every line"
    )]
    NegativeQuantity {
        /// The first line with a negative quantity.
        number: u32,
    },
    /// Below zero without being a credit.
    #[error("the total is below zero, but the invoice is no credit")]
    NegativeTotal,
    /// Lines or total beyond what the ledger can hold.
    #[error("the total is beyond 99,999,999,999.99")]
    TotalTooLarge,
    /// A text is longer than its field or has control characters.
    #[error("{field} has more than {max} characters or a control character")]
    BadText {
        /// Which field.
        field: &'static str,
        /// The most characters.
        max: usize,
    },
}

impl Invoice {
    /// Checks that the parts fit together.
    ///
    /// A credit is an invoice whose every quantity is negative; a mix is refused.
    pub fn new(parts: InvoiceParts) -> Result<Self, InvoiceError> {
        check_texts(&parts)?;
        check_lines(&parts.lines)?;
        let amounts = parts.lines.iter().map(Line::amount);
        let total = total(amounts, parts.freight).ok_or(InvoiceError::TotalTooLarge)?;
        let invoice = Self { parts, total };
        if total < Money::ZERO && !invoice.is_credit() {
            return Err(InvoiceError::NegativeTotal);
        }
        Ok(invoice)
    }

    /// The fields.
    pub fn parts(&self) -> &InvoiceParts {
        &self.parts
    }

    /// Lines plus freight, in the invoice's own tax mode: with tax if it is tax-inclusive, without
    /// if not. The tax itself is the ledger's to compute.
    pub fn total(&self) -> Money {
        self.total
    }

    /// Whether it gives money back: every quantity is negative.
    pub fn is_credit(&self) -> bool {
        self.parts.lines.iter().all(|line| line.quantity.scaled() < 0)
    }
}

/// The amounts of lines plus freight; `None` beyond the limit of [`Money`], or if one of them is.
pub fn total(amounts: impl Iterator<Item = Option<Money>>, freight: Money) -> Option<Money> {
    amounts.chain([Some(freight)]).try_fold(Money::ZERO, |sum, amount| sum.checked_add(amount?))
}

fn check_lines(lines: &[Line]) -> Result<(), InvoiceError> {
    let first = lines.first().ok_or(InvoiceError::NoLine)?;
    if first.number == 0 {
        return Err(InvoiceError::LineOrder { number: 0 });
    }
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if next.number <= line.number {
            return Err(InvoiceError::LineOrder { number: next.number });
        }
    }
    let negative = lines.iter().find(|line| line.quantity.scaled() < 0);
    let credit = lines.iter().all(|line| line.quantity.scaled() < 0);
    match negative {
        Some(line) if !credit => Err(InvoiceError::NegativeQuantity { number: line.number }),
        Some(_) | None => Ok(()),
    }
}

fn check_texts(parts: &InvoiceParts) -> Result<(), InvoiceError> {
    // Only `Comment`, the customer's names and its e-mail address are taken over; MYOB gives their
    // widths as 255, 50 and 255. A description's is not published; 1,000 is our own bound.
    let header = [
        ("memo", &parts.memo, 255),
        ("customer_name", &parts.customer.name, 50),
        ("customer_email", &parts.customer.email, 255),
    ];
    let lines = parts.lines.iter().map(|line| ("description", &line.description, 1_000));
    for (field, text, max) in header.into_iter().chain(lines) {
        let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() > max || text.chars().any(bad) {
            return Err(InvoiceError::BadText { field, max });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
