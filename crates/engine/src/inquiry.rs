//! Asking the ledger whether an invoice is there.

use postonce_domain::{
    ClaimId, CompanyFile, Evidence, ExternalId, Finding, Guard, InvoiceNumber, LedgerDocument,
    Marker, Move, NoteKind, Owner, SearchKey, judge,
};
use postonce_ports::doubt::Dossier;
use postonce_ports::ledger::LedgerError;
use postonce_ports::store::{Applied, Change, Note, POSTONCE};

use crate::{Engine, EngineError};

impl Engine {
    /// Searches by every number and reference that the invoice was or would be sent under, and
    /// judges what is found.
    pub(crate) async fn inquire(&self, dossier: &Dossier) -> Result<Finding, EngineError> {
        let invoice = dossier.stored.invoice.parts();
        let (numbers, references) = keys(dossier);
        let mut found = Vec::new();
        for number in &numbers {
            found.extend(self.search(&invoice.company_file, number.clone()).await?);
        }
        for reference in &references {
            let key = SearchKey::Reference(reference.clone());
            found.extend(self.ports.ledger.search(&invoice.company_file, &key).await?);
        }
        let owner = self.owner(&invoice.company_file, &found).await?;
        let evidence = Evidence {
            installation: self.ports.store.installation().await?,
            invoice: dossier.stored.id,
            numbers: &numbers,
            references: &references,
            customer: &invoice.customer.code,
            total: dossier.stored.invoice.total(),
            tax_inclusive: invoice.tax_inclusive,
            ignored: &dossier.ignored,
            owner: &owner,
        };
        Ok(judge(&evidence, &found))
    }

    async fn search(
        &self,
        file: &CompanyFile,
        number: InvoiceNumber,
    ) -> Result<Vec<LedgerDocument>, LedgerError> {
        self.ports.ledger.search(file, &SearchKey::Number(number)).await
    }

    /// Whose these documents are, as far as our database knows.
    pub(crate) async fn owner(
        &self,
        file: &CompanyFile,
        found: &[LedgerDocument],
    ) -> Result<Owner, EngineError> {
        if found.is_empty() {
            return Ok(Owner::default());
        }
        let claims: Vec<ClaimId> =
            found.iter().filter_map(|document| Some(Marker::find(&document.memo)?.claim)).collect();
        let uids: Vec<_> = found.iter().map(|document| document.uid.clone()).collect();
        Ok(self.ports.doubts.owners(file, &claims, &uids).await?)
    }

    /// Whether a search by number and one by reference each find a document that was posted after
    /// `claim`: only then does finding nothing mean something.
    pub(crate) async fn probe(
        &self,
        file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<bool, EngineError> {
        let Some(probe) = self.ports.doubts.probe(file, claim).await? else { return Ok(false) };
        let by_number = self.search(file, probe.number).await?;
        let key = SearchKey::Reference(probe.reference);
        let by_reference = self.ports.ledger.search(file, &key).await?;
        let has_it = |found: &[LedgerDocument]| found.iter().any(|seen| seen.uid == probe.uid);
        Ok(has_it(&by_number) && has_it(&by_reference))
    }

    /// Moves the invoice to where `finding` leads: `posted` if it is ours, `needs_human` if it is
    /// not. `None` if nothing was found.
    pub(crate) async fn conclude(
        &self,
        dossier: &Dossier,
        guard: Guard,
        finding: Finding,
    ) -> Result<Option<Applied>, EngineError> {
        if let Finding::Ours { differing_total: Some(theirs), .. } = &finding {
            let ours = dossier.stored.invoice.total();
            let text = format!("MYOB has another total: it is {theirs} there and {ours} here");
            self.ports.flags.raise(dossier.stored.id, &text).await?;
        }
        let (wanted, text, uids) = match finding {
            Finding::Nothing => return Ok(None),
            Finding::Ours { uid, differing_total } => {
                let differs = differing_total.map_or_else(String::new, |total| {
                    let ours = dossier.stored.invoice.total();
                    format!("; its total is {total}, the invoice's {ours}")
                });
                let text = format!("MYOB inquiry: found in the ledger as {uid}{differs}");
                (Move::Adopt(uid.clone()), text, vec![uid])
            }
            Finding::Unexplained { uids, reason } => {
                let text = format!("MYOB inquiry: {reason}: {}", join(&uids));
                let wanted = Move::Alarm { uids: uids.clone(), reason: reason.to_owned() };
                (wanted, text, uids)
            }
        };
        let applied = self.note_move(dossier, guard, wanted, text).await?;
        if !matches!(applied, Applied::UidTaken(_)) {
            return Ok(Some(applied));
        }
        let reason = "the document that was found is recorded for another invoice".to_owned();
        let text = format!("MYOB inquiry: {reason}: {}", join(&uids));
        let alarm = Move::Alarm { uids, reason };
        self.note_move(dossier, guard, alarm, text).await.map(Some)
    }

    /// Makes a move with an inquiry's note.
    pub(crate) async fn note_move(
        &self,
        dossier: &Dossier,
        guard: Guard,
        wanted: Move,
        text: String,
    ) -> Result<Applied, EngineError> {
        let claim = dossier.stored.life.state.claim();
        let note = Note { kind: NoteKind::Inquiry, claim, actor: POSTONCE.to_owned(), text };
        let change = Change { invoice: dossier.stored.id, guard, wanted, note };
        Ok(self.ports.store.apply(change).await?)
    }
}

/// Every number and reference of the invoice and of its claims, each once.
fn keys(dossier: &Dossier) -> (Vec<InvoiceNumber>, Vec<ExternalId>) {
    let invoice = dossier.stored.invoice.parts();
    let mut numbers = vec![invoice.number.clone()];
    let mut references = vec![invoice.external_id.clone()];
    for claim in &dossier.claims {
        if !numbers.contains(&claim.number) {
            numbers.push(claim.number.clone());
        }
        if !references.contains(&claim.reference) {
            references.push(claim.reference.clone());
        }
    }
    (numbers, references)
}

/// The ids of documents, for a sentence.
pub(crate) fn join(uids: &[postonce_domain::LedgerUid]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
