//! JSON and NDJSON: an invoice is an object of the header's columns and `lines`, a list of objects
//! of the line's columns. Values are texts, numbers or booleans; numbers are taken as written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use serde_json::value::RawValue;

use super::assemble::{Assembler, unknown};
use super::csv::without_mark;
use super::elements::{Broken, Element, Elements};
use super::row::{COLUMNS, LEDGER_UID, LINE_COLUMNS, Row};
use super::{FIELD_BYTES_MAX, LINE_BYTES_MAX};

const LINES: &str = "lines";

/// The fields of one object, unread; a key that is there twice is an error of its own.
type Fields = BTreeMap<String, Box<RawValue>>;

/// Reads an array of invoices.
pub(super) fn read_array(input: impl Read, assembler: &mut Assembler) {
    let input = match without_mark(input) {
        Ok(input) => BufReader::new(input),
        Err(error) => return cannot_read(&error, assembler),
    };
    let mut elements = Elements::new(input);
    let mut count = 0_u64;
    loop {
        match elements.next() {
            Ok(Some(element)) => {
                count += 1;
                invoice(&element, assembler);
                if assembler.is_full() {
                    return;
                }
            }
            Ok(None) => break,
            Err(Broken { line, key, why, .. }) => {
                assembler.wrong(line, column_or_first(&key), why);
                return;
            }
        }
    }
    if count == 0 {
        assembler.wrong(1, COLUMNS[0], "there is no invoice in the array");
    }
}

/// Reads one invoice per line.
pub(super) fn read_lines(input: impl Read, assembler: &mut Assembler) {
    let mut input = match without_mark(input) {
        Ok(input) => BufReader::new(input),
        Err(error) => return cannot_read(&error, assembler),
    };
    let (mut line, mut count) = (0_u64, 0_u64);
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    loop {
        line += 1;
        let mut bytes = Vec::new();
        match input.by_ref().take(limit + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => break,
            Ok(_) if bytes.len() > LINE_BYTES_MAX => {
                let Broken { key, why, .. } = too_long(bytes);
                assembler.wrong(line, column_or_first(&key), why);
                return;
            }
            Ok(_) => {}
            Err(error) => return cannot_read(&error, assembler),
        }
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            continue;
        }
        count += 1;
        invoice(&Element { line, inner: Vec::new(), bytes: bytes.to_vec() }, assembler);
        if assembler.is_full() {
            return;
        }
    }
    if count == 0 && assembler.is_clean() {
        assembler.wrong(1, COLUMNS[0], "the file is empty; it needs an invoice");
    }
}

/// Which value makes a line too long.
fn too_long(mut bytes: Vec<u8>) -> Broken {
    bytes.insert(0, b'[');
    let why = "the line is longer than 1 MiB; what follows was not read".to_owned();
    match Elements::new(bytes.as_slice()).next() {
        Err(found) if found.is_too_long => found,
        Ok(_) | Err(_) => Broken { line: 1, key: String::new(), why, is_too_long: true },
    }
}

fn cannot_read(error: &std::io::Error, assembler: &mut Assembler) {
    assembler.wrong(1, COLUMNS[0], format!("the file cannot be read: {error}"));
}

fn column_or_first(key: &str) -> &str {
    if key == LINES || COLUMNS.contains(&key) { key } else { COLUMNS[0] }
}

