//! What people and programs read.

use async_trait::async_trait;
use postonce_domain::{
    CompanyFile, InvoiceId, InvoiceNumber, InvoiceState, LedgerUid, NoteKind, StateName,
};
use postonce_ports::error::StoreError;
use postonce_ports::reader::{
    Filter, InvoiceReader, NoteRecord, Pairs, StateCounts, Summary, Unpaired,
};

use crate::MemoryStore;
use crate::world::InvoiceRow;

#[async_trait]
impl InvoiceReader for MemoryStore {
    async fn counts(&self) -> Result<StateCounts, StoreError> {
        let world = self.world();
        let in_state = |name: StateName| {
            let count = world.invoices.values().filter(|row| row.life.state.name() == name).count();
            (name, wide(count))
        };
        Ok(StateCounts {
            by_state: StateName::ALL.into_iter().map(in_state).collect(),
            held: wide(world.invoices.values().filter(|row| row.life.held).count()),
        })
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, StoreError> {
        let world = self.world();
        let rows = world.invoices.iter().map(|(id, row)| summary(*id, row));
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        Ok(rows.filter(|summary| passes(&filter, summary)).take(limit).collect())
    }

    async fn summary(&self, invoice: InvoiceId) -> Result<Option<Summary>, StoreError> {
        Ok(self.world().invoices.get(&invoice).map(|row| summary(invoice, row)))
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        number: &InvoiceNumber,
    ) -> Result<Option<InvoiceId>, StoreError> {
        let world = self.world();
        let mut rows = world.invoices.iter();
        let has_it = |row: &InvoiceRow| {
            row.company_file() == company_file && row.invoice.parts().number == *number
        };
        Ok(rows.find(|(_, row)| has_it(row)).map(|(id, _)| *id))
    }

    async fn notes(
        &self,
        invoice: Option<InvoiceId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<NoteRecord>, StoreError> {
        let world = self.world();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let wanted = |note: &&NoteRecord| {
            note.id > after && invoice.is_none_or(|invoice| note.invoice == invoice)
        };
        Ok(world.notes.iter().filter(wanted).take(limit).cloned().collect())
    }

    async fn pairs(&self) -> Result<Pairs, StoreError> {
        let world = self.world();
        let mut pairs = Pairs::default();
        for record in world.notes.iter().filter(|record| record.note.kind == NoteKind::Claim) {
            let Some(claim) = record.note.claim else { continue };
            pairs.claims += 1;
            let has_outcome = world.notes.iter().any(|other| {
                other.note.kind == NoteKind::Outcome && other.note.claim == Some(claim)
            });
            if has_outcome {
                pairs.outcomes += 1;
            } else {
                let carried = InvoiceState::Claimed { claim };
                let open = world.invoice(record.invoice)?.life.state == carried;
                pairs.unpaired.push(Unpaired { invoice: record.invoice, claim, open });
            }
        }
        Ok(pairs)
    }
}

fn passes(filter: &Filter, summary: &Summary) -> bool {
    (filter.states.is_empty() || filter.states.contains(&summary.state))
        && filter.company_file.as_ref().is_none_or(|file| *file == summary.company_file)
        && filter.code.as_ref().is_none_or(|code| summary.code.as_ref() == Some(code))
        && filter.since.is_none_or(|since| summary.date >= since)
        && filter.after.is_none_or(|after| summary.id > after)
}

fn summary(id: InvoiceId, row: &InvoiceRow) -> Summary {
    let parts = row.invoice.parts();
    let shown = Shown::of(&row.life.state);
    Summary {
        id,
        company_file: parts.company_file.clone(),
        side: parts.side,
        external_id: parts.external_id.clone(),
        number: parts.number.clone(),
        date: parts.date,
        state: row.life.state.name(),
        reason: shown.reason,
        code: shown.code,
        attempt: row.life.attempt,
        total: row.invoice.total(),
        ledger_uid: shown.ledger_uid,
        uids: shown.uids,
        held: row.life.held,
        version: row.life.version,
        updated_at: row.updated_at,
    }
}

/// What a list shows of a state's own data.
#[derive(Default)]
struct Shown {
    code: Option<String>,
    reason: Option<String>,
    ledger_uid: Option<LedgerUid>,
    uids: Vec<LedgerUid>,
}

impl Shown {
    fn of(state: &InvoiceState) -> Self {
        match state.clone() {
            InvoiceState::Blocked { reason } => Self {
                code: Some(reason.code.as_str().to_owned()),
                reason: Some(reason.text),
                ..Self::default()
            },
            InvoiceState::Rejected { code, reason } => {
                Self { code, reason: Some(reason), ..Self::default() }
            }
            InvoiceState::NeedsHuman { uids, reason } => {
                Self { uids, reason: Some(reason), ..Self::default() }
            }
            InvoiceState::Posted { uid } => Self { ledger_uid: Some(uid), ..Self::default() },
            InvoiceState::Draft
            | InvoiceState::Ready
            | InvoiceState::Claimed { .. }
            | InvoiceState::InDoubt { .. }
            | InvoiceState::Forgotten => Self::default(),
        }
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
