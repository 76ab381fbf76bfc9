//! Looking back: what the ledger has twice, and how the two sides differ.
//!
//! All documents of a company file are read by rising date and kept by the store, so that nothing
//! is held in memory and a scan that was left is gone on with. A page is one reading of the books:
//! the next one begins anew at its last day, so that nothing is missed when the books change
//! meanwhile. A day with more documents than a page is counted and read twice, in whole pages: if it has
//! changed, it is read again.

use std::sync::Arc;

use jiff::civil::Date;
use postonce_domain::{ClaimId, InstallationId, Marker};
use postonce_ports::books::{BookedDocument, DateSpan, DocumentPage, LedgerBooks};
use postonce_ports::clock::Stop;
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::scan::{
    Added, DayRead, Position, Scan, ScanPage, ScanStore, ScanWish, ScannedDocument,
};
use postonce_ports::store::InvoiceStore;

/// How often a day is read whose documents change meanwhile.
const TRIES_MAX: u32 = 3;

/// How often a day with more documents than a page is read: what moved up behind the first reading
/// comes to light in the second one, and there are more documents on record than the ledger counts.
const READINGS: u64 = 2;

/// The widths of what is compared.
const NUMBER_MAX: usize = 64;
const REFERENCE_MAX: usize = 255;
const CUSTOMER_MAX: usize = 100;

/// What looking back works with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct LookBackPorts {
    pub books: Arc<dyn LedgerBooks>,
    pub scans: Arc<dyn ScanStore>,
    pub store: Arc<dyn InvoiceStore>,
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum ScanEnd {
    /// All is read.
    Finished(Scan),
    /// It was to stop; the next one goes on from here.
    Stopped(Scan),
    /// Another one scans the same company file, and goes on.
    Overtaken,
}

/// Why a scan did not go on. What was read is kept.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The use case over these ports.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct LookBack {
    ports: LookBackPorts,
}

impl LookBack {
    /// Looking back over these ports.
    pub fn new(ports: LookBackPorts) -> Self {
        Self { ports }
    }

    /// Begins a scan, or goes on with one that was left. `told` hears of it as it stands before
    /// each page.
    pub async fn scan(
        &self,
        wish: ScanWish,
        stop: &dyn Stop,
        told: &(dyn Fn(&Scan) + Sync),
    ) -> Result<ScanEnd, ScanError> {
        let installation = self.ports.store.installation().await?;
        let mut scan = self.ports.scans.open(wish).await?;
        loop {
            told(&scan);
            let Some(position) = scan.position else { return Ok(ScanEnd::Finished(scan)) };
            if stop.requested() {
                return Ok(ScanEnd::Stopped(scan));
            }
            let read = self.read(&scan, position).await?;
            let documents = read.documents.iter().map(|it| kept(it, installation));
            let page = ScanPage {
                scan: scan.id,
                step: scan.step,
                forget: read.forget,
                documents: documents.collect(),
                unsure: read.unsure,
                next: read.next,
            };
            match self.ports.scans.add(page).await? {
                Added::Stored(now) => scan = now,
                Added::Overtaken => return Ok(ScanEnd::Overtaken),
            }
        }
    }

    async fn read(&self, scan: &Scan, position: Position) -> Result<Read, ScanError> {
        let file = &scan.company_file;
        let (Some(day), Some(of_day)) = (position.from, position.of_day) else {
            let dates = DateSpan { from: position.from, before: scan.span.before };
            let page = self.ports.books.documents(file, dates, 0).await?;
            return after_page(page);
        };
        let end = scan.span.before;
        if of_day.count.is_some_and(|count| of_day.read >= count.saturating_mul(READINGS)) {
            let on_record = self.ports.scans.on_day(scan.id, day).await?;
            let is_whole = of_day.count == Some(on_record);
            let next = after_day(day, end);
            return Ok(if is_whole { Read::of(next) } else { again(day, of_day, end) });
        }
        let dates = DateSpan { from: Some(day), before: day.tomorrow().ok() };
        let page = self.ports.books.documents(file, dates, skipped(of_day)).await?;
        Ok(after_page_of_day(page, day, of_day, end))
    }
}

