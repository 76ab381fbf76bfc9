//! By whose consent company files let us in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use postonce_adapter_myob::CompanyFileListed;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{Connection, ConnectionEvent};
use serde::Serialize;

use super::time;

/// The way into one company file.
#[derive(Debug, Serialize)]
pub(crate) struct ConnectionJson {
    pub(crate) company_file: String,
    pub(crate) connected: bool,
    pub(crate) business_id: Option<String>,
    pub(crate) business_name: Option<String>,
    pub(crate) consented_by: Option<String>,
    pub(crate) consented_at: Option<String>,
    /// A year later: MYOB is said to ask every year.
    pub(crate) renewal_expected: Option<String>,
    pub(crate) scopes: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) access_seconds_left: Option<u64>,
    pub(crate) last_refresh: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) last_error_at: Option<String>,
    pub(crate) revoked_by: Option<String>,
    pub(crate) revoked_at: Option<String>,
    pub(crate) revoke_reason: Option<String>,
}

impl ConnectionJson {
    pub(crate) fn new(connection: &Connection) -> Self {
        let consent = connection.consent();
        let error = connection.last_error();
        let revoked = connection.newest(ConnectionEvent::Revoked).filter(|_| consent.is_none());
        let given = consent.map(|(_, consent)| consent);
        Self {
            company_file: connection.company_file.to_string(),
            connected: connection.last_refresh.is_some(),
            business_id: connection.business_id.clone(),
            business_name: given.and_then(|given| given.business_name.clone()),
            consented_by: consent.map(|(record, _)| record.note.actor.clone()),
            consented_at: consent.map(|(record, _)| time(record.at)),
            renewal_expected: consent.and_then(|(record, _)| a_year_later(record.at)),
            scopes: given.map(|given| given.scopes.clone()),
            base_url: given.and_then(|given| given.base_url.clone()),
            access_seconds_left: connection.access_rest.map(|rest| rest.as_secs()),
            last_refresh: connection.last_refresh.map(time),
            last_error: error.map(|record| record.note.text.clone()),
            last_error_at: error.map(|record| time(record.at)),
            revoked_by: revoked.map(|record| record.note.actor.clone()),
            revoked_at: revoked.map(|record| time(record.at)),
            revoke_reason: revoked.map(|record| record.note.text.clone()),
        }
    }

    /// A company file of which nothing is on record.
    pub(crate) fn unknown(company_file: &CompanyFile) -> Self {
        Self::new(&Connection {
            company_file: company_file.clone(),
            business_id: None,
            last_refresh: None,
            access_rest: None,
            newest: Vec::new(),
        })
    }
}

/// The day a year after.
fn a_year_later(at: Timestamp) -> Option<String> {
    let next = at.to_zoned(TimeZone::UTC).date().checked_add(jiff::Span::new().years(1)).ok()?;
    Some(next.to_string())
}

/// Whether a company file let us in.
#[derive(Debug, Serialize)]
pub(crate) struct CheckedJson {
    pub(crate) company_file: String,
    pub(crate) reached: bool,
    pub(crate) error: Option<String>,
}

/// A company file as MYOB lists it.
#[derive(Debug, Serialize)]
pub(crate) struct ListedJson<'a> {
    id: &'a str,
    name: &'a str,
    base_url: Option<&'a str>,
}

impl<'a> ListedJson<'a> {
    pub(crate) fn new(listed: &'a CompanyFileListed) -> Self {
        let CompanyFileListed { id, name, base_url } = listed;
        Self { id, name, base_url: base_url.as_deref() }
    }
}
