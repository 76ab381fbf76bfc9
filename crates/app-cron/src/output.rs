//! Data to stdout, talk to stderr, and no panic when a reader goes away.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    stdout: Mutex<Sink>,
}

#[derive(Debug)]
struct Sink {
    writer: BufWriter<Stdout>,
    /// The reader is gone; what follows is thrown away.
    closed: bool,
    /// Data that was wanted and could not be written.
    trouble: Option<io::Error>,
}

impl Sink {
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => {
                self.closed = true;
                self.trouble = Some(error);
            }
        }
    }
}

impl Output {
    /// Writes data as JSON if `json`, as text otherwise.
    pub(crate) fn new(json: bool) -> Self {
        let writer = BufWriter::new(io::stdout());
        Self { json, stdout: Mutex::new(Sink { writer, closed: false, trouble: None }) }
    }

    /// Whether data is wanted as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        // A panic while writing leaves nothing half-done that matters.
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Data, as it is.
    pub(crate) fn data(&self, bytes: &[u8]) {
        let mut sink = self.sink();
        if !sink.closed {
            let result = sink.writer.write_all(bytes);
            sink.note(result);
        }
    }

    /// One line of data.
    pub(crate) fn line(&self, text: &str) {
        self.data(text.as_bytes());
        self.data(b"\n");
    }

    /// One value as a line of JSON.
    pub(crate) fn value(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.line(&text),
            Err(error) => self.sink().note(Err(error.into())),
        }
    }

    /// Writes out what is kept back. Returns false if nobody reads any more.
    pub(crate) fn flush(&self) -> bool {
        let mut sink = self.sink();
        if !sink.closed {
            let result = sink.writer.flush();
            sink.note(result);
        }
        !sink.closed
    }

    /// Why data could not be written, if it could not; a reader that went away is no trouble.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.sink().trouble.as_ref().map(ToString::to_string)
    }
}

/// Whether talk is read by a person who looks at it now.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// A line of talk, to stderr. Lost if stderr is gone: there is nobody to tell.
pub(crate) fn talk(text: &str) {
    let mut line = text.to_owned();
    line.push('\n');
    drop(io::stderr().lock().write_all(line.as_bytes()));
}
