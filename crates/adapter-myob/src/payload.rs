//! What is sent: invoices and customers as MYOB wants them.
//!
//! Fields and widths: <https://developer.myob.com/api/myob-business-api/v2/sale/invoice/> and
//! <https://developer.myob.com/api/myob-business-api/v2/contact/customer/>. `UID`, `RowID` and
//! `RowVersion` are never sent: MYOB gives them.

use std::collections::BTreeMap;
use std::fmt::Display;

use postonce_domain::{Customer, Invoice, Line, Marker, Money};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::options::Layout;

/// The UIDs that an invoice refers to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) customer: String,
    /// By code.
    pub(crate) tax_codes: BTreeMap<String, String>,
    /// By number.
    pub(crate) items: BTreeMap<String, String>,
    /// Of lines that go by account, by number.
    pub(crate) accounts: BTreeMap<u32, String>,
    /// Of lines that have a job, by number.
    pub(crate) jobs: BTreeMap<u32, String>,
    /// Of freight, if it is not that of the first line.
    pub(crate) freight_tax_code: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvoiceBody<'a> {
    number: &'a str,
    date: String,
    customer_purchase_order_number: &'a str,
    journal_memo: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    comment: &'a str,
    customer: Link<'a>,
    is_tax_inclusive: bool,
    lines: Vec<LineBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freight: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freight_tax_code: Option<Link<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LineBody<'a> {
    r#type: &'static str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Link<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Link<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Link<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ship_quantity: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_count: Option<Number>,
    unit_price: Number,
    discount_percent: Number,
    total: Number,
    tax_code: Link<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    #[serde(rename = "UID")]
    uid: &'a str,
}

/// A JSON number whose digits are the decimal's own: no floating point in between.
#[derive(Serialize)]
#[serde(transparent)]
struct Number(Box<RawValue>);

impl Number {
    fn of(decimal: impl Display) -> Self {
        let digits = RawValue::from_string(decimal.to_string());
        Self(digits.expect("the domain's decimals are written as JSON numbers are"))
    }
}

/// The body of an invoice; `None` if a reference of it is not in `resolved`.
///
/// Line totals are our own amounts. Freight goes under the tax code that is mapped for it, or under
/// the first line's: MYOB refuses freight without one, and the platform names none.
pub(crate) fn invoice_payload(
    invoice: &Invoice,
    marker: Marker,
    layout: Layout,
    resolved: &Resolved,
) -> Option<String> {
    let parts = invoice.parts();
    let lines: Vec<LineBody<'_>> =
        parts.lines.iter().map(|line| line_body(line, layout, resolved)).collect::<Option<_>>()?;
    let first = resolved.tax_codes.get(parts.lines.first()?.tax_code.as_str())?;
    let freight_tax_code = resolved.freight_tax_code.as_ref().unwrap_or(first);
    // Lines by account have no freight in the Item layout, so a freight of nothing is left out.
    let mixed = layout == Layout::Item && parts.lines.iter().any(|line| line.item.is_none());
    let freight = !mixed || parts.freight != Money::ZERO;
    let body = InvoiceBody {
        number: parts.number.as_str(),
        date: format!("{}T00:00:00", parts.date),
        customer_purchase_order_number: parts.external_id.as_str(),
        journal_memo: marker.to_string(),
        comment: &parts.memo,
        customer: Link { uid: &resolved.customer },
        is_tax_inclusive: parts.tax_inclusive,
        lines,
        freight: freight.then(|| Number::of(parts.freight)),
        freight_tax_code: freight.then(|| Link { uid: freight_tax_code }),
    };
    serde_json::to_string(&body).ok()
}

fn line_body<'a>(line: &'a Line, layout: Layout, resolved: &'a Resolved) -> Option<LineBody<'a>> {
    let item = line.item.as_ref().filter(|_| layout == Layout::Item);
    let item = match item {
        Some(item) => Some(resolved.items.get(item.as_str())?),
        None => None,
    };
    let account = match item {
        Some(_) => None,
        None => Some(resolved.accounts.get(&line.number)?),
    };
    let quantity = || Number::of(line.quantity);
    Some(LineBody {
        r#type: "Transaction",
        description: &line.description,
        item: item.map(|uid| Link { uid }),
        account: account.map(|uid| Link { uid }),
        job: resolved.jobs.get(&line.number).map(|uid| Link { uid }),
        ship_quantity: item.map(|_| quantity()),
        unit_count: account.map(|_| quantity()),
        unit_price: Number::of(line.unit_price),
        discount_percent: Number::of(line.discount),
        total: Number::of(line.amount()?),
        tax_code: Link { uid: resolved.tax_codes.get(line.tax_code.as_str())? },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CustomerBody<'a> {
    company_name: &'a str,
    is_individual: bool,
    #[serde(rename = "DisplayID")]
    display_id: &'a str,
    is_active: bool,
    notes: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<Address<'a>>,
    selling_details: SellingDetails<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Address<'a> {
    location: u8,
    email: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SellingDetails<'a> {
    tax_code: Link<'a>,
    freight_tax_code: Link<'a>,
}

/// The body of a customer: a company, since the platform gives one name only.
///
/// MYOB requires the two tax codes of a new customer; both are `tax_code`. The marker says whose it
/// is.
pub(crate) fn customer_payload(customer: &Customer, tax_code: &str, marker: Marker) -> String {
    let code = customer.code.as_str();
    let addresses = if customer.email.is_empty() {
        Vec::new()
    } else {
        vec![Address { location: 1, email: &customer.email }]
    };
    let body = CustomerBody {
        company_name: if customer.name.is_empty() { code } else { &customer.name },
        is_individual: false,
        display_id: code,
        is_active: true,
        notes: marker.to_string(),
        addresses,
        selling_details: SellingDetails {
            tax_code: Link { uid: tax_code },
            freight_tax_code: Link { uid: tax_code },
        },
    };
    serde_json::to_string(&body).expect("texts and numbers are JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemBody<'a> {
    number: &'a str,
    name: &'a str,
    is_active: bool,
    description: String,
    use_description: bool,
    is_sold: bool,
    income_account: Link<'a>,
    selling_details: ItemSelling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemSelling<'a> {
    tax_code: Link<'a>,
}

/// The longest name of an item.
const ITEM_NAME_MAX: usize = 30;

/// The body of an item that is sold and not counted, with the UIDs of its income account and tax
/// code. Its name is the line's description if that is short enough, and else its number. The
/// marker says whose it is.
pub(crate) fn item_payload(
    line: &Line,
    (account, tax_code): (&str, &str),
    marker: Marker,
) -> String {
    let number = line.item.as_ref().map_or("", postonce_domain::ItemCode::as_str);
    let fits = (1..=ITEM_NAME_MAX).contains(&line.description.chars().count());
    let body = ItemBody {
        number,
        name: if fits { &line.description } else { number },
        is_active: true,
        description: marker.to_string(),
        use_description: false,
        is_sold: true,
        income_account: Link { uid: account },
        selling_details: ItemSelling { tax_code: Link { uid: tax_code } },
    };
    serde_json::to_string(&body).expect("texts are JSON")
}

#[cfg(test)]
mod tests;
