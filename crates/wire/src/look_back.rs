//! Scans, documents, and how the two sides differ.

use postonce_domain::Money;
use postonce_ports::books::ListedDocument;
use postonce_ports::scan::{DifferenceKind, MonthTally, OurInvoice, Scan, Sides, Tally};
use serde::Serialize;
use utoipa::ToSchema;

use crate::time;

/// A finished scan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanJson {
    company_file: String,
    /// The first and the last day; all if null.
    since: Option<String>,
    until: Option<String>,
    began_at: String,
    finished_at: Option<String>,
    documents: u64,
    /// Days of which documents may be missing.
    unsure: Vec<String>,
}

impl ScanJson {
    /// As programs read it.
    pub fn new(scan: &Scan) -> Self {
        let until = scan.span.before.and_then(|before| before.yesterday().ok());
        Self {
            company_file: scan.company_file.to_string(),
            since: scan.span.from.map(|date| date.to_string()),
            until: until.map(|date| date.to_string()),
            began_at: time(scan.began_at),
            finished_at: scan.finished_at.map(time),
            documents: scan.documents,
            unsure: scan.unsure.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A document of the ledger, and the invoice of ours that it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentJson {
    uid: String,
    number: String,
    reference: String,
    customer: String,
    date: String,
    /// Tax included.
    amount: Option<String>,
    /// In its own tax mode.
    total: Option<String>,
    foreign: bool,
    layout: String,
    invoice: Option<OurInvoiceJson>,
}

impl DocumentJson {
    /// As programs read it.
    pub fn new(document: &ListedDocument, invoice: Option<&OurInvoice>) -> Self {
        let money = |money: Money| money.to_string();
        Self {
            uid: document.uid.to_string(),
            number: document.number.clone(),
            reference: document.reference.clone(),
            customer: document.customer.clone(),
            date: document.date.to_string(),
            amount: document.amount.map(money),
            total: document.total.map(money),
            foreign: document.foreign,
            layout: document.layout.clone(),
            invoice: invoice.map(OurInvoiceJson::new),
        }
    }
}

/// An invoice of ours.
#[derive(Debug, Serialize, ToSchema)]
struct OurInvoiceJson {
    id: i64,
    number: String,
    date: String,
    total: String,
    state: String,
    ledger_uid: Option<String>,
}

impl OurInvoiceJson {
    fn new(invoice: &OurInvoice) -> Self {
        Self {
            id: invoice.id.0,
            number: invoice.number.to_string(),
            date: invoice.date.to_string(),
            total: invoice.total.to_string(),
            state: invoice.state.to_string(),
            ledger_uid: invoice.uid.as_ref().map(ToString::to_string),
        }
    }
}

/// A month on both sides.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthJson {
    month: String,
    here: TallyJson,
    there: TallyJson,
}

#[derive(Debug, Serialize, ToSchema)]
struct TallyJson {
    count: u64,
    total: String,
    unreadable: u64,
}

impl MonthJson {
    /// As programs read it.
    pub fn new(pair: &MonthTally) -> Self {
        let tally = |tally: Tally| TallyJson {
            count: tally.count,
            total: tally.total.to_string(),
            unreadable: tally.unreadable,
        };
        let month = pair.month.strftime("%Y-%m").to_string();
        Self { month, here: tally(pair.here), there: tally(pair.there) }
    }
}

/// A difference.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceJson {
    difference: &'static str,
    invoice: Option<OurInvoiceJson>,
    document: Option<DocumentJson>,
}

impl DifferenceJson {
    /// As programs read it.
    pub fn new(kind: DifferenceKind, sides: &Sides) -> Self {
        Self {
            difference: difference_name(kind, sides),
            invoice: sides.here.as_ref().map(OurInvoiceJson::new),
            document: sides.there.as_ref().map(|it| DocumentJson::new(it, None)),
        }
    }
}

/// What a difference is called.
pub fn difference_name(kind: DifferenceKind, sides: &Sides) -> &'static str {
    match kind {
        DifferenceKind::OnlyThere => "only_there",
        DifferenceKind::OnlyHere => "only_here",
        DifferenceKind::InDoubt => "in_doubt_here",
        DifferenceKind::Differs => {
            let here = sides.here.as_ref().map(|it| it.total);
            let there = sides.there.as_ref().and_then(|it| it.total);
            if here == there { "date_differs" } else { "total_differs" }
        }
    }
}
