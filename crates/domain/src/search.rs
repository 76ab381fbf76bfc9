//! What a search of the ledger proves about one invoice.

use std::collections::BTreeMap;

use crate::{
    ClaimId, CustomerCode, ExternalId, InstallationId, InvoiceId, InvoiceNumber, LedgerUid, Marker,
    Money,
};

/// What the ledger is searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchKey {
    /// By the invoice's number.
    Number(InvoiceNumber),
    /// By the platform's reference.
    Reference(ExternalId),
}

/// A document in the ledger, as a search shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDocument {
    /// Its id there.
    pub uid: LedgerUid,
    /// Its number, as the ledger spells it.
    pub number: String,
    /// Its reference; empty if it has none.
    pub reference: String,
    /// Its memo, which may hold a marker.
    pub memo: String,
    /// Its customer's code.
    pub customer: String,
    /// Its customer's id there; `None` if unreadable.
    pub customer_uid: Option<LedgerUid>,
    /// Its total in its own tax mode, as [`crate::Invoice::total`] counts; `None` if unreadable.
    pub total: Option<Money>,
    /// Whether its amounts are with tax; `None` if unreadable.
    pub tax_inclusive: Option<bool>,
}

impl LedgerDocument {
    /// Its total in words, where it is not `total`. Amounts with tax and without are never equal:
    /// the customer does not owe the same.
    pub fn differing_total(&self, total: Money, tax_inclusive: bool) -> Option<String> {
        let Some(theirs) = self.total else { return Some("unreadable".to_owned()) };
        match self.tax_inclusive {
            Some(mode) if mode == tax_inclusive => (theirs != total).then(|| theirs.to_string()),
            Some(mode) => {
                let [its, ours] = [mode, tax_inclusive].map(tax_mode);
                Some(format!("{theirs} {its} (the invoice's is {ours})"))
            }
            None => {
                let ours = tax_mode(tax_inclusive);
                Some(format!("{theirs}, unreadable whether with tax (the invoice's is {ours})"))
            }
        }
    }
}

fn tax_mode(tax_inclusive: bool) -> &'static str {
    if tax_inclusive { "with tax" } else { "without tax" }
}

/// Who a document belongs to, as far as our database knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The invoices whose claims these are.
    pub claims: BTreeMap<ClaimId, InvoiceId>,
    /// The invoices that these documents are recorded for.
    pub uids: BTreeMap<LedgerUid, InvoiceId>,
}

/// All that is known of the invoice that is being looked for.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Our database.
    pub installation: InstallationId,
    /// The invoice.
    pub invoice: InvoiceId,
    /// Every number under which it may have been sent.
    pub numbers: &'a [InvoiceNumber],
    /// Every reference under which it may have been sent.
    pub references: &'a [ExternalId],
    /// Who is invoiced.
    pub customer: &'a CustomerCode,
    /// What it comes to.
    pub total: Money,
    /// Whether that is with tax.
    pub tax_inclusive: bool,
    /// Documents that a person has seen and ruled out.
    pub ignored: &'a [LedgerUid],
    /// What our database knows of the documents found.
    pub owner: &'a Owner,
}

/// What a complete search proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Exactly one document, and it is ours.
    Ours {
        /// The document.
        uid: LedgerUid,
        /// Its total in words, where that is not the invoice's.
        differing_total: Option<String>,
    },
    /// Documents that are not provably this invoice's one document.
    Unexplained {
        /// The documents.
        uids: Vec<LedgerUid>,
        /// What is wrong.
        reason: &'static str,
    },
    /// No document.
    Nothing,
}

/// Compares what was `found` exactly, on our side: a search may return too much.
///
/// A document counts if its number or its reference is this invoice's, unless a person has ruled
/// it out.
pub fn judge(evidence: &Evidence<'_>, found: &[LedgerDocument]) -> Finding {
    let mut matches: Vec<&LedgerDocument> = Vec::new();
    for document in found {
        let seen = matches.iter().any(|known| known.uid == document.uid);
        if !seen && evidence.counts(document) {
            matches.push(document);
        }
    }
    let uids = || matches.iter().map(|document| document.uid.clone()).collect();
    match matches.as_slice() {
        [] => Finding::Nothing,
        [document] if evidence.is_ours(document) => Finding::Ours {
            uid: document.uid.clone(),
            differing_total: evidence.differing_total(document),
        },
        [_] => Finding::Unexplained {
            uids: uids(),
            reason: "the ledger has a document with this number or reference that is not provably ours",
        },
        _ => Finding::Unexplained {
            uids: uids(),
            reason: "the ledger has more than one document with this number or reference",
        },
    }
}

impl Evidence<'_> {
    fn counts(&self, document: &LedgerDocument) -> bool {
        let number = self.numbers.iter().any(|number| number.matches(&document.number));
        let reference = self.references.iter().any(|r| r.as_str() == document.reference);
        let ruled_out = self.ignored.contains(&document.uid);
        (number || reference) && !ruled_out
    }

    fn is_ours(&self, document: &LedgerDocument) -> bool {
        let recorded_elsewhere =
            self.owner.uids.get(&document.uid).is_some_and(|owner| *owner != self.invoice);
        let Some(claim) = self.own_claim(document) else { return false };
        if recorded_elsewhere {
            return false;
        }
        match self.owner.claims.get(&claim) {
            Some(owner) => *owner == self.invoice,
            // A claim of ours that this database does not know: it was restored from a backup.
            None => self.is_equal(document),
        }
    }

    fn is_equal(&self, document: &LedgerDocument) -> bool {
        self.numbers.iter().any(|number| number.matches(&document.number))
            && self.references.iter().any(|r| r.as_str() == document.reference)
            && self.customer.as_str() == document.customer
            && self.differing_total(document).is_none()
    }

    fn differing_total(&self, document: &LedgerDocument) -> Option<String> {
        document.differing_total(self.total, self.tax_inclusive)
    }

    fn own_claim(&self, document: &LedgerDocument) -> Option<ClaimId> {
        Marker::find(&document.memo)
            .filter(|marker| marker.installation == self.installation)
            .map(|marker| marker.claim)
    }
}

#[cfg(test)]
mod tests;
