//! Scans compared: the questions in SQL that every server understands, and their answers.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use jiff::civil::Date;
use postonce_domain::{InvoiceId, InvoiceNumber, LedgerUid, Money, StateName};
use postonce_ports::books::{DateSpan, ListedDocument};
use postonce_ports::error::StoreError;
use postonce_ports::scan::{
    Alike, DifferenceKind, DifferencesPage, Double, DoublesPage, Likeness, MonthTally, OurInvoice,
    ScanId, Sides, Tally,
};

use crate::rows::{INVOICE, corrupt, parsed};
use crate::run::wide;

const DOCUMENT: &str = "postonce_ledger_scan_document";

/// A question with a `?` for each value, in the order of the values.
#[derive(Debug)]
pub struct Question {
    pub text: &'static str,
    pub values: Vec<Value>,
}

/// A value of a question.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// Every date is behind the first and before the second of these.
const EVER: [&str; 2] = ["", "~"];

fn bounds(span: DateSpan) -> [Value; 2] {
    let text = |date: Option<Date>, ever: &str| date.map_or(ever.to_owned(), |it| it.to_string());
    [text(span.from, EVER[0]).into(), text(span.before, EVER[1]).into()]
}

macro_rules! same_number {
    () => {
        "(MIN(number_key) = MAX(number_key) AND MIN(number_key) <> '')"
    };
}
macro_rules! same_reference {
    () => {
        "(MIN(reference_key) = MAX(reference_key) AND MIN(reference_key) <> '')"
    };
}
macro_rules! same_sale {
    () => {
        "(MIN(customer_key) = MAX(customer_key) AND MIN(customer_key) <> '' \
         AND MIN(invoice_date) = MAX(invoice_date) AND COUNT(amount_minor) = COUNT(*) \
         AND MIN(amount_minor) = MAX(amount_minor))"
    };
}
/// Groups of at least two, with a number and a reference of one of them.
macro_rules! groups {
    ($keys:expr, $rest:expr) => {
        concat!(
            "SELECT ",
            $keys,
            ", COUNT(*) AS documents, CASE WHEN ",
            same_number!(),
            " THEN 1 ELSE 0 END AS same_number, CASE WHEN ",
            same_reference!(),
            " THEN 1 ELSE 0 END AS same_reference, CASE WHEN ",
            same_sale!(),
            " THEN 1 ELSE 0 END AS same_sale, \
             MIN(number_key) AS a_number, MIN(reference_key) AS a_reference \
             FROM postonce_ledger_scan_document WHERE scan_id = ? AND ",
            $rest,
            " HAVING COUNT(*) > 1"
        )
    };
}

/// The same group is told by its number already.
macro_rules! told_by_number {
    () => {
        "(g.same_number = 1 AND g.documents = (SELECT COUNT(*) \
         FROM postonce_ledger_scan_document AS n \
         WHERE n.scan_id = ? AND n.number_key = g.a_number))"
    };
}
macro_rules! told_by_reference {
    () => {
        "(g.same_reference = 1 AND g.documents = (SELECT COUNT(*) \
         FROM postonce_ledger_scan_document AS r \
         WHERE r.scan_id = ? AND r.reference_key = g.a_reference))"
    };
}

const BY_NUMBER: &str = concat!(
    groups!(
        "number_key AS likeness, NULL AS sale_date, NULL AS sale_amount",
        "number_key > ? GROUP BY number_key"
    ),
    " ORDER BY number_key LIMIT ?"
);

const BY_REFERENCE: &str = concat!(
    "SELECT * FROM (",
    groups!(
        "reference_key AS likeness, NULL AS sale_date, NULL AS sale_amount",
        "reference_key > ? GROUP BY reference_key"
    ),
    ") AS g WHERE NOT ",
    told_by_number!(),
    " ORDER BY g.likeness LIMIT ?"
);

const BY_SALE: &str = concat!(
    "SELECT * FROM (",
    groups!(
        "customer_key AS likeness, invoice_date AS sale_date, amount_minor AS sale_amount",
        "customer_key <> '' AND amount_minor IS NOT NULL AND (customer_key > ? \
         OR (customer_key = ? AND (invoice_date > ? OR (invoice_date = ? AND amount_minor > ?)))) \
         GROUP BY customer_key, invoice_date, amount_minor"
    ),
    ") AS g WHERE NOT ",
    told_by_number!(),
    " AND NOT ",
    told_by_reference!(),
    " ORDER BY g.likeness, g.sale_date, g.sale_amount LIMIT ?"
);

