//! One row: eighteen texts, and what they must be.

use std::fmt::Display;

use jiff::civil::Date;
use postonce_domain::{
    CompanyFile, Customer, CustomerCode, ExternalId, InvoiceNumber, InvoiceParts, ItemCode,
    LedgerUid, Line, Money, Percent, Quantity, Side, TaxCode, UnitPrice,
};
use uuid::Uuid;

use super::problem::Problems;

/// The columns, in their usual order.
pub const COLUMNS: [&str; 18] = [
    "company_file",
    "side",
    "external_id",
    "number",
    "date",
    "customer_code",
    "customer_name",
    "customer_email",
    "line",
    "item_code",
    "description",
    "quantity",
    "unit_price",
    "discount_percent",
    "tax_code",
    "freight",
    "tax_inclusive",
    "memo",
];

/// One more, of what is taken over as posted.
pub(crate) const LEDGER_UID: &str = "ledger_uid";

/// The columns that belong to a line; the others belong to the invoice.
pub(super) const LINE_COLUMNS: [&str; 7] =
    ["line", "item_code", "description", "quantity", "unit_price", "discount_percent", "tax_code"];

/// A row as it was read.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The physical line of the invoice's part.
    pub(super) header_line: u64,
    /// The physical line of the line's part; the same in CSV.
    pub(super) line: u64,
    /// A text for each of [`COLUMNS`].
    pub(super) values: [String; 18],
    /// The text of [`LEDGER_UID`].
    pub(super) uid: String,
}

/// What was understood of a row.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The invoice without its lines.
    pub(super) header: Option<InvoiceParts>,
    /// The document in the ledger, if it was named.
    pub(super) uid: Option<LedgerUid>,
    /// The line.
    pub(super) line: Option<Line>,
}

/// Collects what is wrong while a row is taken apart.
struct Checker<'a> {
    line: u64,
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn wrong(&mut self, column: &str, message: String) {
        // Whether more are taken is asked once per row.
        self.problems.push(self.line, column, message);
    }

    /// A value that must be there.
    fn required<T, E: Display>(
        &mut self,
        column: &str,
        raw: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        mend: &str,
    ) -> Option<T> {
        if raw.is_empty() {
            self.wrong(column, format!("is empty; {mend}"));
            return None;
        }
        match parse(raw) {
            Ok(value) => Some(value),
            Err(error) => {
                let words = error.to_string();
                let shown = show(raw);
                // Numbers' errors show the value themselves.
                let named = if words.starts_with('`') { words } else { format!("{shown} {words}") };
                self.wrong(column, format!("{named}; {mend}"));
                None
            }
        }
    }

    /// A value that is `blank` if nothing is there.
    fn optional<T, E: Display>(
        &mut self,
        column: &str,
        (raw, blank): (&str, T),
        parse: impl Fn(&str) -> Result<T, E>,
        mend: &str,
    ) -> Option<T> {
        if raw.is_empty() { Some(blank) } else { self.required(column, raw, parse, mend) }
    }
}

/// A value as a message shows it: on one line and not too long.
fn show(raw: &str) -> String {
    let cut: String = raw.chars().take(40).collect();
    let more = if cut.len() < raw.len() { "…" } else { "" };
    format!("`{}{more}`", cut.escape_debug())
}

const CODE: &str = "write letters, digits, `_`, `-` or `.`, 40 at most";
const NUMBER: &str = "write 1 to 13 letters, digits or `-`, no zero in front";
const AMOUNT: &str = "write an amount such as 12.34";
const FOUR: &str = "write a number such as 1.5, with four decimals at most";
const UID: &str = "write it as 0f8fad5b-d9cb-469f-a165-70867728950e, or nothing";
const TEXT: &str = "fill it in";

/// Takes a row apart and notes everything that is wrong with it.
pub(super) fn parse(row: &Row, problems: &mut Problems) -> Parsed {
    let mut check = Checker { line: row.header_line, problems };
    let header = parse_header(row, &mut check);
    let uid = check.optional(LEDGER_UID, (&row.uid, None), ledger_uid, UID).flatten();
    let line = parse_line(row, &mut Checker { line: row.line, problems });
    Parsed { header, uid, line }
}

