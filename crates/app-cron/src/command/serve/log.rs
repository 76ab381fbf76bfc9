//! The log, which nobody has to wait for.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogConfig, LogLevel};

/// Lines that wait to be written. If whoever reads them stands still, later ones are lost: a run
/// that waited for its log would miss the time of its claims.
const WAITING_MAX: usize = 4_096;

/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(1);

enum Entry {
    Line(Vec<u8>),
    /// All before it is written.
    End(Sender<()>),
}

/// The log, for as long as the process lives.
pub(super) struct Log(SyncSender<Entry>);

#[derive(Clone)]
struct Lines(SyncSender<Entry>);

impl Log {
    /// Begins to write the log to stderr.
    pub(super) fn begin(config: LogConfig) -> Self {
        let (lines, written) = sync_channel(WAITING_MAX);
        std::thread::spawn(move || write(&written));
        let level = match config.level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
        };
        let writer = Lines(lines.clone());
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(writer);
        // A second one is not set; there is none.
        if config.json {
            subscriber.json().flatten_event(true).try_init().ok();
        } else {
            subscriber.try_init().ok();
        }
        Self(lines)
    }

    /// A line of talk, in its turn.
    pub(super) fn say(&self, text: &str) {
        self.0.try_send(Entry::Line(format!("{text}\n").into_bytes())).ok();
    }

    /// Waits until what was said is written, if somebody reads it.
    pub(super) fn end(&self) {
        let (told, done) = channel();
        if self.0.try_send(Entry::End(told)).is_ok() {
            done.recv_timeout(LAST).ok();
        }
    }
}

fn write(lines: &Receiver<Entry>) {
    for entry in lines {
        match entry {
            // Nobody is there to be told that stderr is gone.
            Entry::Line(line) => drop(io::stderr().lock().write_all(&line)),
            Entry::End(told) => {
                told.send(()).ok();
            }
        }
    }
}

impl Write for Lines {
    /// One call is one line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.try_send(Entry::Line(line.to_vec())).ok();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
