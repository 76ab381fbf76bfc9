//! What every request can reach.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use postonce_ports::account::{Accounts, Machines, Sessions};
use postonce_ports::clock::{Clock, Stop};
use postonce_ports::creation::CreationClaims;
use postonce_ports::file_note::FileNotes;
use postonce_ports::mapping::MappingStore;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::reply::Replies;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::login::Logins;
use crate::program::Program;
use crate::start::Starts;

/// What the doors lead to.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct Parts {
    pub program: Arc<dyn Program>,
    pub reader: Arc<dyn InvoiceReader>,
    pub notes: Arc<dyn FileNotes>,
    pub mappings: Arc<dyn MappingStore>,
    pub creations: Arc<dyn CreationClaims>,
    pub accounts: Arc<dyn Accounts>,
    pub sessions: Arc<dyn Sessions>,
    pub machines: Arc<dyn Machines>,
    pub replies: Arc<dyn Replies>,
    pub clock: Arc<dyn Clock>,
}

/// What an operator decides about the doors.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What stands before every path, such as `/postonce`; may be empty.
    pub base_path: String,
    /// Scheme, host and port under which browsers see us, where that is not what they send.
    pub public_origin: Option<String>,
    /// Whether browsers reach us by HTTPS only.
    pub secure: bool,
    /// Whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// The most bytes of a body.
    pub body_max: usize,
    /// How long an answer may take; what was begun goes on.
    pub answer_within: Duration,
}

/// What every request can reach. Clones share it.
#[derive(Clone)]
pub struct App {
    pub(crate) parts: Arc<Parts>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) starts: Arc<Starts>,
    pub(crate) logins: Arc<Logins>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl App {
    /// The doors to these parts.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        Self {
            parts: Arc::new(parts),
            settings: Arc::new(settings),
            starts: Arc::default(),
            logins: Arc::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// What a task is spawned by that the end of the program waits for.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Raised when the program is asked to end: runs claim nothing more, and what is open for long
    /// closes.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Asks runs to stop, and waits until nothing is under way.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// A path as browsers see it.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}{path}", self.settings.base_path)
    }
}

/// The program's wish to stop, as runs read it.
pub(crate) struct Stopping(pub(crate) CancellationToken);

impl Stop for Stopping {
    fn requested(&self) -> bool {
        self.0.is_cancelled()
    }
}
