//! Invoices put together from their rows, which need not stand side by side.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use postonce_domain::{
    CompanyFile, ExternalId, Invoice, InvoiceError, InvoiceParts, LedgerUid, Line, Money,
};

use super::Placed;
use super::problem::Problems;
use super::row::{COLUMNS, LEDGER_UID, Row, parse};

/// An invoice that is being put together.
#[derive(Debug)]
struct Draft {
    /// The physical line of its first row.
    first: u64,
    parts: InvoiceParts,
    uid: Option<LedgerUid>,
    /// Each line with its physical line.
    lines: Vec<(u64, Line)>,
}

/// Puts invoices together and collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    problems: Problems,
    drafts: Vec<Draft>,
    places: BTreeMap<(CompanyFile, ExternalId), usize>,
    /// A row was lost, so that what is missing in an invoice says nothing.
    spoiled: bool,
    /// Whether documents in the ledger may be named.
    as_posted: bool,
}

impl Assembler {
    /// One that takes the UIDs of documents too.
    pub(super) fn as_posted() -> Self {
        Self { as_posted: true, ..Self::default() }
    }

    /// Whether an invoice may have this column or key.
    pub(super) fn knows(&self, column: &str) -> bool {
        COLUMNS.contains(&column) || (self.as_posted && column == LEDGER_UID)
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, line: u64, column: &str, message: impl Into<String>) {
        self.problems.push(line, column, message);
    }

    pub(super) fn is_clean(&self) -> bool {
        self.problems.list().is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.problems.is_full()
    }

    /// A row was lost.
    pub(super) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Takes one row.
    pub(super) fn add(&mut self, row: &Row) {
        let parsed = parse(row, &mut self.problems);
        self.spoiled |= parsed.header.is_none() || parsed.line.is_none();
        let Some(header) = parsed.header else { return };
        let key = (header.company_file.clone(), header.external_id.clone());
        let next = self.drafts.len();
        let draft = match self.places.entry(key) {
            Entry::Occupied(place) => {
                let draft = &mut self.drafts[*place.get()];
                compare(draft, (&header, parsed.uid.as_ref()), row.header_line, &mut self.problems);
                draft
            }
            Entry::Vacant(place) => {
                place.insert(next);
                self.drafts.push(Draft {
                    first: row.header_line,
                    parts: header,
                    uid: parsed.uid,
                    lines: Vec::new(),
                });
                &mut self.drafts[next]
            }
        };
        if let Some(line) = parsed.line {
            draft.lines.push((row.line, line));
        }
    }

    /// The invoices in the order of the file, or everything that is wrong.
    pub(super) fn finish(mut self) -> Result<Vec<Placed>, Problems> {
        let mut placed = Vec::with_capacity(self.drafts.len());
        for mut draft in std::mem::take(&mut self.drafts) {
            if self.problems.is_full() {
                break;
            }
            draft.lines.sort_by_key(|(_, line)| line.number);
            if let Some(invoice) = check(&draft, self.spoiled, &mut self.problems) {
                placed.push(Placed { line: draft.first, invoice, uid: draft.uid });
            }
        }
        if self.problems.list().is_empty() {
            Ok(placed)
        } else {
            self.problems.sort();
            Err(self.problems)
        }
    }
}

/// What to do with a column or key that no invoice has.
pub(super) fn unknown(column: &str, what: &str) -> String {
    let mend = if column == LEDGER_UID { ", or import with --as-posted" } else { "" };
    format!("there is no such {what}; take it out{mend}")
}

/// Says in which columns a further row of an invoice differs from its first one.
fn compare(
    draft: &Draft,
    (header, uid): (&InvoiceParts, Option<&LedgerUid>),
    line: u64,
    problems: &mut Problems,
) {
    let first = &draft.parts;
    let pairs = [
        ("side", first.side == header.side),
        ("number", first.number.as_str() == header.number.as_str()),
        ("date", first.date == header.date),
        ("customer_code", first.customer.code == header.customer.code),
        ("customer_name", first.customer.name == header.customer.name),
        ("customer_email", first.customer.email == header.customer.email),
        ("freight", first.freight == header.freight),
        ("tax_inclusive", first.tax_inclusive == header.tax_inclusive),
        ("memo", first.memo == header.memo),
        (LEDGER_UID, draft.uid.as_ref() == uid),
    ];
    for (column, _) in pairs.into_iter().filter(|(_, is_same)| !is_same) {
        let why = format!(
            "differs from line {} of the same invoice; write the same in every row of it",
            draft.first
        );
        problems.push(line, column, why);
    }
}

/// The whole invoice, or what is wrong with it.
fn check(draft: &Draft, spoiled: bool, problems: &mut Problems) -> Option<Invoice> {
    let pairs = draft.lines.iter().zip(draft.lines.iter().skip(1));
    let twice = |((_, line), (_, next)): &(&(u64, Line), &(u64, Line))| line.number == next.number;
    if let Some(((first, _), (second, line))) = pairs.into_iter().find(twice) {
        let why = format!("line {} stands on line {first} already; give it its own", line.number);
        problems.push(*second, "line", why);
        return None;
    }
    let with = |lines: Vec<Line>| Invoice::new(InvoiceParts { lines, ..draft.parts.clone() });
    let error = match with(draft.lines.iter().map(|(_, line)| line.clone()).collect()) {
        Ok(invoice) => return Some(invoice),
        Err(error) => error,
    };
    let (line, column, mend) = match &error {
        InvoiceError::BadText { field: "description", .. } => {
            let bad = |line: &Line| with(vec![line.clone()]).as_ref() == Err(&error);
            let place = draft.lines.iter().find(|(_, line)| bad(line));
            (place.map_or(draft.first, |(place, _)| *place), "description", "shorten it")
        }
        InvoiceError::BadText { field, .. } => (draft.first, *field, "shorten it"),
        // What is missing may stand in the row that was lost.
        _ if spoiled => return None,
        InvoiceError::NegativeQuantity { number } | InvoiceError::LineOrder { number } => {
            let place = draft.lines.iter().find(|(_, line)| line.number == *number);
            let place = place.map_or(draft.first, |(place, _)| *place);
            (place, "quantity", "make a credit an invoice of its own")
        }
        InvoiceError::NoLine => (draft.first, "line", "add a row"),
        InvoiceError::NegativeTotal => {
            let column = if draft.parts.freight < Money::ZERO { "freight" } else { "unit_price" };
            (draft.first, column, "check prices and freight")
        }
        InvoiceError::TotalTooLarge => (draft.first, "unit_price", "check quantities and prices"),
    };
    problems.push(line, column, format!("{error}; {mend}"));
    None
}
