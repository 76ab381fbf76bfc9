//! What a database remembers of itself: its server, its lock, its company files.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use postonce_domain::CompanyFile;

use crate::error::StoreError;

/// How runs exclude each other, as every process on this database must be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSettings {
    /// What kind of lock.
    pub kind: String,
    /// Of what it is one.
    pub scope: String,
    /// Its name.
    pub name: String,
}

/// Whether a process may run with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Agreed {
    /// They are those of the database, or are from now on.
    Yes,
    /// The database was used with these, and a process with others would not exclude it.
    Differs(LockSettings),
}

/// What is on record of a company file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyFileSettings {
    /// MYOB's id of the business, once it is known.
    pub business_id: Option<String>,
    /// The company's time zone.
    pub time_zone: Option<String>,
    /// Until which date the past is settled.
    pub cut_over_through: Option<Date>,
    /// The alarm that stands, if one does.
    pub alarm: Option<Alarm>,
}

/// A sign that the database went back, or that someone else posts to a company file.
///
/// While it stands, every invoice is looked up before its first claim. Only a cut-over after its
/// quiet period ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Nothing is claimed before then, by the store's clock: what was sent and forgotten, or is
    /// being sent by someone else, has arrived by then.
    pub quiet_until: Timestamp,
    /// Whether that time has come, by the store's clock.
    pub quiet_over: bool,
}

/// A business id as it is kept: MYOB's are UUIDs, which say the same in either letter case, and are
/// kept in lower case. What is none is kept as it is, and so is the name of the alias itself.
pub fn business_id(alias: &CompanyFile, text: &str) -> String {
    if text == alias.as_str() || !is_uuid(text) {
        return text.to_owned();
    }
    text.to_ascii_lowercase()
}

/// Whether two texts are the id of one business.
pub fn is_same_business(one: &str, other: &str) -> bool {
    one == other || is_uuid(one) && one.eq_ignore_ascii_case(other)
}

/// What may be on record for a business id: an alias has kept its case.
pub fn spellings(business_id: &str) -> Vec<String> {
    let given = business_id.to_owned();
    if !is_uuid(business_id) {
        return vec![given];
    }
    vec![business_id.to_ascii_lowercase(), business_id.to_ascii_uppercase(), given]
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// What became of the wish to write a company file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum CompanyFileWritten {
    /// It is on record.
    Written,
    /// Invoices were claimed for this business or are in its books already, and an alias stays with
    /// its business.
    Fixed {
        /// The business.
        business_id: String,
    },
    /// Another alias has the business.
    Taken {
        /// The alias.
        alias: String,
    },
}

/// Where the database is, compared with where it was when it was first used or last taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Whereabouts {
    /// Where it was.
    Same,
    /// Elsewhere: it failed over, was restored, or is a copy of one that may be in use.
    Moved {
        /// The identity on record, in the store's words.
        from: String,
        /// The identity seen.
        to: String,
    },
}

/// Keeps what every process on a database must agree on.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Registry: Send + Sync {
    /// Keeps the lock's settings on first use, and compares them ever after.
    async fn lock_settings(&self, wanted: LockSettings) -> Result<Agreed, StoreError>;

    /// What is on record of a company file; `None` if nothing is.
    async fn company_file_settings(
        &self,
        alias: &CompanyFile,
    ) -> Result<Option<CompanyFileSettings>, StoreError>;

    /// Writes business and zone of a company file.
    ///
    /// A business has one alias: the one that it is on record for, or else the one of its own name,
    /// if that has invoices and no other business. The letter case of a UUID makes no other
    /// business. Once a company file has a claim, its business stays; without one on record, that
    /// is the one of its own name. One on record stays too once an invoice has a document.
    ///
    /// With another business the epoch of the company file rises in the same step, so that a run
    /// which knows the one before claims nothing any more; and what was settled in the books of one
    /// on record, through a date, is settled no more.
    async fn set_company_file(
        &self,
        alias: &CompanyFile,
        business_id: &str,
        time_zone: &str,
    ) -> Result<CompanyFileWritten, StoreError>;

    /// Writes the zone of a company file that has a business on record, which stays as it is.
    async fn set_time_zone(&self, alias: &CompanyFile, time_zone: &str) -> Result<(), StoreError>;

    /// Settles the past of a company file through a date, which ends an alarm whose quiet period is
    /// over and no other; or unsettles it, which leaves an alarm as it is.
    ///
    /// It asks for no reason and leaves no trace: what people do goes by
    /// [`FileNotes::cut_over`](crate::file_note::FileNotes::cut_over_noted).
    async fn cut_over(&self, alias: &CompanyFile, through: Option<Date>) -> Result<(), StoreError>;

    /// Whether the database is where it was. The first call ever keeps where that is.
    async fn whereabouts(&self) -> Result<Whereabouts, StoreError>;

    /// Keeps where the database is now, and answers what [`Self::whereabouts`] would have. If it
    /// was elsewhere, every company file on record or with invoices gets an alarm, in the same
    /// step.
    async fn take_over(&self, quiet: Duration) -> Result<Whereabouts, StoreError>;

    /// Raises an alarm for a company file, quiet from now on for `quiet`. One that stands is
    /// prolonged, never shortened.
    async fn alarm(&self, company_file: &CompanyFile, quiet: Duration)
    -> Result<Alarm, StoreError>;
}
