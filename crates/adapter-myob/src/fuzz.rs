//! The parsers of what MYOB sends, for `cargo xtask fuzz` alone: the released program has none of
//! this.

use std::time::Duration;

use postonce_domain::{Computed, LedgerDocument, Outcome};
use secrecy::ExposeSecret as _;

use crate::api::page_of;
use crate::computed::computed;
use crate::http::Sent;
use crate::json::Object;
use crate::reading::{Reading, reading};
use crate::refusal::Refusal;
use crate::search::read_document;
use crate::token_endpoint::grant;
use crate::{classify, http};

/// An answer as it comes from the wire.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `x-myobapi-requestid`.
    pub request_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer to a read shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// This.
    Found(T),
    /// There is no such thing.
    NotThere,
    /// It cannot be told.
    Trouble(String),
}

impl Answer {
    fn inner(&self) -> http::Answer {
        let Self { status, location, request_id, body } = self.clone();
        let body = String::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned());
        http::Answer { status, location, request_id, retry_after: None, body }
    }

    fn read<T>(&self, shown: impl FnOnce(&Object) -> Result<T, String>) -> Read<T> {
        match reading(&Ok(self.inner())) {
            Reading::Found(object) => shown(&object).map_or_else(Read::Trouble, Read::Found),
            Reading::NotThere => Read::NotThere,
            Reading::Unauthorised(why)
            | Reading::Denied(why)
            | Reading::Again(why)
            | Reading::Odd(why) => Read::Trouble(why),
            Reading::Limited(limit) => Read::Trouble(limit.why),
        }
    }

    /// As the answer to a POST.
    pub fn outcome(&self, rate_limit_is_not_sent: bool) -> Outcome {
        classify::outcome(&Sent::Answered(self.inner()), rate_limit_is_not_sent)
    }

    /// The amounts that MYOB computed, as the answer to a POST shows them.
    pub fn computed(&self) -> Option<Computed> {
        computed(&Sent::Answered(self.inner()))
    }

    /// As a page of a list: how many records it has, and the link to the next one.
    pub fn page(&self) -> Read<(usize, Option<String>)> {
        self.read(|object| page_of(object).map(|(items, next)| (items.len(), next)))
    }

    /// As an invoice.
    pub fn document(&self) -> Read<LedgerDocument> {
        self.read(|object| read_document(object).map_err(|error| error.to_string()))
    }

    /// As the company file itself: whether it is there.
    pub fn company_file(&self) -> Read<()> {
        self.read(|_| Ok(()))
    }
}

/// What a refusal says, in words.
pub fn words(body: &str) -> String {
    Refusal::words(&Refusal::any(body))
}

/// The access token of an answer, how long it counts, and the next refresh token, where `old` is
/// the one that was sent.
pub fn granted(body: &str, old: &str) -> Option<(String, Duration, String)> {
    let granted = grant(&Object::parse(body)?, Duration::ZERO, old)?;
    Some((granted.access.expose_secret().to_owned(), granted.ends, granted.refresh))
}
