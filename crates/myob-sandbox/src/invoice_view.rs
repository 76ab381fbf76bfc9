//! An invoice as the API shows it, and its fields for filters and sorting.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::clock;
use crate::company_file::CompanyFile;
use crate::filter::{Kind, Schema, Value};
use crate::invoice::{Invoice, Layout, Line, LineKind};
use crate::money::{Cents, Decimal};
use crate::record::{Record, Resource};

/// What `$filter` and `$orderby` know of an invoice.
pub(crate) const SCHEMA: Schema = &[
    ("UID", Kind::Guid),
    ("Number", Kind::Text),
    ("Date", Kind::Moment),
    ("CustomerPurchaseOrderNumber", Kind::Text),
    ("Customer/UID", Kind::Guid),
    ("Customer/Name", Kind::Text),
    ("Customer/DisplayID", Kind::Text),
    ("JournalMemo", Kind::Text),
    ("Comment", Kind::Text),
    ("Status", Kind::Text),
    ("InvoiceType", Kind::Text),
    ("IsTaxInclusive", Kind::Bool),
    ("Subtotal", Kind::Number),
    ("Freight", Kind::Number),
    ("TotalTax", Kind::Number),
    ("TotalAmount", Kind::Number),
    ("BalanceDueAmount", Kind::Number),
    ("LastModified", Kind::Moment),
    ("RowVersion", Kind::Text),
];

/// The value of a field of [`SCHEMA`].
pub(crate) fn value<'a>(file: &'a CompanyFile, invoice: &'a Invoice, field: &str) -> Value<'a> {
    let text = |text: Option<&'a str>| text.map_or(Value::Null, |text| Value::Text(text.into()));
    let customer = || file.records(Resource::Customer).get(invoice.customer);
    match field {
        "UID" => Value::Guid(invoice.uid),
        "Number" => text(Some(&invoice.number)),
        "Date" => Value::Moment(invoice.date.at(0, 0, 0, 0)),
        "CustomerPurchaseOrderNumber" => text(invoice.reference.as_deref()),
        "Customer/UID" => Value::Guid(invoice.customer),
        "Customer/Name" => customer().map_or(Value::Null, |it| Value::Text(it.name().into())),
        "Customer/DisplayID" => text(customer().and_then(|it| it.text("DisplayID"))),
        "JournalMemo" => text(invoice.memo.as_deref()),
        "Comment" => text(invoice.comment.as_deref()),
        "Status" => text(Some(invoice.status())),
        "InvoiceType" => text(Some(invoice.layout.name())),
        "IsTaxInclusive" => Value::Bool(invoice.tax_inclusive),
        "Subtotal" => Value::Number(invoice.subtotal.decimal()),
        "Freight" => Value::Number(invoice.freight.decimal()),
        "TotalTax" => Value::Number(invoice.tax.decimal()),
        "TotalAmount" | "BalanceDueAmount" => Value::Number(invoice.total.decimal()),
        "LastModified" => Value::Moment(clock::moment(invoice.modified)),
        "RowVersion" => Value::Text(invoice.row_version.to_string().into()),
        _ => Value::Null,
    }
}

/// How an invoice is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show<'a> {
    /// The company file's books.
    pub(crate) file: &'a CompanyFile,
    /// Its address; none if addresses are not wanted (`generateUris=false`).
    pub(crate) base: Option<&'a str>,
    /// Whether to show the lines; without them it is the shape of `/Sale/Invoice`.
    pub(crate) lines: bool,
    /// Whether to show `JournalMemo`.
    pub(crate) memo: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Head<'a> {
    #[serde(rename = "UID")]
    uid: Uuid,
    number: &'a str,
    date: String,
    customer_purchase_order_number: Option<&'a str>,
    customer: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<LineView<'a>>>,
    is_tax_inclusive: bool,
    subtotal: Cents,
    freight: Cents,
    freight_tax_code: Option<Link>,
    total_tax: Cents,
    total_amount: Cents,
    balance_due_amount: Cents,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_memo: Option<Nullable<'a>>,
    comment: Option<&'a str>,
    #[serde(flatten)]
    further: BTreeMap<&'a str, &'a RawValue>,
    last_modified: String,
    #[serde(rename = "URI", skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    row_version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LineView<'a> {
    #[serde(rename = "RowID")]
    row: u32,
    r#type: LineKind,
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_quantity: Option<Decimal>,
    unit_count: Option<Decimal>,
    unit_price: Option<Decimal>,
    discount_percent: Decimal,
    total: Cents,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Link>,
    account: Option<Link>,
    tax_code: Option<Link>,
    #[serde(flatten)]
    further: BTreeMap<&'a str, &'a RawValue>,
    row_version: String,
}

