//! Lines about connections, and what is on record of each company file's way in.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use jiff::Timestamp;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{
    Connection, ConnectionEvent, ConnectionNote, ConnectionRecord, Consent,
};
use postonce_ports::error::StoreError;

use crate::rows::{corrupt, parsed};
use crate::schema::postonce_ledger_consent;
use crate::time::timestamp;

const TABLE: &str = "postonce_ledger_consent";

/// A line on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_ledger_consent)]
pub struct ConsentRow {
    pub id: i64,
    pub company_file: String,
    pub event: String,
    pub actor: String,
    pub text: String,
    pub business_id: Option<String>,
    pub business_name: Option<String>,
    pub scopes: Option<String>,
    pub base_url: Option<String>,
    pub created_at: i64,
}

impl ConsentRow {
    fn record(self) -> Result<ConnectionRecord, StoreError> {
        let event = ConnectionEvent::from_name(&self.event)
            .ok_or_else(|| corrupt(TABLE, self.id, "its event is unknown"))?;
        let (business_name, base_url) = (self.business_name, self.base_url);
        let scopes = self.scopes.unwrap_or_default();
        let consent =
            self.business_id.map(|id| Consent { business_id: id, business_name, scopes, base_url });
        Ok(ConnectionRecord {
            id: self.id,
            at: timestamp(TABLE, self.id, self.created_at)?,
            note: ConnectionNote { event, actor: self.actor, text: self.text, consent },
        })
    }
}

/// A business by alias.
pub type BusinessColumns = (String, Option<String>);

/// A refresh token: alias, secret, version, when it was stored.
pub type TokenColumns = (String, String, i64, i64);

/// An access token: alias, secret, version, end.
pub type AccessColumns = (String, Option<String>, i64, i64);

/// All that is on record.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the rows of its name")]
pub struct Found {
    pub businesses: Vec<BusinessColumns>,
    pub tokens: Vec<TokenColumns>,
    pub access: Vec<AccessColumns>,
    /// The newest of each event, by rising id.
    pub lines: Vec<ConsentRow>,
    /// By the store's clock.
    pub now: i64,
}

impl Found {
    /// What is on record of each company file.
    pub fn connections(self) -> Result<Vec<Connection>, StoreError> {
        let mut files = BTreeMap::new();
        for (alias, business_id) in self.businesses {
            of(&mut files, &alias)?.business_id = business_id;
        }
        let mut versions = BTreeMap::new();
        for (alias, secret, version, stored_at) in self.tokens {
            let at = timestamp("postonce_ledger_token", alias.as_str(), stored_at)?;
            of(&mut files, &alias)?.last_refresh = some_refresh(&secret, at);
            versions.insert(alias, version);
        }
        for (alias, secret, version, ends_at) in self.access {
            let counts = secret.is_some() && versions.get(&alias) == Some(&version);
            if counts && ends_at > self.now {
                let rest = u64::try_from(ends_at.saturating_sub(self.now)).unwrap_or_default();
                of(&mut files, &alias)?.access_rest = Some(Duration::from_micros(rest));
            }
        }
        for line in self.lines {
            let alias = line.company_file.clone();
            let record = line.record()?;
            of(&mut files, &alias)?.newest.push(record);
        }
        Ok(files.into_values().collect())
    }
}

/// A token that was taken away is empty.
fn some_refresh(secret: &str, at: Timestamp) -> Option<Timestamp> {
    (!secret.is_empty()).then_some(at)
}

fn of<'a>(
    files: &'a mut BTreeMap<CompanyFile, Connection>,
    alias: &str,
) -> Result<&'a mut Connection, StoreError> {
    let company_file = parsed(TABLE, alias, CompanyFile::parse(alias))?;
    Ok(files.entry(company_file.clone()).or_insert_with(|| Connection {
        company_file,
        business_id: None,
        last_refresh: None,
        access_rest: None,
        newest: Vec::new(),
    }))
}
