//! From a request's body to an invoice: what is required, what must exist, what is computed.

use uuid::Uuid;

use crate::answers::ApiError;
use crate::clock::{Millis, new_row_version, new_uid};
use crate::company_file::CompanyFile;
use crate::invoice::{Invoice, Layout, Line, LineKind};
use crate::money::{Cents, Decimal};
use crate::record::{Record, Resource};
use crate::totals::{Taxed, line_amount, totals};
use crate::wire::Object;

/// MYOB's width of `Number`.
const NUMBER_LENGTH_MAX: usize = 13;

/// MYOB's width of the other texts of an invoice's head.
const TEXT_LENGTH_MAX: usize = 255;

/// A line's description has no documented width.
const DESCRIPTION_LENGTH_MAX: usize = 10_000;

/// Fields that are given back as they were sent.
const FURTHER: [&str; 14] = [
    "CanApplyBPay",
    "CanApplySurcharge",
    "Category",
    "CurrencyExchangeRate",
    "ForeignCurrency",
    "InvoiceDeliveryStatus",
    "OnlinePaymentMethod",
    "Order",
    "PromisedDate",
    "ReferralSource",
    "Salesperson",
    "ShipToAddress",
    "ShippingMethod",
    "Terms",
];

/// See [`FURTHER`].
const FURTHER_OF_LINE: [&str; 5] = ["CostOfGoodsSold", "Date", "Job", "Location", "UnitOfMeasure"];

/// The invoice that a POST makes. It is in no table yet.
pub(crate) fn create(
    file: &CompanyFile,
    layout: Layout,
    body: &[u8],
    now: Millis,
) -> Result<Invoice, ApiError> {
    let head = Object::parse(body)?;
    if head.uid("UID")?.is_some() {
        return Err(ApiError::row_version());
    }
    let mut invoice = read(file, layout, &head, now)?;
    if invoice.number.is_empty() {
        invoice.number = file.free_number();
        invoice.numbered_here = true;
    }
    Ok(invoice)
}

/// What a PUT makes of `old`: all of it is replaced, but its identity and when it was received.
pub(crate) fn replace(
    file: &CompanyFile,
    old: &Invoice,
    body: &[u8],
    now: Millis,
) -> Result<Invoice, ApiError> {
    let head = Object::parse(body)?;
    let version: Option<String> = head.read("RowVersion")?;
    let same = head.uid("UID")?.is_none_or(|uid| uid == old.uid);
    if !same || version != Some(old.row_version.to_string()) {
        return Err(ApiError::row_version());
    }
    let mut invoice = read(file, old.layout, &head, now)?;
    invoice.uid = old.uid;
    invoice.received = old.received;
    invoice.hidden_until = old.hidden_until;
    if invoice.number.is_empty() {
        invoice.number.clone_from(&old.number);
    }
    Ok(invoice)
}

fn read(
    file: &CompanyFile,
    layout: Layout,
    head: &Object<'_>,
    now: Millis,
) -> Result<Invoice, ApiError> {
    let number = head.text("Number", NUMBER_LENGTH_MAX)?.unwrap_or_default();
    let date = head.date("Date")?.ok_or_else(|| ApiError::required("Date"))?;
    let customer = head.link("Customer")?.ok_or_else(|| ApiError::required("Customer"))?;
    known(file, Resource::Customer, "Customer", customer)?;
    let tax_inclusive = head.read("IsTaxInclusive")?.unwrap_or(true);
    let lines = lines(file, layout, head)?;
    let freight = head.decimal("Freight")?.unwrap_or_default().cents();
    let freight_tax = head.link("FreightTaxCode")?;
    if freight_tax.is_none() && freight.sign() != 0 {
        return Err(ApiError::required("FreightTaxCode"));
    }
    let taxed = Taxed { amount: freight, rate: rate(file, "FreightTaxCode", freight_tax)? };
    let sums = sum(file, &lines, taxed, tax_inclusive)?;
    Ok(Invoice {
        uid: new_uid(),
        layout,
        number,
        date,
        reference: head.text("CustomerPurchaseOrderNumber", TEXT_LENGTH_MAX)?,
        memo: head.text("JournalMemo", TEXT_LENGTH_MAX)?,
        comment: head.text("Comment", TEXT_LENGTH_MAX)?,
        customer,
        tax_inclusive,
        lines,
        freight,
        freight_tax,
        subtotal: sums.subtotal,
        tax: sums.tax,
        total: sums.total,
        row_version: new_row_version(),
        received: now,
        modified: now,
        hidden_until: None,
        numbered_here: false,
        further: head.kept(&FURTHER),
    })
}