/// Which groups are there. One that comes first lies behind no group.
pub fn doubles(page: &DoublesPage) -> Question {
    let mut values = vec![page.scan.0.into()];
    let text = match (page.by, &page.after) {
        (Alike::Number, after) => {
            let after = match after {
                Some(Likeness::Number(key)) => key.clone(),
                Some(_) | None => String::new(),
            };
            values.push(after.into());
            BY_NUMBER
        }
        (Alike::Reference, after) => {
            let after = match after {
                Some(Likeness::Reference(key)) => key.clone(),
                Some(_) | None => String::new(),
            };
            values.extend([after.into(), page.scan.0.into()]);
            BY_REFERENCE
        }
        (Alike::Sale, after) => {
            let (customer, date, amount) = match after {
                Some(Likeness::Sale { customer, date, amount }) => {
                    (customer.clone(), date.to_string(), amount.minor())
                }
                Some(_) | None => (String::new(), String::new(), 0),
            };
            let again = (customer.clone(), date.clone());
            values.extend([customer.into(), again.0.into(), date.into(), again.1.into()]);
            values.extend([amount.into(), page.scan.0.into(), page.scan.0.into()]);
            BY_SALE
        }
    };
    values.push(i64::from(page.limit).into());
    Question { text, values }
}

/// A group.
#[derive(Debug, QueryableByName)]
pub struct DoubleRow {
    #[diesel(sql_type = Text)]
    pub likeness: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub sale_date: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub sale_amount: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
    #[diesel(sql_type = BigInt)]
    pub same_number: i64,
    #[diesel(sql_type = BigInt)]
    pub same_reference: i64,
    #[diesel(sql_type = BigInt)]
    pub same_sale: i64,
}

impl DoubleRow {
    /// The group that the row tells of.
    pub fn double(self, by: Alike) -> Result<Double, StoreError> {
        let same = [self.same_number, self.same_reference, self.same_sale];
        let alike = Alike::ALL.into_iter().zip(same).filter(|(_, same)| *same == 1);
        let alike = alike.map(|(alike, _)| alike).collect();
        let likeness = match (by, self.sale_date, self.sale_amount) {
            (Alike::Number, ..) => Likeness::Number(self.likeness),
            (Alike::Reference, ..) => Likeness::Reference(self.likeness),
            (Alike::Sale, Some(date), Some(amount)) => Likeness::Sale {
                date: parsed(DOCUMENT, &self.likeness, date.parse())?,
                amount: money(DOCUMENT, &self.likeness, amount)?,
                customer: self.likeness,
            },
            (Alike::Sale, ..) => return Err(corrupt(DOCUMENT, self.likeness, "no date or amount")),
        };
        Ok(Double { likeness, documents: wide(self.documents), alike })
    }
}

macro_rules! sides {
    ($rest:expr) => {
        concat!(
            "SELECT i.id AS invoice_id, i.number AS our_number, i.invoice_date AS our_date, \
             i.total_minor AS our_total, i.state AS our_state, i.ledger_uid AS our_uid, \
             d.uid AS uid, d.number AS number, d.reference AS reference, d.customer AS customer, \
             d.invoice_date AS booked_on, d.amount_minor AS amount, d.total_minor AS total, \
             d.is_foreign AS is_foreign, d.layout AS layout ",
            $rest
        )
    };
}

/// Documents with the invoice that is posted as each, or whose claim its marker names.
macro_rules! of_documents {
    ($rest:expr) => {
        sides!(concat!(
            "FROM postonce_ledger_scan_document AS d \
             JOIN postonce_ledger_scan AS s ON s.id = d.scan_id \
             LEFT JOIN postonce_invoice AS p \
             ON p.company_file = s.company_file AND p.ledger_uid = d.uid \
             LEFT JOIN postonce_claim AS c ON c.id = d.claim_id \
             LEFT JOIN postonce_invoice AS i ON i.id = COALESCE(p.id, c.invoice_id) \
             WHERE d.scan_id = ? AND d.uid > ? AND ",
            $rest,
            " ORDER BY d.uid LIMIT ?"
        ))
    };
}

/// Posted invoices with the document of each.
macro_rules! of_posted {
    ($rest:expr) => {
        sides!(concat!(
            "FROM postonce_ledger_scan AS s \
             JOIN postonce_invoice AS i ON i.company_file = s.company_file \
             LEFT JOIN postonce_ledger_scan_document AS d \
             ON d.scan_id = s.id AND d.uid = i.ledger_uid \
             WHERE s.id = ? AND i.id > ? AND i.state = 'posted' AND ",
            $rest,
            " ORDER BY i.id LIMIT ?"
        ))
    };
}

