//! What the mapping says of the codes of an invoice.
//!
//! It is asked for all of them at once, and believed for a few seconds: what a person confirms or
//! takes back counts for every process soon.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postonce_domain::{
    BlockCode, BlockReason, CompanyFile, Invoice, Line, Mapped, MappingKey, MappingKind, MappingRow,
};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::PrepareError;
use postonce_ports::mapping::MappingStore;

use crate::classify::read_uid;
use crate::options::Layout;
use crate::tokens::store_trouble;

/// How long a row, or that there is none, is believed.
const LASTS: Duration = Duration::from_secs(5);

/// The most rows that are remembered.
const REMEMBERED_MAX: usize = 20_000;

type Rows = BTreeMap<MappingKey, MappingRow>;

/// What was read of a key, and until when it is believed.
type Known = HashMap<(CompanyFile, MappingKey), (Option<MappingRow>, Duration)>;

/// Reads the mapping and remembers it for a moment.
pub(crate) struct Mappings {
    pub(crate) store: Arc<dyn MappingStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

impl fmt::Debug for Mappings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mappings").finish_non_exhaustive()
    }
}

impl Mappings {
    pub(crate) fn new(store: Arc<dyn MappingStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Mutex::default() }
    }

    /// What it says of everything that the invoice may need.
    pub(crate) async fn of(
        &self,
        invoice: &Invoice,
        layout: Layout,
    ) -> Result<Mapping, PrepareError> {
        let file = &invoice.parts().company_file;
        let (mut rows, unknown) = self.remembered(file, keys(invoice, layout));
        if !unknown.is_empty() {
            let asked = self.clock.boot();
            let found = self.store.find(file, &unknown).await.map_err(store_trouble)?;
            self.remember(file, unknown, &found, asked + LASTS);
            rows.extend(found.into_iter().map(|row| (row.key.clone(), row)));
        }
        Ok(Mapping { file: file.clone(), rows })
    }

    /// The rows that are still believed, and the keys of which nothing is.
    fn remembered(&self, file: &CompanyFile, keys: Vec<MappingKey>) -> (Rows, Vec<MappingKey>) {
        let now = self.clock.boot();
        let known = self.known();
        let (mut rows, mut unknown) = (Rows::new(), Vec::new());
        for key in keys {
            match known.get(&(file.clone(), key.clone())).filter(|(_, until)| *until > now) {
                Some((row, _)) => rows.extend(row.clone().map(|row| (key, row))),
                None => unknown.push(key),
            }
        }
        (rows, unknown)
    }

    fn remember(
        &self,
        file: &CompanyFile,
        keys: Vec<MappingKey>,
        rows: &[MappingRow],
        until: Duration,
    ) {
        let now = self.clock.boot();
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        for key in keys {
            let row = rows.iter().find(|row| row.key == key).cloned();
            known.insert((file.clone(), key), (row, until));
        }
    }

    /// What is on record for a key now, whatever is remembered.
    pub(crate) async fn now(
        &self,
        file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<Option<String>, PrepareError> {
        let rows = self.store.find(file, std::slice::from_ref(key)).await;
        let rows = rows.map_err(store_trouble)?.into_iter().map(|row| (row.key.clone(), row));
        let mapping = Mapping { file: file.clone(), rows: rows.collect() };
        mapping.uid(key.kind, key.code.as_str())
    }

    /// Puts rows up for review that lead to a record which MYOB, in `reason`, says is not there.
    ///
    /// Nothing depends on it: a row that stays leads to the same answer again, and no invoice.
    pub(crate) async fn gone(&self, file: &CompanyFile, reason: &str) {
        let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
        let words = reason.split(|c: char| !is_part(c)).filter(|word| word.len() >= 32);
        for uid in words.filter_map(read_uid) {
            let why = format!("MYOB answered that {uid} is not there (error 150)");
            drop(self.store.review(file, &uid, &why).await);
        }
        self.known().retain(|(known, _), _| known != file);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A panic while the map was held leaves a whole map.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of a company file that one invoice may need.
#[derive(Debug)]
pub(crate) struct Mapping {
    file: CompanyFile,
    rows: Rows,
}

impl Mapping {
    /// The UID that a code is mapped to; `None` if the mapping says nothing of it.
    pub(crate) fn uid(
        &self,
        kind: MappingKind,
        code: &str,
    ) -> Result<Option<String>, PrepareError> {
        let row = MappingKey::of(kind, code).and_then(|key| self.rows.get(&key));
        let Some(row) = row else { return Ok(None) };
        match row.mapped() {
            Mapped::To(uid) => Ok(Some(uid.as_str().to_owned())),
            Mapped::Nothing => Ok(None),
            Mapped::Review => Err(self.review(row)),
        }
    }

    /// The account of a line that goes by account, or of the item that is created for it.
    pub(crate) fn account(&self, line: &Line) -> Result<Option<String>, PrepareError> {
        if let Some(item) = &line.item
            && let Some(uid) = self.uid(MappingKind::Account, item.as_str())?
        {
            return Ok(Some(uid));
        }
        self.uid(MappingKind::Account, ALL)
    }

    /// The job of a line: that of its item, of the invoice's customer, or of every line.
    pub(crate) fn job(&self, customer: &str, line: &Line) -> Result<Option<String>, PrepareError> {
        for code in jobs(customer, line) {
            if let Some(uid) = self.uid(MappingKind::Job, &code)? {
                return Ok(Some(uid));
            }
        }
        Ok(None)
    }

    /// The tax code of freight.
    pub(crate) fn freight(&self) -> Result<Option<String>, PrepareError> {
        self.uid(MappingKind::FreightTaxCode, ALL)
    }

    fn review(&self, row: &MappingRow) -> PrepareError {
        let (key, file) = (&row.key, &self.file);
        let reason =
            if row.reason.is_empty() { String::new() } else { format!(" ({})", row.reason) };
        let text = format!(
            "the mapping of {key} waits for review{reason}: `postonce mapping list {file} --review` \
             shows it, `postonce mapping set {file} {} {} …` settles it",
            key.kind, key.code
        );
        PrepareError::Blocked(BlockReason::new(BlockCode::MappingReview, text))
    }
}

const ALL: &str = "*";

/// The codes of the rows that may give a line its job, the nearest first.
fn jobs(customer: &str, line: &Line) -> Vec<String> {
    let item = line.item.as_ref().map(|item| format!("item:{item}"));
    item.into_iter().chain([format!("customer:{customer}"), ALL.to_owned()]).collect()
}

/// The rows that an invoice may need.
fn keys(invoice: &Invoice, layout: Layout) -> Vec<MappingKey> {
    let parts = invoice.parts();
    let customer = parts.customer.code.as_str();
    let mut wanted = vec![
        (MappingKind::Customer, customer.to_owned()),
        (MappingKind::Account, ALL.to_owned()),
        (MappingKind::FreightTaxCode, ALL.to_owned()),
    ];
    for line in &parts.lines {
        wanted.push((MappingKind::TaxCode, line.tax_code.to_string()));
        wanted.extend(jobs(customer, line).into_iter().map(|code| (MappingKind::Job, code)));
        if let Some(item) = &line.item {
            // An item that is created gets the account that a line would go by.
            wanted.push((MappingKind::Account, item.to_string()));
            match layout {
                Layout::Item => wanted.push((MappingKind::Item, item.to_string())),
                Layout::Service => {}
            }
        }
    }
    let mut keys: Vec<MappingKey> =
        wanted.iter().filter_map(|(kind, code)| MappingKey::of(*kind, code)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
