//! What another integration has posted: looked up in the ledger, to be taken over as what it is.

use std::collections::{BTreeMap, BTreeSet};

use postonce_domain::{
    CompanyFile, Invoice, InvoiceId, InvoiceParts, LedgerDocument, LedgerUid, Mapped, MappingKey,
    MappingKind, MappingRow, Owner, SearchKey, TakenOver,
};
use postonce_ports::mapping::MappingStore;
use postonce_ports::reader::InvoiceReader;

use crate::inquiry::join;
use crate::objection::{Claimant, no_document};
use crate::{Engine, EngineError};

/// After so many refusals in a file no more documents are read only to word one.
const REFUSALS_READ_MAX: usize = 100;

/// An invoice that is said to be posted.
#[derive(Clone, Debug)]
pub struct Offered {
    /// What it says.
    pub invoice: Invoice,
    /// As which document, if that is known.
    pub uid: Option<LedgerUid>,
}

/// What the ledger says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// It is there.
    There {
        /// As what it is taken over.
        past: TakenOver,
        /// What was seen, for its trail.
        words: String,
    },
    /// It cannot be taken over, and why.
    Refused(String),
}

/// What is known here of an invoice that is offered.
#[derive(Default)]
struct Known {
    id: Option<InvoiceId>,
    ignored: Vec<LedgerUid>,
}

/// What the ledger has for some invoices.
struct Evidence {
    documents: BTreeMap<LedgerUid, LedgerDocument>,
    /// What their customers are in the ledger, where that is on record.
    customers: Vec<MappingRow>,
    /// What no search showed, and was not read.
    unread: BTreeSet<LedgerUid>,
    owner: Owner,
}

impl Engine {
    /// Looks the invoices of one company file up in the ledger, by their UIDs where they are known,
    /// else by number and reference, and says of each as what it can be taken over. Changes nothing.
    ///
    /// A UID that is named is a person's word, and is taken as [`crate::Verdict::Posted`] is.
    /// Without one, a single document must have the invoice's customer, by the mapping, and total
    /// too.
    ///
    /// `refused` is how many of the same file were refused before: one refusal is enough to take
    /// nothing of it, and wording each takes time.
    pub async fn weigh(
        &self,
        (reader, mappings): (&dyn InvoiceReader, &dyn MappingStore),
        offered: &[Offered],
        refused: usize,
    ) -> Result<Vec<Weighed>, EngineError> {
        let Some(first) = offered.first() else { return Ok(Vec::new()) };
        let file = &first.invoice.parts().company_file;
        let customers = mappings.find(file, &customers(offered)).await?;
        let evidence = Evidence { customers, ..self.evidence(file, offered, refused).await? };
        let installation = self.installation().await?;
        let mut weighed = Vec::with_capacity(offered.len());
        for one in offered {
            let known = self.known(reader, &one.invoice).await?;
            let invoice = one.invoice.parts();
            let claimant = Claimant { installation, id: known.id, invoice };
            weighed.push(match &one.uid {
                Some(uid) => by_word(&claimant, uid, &evidence),
                None => by_search(&claimant, &one.invoice, &known.ignored, &evidence),
            });
        }
        Ok(weighed)
    }

    async fn evidence(
        &self,
        file: &CompanyFile,
        offered: &[Offered],
        mut refused: usize,
    ) -> Result<Evidence, EngineError> {
        let parts = || offered.iter().map(|one| one.invoice.parts());
        let numbers = parts().map(|it| SearchKey::Number(it.number.clone()));
        let references = parts().map(|it| SearchKey::Reference(it.external_id.clone()));
        let keys: Vec<SearchKey> = numbers.chain(references).collect();
        let found = self.ports.ledger.search_all(file, &keys).await?;
        let mut documents: BTreeMap<_, _> =
            found.into_iter().map(|document| (document.uid.clone(), document)).collect();
        let mut unread = BTreeSet::new();
        for one in offered {
            let Some(uid) = one.uid.as_ref().filter(|uid| !documents.contains_key(*uid)) else {
                continue;
            };
            if refused >= REFUSALS_READ_MAX {
                unread.insert(uid.clone());
                continue;
            }
            // One that has neither number nor reference of its invoice is read to say so.
            let document = self.ports.ledger.document(file, uid).await?;
            let is_its = |document: &LedgerDocument| is_named(document, one.invoice.parts());
            refused += usize::from(!document.as_ref().is_some_and(is_its));
            documents.extend(document.map(|document| (uid.clone(), document)));
        }
        let list: Vec<LedgerDocument> = documents.values().cloned().collect();
        let owner = self.owner(file, &list).await?;
        Ok(Evidence { documents, customers: Vec::new(), unread, owner })
    }

    async fn known(
        &self,
        reader: &dyn InvoiceReader,
        invoice: &Invoice,
    ) -> Result<Known, EngineError> {
        let parts = invoice.parts();
        let Some(id) = reader.find(&parts.company_file, &parts.number).await? else {
            return Ok(Known::default());
        };
        let dossier = self.ports.doubts.dossier(id).await?;
        Ok(Known { id: Some(id), ignored: dossier.map(|it| it.ignored).unwrap_or_default() })
    }
}

