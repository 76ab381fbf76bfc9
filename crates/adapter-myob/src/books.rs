//! All documents of a company file, by date.

use async_trait::async_trait;
use jiff::civil::Date;
use postonce_domain::CompanyFile;
use postonce_ports::books::{BookedDocument, DateSpan, DocumentPage, LedgerBooks, ListedDocument};
use postonce_ports::ledger::LedgerError;

use crate::MyobLedger;
use crate::api::unavailable;
use crate::json::Object;
use crate::odata::escaped;
use crate::search::read_document;

/// The list of all of them.
const LIST: &str = "Sale/Invoice";

/// Documents on a page: as many as MYOB shows at once.
const TOP: u64 = 1_000;

/// The code of cards that have none.
const NO_CODE: &str = "*None";

#[async_trait]
impl LedgerBooks for MyobLedger {
    async fn documents(
        &self,
        company_file: &CompanyFile,
        span: DateSpan,
        skip: u64,
    ) -> Result<DocumentPage, LedgerError> {
        match self.api.get(company_file, &route(span, skip)).await? {
            Some(page) => read_page(&page, span, skip),
            None => Err(self.api.no_list(company_file, LIST).await),
        }
    }
}

/// Documents that are on MYOB's page, and are not wanted again.
const fn known(skip: u64) -> u64 {
    skip % TOP
}

/// MYOB wants `$skip` to be a multiple of `$top`.
fn route(span: DateSpan, skip: u64) -> String {
    let skip = skip - known(skip);
    let moment = |date: Date| format!("datetime'{date}T00:00:00'");
    let from = span.from.map(|date| format!("Date ge {}", moment(date)));
    let before = span.before.map(|date| format!("Date lt {}", moment(date)));
    let terms: Vec<String> = from.into_iter().chain(before).collect();
    let filter = match terms.as_slice() {
        [] => String::new(),
        terms => format!("$filter={}&", escaped(&terms.join(" and "))),
    };
    format!("{LIST}?{filter}$orderby=Date&$top={TOP}&$skip={skip}")
}

/// What cannot be read is an error: a document that is left out would be missed by nobody.
fn read_page(page: &Object, span: DateSpan, skip: u64) -> Result<DocumentPage, LedgerError> {
    let bad = |why: &str| unavailable(format!("a page of {LIST} cannot be read: {why}"));
    let items = page.objects("Items").ok_or_else(|| bad("it has no `Items`"))?;
    let count = page.text_or_number("Count").and_then(|count| count.parse().ok());
    let count: u64 = count.ok_or_else(|| bad("it has no `Count`"))?;
    let documents = items.iter().map(booked);
    let mut documents: Vec<BookedDocument> = documents.collect::<Result<_, _>>()?;
    let dates: Vec<Date> = documents.iter().map(|it| it.listed.date).collect();
    if !dates.is_sorted() {
        return Err(bad("it is not in the order of its dates"));
    }
    if let Some(date) = dates.iter().find(|date| !span.has(**date)) {
        return Err(bad(&format!("it has a document of {date}, which was not asked for")));
    }
    documents.drain(..usize::try_from(known(skip)).unwrap_or(usize::MAX).min(documents.len()));
    let read = skip.saturating_add(u64::try_from(documents.len()).unwrap_or(u64::MAX));
    let more = read < count || page.text("NextPageLink").is_some_and(|link| !link.is_empty());
    Ok(DocumentPage { documents, count, more })
}

fn booked(record: &Object) -> Result<BookedDocument, LedgerError> {
    let document = read_document(record)?;
    let date = record.text("Date").and_then(|text| text.get(..10)?.parse::<Date>().ok());
    let uid = document.uid;
    let date = date.ok_or_else(|| unavailable(format!("invoice {uid} has no date in MYOB")))?;
    let customer = record.object("Customer");
    if customer.is_none() && !record.is_null("Customer") {
        return Err(unavailable(format!("the customer of invoice {uid} cannot be read")));
    }
    let of_customer = |key| customer.as_ref().and_then(|it| it.text(key)).unwrap_or_default();
    let has_code = !matches!(document.customer.trim(), "" | NO_CODE);
    let key = of_customer("UID");
    Ok(BookedDocument {
        customer_key: if key.is_empty() { document.customer.clone() } else { key },
        memo: document.memo,
        listed: ListedDocument {
            uid,
            number: document.number,
            reference: document.reference,
            customer: if has_code { document.customer } else { of_customer("Name") },
            date,
            amount: record.money("TotalAmount"),
            total: document.total,
            foreign: !record.is_null("ForeignCurrency"),
            layout: record.text("InvoiceType").unwrap_or_default(),
        },
    })
}

#[cfg(test)]
mod tests;
