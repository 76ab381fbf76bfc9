//! The requests that arrived, for `GET /sandbox/requests`.
//!
//! Kept in memory only: the list begins anew with the process, and holds the last
//! [`KEPT`] requests.

use std::collections::VecDeque;

use serde::Serialize;

/// How many requests are remembered.
pub(crate) const KEPT: usize = 100_000;

/// The list, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u64,
    entries: VecDeque<Entry>,
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
}

impl Requests {
    /// Adds `entry` and gives it its number.
    pub(crate) fn begin(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.last
    }

    /// Notes that the request changed the books.
    pub(crate) fn committed(&mut self, seq: u64) {
        if let Some(entry) = self.find(seq) {
            entry.committed = true;
        }
    }

    /// Notes what was answered.
    pub(crate) fn answered(&mut self, seq: u64, status: u16) {
        if let Some(entry) = self.find(seq) {
            entry.status = Some(status);
        }
    }

    /// The list as JSON.
    pub(crate) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Forgets all; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    fn find(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.seq;
        let at = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.entries.get_mut(at)
    }
}