fn by_word(claimant: &Claimant<'_>, uid: &LedgerUid, evidence: &Evidence) -> Weighed {
    if evidence.unread.contains(uid) {
        return Weighed::Refused(format!(
            "no search by its number or reference shows document {uid}, and after \
             {REFUSALS_READ_MAX} refusals no more documents are read"
        ));
    }
    let Some(document) = evidence.documents.get(uid) else {
        return Weighed::Refused(no_document(uid, &claimant.invoice.company_file));
    };
    if let Some(why) = claimant.objection(document, &evidence.owner) {
        return Weighed::Refused(why);
    }
    let others: Vec<LedgerUid> =
        evidence.of(claimant).map(|it| it.uid.clone()).filter(|other| other != uid).collect();
    let besides = if others.is_empty() {
        String::new()
    } else {
        format!("; the ledger has its number or reference in {} too", join(&others))
    };
    let words = format!("taken over as posted as {uid}{besides}");
    Weighed::There { past: TakenOver::Posted(uid.clone()), words }
}

fn by_search(
    claimant: &Claimant<'_>,
    invoice: &Invoice,
    ignored: &[LedgerUid],
    evidence: &Evidence,
) -> Weighed {
    let found: Vec<&LedgerDocument> =
        evidence.of(claimant).filter(|document| !ignored.contains(&document.uid)).collect();
    let reason = match found.as_slice() {
        [] => {
            let nothing = "the ledger has no document with this number or reference";
            let others = if evidence.of(claimant).next().is_none() {
                ""
            } else {
                " but those that a person has ruled out; name one as `ledger_uid` to take it after all"
            };
            return Weighed::Refused(format!("{nothing}{others}"));
        }
        [document] => {
            if let Some(why) = claimant.objection(document, &evidence.owner) {
                return Weighed::Refused(why);
            }
            match evidence.difference(invoice, document) {
                None => {
                    let uid = document.uid.clone();
                    let words = format!("found in the ledger, and taken over as posted as {uid}");
                    return Weighed::There { past: TakenOver::Posted(uid), words };
                }
                Some(difference) => difference,
            }
        }
        _ => "the ledger has more than one document with this number or reference".to_owned(),
    };
    let uids: Vec<LedgerUid> = found.iter().map(|document| document.uid.clone()).collect();
    let words = format!("taken over, and needs a person: {reason}: {}", join(&uids));
    Weighed::There { past: TakenOver::NeedsHuman { uids, reason }, words }
}

/// The rows of the mapping that tell the invoices' customers.
fn customers(offered: &[Offered]) -> Vec<MappingKey> {
    let codes: BTreeSet<&str> =
        offered.iter().map(|one| one.invoice.parts().customer.code.as_str()).collect();
    codes.into_iter().filter_map(|code| MappingKey::of(MappingKind::Customer, code)).collect()
}

impl Evidence {
    /// In what a document is not the invoice, beside number and reference.
    fn difference(&self, invoice: &Invoice, document: &LedgerDocument) -> Option<String> {
        let parts = invoice.parts();
        if let Some(difference) = self.other_customer(parts, document) {
            return Some(difference);
        }
        let total = invoice.total();
        let theirs = document.differing_total(total, parts.tax_inclusive)?;
        Some(format!(
            "the document with this number or reference has the total {theirs}, not {total}"
        ))
    }

    /// A row of the mapping says who the customer is; without one, the code does.
    fn other_customer(&self, invoice: &InvoiceParts, document: &LedgerDocument) -> Option<String> {
        let code = invoice.customer.code.as_str();
        let row = self.customers.iter().find(|row| row.key.code.as_str() == code);
        let (is_its, theirs) = match row.map(MappingRow::mapped) {
            Some(Mapped::Review) => {
                return Some(format!(
                    "the mapping of customer `{code}` is up for review, and the ledger has this \
                     number or reference for customer `{}`",
                    document.customer
                ));
            }
            Some(Mapped::To(uid)) => {
                let theirs = document.customer_uid.as_ref();
                let is_its =
                    theirs.is_some_and(|it| it.as_str().eq_ignore_ascii_case(uid.as_str()));
                (is_its, format!("`{code}`, which is {uid} by the mapping"))
            }
            Some(Mapped::Nothing) | None => (document.customer == code, format!("`{code}`")),
        };
        (!is_its).then(|| {
            format!(
                "the document with this number or reference is for customer `{}`, not {theirs}",
                document.customer
            )
        })
    }

    /// The documents that have an invoice's number or reference.
    fn of(&self, claimant: &Claimant<'_>) -> impl Iterator<Item = &LedgerDocument> {
        self.documents.values().filter(|document| is_named(document, claimant.invoice))
    }
}

/// Whether a document has the invoice's number or reference.
fn is_named(document: &LedgerDocument, invoice: &InvoiceParts) -> bool {
    invoice.number.matches(&document.number) || document.reference == invoice.external_id.as_str()
}
