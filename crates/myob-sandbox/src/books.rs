//! The sandbox's whole state, as the events make it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::clock::{self, Millis};
use crate::company_file::CompanyFile;
use crate::events::{Event, Late};
use crate::faults::Faults;
use crate::switches::Switches;
use crate::tokens::Tokens;

/// Company files, counters, tokens, faults and the clock.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// By business id.
    pub(crate) files: BTreeMap<Box<str>, CompanyFile>,
    /// POSTs to `/Sale/Invoice/…` that arrived.
    pub(crate) posts_received: u64,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) switches: Switches,
    /// Company files that were named or consented.
    pub(crate) listed: BTreeSet<Box<str>>,
    /// Whether the API key was switched off.
    pub(crate) key_inactive: bool,
    /// Invoices that fills have made.
    pub(crate) filled: u64,
    arrivals: HashMap<Box<str>, HashMap<Box<str>, u64>>,
    late: BTreeMap<u64, Late>,
    last_late: u64,
    clock_ahead: i64,
}

impl Books {
    /// The sandbox clock.
    pub(crate) fn now(&self) -> Millis {
        clock::wall().saturating_add(self.clock_ahead)
    }

    /// How many POSTs with this company file and number arrived.
    pub(crate) fn arrivals(&self, file: &str, number: &str) -> u64 {
        let of_file = self.arrivals.get(file);
        of_file.and_then(|numbers| numbers.get(number)).copied().unwrap_or(0)
    }

    /// The late request that is due first, if one is due at `now`.
    pub(crate) fn due(&self, now: Millis) -> Option<&Late> {
        let first = self.late.values().min_by_key(|late| (late.due, late.id))?;
        (first.due <= now).then_some(first)
    }

    /// The id for the next late request.
    pub(crate) fn next_late(&self) -> u64 {
        self.last_late + 1
    }

    /// Does what `event` says. Company files are opened before anything happens in them.
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Format(_) => {}
            Event::FileOpened { file, records } => {
                self.files.insert(file, CompanyFile::new(records));
            }
            Event::RecordPut { file, resource, record, late } => {
                self.file_mut(file).records_mut(resource).put(record);
                self.late_done(late);
            }
            Event::RecordDeleted { file, resource, uid } => {
                self.file_mut(file).records_mut(resource).remove(uid);
            }
            Event::InvoicePut { file, invoice, late } => {
                if invoice.numbered_here {
                    self.number_given(&file, &invoice.number);
                }
                self.file_mut(file).invoices.put(*invoice);
                self.late_done(late);
            }
            Event::InvoiceDeleted { file, uid } => self.file_mut(file).invoices.remove(uid),
            Event::Arrived { file, number } => self.arrived(file, number),
            Event::Postponed(late) => {
                self.last_late = self.last_late.max(late.id);
                self.late.insert(late.id, late);
            }
            Event::LateRefused(id) => self.late_done(Some(id)),
            Event::CodeGiven(code) => self.tokens.code(code),
            Event::Granted(grant) => self.tokens.grant(grant),
            Event::FaultsAppended(faults) => self.faults.append(faults),
            Event::FaultUsed(id) => self.faults.used(id),
            Event::FaultsCleared => self.faults.clear(),
            Event::ClockAdvanced(by) => self.clock_ahead = self.clock_ahead.saturating_add(by),
            Event::SwitchesSet(changes) => self.switches.apply(&changes),
            Event::FileListed(file) => {
                self.listed.insert(file);
            }
            Event::TokensExpired => self.tokens.expire(),
            Event::ConsentRevoked => self.tokens.revoke(),
            Event::KeysActive(active) => self.key_inactive = !active,
            Event::Filled(fill) => {
                self.filled += u64::from(fill.count);
                fill.apply(self.file_mut(fill.file.clone()));
            }
            Event::Reset => {
                let mut tokens = std::mem::take(&mut self.tokens);
                tokens.consent();
                *self = Self { tokens, ..Self::default() };
            }
        }
    }

    fn file_mut(&mut self, file: Box<str>) -> &mut CompanyFile {
        self.files.entry(file).or_insert_with(|| CompanyFile::new(Vec::new()))
    }

    fn arrived(&mut self, file: Box<str>, number: Option<Box<str>>) {
        self.posts_received += 1;
        if let Some(number) = number {
            *self.arrivals.entry(file).or_default().entry(number).or_default() += 1;
        }
    }

    /// The POST of an invoice without a number counts as an arrival of the number it was given.
    fn number_given(&mut self, file: &str, number: &str) {
        let numbers = self.arrivals.entry(file.into()).or_default();
        *numbers.entry(number.into()).or_default() += 1;
        self.file_mut(file.into()).number_given(number);
    }

    fn late_done(&mut self, id: Option<u64>) {
        if let Some(id) = id {
            self.late.remove(&id);
        }
    }
}
