//! CSV: a header with every column, then one row per invoice line.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::assemble::{Assembler, unknown};
use super::guard::{Guard, Starts, Stopped};
use super::row::{COLUMNS, LEDGER_UID, Row};

/// Reads rows until the end, or until nothing more can be understood.
pub(super) fn read(input: impl Read, assembler: &mut Assembler) {
    let guard = match without_mark(input) {
        Ok(input) => Guard::new(input),
        Err(error) => {
            assembler.wrong(1, COLUMNS[0], format!("the file cannot be read: {error}"));
            return;
        }
    };
    let starts = guard.starts();
    let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(guard);
    Rows { reader, starts, names: Vec::new(), order: [0; 18], uid: None }.read(assembler);
}

/// The input without the mark that some programs put in front of UTF-8.
pub(crate) fn without_mark<R: Read>(mut input: R) -> std::io::Result<impl Read> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut start = Vec::new();
    Read::by_ref(&mut input).take(3).read_to_end(&mut start)?;
    if start == MARK {
        start.clear();
    }
    Ok(Cursor::new(start).chain(input))
}

struct Rows<R> {
    reader: Reader<Guard<R>>,
    starts: Starts,
    /// The header, as it is written.
    names: Vec<String>,
    /// Where each of [`COLUMNS`] stands.
    order: [usize; 18],
    /// Where [`LEDGER_UID`] stands, if it does.
    uid: Option<usize>,
}

impl<R: Read> Rows<R> {
    fn read(&mut self, assembler: &mut Assembler) {
        let mut record = ByteRecord::new();
        let mut rows = 0_u64;
        let Some(line) = self.next(&mut record, assembler) else {
            if assembler.is_clean() {
                let why = "the file is empty; it needs a header and a row";
                assembler.wrong(1, COLUMNS[0], why);
            }
            return;
        };
        if !self.header(&record, line, assembler) {
            return;
        }
        while let Some(line) = self.next(&mut record, assembler) {
            rows += 1;
            if !self.row(&record, line, assembler) {
                return;
            }
        }
        if rows == 0 && assembler.is_clean() {
            assembler.wrong(1, COLUMNS[0], "there is no row below the header");
        }
    }

    /// The next record and the physical line on which it begins.
    fn next(&mut self, record: &mut ByteRecord, assembler: &mut Assembler) -> Option<u64> {
        match self.reader.read_byte_record(record) {
            Ok(true) => self.starts.borrow_mut().pop_front(),
            Ok(false) => None,
            Err(error) => {
                self.stopped(error, assembler);
                None
            }
        }
    }

    fn stopped(&self, error: csv::Error, assembler: &mut Assembler) {
        let line = self.starts.borrow().back().copied().unwrap_or(1);
        let words = error.to_string();
        if let ErrorKind::Io(error) = error.into_kind()
            && let Ok(Stopped { fault, line, field }) = error.downcast::<Stopped>()
        {
            let name = self.names.get(field).map(String::as_str);
            let name = name.or_else(|| COLUMNS.get(field).copied()).unwrap_or("memo");
            assembler.wrong(line, name, fault.to_string());
        } else {
            assembler.wrong(line, COLUMNS[0], format!("the file cannot be read: {words}"));
        }
    }

    fn header(&mut self, record: &ByteRecord, line: u64, assembler: &mut Assembler) -> bool {
        let lossy = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        self.names = record.iter().map(lossy).collect();
        let mut seen = BTreeSet::new();
        for name in &self.names {
            if !assembler.knows(name) {
                let shown: String = name.chars().take(40).collect();
                assembler.wrong(line, &shown, unknown(name, "column"));
            } else if !seen.insert(name.as_str()) {
                assembler.wrong(line, name, "the column is there twice; take one out");
            }
        }
        for (place, column) in self.order.iter_mut().zip(COLUMNS) {
            match self.names.iter().position(|name| name == column) {
                Some(found) => *place = found,
                None => assembler.wrong(line, column, "the column is missing; add it"),
            }
        }
        self.uid = self.names.iter().position(|name| name == LEDGER_UID);
        assembler.is_clean()
    }

    /// Takes one row; false if there are too many problems already.
    fn row(&self, record: &ByteRecord, line: u64, assembler: &mut Assembler) -> bool {
        let (found, wanted) = (record.len(), self.names.len());
        if found != wanted {
            let (place, mend) = if found < wanted {
                (found, "is a comma missing?")
            } else {
                (wanted - 1, "put quotes around a value with a comma")
            };
            let column = self.names.get(place).map_or("memo", String::as_str);
            let why = format!("the row has {found} values, the header {wanted}; {mend}");
            assembler.wrong(line, column, why);
            return !assembler.is_full();
        }
        let mut values: [String; 18] = std::array::from_fn(|_| String::new());
        let mut uid = String::new();
        let mut is_text = true;
        let columns = values.iter_mut().zip(self.order).zip(COLUMNS);
        let named = self.uid.map(|place| ((&mut uid, place), LEDGER_UID));
        for ((value, place), column) in columns.chain(named) {
            if let Ok(text) = str::from_utf8(record.get(place).unwrap_or_default()) {
                text.clone_into(value);
            } else {
                is_text = false;
                assembler.wrong(line, column, "is not UTF-8; save the file as UTF-8");
            }
        }
        if is_text {
            assembler.add(&Row { header_line: line, line, values, uid });
        } else {
            assembler.spoil();
        }
        !assembler.is_full()
    }
}