fn sum(
    file: &CompanyFile,
    lines: &[Line],
    freight: Taxed,
    tax_inclusive: bool,
) -> Result<crate::totals::Totals, ApiError> {
    let amounts = lines
        .iter()
        .filter(|line| line.kind == LineKind::Transaction)
        .map(|line| Ok(Taxed { amount: line.total, rate: rate(file, "TaxCode", line.tax_code)? }));
    let amounts = amounts.collect::<Result<Vec<_>, ApiError>>()?;
    totals(&amounts, freight, tax_inclusive)
        .ok_or_else(|| ApiError::validation("The total is too large", "TotalAmount"))
}

fn known<'a>(
    file: &'a CompanyFile,
    resource: Resource,
    field: &str,
    uid: Uuid,
) -> Result<&'a Record, ApiError> {
    file.records(resource).get(uid).ok_or_else(|| ApiError::unknown_reference(field, uid))
}

fn rate(file: &CompanyFile, field: &str, uid: Option<Uuid>) -> Result<Decimal, ApiError> {
    let code = uid.map(|uid| known(file, Resource::TaxCode, field, uid)).transpose()?;
    Ok(code.map(Record::rate).unwrap_or_default())
}

fn lines(file: &CompanyFile, layout: Layout, head: &Object<'_>) -> Result<Box<[Line]>, ApiError> {
    let sent = head.list("Lines")?;
    if sent.is_empty() {
        return Err(ApiError::required("Lines"));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(sent.len());
    let mut above = Cents::default();
    for (row, sent) in (1..).zip(&sent) {
        let kind: LineKind = sent.read("Type")?.unwrap_or_default();
        let mut line = match kind {
            LineKind::Transaction => transaction(file, layout, sent)?,
            LineKind::Header | LineKind::SubTotal => text_line(kind, sent)?,
        };
        line.row = row;
        match kind {
            LineKind::Transaction => {
                let too_large = || ApiError::validation("The total is too large", "TotalAmount");
                above = above.plus(line.total).ok_or_else(too_large)?;
            }
            LineKind::SubTotal => line.total = std::mem::take(&mut above),
            LineKind::Header => {}
        }
        lines.push(line);
    }
    Ok(lines.into())
}

fn text_line(kind: LineKind, sent: &Object<'_>) -> Result<Line, ApiError> {
    Ok(Line {
        row: 0,
        kind,
        description: sent.text("Description", DESCRIPTION_LENGTH_MAX)?,
        quantity: None,
        price: None,
        discount: Decimal::default(),
        total: Cents::default(),
        tax_code: None,
        account: None,
        item: None,
        row_version: new_row_version(),
        further: None,
    })
}

fn transaction(file: &CompanyFile, layout: Layout, sent: &Object<'_>) -> Result<Line, ApiError> {
    let account = reference(file, Resource::Account, sent, "Account")?;
    let item = match layout {
        Layout::Item => reference(file, Resource::Item, sent, "Item")?,
        Layout::Service => None,
    };
    if account.is_none() && item.is_none() {
        return Err(ApiError::required(&sent.name(match layout {
            Layout::Item => "Item",
            Layout::Service => "Account",
        })));
    }
    let tax_code = reference(file, Resource::TaxCode, sent, "TaxCode")?;
    let tax_code = tax_code.ok_or_else(|| ApiError::required(&sent.name("TaxCode")))?;
    // Clients that fill in absent numbers send the quantity that is not meant as zero.
    let shipped = match layout {
        Layout::Item => sent.decimal("ShipQuantity")?,
        Layout::Service => None,
    };
    let quantity = match shipped.filter(|shipped| !shipped.is_zero()) {
        Some(shipped) => Some(shipped),
        None => sent.decimal("UnitCount")?.or(shipped),
    };
    let price = sent.decimal("UnitPrice")?;
    let discount = sent.decimal("DiscountPercent")?.unwrap_or_default();
    let total = line_amount(quantity, price, discount, sent.decimal("Total")?);
    let too_large = || ApiError::validation("The line's total is too large", &sent.name("Total"));
    let mut line = text_line(LineKind::Transaction, sent)?;
    line.total = total.ok_or_else(too_large)?;
    line.quantity = quantity;
    line.price = price;
    line.discount = discount;
    line.tax_code = Some(tax_code);
    line.account = account;
    line.item = item;
    line.further = sent.kept(&FURTHER_OF_LINE);
    Ok(line)
}

/// The UID of a link, which must name a record.
fn reference(
    file: &CompanyFile,
    resource: Resource,
    sent: &Object<'_>,
    key: &str,
) -> Result<Option<Uuid>, ApiError> {
    let uid = sent.link(key)?;
    if let Some(uid) = uid {
        known(file, resource, &sent.name(key), uid)?;
    }
    Ok(uid)
}
