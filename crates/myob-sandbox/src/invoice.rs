//! A sale invoice as the books keep it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Millis;
use crate::money::{Cents, Decimal};
use crate::table::Row;

/// The layouts that the sandbox books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Layout {
    /// Lines with items, quantities and prices, or with accounts.
    Item,
    /// Lines with accounts.
    Service,
}

impl Layout {
    /// The layout of a path segment.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        if segment.eq_ignore_ascii_case("Item") {
            Some(Self::Item)
        } else if segment.eq_ignore_ascii_case("Service") {
            Some(Self::Service)
        } else {
            None
        }
    }

    /// As it stands in paths and in `InvoiceType`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Item => "Item",
            Self::Service => "Service",
        }
    }
}

/// An invoice. Totals were computed when it was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub(crate) uid: Uuid,
    pub(crate) layout: Layout,
    pub(crate) number: Box<str>,
    pub(crate) date: Date,
    /// `CustomerPurchaseOrderNumber`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<Box<str>>,
    /// `JournalMemo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) memo: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<Box<str>>,
    pub(crate) customer: Uuid,
    pub(crate) tax_inclusive: bool,
    pub(crate) lines: Box<[Line]>,
    pub(crate) freight: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) freight_tax: Option<Uuid>,
    pub(crate) subtotal: Cents,
    pub(crate) tax: Cents,
    pub(crate) total: Cents,
    pub(crate) row_version: i64,
    /// When the POST took effect, by the sandbox clock.
    pub(crate) received: Millis,
    pub(crate) modified: Millis,
    /// Until when lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hidden_until: Option<Millis>,
    /// Whether the sandbox gave the number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) numbered_here: bool,
    /// Further fields as they were sent: the text of a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) further: Option<Box<str>>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LineKind {
    /// Carries an amount.
    #[default]
    Transaction,
    /// Only text.
    Header,
    /// Shows the sum of the lines above.
    #[serde(alias = "Subtotal")]
    SubTotal,
}

/// A line of an invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) row: u32,
    pub(crate) kind: LineKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) price: Option<Decimal>,
    pub(crate) discount: Decimal,
    pub(crate) total: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tax_code: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<Uuid>,
    pub(crate) row_version: i64,
    /// Further fields as they were sent: the text of a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) further: Option<Box<str>>,
}

/// Indexed fields of an invoice.
pub(crate) const NUMBER: &str = "Number";
/// See [`NUMBER`].
pub(crate) const REFERENCE: &str = "CustomerPurchaseOrderNumber";

impl Row for Invoice {
    fn uid(&self) -> Uuid {
        self.uid
    }

    fn keys(&self) -> Vec<(&'static str, &str)> {
        let reference = self.reference.as_deref().map(|reference| (REFERENCE, reference));
        [(NUMBER, &*self.number)].into_iter().chain(reference).collect()
    }

    fn is_key(field: &str) -> Option<&'static str> {
        [NUMBER, REFERENCE].into_iter().find(|key| *key == field)
    }
}

impl Invoice {
    /// `Open`, `Closed` or `Credit`; nothing is ever paid here.
    pub(crate) fn status(&self) -> &'static str {
        match self.total.sign() {
            1 => "Open",
            0 => "Closed",
            _ => "Credit",
        }
    }
}