/// Takes one invoice.
fn invoice(element: &Element, assembler: &mut Assembler) {
    let text = String::from_utf8_lossy(&element.bytes);
    // A replacement is a fault only where there was something to replace.
    let is_text = str::from_utf8(&element.bytes).is_ok();
    let Some(mut fields) = fields(&text, element.line, assembler) else { return };
    let lines = fields.remove(LINES);
    let reader = Reader { line: element.line, is_text };
    let uid = match assembler.knows(LEDGER_UID).then(|| fields.remove(LEDGER_UID)).flatten() {
        Some(raw) => reader.value(raw.get()),
        None => Ok(String::new()),
    };
    let uid = uid.unwrap_or_else(|why| {
        assembler.wrong(element.line, LEDGER_UID, why);
        String::new()
    });
    let header = reader.values(&fields, |name| !LINE_COLUMNS.contains(&name), assembler);
    let mend = "give the invoice a list of lines";
    let lines = match lines.map(|raw| serde_json::from_str::<Vec<Box<RawValue>>>(raw.get())) {
        Some(Ok(lines)) if !lines.is_empty() => lines,
        Some(Ok(_)) => return assembler.wrong(element.line, LINES, format!("is empty; {mend}")),
        Some(Err(_)) => return assembler.wrong(element.line, LINES, format!("is no list; {mend}")),
        None => return assembler.wrong(element.line, LINES, format!("is missing; {mend}")),
    };
    for (index, raw) in lines.iter().enumerate() {
        let place = element.inner.get(index).copied().unwrap_or(element.line);
        let Some(fields) = self::fields(raw.get(), place, assembler) else { continue };
        let reader = Reader { line: place, is_text };
        let own = reader.values(&fields, |name| LINE_COLUMNS.contains(&name), assembler);
        let (Some(header), Some(own)) = (&header, own) else {
            assembler.spoil();
            continue;
        };
        let values = std::array::from_fn(|column| {
            let of_line = COLUMNS.get(column).is_some_and(|name| LINE_COLUMNS.contains(name));
            if of_line { own[column].clone() } else { header[column].clone() }
        });
        assembler.add(&Row { header_line: element.line, line: place, values, uid: uid.clone() });
        if assembler.is_full() {
            return;
        }
    }
}

/// The fields of an object.
fn fields(text: &str, line: u64, assembler: &mut Assembler) -> Option<Fields> {
    match serde_json::from_str::<Distinct>(text) {
        Ok(Distinct(fields)) => Some(fields),
        Err(error) => {
            let below = u64::try_from(error.line()).unwrap_or(1).saturating_sub(1);
            let words = error.to_string();
            // The place within the object means nothing to a reader of the file.
            let words = words.split(" at line ").next().unwrap_or_default();
            assembler.wrong(line + below, COLUMNS[0], format!("is no invoice in JSON: {words}"));
            assembler.spoil();
            None
        }
    }
}

/// Takes the values of one object.
struct Reader {
    line: u64,
    is_text: bool,
}

impl Reader {
    /// A text for each of the wanted columns; `None` if one of them cannot be had.
    fn values(
        &self,
        fields: &Fields,
        wanted: impl Fn(&str) -> bool,
        assembler: &mut Assembler,
    ) -> Option<[String; 18]> {
        let mut good = true;
        for name in fields.keys() {
            if !(COLUMNS.contains(&name.as_str()) && wanted(name)) {
                let shown: String = name.chars().take(40).collect();
                assembler.wrong(self.line, &shown, unknown(name, "field here"));
                good = false;
            }
        }
        let mut values: [String; 18] = std::array::from_fn(|_| String::new());
        for (value, column) in values.iter_mut().zip(COLUMNS) {
            let Some(raw) = fields.get(column).filter(|_| wanted(column)) else { continue };
            match self.value(raw.get()) {
                Ok(text) => *value = text,
                Err(why) => {
                    assembler.wrong(self.line, column, why);
                    good = false;
                }
            }
        }
        good.then_some(values)
    }

    fn value(&self, raw: &str) -> Result<String, &'static str> {
        if raw.len() > FIELD_BYTES_MAX {
            return Err("the value is longer than 64 KiB; shorten it");
        }
        if !self.is_text && raw.contains(char::REPLACEMENT_CHARACTER) {
            return Err("is not UTF-8; save the file as UTF-8");
        }
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_err(|_| "is no text in JSON"),
            Some(b'{' | b'[') => Err("is a list or an object; write a single value"),
            Some(b'n') | None => Ok(String::new()),
            // Numbers and booleans, as they are written.
            Some(_) => Ok(raw.to_owned()),
        }
    }
}

/// An object in which no key is there twice.
struct Distinct(Fields);

impl<'de> serde::Deserialize<'de> for Distinct {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> serde::de::Visitor<'de> for DistinctVisitor {
    type Value = Distinct;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with its fields")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut fields = Fields::new();
        while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if fields.insert(key.clone(), value).is_some() {
                let key: String = key.chars().take(40).collect();
                return Err(serde::de::Error::custom(format!("`{key}` is there twice")));
            }
        }
        Ok(Distinct(fields))
    }
}
