//! One company file: its records and its invoices.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::clock::{Millis, new_row_version, new_uid};
use crate::invoice::{Invoice, NUMBER};
use crate::record::{Record, Resource};
use crate::table::Table;

/// The books of one business.
#[derive(Debug, Default)]
pub(crate) struct CompanyFile {
    /// Its invoices, of both layouts.
    pub(crate) invoices: Table<Invoice>,
    records: BTreeMap<Resource, Table<Record>>,
    next_number: u64,
}

impl CompanyFile {
    /// A file with `records` in it.
    pub(crate) fn new(records: Vec<(Resource, Record)>) -> Self {
        let mut file = Self { next_number: 1, ..Self::default() };
        for resource in Resource::ALL {
            file.records.insert(resource, Table::default());
        }
        for (resource, record) in records {
            file.records_mut(resource).put(record);
        }
        file
    }

    /// The records of one resource.
    pub(crate) fn records(&self, resource: Resource) -> &Table<Record> {
        self.records.get(&resource).expect("a file is made with all its resources")
    }

    /// See [`records`](Self::records).
    pub(crate) fn records_mut(&mut self, resource: Resource) -> &mut Table<Record> {
        self.records.entry(resource).or_default()
    }

    /// The oldest invoice, if it is not the only one.
    pub(crate) fn first_invoice(&self) -> Option<Uuid> {
        let mut invoices = self.invoices.iter();
        let first = invoices.next()?;
        invoices.next().map(|_| first.uid)
    }

    /// The next number in line that no invoice has.
    pub(crate) fn free_number(&self) -> Box<str> {
        let mut next = self.next_number;
        loop {
            let number = format!("{next:08}");
            if self.invoices.count(NUMBER, &number) == 0 {
                return number.into();
            }
            next += 1;
        }
    }

    /// Notes that the sandbox gave `number`, so that the search for the next one starts behind it.
    pub(crate) fn number_given(&mut self, number: &str) {
        if let Ok(number) = number.parse::<u64>() {
            self.next_number = number.saturating_add(1);
        }
    }
}

/// What every company file has from the start: three tax codes and an income account.
pub(crate) fn first_records(now: Millis) -> Vec<(Resource, Record)> {
    let record = |fields: Json| Record {
        uid: new_uid(),
        row_version: new_row_version(),
        created: 0,
        modified: now,
        fields: fields.as_object().cloned().unwrap_or_default(),
    };
    let tax_code = |code: &str, description: &str, rate: u32| {
        let kind = if rate == 0 { "InputTaxed" } else { "GST_VAT" };
        let kind = if code == "FRE" { "GST_VAT" } else { kind };
        let fields = json!({"Code": code, "Description": description, "Type": kind, "Rate": rate});
        (Resource::TaxCode, record(fields))
    };
    let sales = json!({
        "Name": "Sales", "DisplayID": "4-1000", "Classification": "Income", "Type": "Income",
        "Number": 1000, "IsActive": true, "IsHeader": false, "Level": 2,
    });
    vec![
        tax_code("GST", "Goods & Services Tax", 10),
        tax_code("FRE", "GST Free", 0),
        tax_code("N-T", "Not Reportable", 0),
        (Resource::Account, record(sales)),
    ]
}
