//! Access tokens as rows, and whose turn it is to get the next one.

use std::time::Duration;

use postonce_ports::access::{Access, Ask, Turn};
use postonce_ports::token::RefreshToken;

use crate::time::later;

/// What is on record of a company file; all zero and none if there is nothing.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct AccessRow {
    pub version: i64,
    pub access: Option<String>,
    pub ends_at: i64,
    pub refresher: Option<String>,
    pub refresh_until: i64,
}

/// The columns, in the order of the fields.
pub type Columns = (i64, Option<String>, i64, Option<String>, i64);

impl From<Columns> for AccessRow {
    fn from((version, access, ends_at, refresher, refresh_until): Columns) -> Self {
        Self { version, access, ends_at, refresher, refresh_until }
    }
}

impl AccessRow {
    /// Whose turn it is `now`, with `token` as the refresh token on record.
    pub fn turn(self, token: Option<RefreshToken>, ask: Ask<'_>, now: i64) -> Turn {
        let version = token.as_ref().map_or(0, |token| token.version);
        if let Some(secret) = self.access
            && self.version == version
            && self.ends_at > later(now, ask.enough)
        {
            return Turn::Fresh(Access { secret, rest: rest(now, self.ends_at), version });
        }
        let theirs = self.refresher.is_some_and(|refresher| refresher != ask.me);
        if theirs && now < self.refresh_until && self.refresh_until <= later(now, ask.lease) {
            return Turn::Theirs { again_in: rest(now, self.refresh_until) };
        }
        Turn::Ours { token, left_behind: theirs }
    }
}

fn rest(now: i64, end: i64) -> Duration {
    Duration::from_micros(u64::try_from(end.saturating_sub(now)).unwrap_or_default())
}
