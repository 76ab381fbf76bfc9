//! By whose consent company files let us in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{Connection, ConnectionEvent};
use serde::Serialize;
use utoipa::ToSchema;

use crate::time;

/// The way into one company file.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct ConnectionJson {
    pub company_file: String,
    pub connected: bool,
    pub business_id: Option<String>,
    pub business_name: Option<String>,
    pub consented_by: Option<String>,
    pub consented_at: Option<String>,
    /// A year later: MYOB is said to ask every year.
    pub renewal_expected: Option<String>,
    pub scopes: Option<String>,
    pub base_url: Option<String>,
    pub access_seconds_left: Option<u64>,
    pub last_refresh: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<String>,
    pub revoked_by: Option<String>,
    pub revoked_at: Option<String>,
    pub revoke_reason: Option<String>,
}

impl ConnectionJson {
    /// As programs read it.
    pub fn new(connection: &Connection) -> Self {
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
    pub fn unknown(company_file: &CompanyFile) -> Self {
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
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct CheckedJson {
    pub company_file: String,
    pub reached: bool,
    pub error: Option<String>,
}
