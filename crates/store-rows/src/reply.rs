//! Rows of requests that carry a key, and of what was answered.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_ports::error::StoreError;
use postonce_ports::reply::{Asked, Reply};

use crate::rows::corrupt;
use crate::schema::postonce_reply;

const TABLE: &str = "postonce_reply";

/// A request on record, and what was answered if anything was.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_reply)]
pub struct ReplyRow {
    pub request_key: String,
    pub digest: String,
    pub status: Option<i64>,
    pub headers: Option<String>,
    pub body: Option<String>,
}

impl ReplyRow {
    /// What is said to a request with this digest.
    pub fn asked(self, digest: &str) -> Result<Asked, StoreError> {
        if self.digest != digest {
            return Ok(Asked::Another);
        }
        let Some(status) = self.status else { return Ok(Asked::Doing) };
        let broken = |why: &str| corrupt(TABLE, &self.request_key, why);
        let status = u16::try_from(status).map_err(|_| broken("its status is out of range"))?;
        let headers = self.headers.as_deref().unwrap_or_default().lines();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        };
        let headers = headers.map(header).collect::<Option<_>>();
        let headers = headers.ok_or_else(|| broken("its headers cannot be read"))?;
        let body = self.body.unwrap_or_default();
        Ok(Asked::Done(Reply { status, headers, body }))
    }
}

/// Headers as they are stored: `name: value`, one a line.
pub fn headers_of(reply: &Reply) -> String {
    let lines = reply.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}