fn parse_header(row: &Row, check: &mut Checker<'_>) -> Option<InvoiceParts> {
    let [file, side, external, number, date, code, name, email, .., freight, inclusive, memo] =
        &row.values;
    let external_mend = "write 255 characters at most, without blanks around them";
    let customer_mend = "write the customer's code in MYOB, 15 characters at most";
    let company_file = check.required("company_file", file, CompanyFile::parse, CODE);
    let side = check.required("side", side, str::parse::<Side>, "write one of the two");
    let external_id = check.required("external_id", external, ExternalId::parse, external_mend);
    let number = check.required("number", number, InvoiceNumber::parse, NUMBER);
    let date = check.required("date", date, parse_date, "write it as 2026-07-01");
    let code = check.required("customer_code", code, CustomerCode::parse, customer_mend);
    let name = check.required("customer_name", name, text, TEXT);
    let freight = check.optional("freight", (freight, Money::ZERO), Money::parse, AMOUNT);
    let inclusive = check.required("tax_inclusive", inclusive, truth, "write true or false");
    Some(InvoiceParts {
        company_file: company_file?,
        side: side?,
        external_id: external_id?,
        number: number?,
        date: date?,
        customer: Customer { code: code?, name: name?, email: email.clone() },
        lines: Vec::new(),
        freight: freight?,
        tax_inclusive: inclusive?,
        memo: memo.clone(),
    })
}

fn parse_line(row: &Row, check: &mut Checker<'_>) -> Option<Line> {
    let [.., line, item, description, quantity, price, discount, tax, _, _, _] = &row.values;
    let item_mend = "write the item's number in MYOB, 30 characters at most, or nothing";
    let tax_mend = "write a tax code of MYOB such as GST, 3 characters at most";
    let percent_mend = "write 0 to 100, with two decimals at most, or nothing";
    let parse_item = |raw: &str| ItemCode::parse(raw).map(Some);
    let number = check.required("line", line, line_number, "write 1, 2, 3 …");
    let item = check.optional("item_code", (item, None), parse_item, item_mend);
    let description = check.required("description", description, text, TEXT);
    let quantity = check.required("quantity", quantity, Quantity::parse, FOUR);
    let unit_price = check.required("unit_price", price, UnitPrice::parse, FOUR);
    let none = Percent::default();
    let discount =
        check.optional("discount_percent", (discount, none), Percent::parse, percent_mend);
    let tax_code = check.required("tax_code", tax, TaxCode::parse, tax_mend);
    Some(Line {
        number: number?,
        item: item?,
        description: description?,
        quantity: quantity?,
        unit_price: unit_price?,
        discount: discount?,
        tax_code: tax_code?,
    })
}

fn text(raw: &str) -> Result<String, &'static str> {
    if raw.trim().is_empty() { Err("is blank") } else { Ok(raw.to_owned()) }
}

fn parse_date(raw: &str) -> Result<Date, &'static str> {
    let is_plain = raw.len() == 10 && raw.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    raw.parse().ok().filter(|_| is_plain).ok_or("is no date")
}

fn ledger_uid(raw: &str) -> Result<Option<LedgerUid>, &'static str> {
    myob_uid(raw).map(Some).ok_or("is no UID of MYOB")
}

/// A UID of MYOB in the one spelling that is stored; the UID of all zeros is none.
pub(crate) fn myob_uid(raw: &str) -> Option<LedgerUid> {
    let uid = Uuid::try_parse(raw.trim()).ok().filter(|uid| !uid.is_nil());
    uid.and_then(|uid| LedgerUid::parse(&uid.as_hyphenated().to_string()).ok())
}

fn truth(raw: &str) -> Result<bool, &'static str> {
    raw.parse().map_err(|_| "is neither true nor false")
}

fn line_number(raw: &str) -> Result<u32, &'static str> {
    let digits = raw.bytes().all(|byte| byte.is_ascii_digit());
    let number = raw.parse().ok().filter(|number| digits && *number > 0);
    number.ok_or("is no whole number above zero")
}
