//! What a race does to a database from outside: empties it, copies it, makes it older.
//!
//! The statements are the same for SQLite and for servers; how the columns are listed is not.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::sql_types::{Bool, Text};

/// No time of ours is before this, and nothing that is no time is beyond: microseconds since 1970,
/// as of 2001, and the largest sum of money in minor units.
const FIRST_TIME: i64 = 1_000_000_000_000_000;

/// Tables that stay as they are: which installation this is, and its schema.
const FIXED: [&str; 2] = ["postonce_installation", "postonce_schema_migration"];

/// Leases are locks, and those are no part of what a backup puts back.
const LEASES: &str = "postonce_lease";

/// What the names of copies begin with.
pub(super) const KEPT: &str = "kept_";

/// A column of one of our tables.
#[derive(Clone, Debug, diesel::QueryableByName)]
pub(super) struct Column {
    #[diesel(sql_type = Text, column_name = owner)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    /// Whether it holds whole numbers.
    #[diesel(sql_type = Bool)]
    is_number: bool,
    /// Whether it is computed of others.
    #[diesel(sql_type = Bool)]
    is_generated: bool,
}

impl Column {
    /// Whether it holds a time: it ends in `_at` or `_until`, or says when a check is next.
    fn is_time(&self) -> bool {
        let name = self.name.as_str();
        let named = name.ends_with("_at") || name.ends_with("_until") || name == "next_check";
        self.is_number && !self.is_generated && named
    }
}

/// The tables of a database, by name, with their columns.
#[derive(Clone, Debug)]
pub(super) struct Tables(BTreeMap<String, Vec<Column>>);

impl Tables {
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for column in columns {
            tables.entry(column.table.clone()).or_default().push(column);
        }
        Self(tables)
    }

    fn changing(&self) -> impl Iterator<Item = (&str, &[Column])> {
        let all = self.0.iter().map(|(name, columns)| (name.as_str(), columns.as_slice()));
        all.filter(|(name, _)| !FIXED.contains(name))
    }

    fn restored(&self) -> impl Iterator<Item = (&str, &[Column])> {
        self.changing().filter(|(name, _)| *name != LEASES)
    }

    /// Statements that take every row out.
    pub(super) fn empty(&self) -> String {
        let delete = |(name, _): (&str, &[Column])| format!("DELETE FROM {name};");
        self.changing().map(delete).collect::<Vec<_>>().concat()
    }

    /// Statements that make the tables that copies go to.
    pub(super) fn make_copies(&self) -> String {
        let make = |(name, columns): (&str, &[Column])| {
            let names = names(columns);
            format!("CREATE TABLE {KEPT}{name} AS SELECT {names} FROM {name} WHERE 1 = 0;")
        };
        self.restored().map(make).collect()
    }

    /// Statements that keep what there is.
    pub(super) fn keep(&self) -> String {
        let keep = |(name, columns): (&str, &[Column])| {
            let names = names(columns);
            format!(
                "DELETE FROM {KEPT}{name}; \
                 INSERT INTO {KEPT}{name} ({names}) SELECT {names} FROM {name};"
            )
        };
        self.restored().map(keep).collect()
    }

    /// Statements that put back what was kept.
    pub(super) fn put_back(&self) -> String {
        let put_back = |(name, columns): (&str, &[Column])| {
            let names = names(columns);
            format!(
                "DELETE FROM {name}; \
                 INSERT INTO {name} ({names}) SELECT {names} FROM {KEPT}{name};"
            )
        };
        self.restored().map(put_back).collect()
    }

    /// Statements that make everything so much older, and with it what was kept: a backup ages as
    /// the original does.
    pub(super) fn age(&self, time: Duration) -> String {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let age = |(name, columns): (&str, &[Column])| {
            let times = columns.iter().filter(|column| column.is_time());
            let set: Vec<String> = times
                .map(|column| {
                    let name = &column.name;
                    let earlier = format!("{name} - {micros}");
                    format!(
                        "{name} = CASE WHEN {name} > {FIRST_TIME} THEN {earlier} ELSE {name} END"
                    )
                })
                .collect();
            let set = set.join(", ");
            if set.is_empty() {
                return String::new();
            }
            let copy = if name == LEASES { "" } else { KEPT };
            let original = format!("UPDATE {name} SET {set};");
            if copy.is_empty() {
                return original;
            }
            format!("{original} UPDATE {copy}{name} SET {set};")
        };
        self.changing().map(age).collect()
    }

    /// Questions whose every answer is a column with a time in it that [`Self::age`] leaves alone.
    #[cfg(test)]
    pub(super) fn forgotten(&self) -> Vec<(String, String)> {
        let numbers = self.changing().flat_map(|(_, columns)| columns);
        let left = numbers.filter(|column| column.is_number && !column.is_time());
        left.map(|Column { table, name, .. }| {
            let question =
                format!("SELECT COUNT(*) AS n FROM {table} WHERE `{name}` > {FIRST_TIME}");
            (format!("{table}.{name}"), question)
        })
        .collect()
    }
}

/// The columns that are written, as statements list them. `trigger` is a word of SQL.
fn names(columns: &[Column]) -> String {
    let written = columns.iter().filter(|column| !column.is_generated);
    let names: Vec<String> = written.map(|column| format!("`{}`", column.name)).collect();
    names.join(", ")
}

/// A schedule that writes most of what there is to write: claims, a doubt that is proven, an alarm.
#[cfg(test)]
pub(super) const EVENTFUL: &str = "\
    race/1 restored lock=lease invoices=2 rejected=1 actors=cron,reprocess,later-cron faults=3\n\
    http#0 vanish\n";

/// An answer that is one number.
#[derive(diesel::QueryableByName)]
pub(super) struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub(super) n: i64,
}
