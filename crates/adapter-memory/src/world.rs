//! What the store holds, and the steps that several ports share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use postonce_domain::{
    ClaimId, CompanyFile, Epoch, InstallationId, Invoice, InvoiceId, InvoiceState, LedgerUid, Life,
    LoginName, MappingKey, MappingRow, Misses, Outcome, OutcomeName, RunId, Version,
};
use postonce_ports::account::{Account, AccountNoteRecord};
use postonce_ports::connection::ConnectionRecord;
use postonce_ports::cron::{FireEnd, Planned, Taker};
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{FileNote, FileNoteRecord};
use postonce_ports::flag::Flag;
use postonce_ports::history::Run;
use postonce_ports::notice::Notice;
use postonce_ports::reader::NoteRecord;
use postonce_ports::registry::{Alarm, LockSettings};
use postonce_ports::store::{Note, StoredInvoice};
use postonce_ports::token::RefreshToken;

use crate::account::{MachineRow, SessionRow};
use crate::reply::ReplyRow;
use crate::scan::ScanRow;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) installation: InstallationId,
    pub(crate) invoices: BTreeMap<InvoiceId, InvoiceRow>,
    /// In the order in which they were made.
    pub(crate) claims: Vec<ClaimRow>,
    pub(crate) notes: Vec<NoteRecord>,
    pub(crate) file_notes: Vec<FileNoteRecord>,
    pub(crate) flags: BTreeMap<InvoiceId, Flag>,
    /// By rising id.
    pub(crate) notices: Vec<Notice>,
    /// Every event that was told.
    pub(crate) told: BTreeSet<String>,
    pub(crate) ruled_out: BTreeMap<InvoiceId, BTreeSet<LedgerUid>>,
    pub(crate) epochs: BTreeMap<CompanyFile, Epoch>,
    pub(crate) cut_overs: BTreeMap<CompanyFile, Date>,
    /// Until when the alarm of a company file is quiet.
    pub(crate) alarms: BTreeMap<CompanyFile, Timestamp>,
    pub(crate) company_files: BTreeMap<CompanyFile, Business>,
    pub(crate) lock_settings: Option<LockSettings>,
    /// Where the store is, and where it is on record to be.
    pub(crate) server: String,
    pub(crate) known_server: Option<String>,
    pub(crate) tokens: BTreeMap<CompanyFile, RefreshToken>,
    /// When each of them was stored.
    pub(crate) token_times: BTreeMap<CompanyFile, Timestamp>,
    /// By rising id.
    pub(crate) connection_notes: Vec<(CompanyFile, ConnectionRecord)>,
    pub(crate) access: BTreeMap<CompanyFile, AccessRow>,
    pub(crate) creations: BTreeMap<(CompanyFile, MappingKey), CreationRow>,
    pub(crate) mappings: BTreeMap<(CompanyFile, MappingKey), MappingRow>,
    pub(crate) accounts: BTreeMap<LoginName, Account>,
    pub(crate) account_notes: Vec<AccountNoteRecord>,
    /// By the hash of what the browser shows.
    pub(crate) sessions: BTreeMap<String, SessionRow>,
    pub(crate) machines: BTreeMap<LoginName, MachineRow>,
    /// By sender and key.
    pub(crate) replies: BTreeMap<(String, String), ReplyRow>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    pub(crate) fires: BTreeMap<Planned, FireRow>,
    pub(crate) scans: Vec<ScanRow>,
    /// How many scans were begun.
    pub(crate) scans_made: i64,
    /// The owner of the run lock, while it is held.
    pub(crate) lock: Option<String>,
    /// How often the lock was taken.
    pub(crate) holds: u64,
}

#[derive(Clone)]
pub(crate) struct InvoiceRow {
    pub(crate) invoice: Invoice,
    pub(crate) life: Life,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone)]
pub(crate) struct ClaimRow {
    pub(crate) id: ClaimId,
    pub(crate) invoice: InvoiceId,
    pub(crate) company_file: CompanyFile,
    pub(crate) number: postonce_domain::InvoiceNumber,
    pub(crate) reference: postonce_domain::ExternalId,
    pub(crate) epoch: Epoch,
    pub(crate) run: RunId,
    pub(crate) claimed_at: Timestamp,
    pub(crate) quiet_until: Timestamp,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) inquiries: u32,
    pub(crate) next_check: Timestamp,
    pub(crate) misses: Misses,
}

/// What is configured of a company file.
#[derive(Clone)]
pub(crate) struct Business {
    pub(crate) id: String,
    pub(crate) time_zone: String,
}

#[derive(Clone)]
pub(crate) struct CreationRow {
    pub(crate) claim: ClaimId,
    pub(crate) since: Timestamp,
    pub(crate) quiet_until: Timestamp,
    pub(crate) misses: Misses,
}

/// What is on record of a schedule's fire.
#[derive(Clone)]
pub(crate) struct FireRow {
    pub(crate) taker: Taker,
    pub(crate) takes: u32,
    pub(crate) taken_at: Timestamp,
    pub(crate) lease_until: Timestamp,
    /// What came of it, and when.
    pub(crate) end: Option<(FireEnd, Timestamp)>,
}

/// What is on record of a company file's access token.
#[derive(Clone, Default)]
pub(crate) struct AccessRow {
    pub(crate) version: i64,
    /// The token and its end.
    pub(crate) access: Option<(String, Timestamp)>,
    /// Who gets the next one, and until when.
    pub(crate) refresher: Option<(String, Timestamp)>,
}

