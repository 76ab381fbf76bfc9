//! A person's verbs: what an invoice in doubt, or one that needs a person, really is.

use postonce_domain::{
    Finding, Guard, InvoiceId, InvoiceState, LedgerDocument, LedgerUid, Life, Marker, Move,
    NoteKind, StateName,
};
use postonce_ports::doubt::{Absence, Dossier};
use postonce_ports::store::{Applied, Change, Note};

use crate::inquiry::join;
use crate::objection::{Claimant, no_document};
use crate::reconcile::file_of;
use crate::{Engine, EngineError, Seen};

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is this document.
    Posted(LedgerUid),
    /// It is not in the ledger and is to be sent again.
    Absent,
    /// It is given up.
    Forgotten,
}

/// What a person's word led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Where the invoice is now.
    pub state: StateName,
    /// The line in its trail.
    pub note: String,
}

/// Why a person's word is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Database or ledger did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no such invoice.
    #[error("there is no such invoice")]
    NotFound,
    /// It has moved on since it was seen; nothing was changed.
    #[error("it has moved on: it is {0} now")]
    Stale(StateName),
    /// It would be wrong; nothing was changed.
    #[error("{0}")]
    Refused(String),
}

fn refused<T>(words: impl Into<String>) -> Result<T, ResolveError> {
    Err(ResolveError::Refused(words.into()))
}

impl Engine {
    /// Takes a person's word for what an invoice is, where the evidence does not speak against it.
    pub async fn resolve(
        &self,
        invoice: impl Into<Seen>,
        verdict: Verdict,
        actor: &str,
        reason: &str,
    ) -> Result<Resolved, ResolveError> {
        let seen = invoice.into();
        let invoice = seen.invoice;
        let (life, wanted, words) = match verdict {
            // Even if its row cannot be read.
            Verdict::Forgotten => {
                (self.life(seen).await?, Move::ResolveForgotten, "forgotten".to_owned())
            }
            Verdict::Posted(uid) => {
                let dossier = self.dossier(seen).await?;
                let document = self.check_document(&dossier, &uid).await?;
                let words = format!("resolved as posted as {uid}");
                let life = (invoice, dossier.stored.life.clone());
                let text = format!("{words}: {reason}");
                let resolved = self.by_person(life, Move::ResolvePosted(uid), actor, text).await?;
                self.flag_amount(&dossier, &document).await?;
                return Ok(resolved);
            }
            Verdict::Absent => {
                let dossier = self.dossier(seen).await?;
                let (wanted, words) = self.absent(&dossier).await?;
                (dossier.stored.life, wanted, words)
            }
        };
        self.by_person((invoice, life), wanted, actor, format!("{words}: {reason}")).await
    }

    /// Sets or takes off the flag that keeps an invoice from being claimed. Doing it twice is
    /// success.
    pub async fn hold(
        &self,
        invoice: impl Into<Seen>,
        held: bool,
        actor: &str,
    ) -> Result<(), ResolveError> {
        let seen = invoice.into();
        let invoice = seen.invoice;
        let life = self.life(seen).await?;
        if life.held == held {
            return Ok(());
        }
        let words = if held { "held" } else { "hold taken off" };
        let wanted = Move::Hold(held);
        self.by_person((invoice, life), wanted, actor, words.to_owned()).await.map(drop)
    }

    async fn life(&self, seen: Seen) -> Result<Life, ResolveError> {
        let life = self.ports.store.life(seen.invoice).await.map_err(EngineError::from)?;
        let life = life.ok_or(ResolveError::NotFound)?;
        if seen.is_stale(&life) {
            return Err(ResolveError::Stale(life.state.name()));
        }
        Ok(life)
    }

    async fn dossier(&self, seen: Seen) -> Result<Dossier, ResolveError> {
        let dossier = self.ports.doubts.dossier(seen.invoice).await.map_err(EngineError::from)?;
        let dossier = dossier.ok_or(ResolveError::NotFound)?;
        let life = &dossier.stored.life;
        if seen.is_stale(life) {
            return Err(ResolveError::Stale(life.state.name()));
        }
        Ok(dossier)
    }

    /// *Posted (UID)*: the document is read; its number or reference must be the invoice's, and no
    /// other invoice or marker may own it.
    async fn check_document(
        &self,
        dossier: &Dossier,
        uid: &LedgerUid,
    ) -> Result<LedgerDocument, ResolveError> {
        let file = file_of(dossier);
        let found = self.ports.ledger.document(file, uid).await.map_err(EngineError::from)?;
        let Some(document) = found else {
            return refused(no_document(uid, file));
        };
        let owner = self.owner(file, std::slice::from_ref(&document)).await?;
        let installation = self.installation().await.map_err(EngineError::from)?;
        let invoice = dossier.stored.invoice.parts();
        let claimant = Claimant { installation, id: Some(dossier.stored.id), invoice };
        match claimant.objection(&document, &owner) {
            Some(why) => refused(why),
            None => Ok(document),
        }
    }

