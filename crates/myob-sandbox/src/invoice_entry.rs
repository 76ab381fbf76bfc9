//! From a request's body to an invoice: what is required, what must exist, what is computed.

use jiff::civil::Date;
use uuid::Uuid;

use crate::answers::ApiError;
use crate::clock::{Millis, new_row_version, new_uid};
use crate::company_file::CompanyFile;
use crate::invoice::{Invoice, Layout, Line, LineKind, NUMBER};
use crate::money::{Cents, Decimal, Rounder};
use crate::record::{Record, Resource};
use crate::switches::{Duplicates, Padding, Refusal, Rounding, Switches, TaxType, TextOver};
use crate::totals::{Taxed, Totals, line_amount, totals};
use crate::wire::Object;

/// MYOB's width of `Number`.
const NUMBER_LENGTH_MAX: usize = 13;

/// MYOB's width of the other texts of an invoice's head.
const TEXT_LENGTH_MAX: usize = 255;

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

/// Where an invoice is entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) file: &'a CompanyFile,
    pub(crate) switches: &'a Switches,
    /// Whether what MYOB only warns of is refused.
    pub(crate) warnings_as_errors: bool,
    pub(crate) now: Millis,
}

impl Desk<'_> {
    /// The invoice that a POST makes. It is in no table yet.
    pub(crate) fn create(&self, layout: Layout, body: &[u8]) -> Result<Invoice, ApiError> {
        let head = Object::parse(body)?;
        if head.uid("UID")?.is_some() {
            return Err(ApiError::row_version());
        }
        let mut invoice = self.read(layout, &head)?;
        if invoice.number.is_empty() {
            invoice.number = self.normal(&self.file.free_number());
            invoice.numbered_here = true;
        } else {
            self.number_may_be(&invoice.number, 0)?;
        }
        Ok(invoice)
    }

    /// What a PUT makes of `old`: all of it is replaced, but its identity and when it was
    /// received.
    pub(crate) fn replace(&self, old: &Invoice, body: &[u8]) -> Result<Invoice, ApiError> {
        let head = Object::parse(body)?;
        let version: Option<String> = head.read("RowVersion")?;
        let same = head.uid("UID")?.is_none_or(|uid| uid == old.uid);
        if !same || version != Some(old.row_version.to_string()) {
            return Err(ApiError::row_version());
        }
        self.date_may_be(old.date)?;
        let mut invoice = self.read(old.layout, &head)?;
        invoice.uid = old.uid;
        invoice.received = old.received;
        invoice.hidden_until = old.hidden_until;
        if invoice.number.is_empty() {
            invoice.number.clone_from(&old.number);
        }
        self.number_may_be(&invoice.number, usize::from(invoice.number == old.number))?;
        Ok(invoice)
    }

    /// Refuses what is dated into a closed period.
    pub(crate) fn date_may_be(&self, date: Date) -> Result<(), ApiError> {
        match self.switches.lock_period_before {
            Some(before) if date < before => Err(ApiError::lock_period(before)),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a number that more than `own` invoices have, if that is refused.
    fn number_may_be(&self, number: &str, own: usize) -> Result<(), ApiError> {
        let refused = match self.switches.duplicate_number {
            Duplicates::Accept => false,
            Duplicates::Reject => true,
            Duplicates::Warn => self.warnings_as_errors,
        };
        if refused && self.file.invoices.count(NUMBER, number) > own {
            return Err(ApiError::duplicate(number));
        }
        Ok(())
    }

    /// A number as the file writes it.
    fn normal(&self, number: &str) -> Box<str> {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match self.switches.number_padding {
            Padding::Pad8 if digits => format!("{number:0>8}").into(),
            Padding::Strip if digits => {
                let kept = number.trim_start_matches('0');
                if kept.is_empty() { "0".into() } else { kept.into() }
            }
            Padding::Keep | Padding::Pad8 | Padding::Strip => number.into(),
        }
    }

    /// A text of which not all may find room.
    fn limited(
        &self,
        sent: &Object<'_>,
        key: &str,
        max: u64,
    ) -> Result<Option<Box<str>>, ApiError> {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        match self.switches.text_over {
            TextOver::Refuse => sent.text(key, max),
            TextOver::Cut => {
                let whole = sent.text(key, usize::MAX)?;
                let cut = whole.map(|text| text.chars().take(max).collect::<String>());
                Ok(cut.filter(|text| !text.is_empty()).map(String::into_boxed_str))
            }
        }
    }

    fn read(&self, layout: Layout, head: &Object<'_>) -> Result<Invoice, ApiError> {
        let number = head.text("Number", NUMBER_LENGTH_MAX)?.unwrap_or_default();
        let date = head.date("Date")?.ok_or_else(|| ApiError::required("Date"))?;
        self.date_may_be(date)?;
        let customer = head.link("Customer")?.ok_or_else(|| ApiError::required("Customer"))?;
        known(self.file, Resource::Customer, "Customer", customer)?;
        let tax_inclusive = head.read("IsTaxInclusive")?.unwrap_or(true);
        let lines = self.lines(layout, head)?;
        let freight = head.decimal("Freight")?.unwrap_or_default().cents();
        let freight_tax = head.link("FreightTaxCode")?;
        if freight_tax.is_none() && freight.sign() != 0 {
            return Err(ApiError::required("FreightTaxCode"));
        }
        let rate = rate(self.file, "FreightTaxCode", freight_tax)?;
        let sums = self.sum(&lines, Taxed { amount: freight, rate }, tax_inclusive)?;
        Ok(Invoice {
            uid: new_uid(),
            layout,
            number: self.normal(&number),
            date,
            reference: head.text("CustomerPurchaseOrderNumber", TEXT_LENGTH_MAX)?,
            memo: self.limited(head, "JournalMemo", self.switches.memo_limit)?,
            comment: self.limited(head, "Comment", self.switches.comment_limit)?,
            customer,
            tax_inclusive,
            lines,
            freight,
            freight_tax,
            subtotal: sums.subtotal,
            tax: sums.tax,
            total: sums.total,
            row_version: new_row_version(),
            received: self.now,
            modified: self.now,
            hidden_until: None,
            numbered_here: false,
            further: head.kept(&FURTHER),
        })
    }

    fn sum(&self, lines: &[Line], freight: Taxed, tax_inclusive: bool) -> Result<Totals, ApiError> {
        let file = self.file;
        let lines = lines.iter().filter(|line| line.kind == LineKind::Transaction);
        let taxed = |line: &Line| {
            Ok(Taxed { amount: line.total, rate: rate(file, "TaxCode", line.tax_code)? })
        };
        let amounts = lines.map(taxed).collect::<Result<Vec<_>, ApiError>>()?;
        let rounder = Rounder::new(self.switches.rounding);
        let sums = totals(&amounts, freight, tax_inclusive, rounder)
            .ok_or_else(|| ApiError::validation("The total is too large", "TotalAmount"))?;
        let refused = |refusal, what: &str| match refusal {
            Refusal::Accept => Ok(()),
            Refusal::Reject => {
                let message = format!("The total of a sale cannot be {what}");
                Err(ApiError::validation(message, "TotalAmount"))
            }
        };
        match sums.total.sign() {
            0 => refused(self.switches.zero_total, "zero")?,
            1 => {}
            _ => refused(self.switches.negative_total, "negative")?,
        }
        Ok(sums)
    }

    fn lines(&self, layout: Layout, head: &Object<'_>) -> Result<Box<[Line]>, ApiError> {
        let sent = head.list("Lines")?;
        if sent.is_empty() {
            return Err(ApiError::required("Lines"));
        }
        let mut lines: Vec<Line> = Vec::with_capacity(sent.len());
        let mut above = Cents::default();
        for (row, sent) in (1..).zip(&sent) {
            let kind: LineKind = sent.read("Type")?.unwrap_or_default();
            let mut line = match kind {
                LineKind::Transaction => self.transaction(layout, sent)?,
                LineKind::Header | LineKind::SubTotal => self.text_line(kind, sent)?,
            };
            line.row = row;
            match kind {
                LineKind::Transaction => {
                    let too_large =
                        || ApiError::validation("The total is too large", "TotalAmount");
                    above = above.plus(line.total).ok_or_else(too_large)?;
                }
                LineKind::SubTotal => line.total = std::mem::take(&mut above),
                LineKind::Header => {}
            }
            lines.push(line);
        }
        Ok(lines.into())
    }

    fn text_line(&self, kind: LineKind, sent: &Object<'_>) -> Result<Line, ApiError> {
        Ok(Line {
            row: 0,
            kind,
            description: self.limited(sent, "Description", self.switches.description_limit)?,
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

    fn transaction(&self, layout: Layout, sent: &Object<'_>) -> Result<Line, ApiError> {
        let file = self.file;
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
        self.tax_type_may_be(tax_code)?;
        let places = self.switches.price_decimals.0;
        let price = sent.decimal("UnitPrice")?.map(|price| price.rounded(places));
        let discount = sent.decimal("DiscountPercent")?.unwrap_or_default();
        let half_even = self.switches.rounding == Rounding::HalfEven;
        let product = |quantity, price| Cents::of(quantity, price, discount, half_even);
        let total = line_amount(quantity, price, sent.decimal("Total")?, product);
        let too_large =
            || ApiError::validation("The line's total is too large", &sent.name("Total"));
        let mut line = self.text_line(LineKind::Transaction, sent)?;
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

    /// Refuses tax codes that do not belong on a sale, if that is refused.
    fn tax_type_may_be(&self, uid: Uuid) -> Result<(), ApiError> {
        if self.switches.invalid_tax_type == TaxType::Ignore {
            return Ok(());
        }
        let code = self.file.records(Resource::TaxCode).get(uid);
        match code.and_then(|code| code.text("Type")) {
            Some(kind @ ("ImportDuty" | "InputTaxed" | "Consolidated")) => {
                Err(ApiError::invalid_tax_code(kind))
            }
            Some(_) | None => Ok(()),
        }
    }
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
