//! A server that belongs to a test.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::bootstrap;
use crate::guard::Guarded;
use crate::installation::{Installation, Kind};
use crate::launch::{Launch, Started};
use crate::options::Options;
use crate::port;
use crate::wire::{Row, query};

/// How often a start is tried on another port.
const PORTS_TRIED: u32 = 20;

/// How long an orderly end may take.
const STOP_LIMIT: Duration = Duration::from_secs(120);

/// Starts MariaDB.
#[derive(Clone, Copy, Debug)]
pub struct MariaDb;

impl MariaDb {
    /// Starts a server on a new data folder and waits until it answers.
    ///
    /// Fails if MariaDB is not installed or does not start; the error holds the server's log.
    pub fn start(options: &Options) -> Result<Server> {
        Server::start(Kind::MariaDb, options)
    }
}

/// Starts MySQL.
#[derive(Clone, Copy, Debug)]
pub struct MySql;

impl MySql {
    /// Starts a server on a new data folder and waits until it answers.
    ///
    /// Fails if MySQL is not installed or does not start; the error holds the server's log.
    pub fn start(options: &Options) -> Result<Server> {
        Server::start(Kind::MySql, options)
    }
}

/// A server with a data folder and a port of its own. Dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct Server {
    // The process goes before its folder does.
    process: Mutex<Guarded>,
    launch: Launch,
    port: u16,
    version: String,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start(kind: Kind, options: &Options) -> Result<Self> {
        let installation = match &options.installation {
            Some(given) => given.clone(),
            None => Installation::find(kind)?,
        };
        ensure!(installation.kind() == kind, "{kind:?} was asked for, not {installation:?}");
        let folder = tempfile::Builder::new().prefix("postonce-server-").tempdir()?;
        let launch = Launch::new(installation, folder.path().canonicalize()?, options);
        bootstrap::fill(&launch, options.data.as_deref())?;
        let founds = options.galera.as_ref().is_some_and(|it| it.index == 0);
        for _ in 0..PORTS_TRIED {
            let port = port::free(1);
            if let Started::Ready(process, version) = launch.start(port, founds)? {
                let process = Mutex::new(process);
                return Ok(Self { process, launch, port, version, _folder: folder });
            }
        }
        bail!("{PORTS_TRIED} ports were taken by others")
    }

    /// MariaDB or MySQL.
    pub fn kind(&self) -> Kind {
        self.launch.installation.kind()
    }

    /// What the server answers to `SELECT VERSION()`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The port on 127.0.0.1; it stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `mysql://root@127.0.0.1:PORT/`, to which the name of a database can be added.
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/", self.port)
    }

    /// The process id of the server itself, as of its last start.
    pub fn pid(&self) -> u32 {
        self.process().pid()
    }

    /// Does the process live? A paused one does.
    pub fn is_running(&self) -> Result<bool> {
        Ok(!self.process().ended_within(Duration::ZERO)?)
    }

    /// SIGKILL, and waits for the end. Nothing happens if it has ended already.
    pub fn kill(&self) -> Result<()> {
        self.end(Signal::KILL)
    }

    /// SIGTERM, and waits for the orderly end. A paused server is woken for it.
    pub fn stop(&self) -> Result<()> {
        self.end(Signal::TERM)
    }

    /// Starts it again on the same folder and port; if it still runs it is killed first.
    pub fn restart(&self) -> Result<()> {
        self.kill()?;
        let mut process = self.process();
        match self.launch.start(self.port, false)? {
            Started::Ready(again, _) => std::mem::replace(&mut *process, again).end_and_keep(),
            Started::PortTaken => bail!("somebody else has taken port {}", self.port),
        }
    }

    /// SIGSTOP: it keeps its connections and answers nobody.
    pub fn pause(&self) -> Result<()> {
        self.process().signal(Signal::STOP)
    }

    /// SIGCONT.
    pub fn resume(&self) -> Result<()> {
        self.process().signal(Signal::CONT)
    }

    /// Copies the data folder of a server that has ended to `to`, where nothing may be yet.
    pub fn copy_data(&self, to: &Path) -> Result<()> {
        ensure!(!self.is_running()?, "the server still runs");
        bootstrap::copy(&self.launch.data(), to)
    }

    /// Replaces the data folder of a server that has ended by a copy of `from`, as the restore of
    /// a backup does.
    pub fn restore_data(&self, from: &Path) -> Result<()> {
        ensure!(!self.is_running()?, "the server still runs");
        std::fs::remove_dir_all(self.launch.data())?;
        bootstrap::copy(from, &self.launch.data())?;
        bootstrap::own(&self.launch)
    }

    /// Runs one statement as `root` on a connection of its own; see [`query`].
    pub fn query(&self, sql: &str) -> Result<Vec<Row>> {
        query(self.port, sql)
    }

    /// The server's error log since its last start.
    pub fn log(&self) -> String {
        self.launch.log()
    }

    fn end(&self, signal: Signal) -> Result<()> {
        let process = self.process();
        process.signal(signal)?;
        // A stopped process takes no other signal than SIGKILL.
        process.signal(Signal::CONT)?;
        let ended = process.ended_within(STOP_LIMIT)?;
        ensure!(ended, "the server did not end within {STOP_LIMIT:?}:\n{}", self.log());
        Ok(())
    }

    fn process(&self) -> MutexGuard<'_, Guarded> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