    /// A person's word makes it posted whatever it comes to; that it comes to something else is
    /// kept in sight.
    async fn flag_amount(
        &self,
        dossier: &Dossier,
        document: &LedgerDocument,
    ) -> Result<(), ResolveError> {
        let invoice = &dossier.stored.invoice;
        let total = invoice.total();
        let differs = document.differing_total(total, invoice.parts().tax_inclusive);
        let Some(theirs) = differs else { return Ok(()) };
        let text = format!("document {} has the total {theirs}, not {total}", document.uid);
        let raised = self.ports.flags.raise(dossier.stored.id, &text).await;
        Ok(raised.map_err(EngineError::from)?)
    }

    /// *Absent*: not before the quiet period is over, for nobody.
    async fn absent(&self, dossier: &Dossier) -> Result<(Move, String), ResolveError> {
        if let Some(noisy) = dossier.claims.iter().rev().find(|past| !past.quiet_over) {
            return refused(format!(
                "a request of it may still take effect until {}; wait for that",
                noisy.quiet_until
            ));
        }
        match &dossier.stored.life.state {
            InvoiceState::Posted { uid } => self.gone(dossier, uid).await,
            InvoiceState::NeedsHuman { uids, .. } => {
                self.none_is_its_own(dossier, uids).await?;
                let words = format!("resolved as absent; ruled out: {}", join(uids));
                Ok((Move::ResolveAbsent, words))
            }
            InvoiceState::Draft
            | InvoiceState::Ready
            | InvoiceState::Blocked { .. }
            | InvoiceState::Claimed { .. }
            | InvoiceState::InDoubt { .. }
            | InvoiceState::Rejected { .. }
            | InvoiceState::Forgotten => Ok((Move::ResolveAbsent, "resolved as absent".to_owned())),
        }
    }

    /// A document with the marker of this invoice is this invoice, whatever a person says: sent
    /// again, it would be there twice.
    async fn none_is_its_own(
        &self,
        dossier: &Dossier,
        uids: &[LedgerUid],
    ) -> Result<(), ResolveError> {
        let file = file_of(dossier);
        let installation = self.installation().await.map_err(EngineError::from)?;
        for uid in uids {
            let found = self.ports.ledger.document(file, uid).await.map_err(EngineError::from)?;
            let Some(document) = found else { continue };
            let ours = Marker::find(&document.memo).filter(|it| it.installation == installation);
            let Some(marker) = ours else { continue };
            let owner = self.owner(file, std::slice::from_ref(&document)).await?;
            // A claim that nobody knows was this invoice's before the database went back.
            let its = owner.claims.get(&marker.claim).is_none_or(|it| *it == dossier.stored.id);
            if !its {
                continue;
            }
            let recorded = owner.uids.get(uid).filter(|it| **it != dossier.stored.id);
            let mend = match recorded {
                Some(other) => format!(
                    "it is recorded for invoice {other}, whose answer named the wrong document: \
                     look at both in MYOB, and resolve this one as forgotten with that reason"
                ),
                None => format!(
                    "resolve it as posted={uid}, and delete what is there besides; or delete it \
                     there first"
                ),
            };
            return refused(format!("document {uid} carries this invoice's own marker; {mend}"));
        }
        Ok(())
    }

    /// A posted document that somebody has deleted: proven by its id, and by two complete searches
    /// spaced apart.
    async fn gone(
        &self,
        dossier: &Dossier,
        uid: &LedgerUid,
    ) -> Result<(Move, String), ResolveError> {
        let file = file_of(dossier);
        let there = self.ports.ledger.document(file, uid).await.map_err(EngineError::from)?;
        if there.is_some() {
            return refused(format!("document {uid} is in the ledger"));
        }
        let Some(claim) = dossier.claims.last().map(|past| past.id) else {
            return refused(
                "it was not posted by a claim of ours, so its absence cannot be proven",
            );
        };
        let probed = self.probe(file, claim).await?;
        if self.inquire(dossier).await? != Finding::Nothing {
            return refused("the ledger has a document with its number or reference");
        }
        match self.count_miss(dossier, claim, probed).await? {
            Absence::Proven { .. } => {
                Ok((Move::Gone, format!("document {uid} is gone from the ledger")))
            }
            Absence::Once { again_at } => refused(format!(
                "nothing was found; say it again after {again_at}, when a second search can prove it"
            )),
            Absence::Unproven => refused(
                "nothing was found, but no later document of ours was found either, so that proves nothing",
            ),
        }
    }

    async fn by_person(
        &self,
        (invoice, life): (InvoiceId, Life),
        wanted: Move,
        actor: &str,
        text: String,
    ) -> Result<Resolved, ResolveError> {
        let claim = life.state.claim();
        let note =
            Note { kind: NoteKind::Person, claim, actor: actor.to_owned(), text: text.clone() };
        let change = Change { invoice, guard: Guard::Version(life.version), wanted, note };
        match self.ports.store.apply(change).await.map_err(EngineError::from)? {
            Applied::Moved(life) => Ok(Resolved { state: life.state.name(), note: text }),
            Applied::Refused(error) => refused(error.to_string()),
            Applied::UidTaken(other) => {
                refused(format!("the document is recorded for invoice {other}"))
            }
            Applied::NotFound => Err(ResolveError::NotFound),
        }
    }
}