/// The document that is told with the invoice `i` in doubt, of all that bear its markers.
macro_rules! of_doubt {
    () => {
        "(SELECT MIN(x.uid) FROM postonce_claim AS k \
         JOIN postonce_ledger_scan_document AS x ON x.claim_id = k.id \
         WHERE k.invoice_id = i.id AND x.scan_id = s.id)"
    };
}

const ONLY_THERE: &str = of_documents!(concat!(
    "d.invoice_date >= ? AND d.invoice_date < ? AND p.id IS NULL \
     AND (i.id IS NULL OR i.state NOT IN ('claimed', 'in_doubt', 'needs_human') \
     OR i.company_file <> s.company_file OR d.uid <> ",
    of_doubt!(),
    ")"
));

const ONLY_HERE: &str = of_posted!("i.invoice_date >= ? AND i.invoice_date < ? AND d.uid IS NULL");

const DIFFERS: &str = of_posted!(
    "((i.invoice_date >= ? AND i.invoice_date < ?) OR (d.invoice_date >= ? AND d.invoice_date < ?)) \
     AND (d.invoice_date <> i.invoice_date \
     OR (d.uid IS NOT NULL AND COALESCE(d.total_minor <> i.total_minor, 1 = 1)))"
);

const IN_DOUBT: &str = sides!(concat!(
    "FROM postonce_ledger_scan AS s \
     JOIN postonce_invoice AS i ON i.company_file = s.company_file \
     LEFT JOIN postonce_ledger_scan_document AS d ON d.scan_id = s.id AND d.uid = ",
    of_doubt!(),
    " WHERE s.id = ? AND i.id > ? AND i.state IN ('claimed', 'in_doubt', 'needs_human') \
     AND ((i.invoice_date >= ? AND i.invoice_date < ?) \
     OR (d.invoice_date >= ? AND d.invoice_date < ?)) ORDER BY i.id LIMIT ?"
));

/// Which differences there are.
pub fn differences(page: &DifferencesPage) -> Question {
    let after = page.after.as_ref();
    let uid = || after.and_then(|it| Some(it.there.as_ref()?.uid.to_string())).unwrap_or_default();
    let id = || after.and_then(|it| Some(it.here.as_ref()?.id.0)).unwrap_or_default();
    let (text, behind) = match page.kind {
        DifferenceKind::OnlyThere => (ONLY_THERE, Value::Text(uid())),
        DifferenceKind::OnlyHere => (ONLY_HERE, Value::Int(id())),
        DifferenceKind::Differs => (DIFFERS, Value::Int(id())),
        DifferenceKind::InDoubt => (IN_DOUBT, Value::Int(id())),
    };
    let mut values = vec![page.scan.0.into(), behind];
    values.extend(bounds(page.span));
    if matches!(page.kind, DifferenceKind::Differs | DifferenceKind::InDoubt) {
        values.extend(bounds(page.span));
    }
    values.push(i64::from(page.limit).into());
    Question { text, values }
}

/// Which documents are in a group.
pub fn members(
    scan: ScanId,
    likeness: &Likeness,
    after: Option<&LedgerUid>,
    limit: u32,
) -> Question {
    let after = after.map(ToString::to_string).unwrap_or_default();
    let mut values = vec![scan.0.into(), after.into()];
    let text = match likeness {
        Likeness::Number(key) => {
            values.push(key.clone().into());
            of_documents!("d.number_key = ?")
        }
        Likeness::Reference(key) => {
            values.push(key.clone().into());
            of_documents!("d.reference_key = ?")
        }
        Likeness::Sale { customer, date, amount } => {
            values.extend([customer.clone().into(), date.to_string().into()]);
            values.push(amount.minor().into());
            of_documents!("d.customer_key = ? AND d.invoice_date = ? AND d.amount_minor = ?")
        }
    };
    values.push(i64::from(limit).into());
    Question { text, values }
}

/// An invoice and a document, or one of them.
#[derive(Debug, QueryableByName)]
pub struct SidesRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub invoice_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub our_number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub our_date: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub our_total: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub our_state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub our_uid: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub uid: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub booked_on: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub total: Option<i64>,
    #[diesel(sql_type = Nullable<Bool>)]
    pub is_foreign: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    pub layout: Option<String>,
}

