//! The wall clock and random ids: the only two places where the sandbox asks the machine.
//!
//! What a client sees is the sandbox clock: this wall clock plus what `/sandbox/clock` added.

use jiff::Timestamp;
use uuid::Uuid;

/// A point in time: milliseconds since 1970 in UTC.
pub(crate) type Millis = i64;

/// The machine's wall clock.
#[expect(clippy::disallowed_methods, reason = "a server of its own: its clock is moved over HTTP")]
pub(crate) fn wall() -> Millis {
    Timestamp::now().as_millisecond()
}

/// A new random id.
#[expect(clippy::disallowed_methods, reason = "stands in for MYOB, which makes its own ids")]
pub(crate) fn new_uid() -> Uuid {
    Uuid::new_v4()
}

/// A new version of a record: opaque, signed, and never equal to an earlier one.
pub(crate) fn new_row_version() -> i64 {
    let (high, _) = new_uid().as_u64_pair();
    i64::from_ne_bytes(high.to_ne_bytes())
}

/// RFC 3339 in UTC; a time that no calendar has is printed as the epoch.
pub(crate) fn rfc3339(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// As MYOB prints a moment: without a zone, to the millisecond.
pub(crate) fn zoneless(at: Millis) -> String {
    format!("{:.3}", moment(at))
}

/// The same moment as a civil date and time in UTC.
pub(crate) fn moment(at: Millis) -> jiff::civil::DateTime {
    let stamp = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(stamp)
}
