//! The elements of a JSON array one at a time, each with its physical lines, in bounded memory.

use std::io::{self, BufRead};

use super::{FIELD_BYTES_MAX, LINE_BYTES_MAX};

/// The longest element, in bytes.
const ELEMENT_BYTES_MAX: usize = 16 * LINE_BYTES_MAX;

/// One object, still as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// The physical line on which it begins.
    pub(super) line: u64,
    /// The physical lines on which the objects of its arrays begin.
    pub(super) inner: Vec<u64>,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// Why there is no next element.
#[derive(Debug)]
pub(super) struct Broken {
    /// The physical line.
    pub(super) line: u64,
    /// The key whose value it is, as far as it is known.
    pub(super) key: String,
    /// What is wrong.
    pub(super) why: String,
    /// It is a value that is longer than is kept.
    pub(super) is_too_long: bool,
}

/// Reads elements.
#[derive(Debug)]
pub(super) struct Elements<R> {
    input: R,
    line: u64,
    line_bytes: usize,
    string_bytes: usize,
    /// The string that was read last, which is the key of what follows a colon.
    string: Vec<u8>,
    key: String,
    opened: bool,
    wants_comma: bool,
    ended: bool,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: 1,
            line_bytes: 0,
            string_bytes: 0,
            string: Vec::new(),
            key: String::new(),
            opened: false,
            wants_comma: false,
            ended: false,
        }
    }

    /// The next element; `None` behind the last one.
    pub(super) fn next(&mut self) -> Result<Option<Element>, Broken> {
        if self.ended {
            return Ok(None);
        }
        loop {
            let Some(byte) = self.byte()? else {
                return Err(self.broken(if self.opened {
                    "the array does not end; close it with ]"
                } else {
                    "the file is empty; it needs an array of invoices"
                }));
            };
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'[' if !self.opened => self.opened = true,
                b']' if self.opened => {
                    self.ended = true;
                    return self.end();
                }
                b',' if self.wants_comma => self.wants_comma = false,
                b'{' if self.opened && !self.wants_comma => {
                    self.wants_comma = true;
                    return self.element().map(Some);
                }
                _ if !self.opened => {
                    return Err(self.broken("an array of invoices is wanted: it begins with ["));
                }
                _ => {
                    return Err(
                        self.broken("an invoice is wanted here: { … }, with commas between")
                    );
                }
            }
        }
    }

    fn end(&mut self) -> Result<Option<Element>, Broken> {
        while let Some(byte) = self.byte()? {
            if !byte.is_ascii_whitespace() {
                return Err(self.broken("something stands behind the array; take it out"));
            }
        }
        Ok(None)
    }

    /// The rest of an object whose brace has been read.
    fn element(&mut self) -> Result<Element, Broken> {
        let mut element = Element { line: self.line, inner: Vec::new(), bytes: vec![b'{'] };
        // What is open, innermost last.
        let mut open = vec![b'{'];
        let (mut in_string, mut escaped) = (false, false);
        while !open.is_empty() {
            let line = self.line;
            let Some(byte) = self.byte()? else {
                return Err(self.broken("the invoice does not end; close it with }"));
            };
            element.bytes.push(byte);
            if in_string {
                self.in_string(byte)?;
                in_string = escaped || byte != b'"';
                escaped = byte == b'\\' && !escaped;
            } else {
                in_string = byte == b'"';
                self.structure(byte, line, (&mut open, &mut element))?;
            }
            if element.bytes.len() > ELEMENT_BYTES_MAX || open.len() > 32 {
                return Err(self.broken("the invoice is longer than 16 MiB or nested too deep"));
            }
        }
        Ok(element)
    }

    fn structure(
        &mut self,
        byte: u8,
        line: u64,
        (open, element): (&mut Vec<u8>, &mut Element),
    ) -> Result<(), Broken> {
        match byte {
            b'"' => {
                self.string.clear();
                self.string_bytes = 0;
            }
            b':' => self.key = String::from_utf8_lossy(&self.string).into_owned(),
            b'{' | b'[' => {
                if byte == b'{' && open.last() == Some(&b'[') {
                    element.inner.push(line);
                }
                open.push(byte);
            }
            b'}' | b']' => {
                let wanted = if byte == b'}' { b'{' } else { b'[' };
                if open.pop() != Some(wanted) {
                    return Err(self.broken("a bracket closes what it did not open"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn in_string(&mut self, byte: u8) -> Result<(), Broken> {
        self.string_bytes += 1;
        if self.string.len() < 64 && byte != b'"' {
            self.string.push(byte);
        }
        if self.string_bytes > FIELD_BYTES_MAX {
            let why =
                "the value is longer than 64 KiB; is a quote missing? What follows was not read";
            return Err(Broken { is_too_long: true, ..self.broken(why) });
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<Option<u8>, Broken> {
        let byte = loop {
            match self.input.fill_buf() {
                Ok(buffer) => break buffer.first().copied(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let why = format!("the file cannot be read: {error}");
                    return Err(self.broken(&why));
                }
            }
        };
        let Some(byte) = byte else { return Ok(None) };
        self.input.consume(1);
        self.line_bytes += 1;
        if self.line_bytes > LINE_BYTES_MAX {
            let why = "the line is longer than 1 MiB; break it up. What follows was not read";
            return Err(self.broken(why));
        }
        if byte == b'\n' {
            self.line += 1;
            self.line_bytes = 0;
        }
        Ok(Some(byte))
    }

    fn broken(&mut self, why: &str) -> Broken {
        self.ended = true;
        Broken { line: self.line, key: self.key.clone(), why: why.to_owned(), is_too_long: false }
    }
}