impl SidesRow {
    /// Both sides that the row tells of.
    pub fn sides(self) -> Result<Sides, StoreError> {
        Ok(Sides { here: self.here()?, there: self.there()? })
    }

    fn here(&self) -> Result<Option<OurInvoice>, StoreError> {
        let Some(id) = self.invoice_id else { return Ok(None) };
        let text = |column: &Option<String>| column.clone().unwrap_or_default();
        let state = text(&self.our_state);
        let state = StateName::from_name(&state).ok_or("its state is unknown");
        let uid = self.our_uid.as_deref().map(LedgerUid::parse).transpose();
        Ok(Some(OurInvoice {
            id: InvoiceId(id),
            number: parsed(INVOICE, id, InvoiceNumber::parse(&text(&self.our_number)))?,
            date: parsed(INVOICE, id, text(&self.our_date).parse::<Date>())?,
            total: money(INVOICE, id, self.our_total.unwrap_or_default())?,
            state: parsed(INVOICE, id, state)?,
            uid: parsed(INVOICE, id, uid)?,
        }))
    }

    fn there(self) -> Result<Option<ListedDocument>, StoreError> {
        let Some(uid) = self.uid else { return Ok(None) };
        let amount = self.amount.map(|minor| money(DOCUMENT, &uid, minor)).transpose()?;
        let total = self.total.map(|minor| money(DOCUMENT, &uid, minor)).transpose()?;
        let date = self.booked_on.unwrap_or_default().parse::<Date>();
        Ok(Some(ListedDocument {
            number: self.number.unwrap_or_default(),
            reference: self.reference.unwrap_or_default(),
            customer: self.customer.unwrap_or_default(),
            date: parsed(DOCUMENT, &uid, date)?,
            amount,
            total,
            foreign: self.is_foreign.unwrap_or_default(),
            layout: self.layout.unwrap_or_default(),
            uid: parsed(DOCUMENT, &uid, LedgerUid::parse(&uid))?,
        }))
    }
}

fn money(table: &'static str, key: impl ToString, minor: i64) -> Result<Money, StoreError> {
    parsed(table, key, Money::from_minor(minor).ok_or("an amount is out of range"))
}

macro_rules! tally {
    ($rest:expr) => {
        concat!(
            "SELECT SUBSTR(invoice_date, 1, 7) AS in_month, COUNT(*) AS documents, \
             CAST(COALESCE(SUM(total_minor), 0) AS SIGNED) AS total, \
             COUNT(*) - COUNT(total_minor) AS unreadable FROM ",
            $rest,
            " AND invoice_date >= ? AND invoice_date < ? GROUP BY SUBSTR(invoice_date, 1, 7)"
        )
    };
}

/// What is posted in each month, and what was read.
pub fn months(scan: ScanId, dates: DateSpan) -> [Question; 2] {
    let asked = |text| {
        let [from, before] = bounds(dates);
        Question { text, values: vec![scan.0.into(), from, before] }
    };
    [
        asked(tally!(
            "postonce_invoice WHERE state = 'posted' AND company_file = \
             (SELECT company_file FROM postonce_ledger_scan WHERE id = ?)"
        )),
        asked(tally!("postonce_ledger_scan_document WHERE scan_id = ?")),
    ]
}

/// A month on one side.
#[derive(Debug, QueryableByName)]
pub struct TallyRow {
    #[diesel(sql_type = Text)]
    pub in_month: String,
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub unreadable: i64,
}

/// Both sides of each month, in order.
pub fn paired(here: &[TallyRow], there: &[TallyRow]) -> Result<Vec<MonthTally>, StoreError> {
    let mut months: BTreeMap<Date, MonthTally> = BTreeMap::new();
    for (row, is_here) in here.iter().map(|it| (it, true)).chain(there.iter().map(|it| (it, false)))
    {
        let month = parsed(DOCUMENT, &row.in_month, format!("{}-01", row.in_month).parse())?;
        let tally = Tally {
            count: wide(row.documents),
            total: money(DOCUMENT, &row.in_month, row.total)?,
            unreadable: wide(row.unreadable),
        };
        let none = MonthTally { month, here: Tally::default(), there: Tally::default() };
        let pair = months.entry(month).or_insert(none);
        if is_here {
            pair.here = tally;
        } else {
            pair.there = tally;
        }
    }
    Ok(months.into_values().collect())
}