/// What one step of a scan brings.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    forget: Option<Date>,
    documents: Vec<BookedDocument>,
    unsure: Option<Date>,
    next: Option<Position>,
}

impl Read {
    fn of(next: Option<Position>) -> Self {
        Self { next, ..Self::default() }
    }
}

/// Where a scan goes on behind a page that begins with a day.
fn after_page(page: DocumentPage) -> Result<Read, ScanError> {
    let DocumentPage { documents, more, .. } = page;
    if !more {
        return Ok(Read { documents, ..Read::default() });
    }
    let dates = documents.first().zip(documents.last());
    let Some((first, last)) = dates.map(|(first, last)| (first.listed.date, last.listed.date))
    else {
        let message = "the ledger's list goes on behind a page with nothing on it".to_owned();
        return Err(LedgerError::Unavailable { message, source: None }.into());
    };
    // The last day may go on behind the page, so it is read again from its beginning.
    let of_day = (first == last).then(DayRead::default);
    let next = Some(Position { from: Some(last), of_day });
    Ok(Read { documents, next, ..Read::default() })
}

/// How many documents of the day the next page leaves out: all that this reading has read.
fn skipped(of_day: DayRead) -> u64 {
    let readings = of_day.count.and_then(|count| of_day.read.checked_rem(count));
    readings.unwrap_or(of_day.read)
}

/// Where a scan goes on behind a page of one day.
fn after_page_of_day(page: DocumentPage, day: Date, of_day: DayRead, end: Option<Date>) -> Read {
    let DocumentPage { documents, count, .. } = page;
    let has_changed = of_day.count.is_some_and(|before| before != count);
    let shown = u64::try_from(documents.len()).unwrap_or(u64::MAX);
    let reached = skipped(of_day).saturating_add(shown);
    let is_odd = reached > count || (shown == 0 && reached < count);
    if has_changed || is_odd {
        return again(day, of_day, end);
    }
    // What was read of the day before may not be there any more.
    let forget = (of_day.read == 0).then_some(day);
    let read = of_day.read.saturating_add(shown);
    let of_day = DayRead { read, count: Some(count), ..of_day };
    let next = Some(Position { from: Some(day), of_day: Some(of_day) });
    Read { forget, documents, unsure: None, next }
}

/// The day once more; or the next one, and it is said.
fn again(day: Date, of_day: DayRead, end: Option<Date>) -> Read {
    let tries = of_day.tries + 1;
    if tries >= TRIES_MAX {
        return Read { unsure: Some(day), ..Read::of(after_day(day, end)) };
    }
    let of_day = Some(DayRead { tries, ..DayRead::default() });
    Read::of(Some(Position { from: Some(day), of_day }))
}

fn after_day(day: Date, end: Option<Date>) -> Option<Position> {
    let next = day.tomorrow().ok().filter(|next| end.is_none_or(|end| *next < end))?;
    Some(Position { from: Some(next), of_day: None })
}

/// A document as it is compared.
fn kept(document: &BookedDocument, installation: InstallationId) -> ScannedDocument {
    let listed = document.listed.clone();
    ScannedDocument {
        number_key: number_key(&listed.number),
        reference_key: cut(listed.reference.trim(), REFERENCE_MAX),
        customer_key: cut(document.customer_key.trim(), CUSTOMER_MAX),
        claim: claim(&document.memo, installation),
        listed,
    }
}

/// What the spellings of one number have in common: case and padding zeros do not count.
fn number_key(number: &str) -> String {
    let number = number.trim().to_uppercase();
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let bare = if all_digits { number.trim_start_matches('0') } else { &number };
    cut(if bare.is_empty() { &number } else { bare }, NUMBER_MAX)
}

fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

fn claim(memo: &str, installation: InstallationId) -> Option<ClaimId> {
    let marker = Marker::find(memo)?;
    (marker.installation == installation).then_some(marker.claim)
}

#[cfg(test)]
mod tests;
