//! What people and programs read: counts, lists, trails.

use std::collections::HashSet;

use async_trait::async_trait;
use postonce_domain::{
    Attempt, ClaimId, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Money,
    NoteKind, StateName, Version,
};
use postonce_ports::error::StoreError;
use postonce_ports::reader::{
    Filter, InvoiceReader, NoteRecord, Pairs, StateCounts, Summary, Unpaired,
};
use postonce_ports::store::Note;

use crate::JournalStore;
use crate::invoice::{InvoiceRow, StateRow};
use crate::rows::{NoteRow, corrupt};
use crate::step::Step;
use crate::store::company_file;

#[async_trait]
impl InvoiceReader for JournalStore {
    async fn counts(&self) -> Result<StateCounts, StoreError> {
        self.read(|step| {
            let rows = || step.state.invoices.values();
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let of = |state| count(rows().filter(|row| row.state.name() == state).count());
            let by_state = StateName::ALL.map(|state| (state, of(state))).to_vec();
            Ok(StateCounts { by_state, held: count(rows().filter(|row| row.held).count()) })
        })
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, StoreError> {
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let after = filter.after.map_or(0, |id| id.0);
        self.read(|step| {
            let rows = step.state.invoices.range(after.saturating_add(1)..).map(|(_, row)| row);
            let passing = rows.filter(|row| row.passes(&filter)).take(limit);
            passing.map(InvoiceRow::summary).collect()
        })
    }

    async fn summary(&self, invoice: InvoiceId) -> Result<Option<Summary>, StoreError> {
        self.read(|step| step.state.invoices.get(&invoice.0).map(InvoiceRow::summary).transpose())
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        number: &InvoiceNumber,
    ) -> Result<Option<InvoiceId>, StoreError> {
        self.read(|step| {
            let found = step.state.invoices.values().find(|row| {
                row.company_file == company_file.as_str()
                    && row.number.eq_ignore_ascii_case(number.as_str())
            });
            Ok(found.map(InvoiceRow::invoice_id))
        })
    }

    async fn notes(
        &self,
        invoice: Option<InvoiceId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<NoteRecord>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.read(|step| {
            let notes: Box<dyn Iterator<Item = &NoteRow>> = match invoice {
                Some(invoice) => Box::new(step.state.notes_of(invoice.0)),
                None => Box::new(step.state.notes.values()),
            };
            notes.filter(|note| note.id > after).take(limit).map(NoteRow::record).collect()
        })
    }

    async fn pairs(&self) -> Result<Pairs, StoreError> {
        self.read(|step| Ok(step.pairs()))
    }
}

impl Step<'_> {
    fn pairs(&self) -> Pairs {
        let of = |kind: NoteKind| {
            let notes = self.state.notes.values().filter(move |note| note.kind == kind.as_str());
            notes.filter_map(|note| Some((note.claim?, note.invoice)))
        };
        let answered: HashSet<_> = of(NoteKind::Outcome).map(|(claim, _)| claim).collect();
        let mut pairs = Pairs::default();
        for (claim, invoice) in of(NoteKind::Claim) {
            pairs.claims += 1;
            if answered.contains(&claim) {
                pairs.outcomes += 1;
                continue;
            }
            let state = self.state.invoices.get(&invoice).map(|row| &row.state);
            let open = matches!(state, Some(StateRow::Claimed { claim: now }) if *now == claim);
            let (invoice, claim) = (InvoiceId(invoice), ClaimId(claim));
            pairs.unpaired.push(Unpaired { invoice, claim, open });
        }
        pairs
    }
}

impl InvoiceRow {
    fn passes(&self, filter: &Filter) -> bool {
        let file = filter.company_file.as_ref().map(CompanyFile::as_str);
        let code = filter.code.as_deref();
        (filter.states.is_empty() || filter.states.contains(&self.state.name()))
            && file.is_none_or(|file| file == self.company_file)
            && code.is_none_or(|code| Some(code) == self.state.code())
            && filter.since.is_none_or(|since| self.date >= since)
    }

    fn summary(&self) -> Result<Summary, StoreError> {
        let wrong = |what: &str, why: &dyn std::fmt::Display| {
            corrupt("invoices", self.id, format!("{what}: {why}"))
        };
        let uid = |raw: &String| LedgerUid::parse(raw).map_err(|why| wrong("uid", &why));
        let (mut ledger_uid, mut uids) = (None, Vec::new());
        if let StateRow::Posted { uid: raw } = &self.state {
            ledger_uid = Some(uid(raw)?);
        } else if let StateRow::NeedsHuman { uids: raw, .. } = &self.state {
            uids = raw.iter().map(uid).collect::<Result<_, _>>()?;
        }
        let (external_id, number) =
            (ExternalId::parse(&self.external_id), InvoiceNumber::parse(&self.number));
        let total = Money::from_minor(self.declared_total);
        Ok(Summary {
            id: self.invoice_id(),
            company_file: company_file(&self.company_file)?,
            side: self.side.parse().map_err(|why| wrong("side", &why))?,
            external_id: external_id.map_err(|why| wrong("external id", &why))?,
            number: number.map_err(|why| wrong("number", &why))?,
            date: self.date,
            state: self.state.name(),
            reason: self.state.reason().map(str::to_owned),
            code: self.state.code().map(str::to_owned),
            attempt: Attempt(self.attempt),
            total: total.ok_or_else(|| wrong("total", &"out of range"))?,
            ledger_uid,
            uids,
            held: self.held,
            version: Version(self.version),
            updated_at: self.updated_at,
        })
    }
}

impl StateRow {
    fn reason(&self) -> Option<&str> {
        if let Self::Blocked { text: reason, .. }
        | Self::Rejected { reason, .. }
        | Self::NeedsHuman { reason, .. } = self
        {
            Some(reason)
        } else {
            None
        }
    }

    fn code(&self) -> Option<&str> {
        if let Self::Blocked { code, .. } | Self::Rejected { code: Some(code), .. } = self {
            Some(code)
        } else {
            None
        }
    }
}

impl NoteRow {
    fn record(&self) -> Result<NoteRecord, StoreError> {
        let kind = NoteKind::from_name(&self.kind);
        let note = Note {
            kind: kind.ok_or_else(|| corrupt("notes", self.id, "its kind"))?,
            claim: self.claim.map(ClaimId),
            actor: self.actor.clone(),
            text: self.text.clone(),
        };
        let (invoice, payload) = (InvoiceId(self.invoice), self.payload.clone());
        Ok(NoteRecord { id: self.id, invoice, at: self.at, note, payload })
    }
}
