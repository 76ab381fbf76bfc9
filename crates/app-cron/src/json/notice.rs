//! What people were told.

use postonce_ports::notice::{Notice, NoticeState};
use serde::Serialize;

use super::time;

/// A notice on record.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeJson {
    id: i64,
    kind: &'static str,
    way: String,
    lines: Vec<String>,
    raised_at: String,
    state: &'static str,
    tries: u32,
    due_at: Option<String>,
    delivered_at: Option<String>,
    trouble: Option<String>,
}

impl NoticeJson {
    pub(crate) fn new(notice: &Notice) -> Self {
        let (due_at, delivered_at) = match notice.state {
            NoticeState::Waiting { due_at } => (Some(time(due_at)), None),
            NoticeState::Delivered { at } => (None, Some(time(at))),
            NoticeState::Parked => (None, None),
        };
        Self {
            id: notice.id,
            kind: notice.kind.as_str(),
            way: notice.way.clone(),
            lines: notice.text.lines().map(str::to_owned).collect(),
            raised_at: time(notice.raised_at),
            state: notice.state.as_str(),
            tries: notice.tries,
            due_at,
            delivered_at,
            trouble: (!notice.trouble.is_empty()).then(|| notice.trouble.clone()),
        }
    }
}

/// What came of a test by one way.
#[derive(Debug, Serialize)]
pub(crate) struct TriedJson {
    pub(crate) way: String,
    pub(crate) delivered: bool,
    pub(crate) trouble: Option<String>,
}

/// What one look came to.
#[derive(Debug, Serialize)]
pub(crate) struct WatchedJson {
    pub(crate) events: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) parked: u64,
}
