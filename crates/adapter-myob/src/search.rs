//! Which documents the ledger has: by number, by reference, by UID.

use postonce_domain::{CompanyFile, InvoiceNumber, LedgerDocument, LedgerUid, SearchKey};
use postonce_ports::ledger::LedgerError;

use crate::MyobLedger;
use crate::api::unavailable;
use crate::classify::read_uid;
use crate::computed::total;
use crate::json::Object;
use crate::odata::{escaped, filtered, one_of};

/// MYOB's own layouts, the usual ones first
/// (<https://developer.myob.com/api/myob-business-api/v2/sale/invoice/>).
const LAYOUTS: [&str; 5] = ["Service", "Item", "Professional", "Miscellaneous", "TimeBilling"];

/// Up to this width MYOB has padded numbers with zeros in some versions.
const PADDED_WIDTH: usize = 8;

/// Comparisons in one question of several keys. Servers of this kind bound them to 100 parts, of
/// which a comparison and its `or` are four.
const TERMS_MAX: usize = 20;

/// The longest filter of several keys, escaped: the usual bound of a server on all that follows the
/// `?` is 2,048.
const FILTER_MAX: usize = 1_400;

impl MyobLedger {
    pub(crate) async fn search_documents(
        &self,
        file: &CompanyFile,
        keys: &[SearchKey],
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        let mut documents = Vec::new();
        for (keys, filter) in questions(keys) {
            documents.extend(self.search_at_once(file, keys, &filter).await?);
        }
        Ok(documents)
    }

    async fn search_at_once(
        &self,
        file: &CompanyFile,
        keys: &[SearchKey],
        filter: &str,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        // All layouts; read completely, and never by `If-None-Match`, which may answer from memory.
        let records = self.api.list(file, &filtered("Sale/Invoice", filter)).await?;
        let mut documents = Vec::new();
        for record in &records {
            // An unreadable record may be the one that is looked for.
            let document = read_document(record)?;
            if !keys.iter().any(|key| is_match(key, &document)) {
                continue;
            }
            documents.push(if record.has("JournalMemo") {
                document
            } else {
                self.in_full(file, record, document).await?
            });
        }
        Ok(documents)
    }

    /// A list may leave the memo out; the document itself has it.
    async fn in_full(
        &self,
        file: &CompanyFile,
        listed: &Object,
        document: LedgerDocument,
    ) -> Result<LedgerDocument, LedgerError> {
        let layout = listed.text("InvoiceType").unwrap_or_default();
        let layouts = layouts(&layout);
        match self.first_of(file, &layouts, &document.uid).await? {
            Some(full) => Ok(full),
            // Of a kind that has no address of its own, or just deleted: what the list shows.
            None => Ok(document),
        }
    }

    pub(crate) async fn document_of(
        &self,
        file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        let layouts = layouts(self.layout.segment());
        let found = self.first_of(file, &layouts, uid).await?;
        if found.is_none() {
            // A 404 is worth something only from a file that is there.
            self.reach_file(file).await?;
        }
        Ok(found)
    }

    pub(crate) async fn reach_file(&self, file: &CompanyFile) -> Result<(), LedgerError> {
        match self.api.get(file, "").await? {
            Some(_) => Ok(()),
            None => Err(self.api.no_business(file)),
        }
    }

    async fn first_of(
        &self,
        file: &CompanyFile,
        layouts: &[&str],
        uid: &LedgerUid,
    ) -> Result<Option<LedgerDocument>, LedgerError> {
        for layout in layouts {
            let path = format!("Sale/Invoice/{layout}/{}", uid.as_str());
            if let Some(record) = self.api.get(file, &path).await? {
                let document = read_document(&record)?;
                if document.uid != *uid {
                    return Err(unavailable(format!("asked for {uid}, MYOB showed another")));
                }
                return Ok(Some(document));
            }
        }
        Ok(None)
    }
}

/// The keys in parts, each with the filter that asks for all of its keys at once.
fn questions(keys: &[SearchKey]) -> Vec<(&[SearchKey], String)> {
    let (mut questions, mut first, mut filter, mut terms) = (Vec::new(), 0, String::new(), 0);
    for (index, key) in keys.iter().enumerate() {
        let (field, values) = match key {
            SearchKey::Number(number) => ("Number", spellings(number)),
            SearchKey::Reference(reference) => {
                ("CustomerPurchaseOrderNumber", vec![reference.as_str().to_owned()])
            }
        };
        let asked = one_of(field, &values);
        let length = escaped(&filter).len() + escaped(&asked).len();
        if first < index && (terms + values.len() > TERMS_MAX || length > FILTER_MAX) {
            questions.push((keys.get(first..index).unwrap_or_default(), filter));
            (first, filter, terms) = (index, String::new(), 0);
        }
        if !filter.is_empty() {
            filter.push_str(" or ");
        }
        filter.push_str(&asked);
        terms += values.len();
    }
    questions.extend(keys.get(first..).filter(|rest| !rest.is_empty()).map(|rest| (rest, filter)));
    questions
}

/// Every layout, `first` in front if it is one.
fn layouts(first: &str) -> Vec<&'static str> {
    let (mut layouts, others): (Vec<_>, Vec<_>) =
        LAYOUTS.into_iter().partition(|layout| *layout == first);
    layouts.extend(others);
    layouts
}

/// Every way in which MYOB may write the number: as sent, and padded with zeros. Two numbers that
/// differ only in case are one to us, and MYOB's comparison is not known.
fn spellings(number: &InvoiceNumber) -> Vec<String> {
    let number = number.as_str();
    let mut spellings = vec![number.to_owned()];
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        let padded = (number.len() + 1)..=PADDED_WIDTH;
        spellings.extend(padded.map(|width| format!("{number:0>width$}")));
    }
    for cased in [number.to_ascii_uppercase(), number.to_ascii_lowercase()] {
        if !spellings.contains(&cased) {
            spellings.push(cased);
        }
    }
    spellings
}

fn is_match(key: &SearchKey, document: &LedgerDocument) -> bool {
    match key {
        SearchKey::Number(number) => number.matches(&document.number),
        SearchKey::Reference(reference) => reference.as_str() == document.reference,
    }
}

/// A document as MYOB shows it. Without a UID it cannot be told from others, which is an error.
pub(crate) fn read_document(record: &Object) -> Result<LedgerDocument, LedgerError> {
    let uid = record.text("UID").and_then(|uid| read_uid(&uid));
    let uid = uid.ok_or_else(|| unavailable("MYOB shows an invoice without a UID".to_owned()))?;
    let text = |key| record.text(key).unwrap_or_default();
    let customer = record.object("Customer");
    let of_customer = |key| customer.as_ref().and_then(|customer| customer.text(key));
    Ok(LedgerDocument {
        uid,
        number: record.text_or_number("Number").unwrap_or_default(),
        reference: text("CustomerPurchaseOrderNumber"),
        memo: text("JournalMemo"),
        customer: of_customer("DisplayID").unwrap_or_default(),
        customer_uid: of_customer("UID").and_then(|uid| read_uid(&uid)),
        total: total(record),
        tax_inclusive: record.flag("IsTaxInclusive"),
    })
}

#[cfg(test)]
mod tests;
