//! The books behind their lock, with the log that makes them last.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answers::ApiError;
use crate::books::Books;
use crate::clock::Millis;
use crate::company_file::first_records;
use crate::events::{Event, Late};
use crate::invoice_entry::Desk;
use crate::log::{LoadError, Log};
use crate::record_api;

/// Books and log.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    books: Books,
    /// None once the server has stopped: nothing takes effect any more.
    log: Option<Log>,
    /// Late requests that took effect and have not been reported yet.
    late_done: Vec<u64>,
}

/// The books, for as long as it lives. No late request is due in it.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    inner: MutexGuard<'a, Inner>,
    /// The sandbox clock when the session began.
    pub(crate) now: Millis,
}

impl Store {
    /// Loads the books from `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, LoadError> {
        let mut books = Books::default();
        let log = Log::open(folder, |event| books.apply(event))?;
        let inner = Inner { books, log: Some(log), late_done: Vec::new() };
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// Waits for the books and brings them up to date: what was postponed until now takes effect
    /// first, so that nobody can tell that it was not done on time.
    pub(crate) fn session(&self) -> Session<'_> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = inner.books.now();
        let mut session = Session { inner, now };
        session.catch_up();
        session
    }

    /// Ends all effects and gives the folder free.
    pub(crate) fn close(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).log = None;
    }
}

impl Session<'_> {
    /// The books as they stand.
    pub(crate) fn books(&self) -> &Books {
        &self.inner.books
    }

    /// Writes `event` to the log, then does it.
    pub(crate) fn commit(&mut self, event: Event) -> Result<(), ApiError> {
        let log = self.inner.log.as_mut().ok_or_else(|| ApiError::internal("stopped"))?;
        let written: io::Result<()> = log.append(&event);
        written.map_err(|error| ApiError::internal(format!("the log: {error}")))?;
        self.inner.books.apply(event);
        Ok(())
    }

    /// Makes sure that the company file is there.
    pub(crate) fn open_file(&mut self, file: &str) -> Result<(), ApiError> {
        if self.books().files.contains_key(file) {
            return Ok(());
        }
        let records = first_records(self.now);
        self.commit(Event::FileOpened { file: file.into(), records })
    }

    /// Moves the sandbox clock forwards and lets happen what became due.
    pub(crate) fn advance(&mut self, by: i64) -> Result<(), ApiError> {
        self.commit(Event::ClockAdvanced(by))?;
        self.now = self.inner.books.now();
        self.catch_up();
        Ok(())
    }

    /// The late requests that took effect since this was last asked.
    pub(crate) fn late_done(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.inner.late_done)
    }

    fn catch_up(&mut self) {
        while let Some(late) = self.inner.books.due(self.now).cloned() {
            let id = late.id;
            let done = match self.effect_of(late) {
                Ok(event) => self.commit(event).map(|()| self.inner.late_done.push(id)),
                Err(_) => self.commit(Event::LateRefused(id)),
            };
            if done.is_err() {
                // The log cannot be written; it stays due.
                break;
            }
        }
    }

    fn effect_of(&mut self, late: Late) -> Result<Event, ApiError> {
        use crate::events::Target;

        self.open_file(&late.file)?;
        let body = late.body.as_bytes();
        match late.target {
            Target::Invoice(layout) => {
                let file =
                    self.inner.books.files.get(&late.file).ok_or_else(ApiError::not_found)?;
                let desk = Desk {
                    file,
                    switches: &self.inner.books.switches,
                    warnings_as_errors: late.warnings_as_errors,
                    now: late.due,
                };
                let invoice = desk.create(layout, body)?;
                let invoice = Box::new(invoice);
                Ok(Event::InvoicePut { file: late.file, invoice, late: Some(late.id) })
            }
            Target::Record(resource) => {
                let record = record_api::create(resource, body, late.due)?;
                Ok(Event::RecordPut { file: late.file, resource, record, late: Some(late.id) })
            }
        }
    }
}
