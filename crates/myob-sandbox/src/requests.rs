//! The requests that arrived, for `GET /sandbox/requests`.
//!
//! Kept in memory only: the list begins anew with the process, and holds the last
//! [`KEPT`] requests.

use std::collections::VecDeque;

use serde::Serialize;
use uuid::Uuid;

use crate::request_detail::{Detail, Details, Half};

/// How many requests are remembered.
pub(crate) const KEPT: usize = 100_000;

/// The list, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u64,
    entries: VecDeque<Entry>,
    details: Details,
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    /// Counts from 1.
    pub(crate) seq: u64,
    /// When it had arrived whole, RFC 3339.
    pub(crate) at: String,
    /// The HTTP method.
    pub(crate) method: String,
    /// The path without the query.
    pub(crate) path: String,
    /// The invoice number in the body, or the one searched for.
    pub(crate) number: Option<String>,
    /// What was answered; none while it runs and when the connection was dropped.
    pub(crate) status: Option<u16>,
    /// Whether it has changed the books.
    pub(crate) committed: bool,
    /// The query as it was sent.
    pub(crate) query: Option<String>,
    /// The company file in the path.
    pub(crate) company_file: Option<String>,
    /// The fault that made it go wrong.
    pub(crate) fault: Option<&'static str>,
    /// From its arrival to its answer, or to the end of its connection; none while it runs.
    pub(crate) took_ms: Option<u64>,
    /// What `x-myobapi-requestid` says in the answer.
    pub(crate) request_id: Uuid,
}

impl Requests {
    /// Adds `entry` and gives it its number.
    pub(crate) fn begin(&mut self, mut entry: Entry, request: Half) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.details.begin(self.last, request);
        self.last
    }

    /// Notes that the request changed the books.
    pub(crate) fn committed(&mut self, seq: u64) {
        if let Some(entry) = self.find(seq) {
            entry.committed = true;
        }
    }

    /// Notes which fault applies.
    pub(crate) fn faulted(&mut self, seq: u64, fault: &'static str) {
        if let Some(entry) = self.find(seq) {
            entry.fault = Some(fault);
        }
    }

    /// Notes that the request has ended after so many milliseconds, and gives its id.
    pub(crate) fn ended(&mut self, seq: u64, took_ms: u64) -> Option<Uuid> {
        let entry = self.find(seq)?;
        entry.took_ms = Some(took_ms);
        Some(entry.request_id)
    }

    /// Notes what was answered.
    pub(crate) fn answered(&mut self, seq: u64, status: u16, answer: Half) {
        if let Some(entry) = self.find(seq) {
            entry.status = Some(status);
            self.details.answered(seq, answer);
        }
    }

    /// One request.
    pub(crate) fn entry(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(self.place(seq)?)
    }

    /// What one request and its answer said, if that is still kept.
    pub(crate) fn detail(&self, seq: u64) -> Option<&Detail> {
        self.details.get(seq)
    }

    /// The list as JSON.
    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Forgets all; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.details = Details::default();
    }

    fn find(&mut self, seq: u64) -> Option<&mut Entry> {
        let at = self.place(seq)?;
        self.entries.get_mut(at)
    }

    fn place(&self, seq: u64) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.entries.front()?.seq)?).ok()
    }
}