/// A text that is shown as null if it is absent.
#[derive(Serialize)]
struct Nullable<'a>(Option<&'a str>);

/// A link to a record with the names that go with it.
#[derive(Serialize)]
struct Link {
    #[serde(rename = "UID")]
    uid: Uuid,
    #[serde(flatten)]
    names: BTreeMap<&'static str, String>,
    #[serde(rename = "URI", skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

impl Show<'_> {
    /// The invoice as JSON text, money with its digits.
    pub(crate) fn json(&self, invoice: &Invoice) -> String {
        // Nothing in the view can fail to be written.
        serde_json::to_string(&self.head(invoice)).unwrap_or_default()
    }

    fn head<'i>(&self, invoice: &'i Invoice) -> Head<'i> {
        let path = format!("Sale/Invoice/{}/{}", invoice.layout.name(), invoice.uid);
        let lines = invoice.lines.iter().map(|line| self.line(invoice.layout, line));
        Head {
            uid: invoice.uid,
            number: &invoice.number,
            date: midnight(invoice.date),
            customer_purchase_order_number: invoice.reference.as_deref(),
            customer: self.link(Resource::Customer, invoice.customer, &["Name", "DisplayID"]),
            invoice_type: (!self.lines).then(|| invoice.layout.name()),
            lines: self.lines.then(|| lines.collect()),
            is_tax_inclusive: invoice.tax_inclusive,
            subtotal: invoice.subtotal,
            freight: invoice.freight,
            freight_tax_code: self.tax_code(invoice.freight_tax),
            total_tax: invoice.tax,
            total_amount: invoice.total,
            balance_due_amount: invoice.total,
            status: invoice.status(),
            journal_memo: self.memo.then_some(Nullable(invoice.memo.as_deref())),
            comment: invoice.comment.as_deref(),
            further: further(invoice.further.as_deref()),
            last_modified: clock::zoneless(invoice.modified),
            uri: self.uri(&path),
            row_version: invoice.row_version.to_string(),
        }
    }

    fn line<'i>(&self, layout: Layout, line: &'i Line) -> LineView<'i> {
        LineView {
            row: line.row,
            r#type: line.kind,
            description: line.description.as_deref(),
            ship_quantity: line.quantity.filter(|_| layout == Layout::Item),
            unit_count: line.quantity,
            unit_price: line.price,
            discount_percent: line.discount,
            total: line.total,
            item: line.item.map(|uid| self.link(Resource::Item, uid, &["Number", "Name"])),
            account: line
                .account
                .map(|uid| self.link(Resource::Account, uid, &["Name", "DisplayID"])),
            tax_code: self.tax_code(line.tax_code),
            further: further(line.further.as_deref()),
            row_version: line.row_version.to_string(),
        }
    }

    fn tax_code(&self, uid: Option<Uuid>) -> Option<Link> {
        uid.map(|uid| self.link(Resource::TaxCode, uid, &["Code"]))
    }

    fn link(&self, resource: Resource, uid: Uuid, names: &[&'static str]) -> Link {
        let record = self.file.records(resource).get(uid);
        let name = |record: &Record, field: &str| match field {
            "Name" => record.name(),
            _ => record.text(field).unwrap_or_default().to_owned(),
        };
        let names = record.map(|record| names.iter().map(|it| (*it, name(record, it))).collect());
        let uri = self.uri(&format!("{}/{uid}", resource.path()));
        Link { uid, names: names.unwrap_or_default(), uri }
    }

    fn uri(&self, path: &str) -> Option<String> {
        self.base.map(|base| format!("{base}/{path}"))
    }
}

fn midnight(date: jiff::civil::Date) -> String {
    format!("{date}T00:00:00")
}

fn further(text: Option<&str>) -> BTreeMap<&str, &RawValue> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
