//! A reader that watches CSV go by: it stops before a field or line is too long to keep, and knows
//! on which physical line each record begins.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use super::{FIELD_BYTES_MAX, LINE_BYTES_MAX};

/// The longest record, in bytes: a record of many lines must end, too.
const RECORD_BYTES_MAX: usize = 4 * LINE_BYTES_MAX;

/// What is wrong with the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    FieldTooLong,
    LineTooLong,
    RecordTooLong,
    TextAfterQuote,
    QuoteNotClosed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FieldTooLong => {
                "the value is longer than 64 KiB; is a quote missing? What follows was not read"
            }
            Self::LineTooLong => "the line is longer than 1 MiB; what follows was not read",
            Self::RecordTooLong => "the row is longer than 4 MiB; what follows was not read",
            Self::TextAfterQuote => {
                "text stands behind a closing quote; write quotes inside a value twice. \
                 What follows was not read"
            }
            Self::QuoteNotClosed => "the quote that opens here is never closed; close it",
        })
    }
}

/// A fault and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    pub(super) fault: Fault,
    /// The physical line.
    pub(super) line: u64,
    /// The field of the record, from 0.
    pub(super) field: usize,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for Stopped {}

/// The physical lines on which records begin, for those that were read ahead.
pub(crate) type Starts = Rc<RefCell<VecDeque<u64>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BetweenRecords,
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Guard<R> {
    inner: R,
    starts: Starts,
    state: State,
    line: u64,
    after_return: bool,
    field: usize,
    /// Where the quote that is open opened.
    quote_line: u64,
    field_bytes: usize,
    line_bytes: usize,
    record_bytes: usize,
    stopped: Option<Stopped>,
}

impl<R> Guard<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            starts: Starts::default(),
            state: State::BetweenRecords,
            line: 1,
            after_return: false,
            field: 0,
            quote_line: 1,
            field_bytes: 0,
            line_bytes: 0,
            record_bytes: 0,
            stopped: None,
        }
    }

    pub(crate) fn starts(&self) -> Starts {
        Rc::clone(&self.starts)
    }

    /// Takes note of one byte; false if it must not be passed on.
    fn pass(&mut self, byte: u8) -> bool {
        self.record_bytes += 1;
        self.line_bytes += 1;
        self.field_bytes += 1;
        let fault = self.step(byte).or_else(|| self.bound());
        if let Some(fault) = fault {
            self.stopped = Some(Stopped { fault, line: self.line, field: self.field });
            return false;
        }
        self.count_lines(byte);
        true
    }

    fn step(&mut self, byte: u8) -> Option<Fault> {
        if self.state == State::BetweenRecords {
            self.record_bytes = 1;
            if matches!(byte, b'\n' | b'\r') {
                return None;
            }
            self.starts.borrow_mut().push_back(self.line);
            self.field = 0;
            self.field_bytes = 1;
            self.state = State::FieldStart;
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::AfterQuote,
            (State::Quoted, _) | (State::AfterQuote, b'"') => State::Quoted,
            (_, b',') => {
                self.field += 1;
                self.field_bytes = 0;
                State::FieldStart
            }
            (_, b'\n' | b'\r') => {
                self.field_bytes = 0;
                State::BetweenRecords
            }
            (State::AfterQuote, _) => return Some(Fault::TextAfterQuote),
            (State::FieldStart, b'"') => {
                self.quote_line = self.line;
                State::Quoted
            }
            (State::FieldStart | State::Plain | State::BetweenRecords, _) => State::Plain,
        };
        None
    }

    fn bound(&self) -> Option<Fault> {
        if self.state != State::BetweenRecords && self.field_bytes > FIELD_BYTES_MAX {
            Some(Fault::FieldTooLong)
        } else if self.line_bytes > LINE_BYTES_MAX {
            Some(Fault::LineTooLong)
        } else if self.record_bytes > RECORD_BYTES_MAX {
            Some(Fault::RecordTooLong)
        } else {
            None
        }
    }

    /// `\n`, `\r\n` and `\r` each end a physical line.
    fn count_lines(&mut self, byte: u8) {
        let ends = match byte {
            b'\n' => !self.after_return,
            b'\r' => true,
            _ => false,
        };
        if ends {
            self.line += 1;
            self.line_bytes = 0;
        }
        self.after_return = byte == b'\r';
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(stopped) = self.stopped {
            return Err(io::Error::other(stopped));
        }
        let count = self.inner.read(buffer)?;
        if count == 0 && self.state == State::Quoted {
            let fault = Fault::QuoteNotClosed;
            let stopped = Stopped { fault, line: self.quote_line, field: self.field };
            self.stopped = Some(stopped);
            return Err(io::Error::other(stopped));
        }
        let passed = buffer.iter().take(count).take_while(|byte| self.pass(**byte)).count();
        match self.stopped {
            // What came before is good and is passed on first.
            Some(stopped) if passed == 0 => Err(io::Error::other(stopped)),
            Some(_) | None => Ok(passed),
        }
    }
}
