//! The use cases: what is done with the ports, and in which order.
//!
//! It has no runtime: sleeping, time and ids come through ports, and concurrency is within the
//! task. One future of [`Engine::sync`] is one run.
//!
//! **Invariant:** no request leaves without a committed claim: [`postonce_ports::ledger::Ledger`]
//! takes nothing but the token that [`postonce_ports::store::InvoiceStore::claim`] gives.
//!
//! **Invariant:** every claim of this run is settled before the run's row is closed, or the run
//! says that the database would not take it.
//!
//! **Invariant:** nothing is sent while a lock or a transaction of the database is open, but for
//! the run lock.
//!
//! **Invariant:** nothing is claimed in a company file before the run has made sure that the
//! database is where it was, that no alarm's quiet period runs, and that the file's oldest invoices
//! are not in the ledger already.
//!
//! Reading order: `run` (one pass over what is due), `alarm` (gone back, or not alone), `send` (one
//! invoice), `inquiry` (asking the ledger), `reconcile` (out of doubt), `resolve` (a person's
//! verbs), `reprocess`, `cutover` (until when a past is settled), `look_back` (what the ledger
//! has), `as_posted` (what another integration has posted), `cron` (runs by a schedule), `watch`
//! (what people are told).

mod alarm;
mod as_posted;
mod cron;
mod cutover;
mod inquiry;
mod look_back;
mod objection;
mod preview;
mod reconcile;
mod record;
mod reprocess;
mod resolve;
mod room;
mod run;
mod seen;
mod send;
mod tally;
mod watch;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use postonce_domain::{CompanyFile, DoubtPolicy, Trigger};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::error::StoreError;
use postonce_ports::flag::Flags;
use postonce_ports::history::RunHistory;
use postonce_ports::ledger::{Ledger, LedgerError};
use postonce_ports::lock::{LockError, RunLock};
use postonce_ports::registry::Registry;
use postonce_ports::store::InvoiceStore;

pub use as_posted::{Offered, Weighed};
pub use cron::{CronEvent, CronPolicy, CronPorts, CronWatcher, Scheduler, StartRun};
pub use cutover::{CutOverError, CutOverWish, FilePast, Lookups, Outlook, Past, PastPorts};
pub use look_back::{LookBack, LookBackPorts, ScanEnd, ScanError};
pub use preview::{Preview, PreviewOutcome};
pub use reconcile::{Checked, CheckedOutcome};
pub use reprocess::{ReprocessRefusal, Reprocessed};
pub use resolve::{ResolveError, Resolved, Verdict};
pub use seen::Seen;
pub use watch::{Watch, WatchPolicy, WatchPorts, Watched};

/// What the engine works with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct Ports {
    pub store: Arc<dyn InvoiceStore>,
    pub doubts: Arc<dyn DoubtStore>,
    pub lock: Arc<dyn RunLock>,
    pub history: Arc<dyn RunHistory>,
    pub registry: Arc<dyn Registry>,
    pub flags: Arc<dyn Flags>,
    pub ledger: Arc<dyn Ledger>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

/// When the ledger is searched before an invoice's first claim, once its company file is cut over.
/// Until then, while an alarm stands, and for invoices dated on or before the cut-over, it always
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Before every claim.
    Always,
    /// Only before a claim that follows one which may have reached the ledger.
    InDoubt,
}

/// The bounds of the engine's work. There is no default: the binary decides.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Invoices at once on their way to the ledger's answer. While the answers of as many are
    /// written down, the next are on their way.
    pub concurrency: NonZeroUsize,
    /// How long a run claims anything new.
    pub run_max: Duration,
    /// How long after its claim a request may be handed over.
    pub send_window: Duration,
    /// How long before a claim its inquiry may have begun.
    pub inquiry_max_age: Duration,
    /// Claims of one invoice in one run.
    pub claims_per_invoice_max: u32,
    /// Failures of the ledger in a row, after which a run stops by itself.
    pub ledger_failures_max: u32,
    /// Tries to write an outcome before the run stops.
    pub settle_tries_max: u32,
    /// Invoices read at once.
    pub page: u32,
    /// When the ledger is searched first.
    pub lookup: Lookup,
    /// Quiet period and rechecks.
    pub doubt: DoubtPolicy,
}

/// Who runs, on which host, as which process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Why.
    pub trigger: Trigger,
    /// Who asked for it.
    pub actor: String,
    /// On which host.
    pub host: String,
    /// As which process.
    pub pid: u32,
    /// Which start of the host.
    pub boot_id: String,
}

/// The wish for a sync run.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    /// Who asks.
    pub origin: Origin,
    /// Only this company file; all if `None`.
    pub company_file: Option<CompanyFile>,
    /// Claims at most.
    pub limit: Option<u64>,
    /// How long to wait for the lock.
    pub wait: Duration,
}

/// Trouble that kept a use case from starting or from telling its result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The use cases over these ports.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct Engine {
    ports: Ports,
    policy: Policy,
}

impl Engine {
    /// An engine over these ports, within these bounds.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy }
    }
}
