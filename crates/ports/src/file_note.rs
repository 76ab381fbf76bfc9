//! What people decide about a company file, and the trail of it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::CompanyFile;

use crate::error::StoreError;
use crate::registry::{Alarm, CompanyFileSettings, Whereabouts};

/// What a line of a company file's trail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNoteKind {
    /// Its past was settled, or is not settled any more.
    CutOver,
    /// It is in a database that was taken over.
    TakeOver,
}

impl FileNoteKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::CutOver, Self::TakeOver];

    /// As stores spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CutOver => "cut_over",
            Self::TakeOver => "take_over",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A line of a company file's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNote {
    /// The company file.
    pub company_file: CompanyFile,
    /// What it is about.
    pub kind: FileNoteKind,
    /// Who did it.
    pub actor: String,
    /// What was done, and why.
    pub text: String,
}

/// A line on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNoteRecord {
    /// Its place in the trail: rises with time.
    pub id: i64,
    /// When it was written, by the store's clock.
    pub at: Timestamp,
    /// What it says.
    pub note: FileNote,
}

/// The wish to settle the past of a company file, or to unsettle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOver {
    /// Until which date it is settled; not at all if `None`.
    pub through: Option<Date>,
    /// Until when the alarm is quiet that a person has seen, and that settling ends.
    pub seen: Option<Timestamp>,
    /// The line of the trail, which names the company file.
    pub note: FileNote,
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum CutOverAnswer {
    /// It is on record, and so is the line.
    Done {
        /// Whether it ended an alarm.
        ended_alarm: bool,
    },
    /// It was so before; nothing is written.
    Already,
    /// The quiet period of this alarm is not over; nothing is written.
    Quiet(Alarm),
    /// This alarm is not the one that was seen; nothing is written.
    Unseen(Alarm),
    /// It is settled through this later date; nothing is written.
    Later(Date),
}

impl CutOver {
    /// Why it is not to be made on what is on record; `None` if it is. One rule for every store.
    pub fn refusal(&self, known: &CompanyFileSettings) -> Option<CutOverAnswer> {
        let settled = known.cut_over_through;
        if let (Some(through), Some(later)) = (self.through, settled)
            && through < later
        {
            return Some(CutOverAnswer::Later(later));
        }
        match known.alarm.filter(|_| self.through.is_some()) {
            Some(alarm) if !alarm.quiet_over => Some(CutOverAnswer::Quiet(alarm)),
            Some(alarm) if self.seen != Some(alarm.quiet_until) => {
                Some(CutOverAnswer::Unseen(alarm))
            }
            None if settled == self.through => Some(CutOverAnswer::Already),
            Some(_) | None => None,
        }
    }
}

/// The line of a company file whose database was taken over.
pub fn taken_over(company_file: CompanyFile, actor: &str, from: &str, to: &str) -> FileNote {
    let text = format!("taken over: the database was {from} and is {to}");
    FileNote { company_file, kind: FileNoteKind::TakeOver, actor: actor.to_owned(), text }
}

/// Keeps the trail of each company file: written, and never changed.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FileNotes: Send + Sync {
    /// Writes one line.
    async fn add(&self, note: FileNote) -> Result<(), StoreError>;

    /// The trail of one company file, or of all, by rising id: lines with a greater id than
    /// `after`, `limit` at most.
    async fn list(
        &self,
        company_file: Option<CompanyFile>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FileNoteRecord>, StoreError>;

    /// Settles the past of a company file, or unsettles it, and writes the line, both or neither.
    ///
    /// Settling ends the alarm that was seen, if its quiet period is over by the store's clock, and
    /// is refused while that of one is not, or if there is another by now. Unsettling leaves an alarm as it is. What changes nothing writes
    /// nothing. An earlier date than the one on record is refused: between the two, invoices would
    /// not be searched any more. Of two concurrent callers with one wish, one is told that it is done.
    async fn cut_over_noted(&self, cut: CutOver) -> Result<CutOverAnswer, StoreError>;

    /// [`Registry::take_over`](crate::registry::Registry::take_over), and a line for every company
    /// file that gets an alarm, all of it or nothing.
    async fn take_over_noted(
        &self,
        quiet: Duration,
        actor: &str,
    ) -> Result<Whereabouts, StoreError>;
}
