//! When a cron expression fires in a time zone, and how that is said in words.
//!
//! A zone's clocks are set forward and back. A time that they skip fires at the moment they skip to,
//! and a time that comes twice fires at the first. That holds for expressions of one time of day;
//! those that repeat fire as the clock on the wall shows them, so what is skipped is left out, and
//! what comes twice fires twice.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};
use postonce_ports::cron::Timetable;

/// The longest expression. The longest that anybody needs has a third of it.
const LENGTH_MAX: usize = 100;

/// From when on a fire is looked for to find out whether there is any.
const SOME_INSTANT: Timestamp = Timestamp::UNIX_EPOCH;

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    expression: String,
    zone: TimeZone,
    zone_name: String,
}

/// A fire as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// In the schedule's zone.
    pub at: Zoned,
    /// What daylight saving does to it, if anything.
    pub note: Option<String>,
}

/// Reads an expression; what is wrong with it, and how it should be.
pub(crate) fn parse(expression: &str) -> Result<Cron, String> {
    const WANTED: &str = "write five fields: minute, hour, day, month, weekday, such as \
                          `0 20 * * *`; or six, with the second in front";
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '/' | ',' | '-' | '#');
    let fields: Vec<&str> = expression.split_ascii_whitespace().collect();
    if expression.len() > LENGTH_MAX {
        return Err(format!("is longer than {LENGTH_MAX} characters; {WANTED}"));
    }
    if !matches!(fields.len(), 5 | 6) || !fields.iter().all(|field| field.chars().all(allowed)) {
        return Err(format!("is no schedule; {WANTED}"));
    }
    // No field has a value of three digits, so no range can be wide.
    let mut numbers = expression.split(|c: char| !c.is_ascii_digit());
    if let Some(number) = numbers.find(|number| number.len() > 2) {
        return Err(format!("has the number {number}, which no field goes up to; {WANTED}"));
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let cron = parser.parse(expression).map_err(|error| {
        let why = error.to_string();
        format!("is refused: {}; {WANTED}", why.trim_end_matches('.'))
    })?;
    let from = SOME_INSTANT.to_zoned(TimeZone::UTC);
    match cron.find_next_occurrence(&from, false) {
        Ok(_) => Ok(cron),
        Err(_) => Err(format!("never fires: no month of it has such a day; {WANTED}")),
    }
}

impl Schedule {
    /// An expression in the zone of this name.
    pub fn new(expression: &str, zone: &str) -> Result<Self, String> {
        let cron = parse(expression)?;
        let (zone, zone_name) = match TimeZone::get(zone) {
            Ok(known) => (known, zone.to_owned()),
            Err(_) => return Err(format!("`{zone}` is no known time zone")),
        };
        // Blanks make no other schedule.
        let fields: Vec<&str> = expression.split_ascii_whitespace().collect();
        Ok(Self { cron, expression: fields.join(" "), zone, zone_name })
    }

    /// The expression.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// A fire as people read it.
    pub fn show(&self, at: Timestamp) -> Shown {
        let local = at.to_zoned(self.zone.clone());
        let note = self.note(&local);
        Shown { at: local, note }
    }

    fn note(&self, at: &Zoned) -> Option<String> {
        if !self.cron.is_time_matching(at).unwrap_or(true) {
            let note = "the clocks skip its time on this day; it fires at the moment they skip to";
            return Some(note.to_owned());
        }
        if let AmbiguousOffset::Fold { before, .. } =
            self.zone.to_ambiguous_timestamp(at.datetime()).offset()
        {
            let which = if at.offset() == before { "first" } else { "second" };
            return Some(format!("this time comes twice on this day; this is the {which}"));
        }
        let before = self.last(at.timestamp())?.to_zoned(self.zone.clone());
        let (was, is) = (before.offset().seconds(), at.offset().seconds());
        let way = match is - was {
            0 => return None,
            moved if moved > 0 => "forward, so in UTC it is earlier",
            _ => "back, so in UTC it is later",
        };
        Some(format!("since the fire before the clocks have gone {way}"))
    }
}

impl Shown {
    /// In the zone and in UTC, on one line.
    pub fn line(&self) -> String {
        let (local, utc) = (self.local(), crate::table::time(self.at.timestamp()));
        let note = self.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        format!("{local} ({utc}){note}")
    }

    /// In the zone.
    pub fn local(&self) -> String {
        self.at.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

impl Timetable for Schedule {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        // Within a second it is the second that counts.
        let second = Timestamp::from_second(after.as_second()).ok()?;
        let second = if second > after { step(second, -1)? } else { second };
        let from = second.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&from, false).ok().map(|fire| fire.timestamp())
    }

    fn last(&self, before: Timestamp) -> Option<Timestamp> {
        let second = Timestamp::from_second(before.as_second()).ok()?;
        let second = if second < before { step(second, 1)? } else { second };
        let from = second.to_zoned(self.zone.clone());
        self.cron.find_previous_occurrence(&from, false).ok().map(|fire| fire.timestamp())
    }

    fn words(&self) -> String {
        let words = self.cron.describe();
        let words = words.trim_end_matches('.');
        // croner writes "At every 5 seconds".
        let words = words
            .strip_prefix("At every ")
            .map_or_else(|| words.to_owned(), |rest| format!("Every {rest}"));
        format!("{words}, in {} ({})", self.zone_name, self.expression)
    }
}

fn step(second: Timestamp, by: i64) -> Option<Timestamp> {
    Timestamp::from_second(second.as_second().checked_add(by)?).ok()
}

#[cfg(test)]
mod tests;
