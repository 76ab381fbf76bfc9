//! One process at its gate.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::Sender;

use anyhow::{Context as _, Result};
use postonce_race_kit::{Given, Op};
use rustix::process::Signal;

use super::air::Flying;
use crate::harness::Guarded;

/// What is heard of processes and of what they send.
#[derive(Debug)]
pub(super) enum News {
    /// A process waits before a call.
    At { child: u64, nth: u32, op: Op },
    /// It says something to whoever watches it.
    Said { child: u64, line: String },
    /// It has ended.
    Over { child: u64 },
    /// It has sent an invoice.
    Arrived(Flying),
}

/// A running process.
#[derive(Debug)]
pub(super) struct Child {
    process: Guarded,
    gate: UnixStream,
    /// Tells it from every other, also from those of other schedules.
    pub(super) number: u64,
}

impl Child {
    pub(super) fn start(command: &mut Command, number: u64, news: &Sender<News>) -> Result<Self> {
        let (gate, theirs) = UnixStream::pair()?;
        command
            .env("RACE_GATE", "1")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null());
        let mut process = Guarded::start(command)?;
        // The command would keep its end open after the process is gone.
        command.stdin(Stdio::null());
        let stderr = process.child().stderr.take().context("stderr is piped")?;
        let said = news.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                drop(said.send(News::Said { child: number, line }));
            }
        });
        let (calls, news) = (gate.try_clone()?, news.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(calls).lines().map_while(Result::ok) {
                if let Some((nth, op)) = call(&line) {
                    drop(news.send(News::At { child: number, nth, op }));
                }
            }
            drop(news.send(News::Over { child: number }));
        });
        Ok(Self { process, gate, number })
    }

    /// Lets it go on with its call. A process that has just died does not hear it.
    pub(super) fn let_go(&mut self, nth: u32, given: Given, millis: u128) {
        drop(writeln!(self.gate, "{} {nth} {millis}", given.as_str()));
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// SIGKILL, and waits for the end.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.process.kill().map(drop)
    }
}

fn call(line: &str) -> Option<(u32, Op)> {
    let (nth, op) = line.strip_prefix("AT ")?.split_once(' ')?;
    Some((nth.parse().ok()?, Op::from_name(op)?))
}
