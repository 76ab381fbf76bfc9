//! The audit trail in words that are the same in every run.

use anyhow::Result;
use serde_json::Value;

use crate::harness::Place;

/// What comes before the resolver's own words.
const LOOKUP: &str = "lookup address information: ";

/// The notes of one invoice, oldest first, each as `kind: text` with stable words; the same one
/// several times in a row is told once.
pub(crate) fn notes_of(place: &Place, invoice: &str) -> Result<Vec<String>> {
    let notes = place.json(&["audit", "show", invoice, "--json"])?;
    let word = |note: &Value, key: &str| note[key].as_str().unwrap_or_default().to_owned();
    let line = |note: &Value| format!("{}: {}", word(note, "kind"), stable(&word(note, "text")));
    let mut notes: Vec<String> = notes.as_array().into_iter().flatten().map(line).collect();
    notes.dedup();
    Ok(notes)
}

/// `text` with `ID` for every UID, `PORT` for every port of this machine, and without the words of
/// its resolver.
pub(crate) fn stable(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..36).filter(|id| uuid::Uuid::try_parse(id).is_ok());
        if id.is_some() {
            words.push_str("ID");
            rest = rest.get(36..).unwrap_or_default();
        } else if let Some(behind) = rest.strip_prefix("127.0.0.1:") {
            words.push_str("127.0.0.1:PORT");
            rest = behind.trim_start_matches(|digit: char| digit.is_ascii_digit());
        } else if let Some(behind) = rest.strip_prefix(LOOKUP) {
            words.push_str(LOOKUP.trim_end_matches([':', ' ']));
            rest = behind.trim_start_matches(|other: char| !matches!(other, '.' | ';' | ')'));
        } else {
            words.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    words
}

/// Text for a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}
