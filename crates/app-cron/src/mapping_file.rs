//! The mapping as CSV: one row per code, each with the version that it was exported at.

use std::collections::BTreeMap;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use postonce_domain::{CompanyFile, MappingKey, MappingKind, MappingRow, MappingState};
use postonce_ports::mapping::MappingChange;
use postonce_wire::state_word;

use crate::import::{Guard, Problems, myob_uid, without_mark};

/// The columns, in the order in which they are written; a file may have them in any.
pub(crate) const COLUMNS: [&str; 8] = [
    "company_file",
    "kind",
    "code",
    "ledger_uid",
    "ledger_code",
    "ledger_name",
    "state",
    "version",
];

/// The longest code or name of the ledger that is kept.
const TEXT_MAX: usize = 255;

/// A change and the line on which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) line: u64,
    pub(crate) change: MappingChange,
}

/// The rows as CSV.
pub(crate) fn write(file: &CompanyFile, rows: &[MappingRow]) -> Result<Vec<u8>, String> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let mut add = |cells: [String; 8]| writer.write_record(cells).map_err(|it| it.to_string());
    add(COLUMNS.map(str::to_owned))?;
    for row in rows {
        let cells = [
            file.to_string(),
            row.key.kind.to_string(),
            row.key.code.to_string(),
            row.uid.as_ref().map(ToString::to_string).unwrap_or_default(),
            row.their_code.clone(),
            row.their_name.clone(),
            state_word(row.state, row.uid.is_some()).to_owned(),
            row.version.to_string(),
        ];
        add(cells.map(harmless))?;
    }
    writer.into_inner().map_err(|error| error.error().to_string())
}

/// What a spreadsheet takes for a formula, and the mark that keeps it from doing so.
fn is_marked(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\''])
}

fn harmless(mut text: String) -> String {
    if is_marked(&text) {
        text.insert(0, '\'');
    }
    text
}

/// The text that [`harmless`] made harmless.
fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_marked(rest)).unwrap_or(text)
}

/// The changes of a file, or everything that is wrong with it.
pub(crate) fn read(input: impl Read) -> Result<Vec<Placed>, Problems> {
    let mut problems = Problems::default();
    let placed = rows(input, &mut problems);
    if problems.list().is_empty() {
        return Ok(placed);
    }
    problems.sort();
    Err(problems)
}

fn rows(input: impl Read, problems: &mut Problems) -> Vec<Placed> {
    let mut wrong = |line: u64, column: &str, why: String| problems.push(line, column, why);
    let guard = match without_mark(input) {
        Ok(input) => Guard::new(input),
        Err(error) => {
            wrong(1, COLUMNS[0], format!("the file cannot be read: {error}"));
            return Vec::new();
        }
    };
    let starts = guard.starts();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(guard);
    let (mut record, mut order, mut width) = (ByteRecord::new(), None, 0);
    let (mut placed, mut seen): (Vec<Placed>, BTreeMap<_, u64>) = (Vec::new(), BTreeMap::new());
    loop {
        let line = match reader.read_byte_record(&mut record) {
            Ok(true) => starts.borrow_mut().pop_front().unwrap_or(1),
            Ok(false) => break,
            Err(error) => {
                let line = starts.borrow().back().copied().unwrap_or(1);
                wrong(line, COLUMNS[0], format!("the file cannot be read: {error}"));
                return placed;
            }
        };
        let Some(order) = order else {
            match header(&record) {
                Ok(found) => (order, width) = (Some(found), record.len()),
                Err((column, why)) => {
                    wrong(line, &column, why);
                    return placed;
                }
            }
            continue;
        };
        if record.len() != width {
            let why = format!("the row has {} values, the header {width}", record.len());
            wrong(line, COLUMNS[0], why);
            continue;
        }
        match change(&record, &order) {
            Err((column, why)) => {
                if !wrong(line, column, why) {
                    return placed;
                }
            }
            Ok(change) => {
                let key = (change.company_file.clone(), change.key.clone());
                if let Some(first) = seen.insert(key, line) {
                    let why = format!("{} stands on line {first} already", change.key);
                    wrong(line, "code", why);
                }
                placed.push(Placed { line, change });
            }
        }
    }
    if order.is_none() {
        wrong(1, COLUMNS[0], "the file is empty; it needs a header".to_owned());
    }
    placed
}

/// Where each column stands.
fn header(record: &ByteRecord) -> Result<[usize; 8], (String, String)> {
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    for (place, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) {
            let shown: String = name.chars().take(40).collect();
            return Err((shown, "there is no such column; take it out".to_owned()));
        }
        if names.iter().take(place).any(|before| before == name) {
            return Err((name.clone(), "the column is there twice; take one out".to_owned()));
        }
    }
    let mut order = [0; 8];
    for (place, column) in order.iter_mut().zip(COLUMNS) {
        let found = names.iter().position(|name| name == column);
        *place =
            found.ok_or_else(|| (column.to_owned(), "the column is missing; add it".to_owned()))?;
    }
    Ok(order)
}

type Wrong = (&'static str, String);

fn change(record: &ByteRecord, order: &[usize; 8]) -> Result<MappingChange, Wrong> {
    let cell = |column: usize| {
        let bytes = record.get(order[column]).unwrap_or_default();
        let text = str::from_utf8(bytes).map(plain);
        text.map_err(|_| (COLUMNS[column], "is not UTF-8; save the file as UTF-8".to_owned()))
    };
    let says = |column: usize, why: String| (COLUMNS[column], why);
    let company_file = CompanyFile::parse(cell(0)?).map_err(|error| says(0, error.to_string()))?;
    let kind = MappingKind::from_name(cell(1)?).ok_or_else(|| {
        let known: Vec<&str> = MappingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        says(1, format!("write one of {}", known.join(", ")))
    })?;
    let code = kind.code(cell(2)?).map_err(|error| says(2, error.to_string()))?;
    let uid = match cell(3)? {
        "" => None,
        text => Some(myob_uid(text).ok_or_else(|| {
            let mend = "write it as 0f8fad5b-d9cb-469f-a165-70867728950e, or nothing";
            says(3, format!("is no UID of MYOB; {mend}"))
        })?),
    };
    let text = |column: usize| -> Result<String, Wrong> {
        let text = cell(column)?;
        match text.chars().count() {
            length if length > TEXT_MAX => {
                Err(says(column, format!("has {length} characters, at most {TEXT_MAX} are kept")))
            }
            _ => Ok(text.to_owned()),
        }
    };
    let state = match (cell(6)?, uid.is_some()) {
        ("confirmed", true) | ("none", false) => MappingState::Confirmed,
        ("review", _) => MappingState::Review,
        ("confirmed", false) => {
            return Err(says(6, "a confirmed row needs a ledger_uid".to_owned()));
        }
        ("none", true) => {
            return Err(says(6, "a row that says nothing has no ledger_uid".to_owned()));
        }
        _ => return Err(says(6, "write confirmed, review or none".to_owned())),
    };
    let seen = match cell(7)? {
        "" => 0,
        text => text.parse::<i64>().ok().filter(|seen| *seen >= 0).ok_or_else(|| {
            says(7, "write the version that was exported, or nothing for a new row".to_owned())
        })?,
    };
    let key = MappingKey { kind, code };
    let (their_code, their_name, reason) = (text(4)?, text(5)?, String::new());
    Ok(MappingChange { company_file, key, uid, their_code, their_name, state, reason, seen })
}

#[cfg(test)]
mod tests;