impl World {
    pub(crate) fn new(installation: InstallationId) -> Self {
        Self {
            installation,
            invoices: BTreeMap::new(),
            claims: Vec::new(),
            notes: Vec::new(),
            file_notes: Vec::new(),
            flags: BTreeMap::new(),
            notices: Vec::new(),
            told: BTreeSet::new(),
            ruled_out: BTreeMap::new(),
            epochs: BTreeMap::new(),
            cut_overs: BTreeMap::new(),
            alarms: BTreeMap::new(),
            company_files: BTreeMap::new(),
            lock_settings: None,
            server: "memory".to_owned(),
            known_server: None,
            tokens: BTreeMap::new(),
            token_times: BTreeMap::new(),
            connection_notes: Vec::new(),
            access: BTreeMap::new(),
            creations: BTreeMap::new(),
            mappings: BTreeMap::new(),
            accounts: BTreeMap::new(),
            account_notes: Vec::new(),
            sessions: BTreeMap::new(),
            machines: BTreeMap::new(),
            replies: BTreeMap::new(),
            runs: BTreeMap::new(),
            fires: BTreeMap::new(),
            scans: Vec::new(),
            scans_made: 0,
            lock: None,
            holds: 0,
        }
    }

    pub(crate) fn alarm_of(&self, company_file: &CompanyFile, now: Timestamp) -> Option<Alarm> {
        let quiet_until = *self.alarms.get(company_file)?;
        Some(Alarm { quiet_until, quiet_over: now >= quiet_until })
    }

    pub(crate) fn invoice(&self, id: InvoiceId) -> Result<&InvoiceRow, StoreError> {
        self.invoices.get(&id).ok_or_else(|| StoreError::Corrupt {
            table: "postonce_invoice",
            key: id.to_string(),
            why: "there is no such invoice".to_owned(),
        })
    }

    pub(crate) fn stored(&self, id: InvoiceId, row: &InvoiceRow) -> StoredInvoice {
        let doubtful = |claim: &ClaimRow| claim.outcome_name() != Some(OutcomeName::NotSent);
        StoredInvoice {
            id,
            life: row.life.clone(),
            invoice: row.invoice.clone(),
            doubtful_past: self.claims_of(id).any(doubtful),
        }
    }

    pub(crate) fn claim(&self, id: ClaimId) -> Option<&ClaimRow> {
        self.claims.iter().find(|claim| claim.id == id)
    }

    pub(crate) fn claim_mut(&mut self, id: ClaimId) -> Option<&mut ClaimRow> {
        self.claims.iter_mut().find(|claim| claim.id == id)
    }

    /// The version of the invoice that a claim is of.
    pub(crate) fn version_of(&self, claim: ClaimId) -> Option<Version> {
        Some(self.invoices.get(&self.claim(claim)?.invoice)?.life.version)
    }

    pub(crate) fn claims_of(&self, invoice: InvoiceId) -> impl Iterator<Item = &ClaimRow> {
        self.claims.iter().filter(move |claim| claim.invoice == invoice)
    }

    /// The invoice of the company file that this document is recorded for.
    pub(crate) fn owner_of(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
    ) -> Option<InvoiceId> {
        let state = InvoiceState::Posted { uid: uid.clone() };
        let mut rows = self.invoices.iter();
        rows.find(|(_, row)| row.life.state == state && row.company_file() == company_file)
            .map(|(id, _)| *id)
    }

    /// Writes the new life of an invoice that exists.
    pub(crate) fn set_life(&mut self, id: InvoiceId, life: Life, now: Timestamp) {
        // What was missed before says nothing about where it stands now.
        for claim in self.claims.iter_mut().filter(|claim| claim.invoice == id) {
            claim.misses = Misses::default();
        }
        if let Some(row) = self.invoices.get_mut(&id) {
            row.life = life;
            row.updated_at = now;
        }
    }

    pub(crate) fn write_note(
        &mut self,
        invoice: InvoiceId,
        at: Timestamp,
        note: Note,
        payload: Option<String>,
    ) {
        let last = self.notes.last().map_or(0, |note| note.id);
        self.notes.push(NoteRecord { id: last + 1, invoice, at, note, payload });
    }
}

impl World {
    pub(crate) fn put_token(&mut self, now: Timestamp, file: &CompanyFile, token: RefreshToken) {
        self.tokens.insert(file.clone(), token);
        self.token_times.insert(file.clone(), now);
    }

    pub(crate) fn write_file_note(&mut self, at: Timestamp, note: FileNote) {
        let last = self.file_notes.last().map_or(0, |note| note.id);
        self.file_notes.push(FileNoteRecord { id: last + 1, at, note });
    }
}

impl InvoiceRow {
    pub(crate) fn company_file(&self) -> &CompanyFile {
        &self.invoice.parts().company_file
    }
}

impl ClaimRow {
    pub(crate) fn outcome_name(&self) -> Option<OutcomeName> {
        self.outcome.as_ref().map(Outcome::name)
    }

    /// Takes an outcome over, unless what is known already says more.
    pub(crate) fn learn(&mut self, outcome: &Outcome) {
        let known = self.outcome_name();
        let vaguer = outcome.name() == OutcomeName::InDoubt && known.is_some();
        if !vaguer && known != Some(OutcomeName::Posted) {
            self.outcome = Some(outcome.clone());
        }
    }
}

/// `at` plus a time that a caller gave; the end of time if that is beyond it.
pub(crate) fn later(at: Timestamp, time: Duration) -> Timestamp {
    SignedDuration::try_from(time)
        .ok()
        .and_then(|time| at.checked_add(time).ok())
        .unwrap_or(Timestamp::MAX)
}
