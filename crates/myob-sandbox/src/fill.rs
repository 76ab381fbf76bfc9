//! A past for a company file: many invoices by one event.
//!
//! What they are follows from the event alone, so that a restart makes the same ones again.

use jiff::civil::Date;
use jiff::{Span, tz::Offset};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::clock::Millis;
use crate::company_file::CompanyFile;
use crate::invoice::{Invoice, Layout, Line, LineKind};
use crate::money::{Decimal, Rounder};
use crate::record::{Record, Resource};
use crate::switches::Rounding;
use crate::totals::{Taxed, totals};

/// How many invoices one fill makes at most.
pub(crate) const COUNT_MAX: u32 = 1_000_000;

/// Customers that a fill makes and bills in turn.
const CUSTOMERS: u32 = 10;

/// One fill, with all that is random in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fill {
    pub(crate) file: Box<str>,
    pub(crate) count: u32,
    /// The days of the first and of the last invoice.
    pub(crate) from: Date,
    pub(crate) to: Date,
    /// Every so many invoices one repeats the one before it; 0 = none does.
    pub(crate) duplicate_every: u32,
    /// What UIDs and versions are made from.
    pub(crate) seed: Uuid,
    /// How many invoices earlier fills have made.
    pub(crate) before: u64,
    pub(crate) account: Uuid,
    pub(crate) tax_code: Uuid,
}

impl Fill {
    /// How many invoices repeat another.
    pub(crate) fn duplicates(&self) -> u32 {
        self.count.checked_div(self.duplicate_every).unwrap_or(0)
    }

    /// Puts customers and invoices into the books.
    pub(crate) fn apply(&self, file: &mut CompanyFile) {
        let rate = file.records(Resource::TaxCode).get(self.tax_code).map(Record::rate);
        let rate = rate.unwrap_or_default();
        for at in 0..CUSTOMERS {
            file.records_mut(Resource::Customer).put(self.customer(at));
        }
        for at in 0..self.count {
            file.invoices.put(self.invoice(at, rate));
        }
    }

    fn customer(&self, at: u32) -> Record {
        let fields = json!({
            "CompanyName": format!("Filled {}", at + 1),
            "DisplayID": format!("FILL{}-{}", self.before, at + 1),
            "IsIndividual": false,
            "IsActive": true,
        });
        Record {
            uid: self.customer_uid(at),
            row_version: i64::from(at) + 1,
            created: 0,
            modified: midnight(self.from),
            fields: fields.as_object().cloned().unwrap_or_default(),
        }
    }

    fn invoice(&self, at: u32, rate: Decimal) -> Invoice {
        let repeats = self.duplicate_every > 0 && (at + 1).is_multiple_of(self.duplicate_every);
        let what = if repeats { at - 1 } else { at };
        let date = self.date(what);
        let price = price(what);
        let line = Taxed { amount: price.cents(), rate };
        let freight = Taxed { amount: Decimal::default().cents(), rate };
        let rounder = Rounder::new(Rounding::HalfAway);
        let sums = totals(&[line], freight, false, rounder).expect("prices are small");
        Invoice {
            uid: self.uid(u128::from(at) + 1),
            layout: Layout::Service,
            number: format!("F{:08}", self.before + u64::from(what) + 1).into(),
            date,
            reference: Some(format!("fill-{}", self.before + u64::from(what) + 1).into()),
            memo: None,
            comment: None,
            customer: self.customer_uid(what.rem_euclid(CUSTOMERS)),
            tax_inclusive: false,
            lines: [self.line(at, price)].into(),
            freight: freight.amount,
            freight_tax: None,
            subtotal: sums.subtotal,
            tax: sums.tax,
            total: sums.total,
            row_version: i64::from(at) + 1,
            received: midnight(date),
            modified: midnight(date),
            hidden_until: None,
            numbered_here: false,
            further: None,
        }
    }

    fn line(&self, at: u32, price: Decimal) -> Line {
        Line {
            row: 1,
            kind: LineKind::Transaction,
            description: Some("Filled".into()),
            quantity: Decimal::parse("1"),
            price: Some(price),
            discount: Decimal::default(),
            total: price.cents(),
            tax_code: Some(self.tax_code),
            account: Some(self.account),
            item: None,
            row_version: i64::from(at) + 1,
            further: None,
        }
    }

    /// Spread evenly from the first day to the last.
    fn date(&self, at: u32) -> Date {
        let days = i64::from(self.from.until(self.to).map_or(0, |span| span.get_days()));
        let last = i64::from(self.count.saturating_sub(1).max(1));
        let day = (days * i64::from(at)).div_euclid(last);
        self.from.checked_add(Span::new().days(day)).unwrap_or(self.to)
    }

    fn customer_uid(&self, at: u32) -> Uuid {
        self.uid((1 << 64) + u128::from(at))
    }

    /// Different for different `at`.
    fn uid(&self, at: u128) -> Uuid {
        Uuid::from_u128(self.seed.as_u128() ^ at)
    }
}

/// From 1.00 to 1,000.99, apart from one another for a good while.
fn price(at: u32) -> Decimal {
    let cents = (u64::from(at) * 7919).rem_euclid(100_000) + 100;
    let text = format!("{}.{:02}", cents.div_euclid(100), cents.rem_euclid(100));
    Decimal::parse(&text).unwrap_or_default()
}

fn midnight(date: Date) -> Millis {
    let stamp = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
    stamp.map_or(0, jiff::Timestamp::as_millisecond)
}
