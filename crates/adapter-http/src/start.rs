//! Runs that are started here and owned by nobody who asks.

use std::sync::Arc;
use std::sync::Mutex as SyncMutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use postonce_domain::{CompanyFile, InvoiceId, RunCounts, RunId, RunResult, RunStatus, Trigger};
use postonce_engine::{EngineError, ReprocessRefusal, Seen, SyncRequest};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};
use postonce_ports::lock::{Holder, LockState};
use tokio::sync::{Mutex, oneshot};

use crate::app::{App, Stopping};
use crate::problem::Problem;
use crate::program::Trouble;

/// Whoever starts a run waits for the one before to be told, so that a crowd at the door costs one
/// start and one look at the lock.
#[derive(Default)]
pub(crate) struct Starts {
    comings: AtomicU64,
    turn: Mutex<Option<Look>>,
}

/// A look at the lock that found it held.
struct Look {
    /// Everybody who came before it may take its answer.
    began: u64,
    holder: Option<Holder>,
}

/// What a run is to do.
pub(crate) enum Wanted {
    /// Whatever is due.
    Due {
        /// Only this company file; all if `None`.
        company_file: Option<CompanyFile>,
        /// Claims at most.
        limit: Option<u64>,
    },
    /// These rejected invoices.
    Rejected {
        /// Each as it was seen.
        invoices: Vec<Seen>,
        /// Why.
        reason: String,
    },
}

/// What became of the wish to start a run.
pub(crate) enum Started {
    /// It runs, and its row is written.
    Run(RunId),
    /// Another one does.
    Busy(Option<Holder>),
    /// None of the invoices may be sent again.
    Refused(Vec<(InvoiceId, ReprocessRefusal)>),
}

/// Starts a run in the name of `actor`, and waits until its row is written.
pub(crate) async fn start(app: &App, wanted: Wanted, actor: &str) -> Result<Started, Problem> {
    if app.stopping().is_cancelled() {
        let detail = "PostOnce is being stopped and starts nothing more; try again in a minute";
        let title = "it is being stopped";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", title, detail);
        return Err(problem.retry_after(60));
    }
    let came = app.starts.comings.fetch_add(1, Ordering::SeqCst);
    let mut last = app.starts.turn.lock().await;
    if let Some(look) = last.as_ref().filter(|look| look.began > came) {
        return Ok(Started::Busy(look.holder.clone()));
    }
    let began = app.starts.comings.fetch_add(1, Ordering::SeqCst);
    let held = app.parts.program.ports_without_ledger().lock.state().await?;
    let started = match held {
        LockState::Held(holder) => Started::Busy(holder),
        LockState::Free => spawn(app, wanted, actor).await?,
    };
    *last = match &started {
        Started::Busy(holder) => Some(Look { began, holder: holder.clone() }),
        Started::Run(_) | Started::Refused(_) => None,
    };
    Ok(started)
}

async fn spawn(app: &App, wanted: Wanted, actor: &str) -> Result<Started, Problem> {
    let program = app.parts.program.clone();
    let mut ports = program.ports(actor).await?;
    let (told, run) = oneshot::channel();
    ports.history = Arc::new(Told { inner: ports.history, told: SyncMutex::new(Some(told)) });
    let engine = program.engine(ports);
    let trigger = match &wanted {
        Wanted::Due { .. } => Trigger::Manual,
        Wanted::Rejected { .. } => Trigger::Reprocess,
    };
    let mut request = SyncRequest {
        origin: program.origin(trigger, actor),
        company_file: None,
        limit: None,
        wait: Duration::ZERO,
    };
    let stop = Stopping(app.stopping().clone());
    let task = app.tasks().spawn(async move {
        let ended = match wanted {
            Wanted::Due { company_file, limit } => {
                (request.company_file, request.limit) = (company_file, limit);
                Box::pin(engine.sync(&request, &stop)).await.map(|run| (Vec::new(), Some(run)))
            }
            Wanted::Rejected { invoices, reason } => {
                let done = engine.reprocess(&invoices, &reason, &request, &stop);
                Box::pin(done).await.map(|done| (done.refused, done.run))
            }
        };
        log(&ended);
        ended
    });
    // The row is written, or the run ended without one and its history is gone.
    if let Ok(run) = run.await {
        return Ok(Started::Run(run));
    }
    match task.await {
        Ok(Ok((_, Some(RunResult::Ran(end))))) => Ok(Started::Run(end.run)),
        Ok(Ok((_, Some(RunResult::Skipped(holder))))) => Ok(Started::Busy(holder)),
        Ok(Ok((refused, None))) => Ok(Started::Refused(refused)),
        Ok(Err(error)) => Err(Trouble::from(error).into()),
        // It panicked.
        Err(_) => Err(Problem::unexpected()),
    }
}

type Ended = (Vec<(InvoiceId, ReprocessRefusal)>, Option<RunResult<Holder>>);

fn log(ended: &Result<Ended, EngineError>) {
    match ended {
        Ok((_, Some(RunResult::Ran(end)))) => {
            let (run, counts) = (end.run.0, &end.counts);
            let stopped = end.stopped.as_ref().map(|(_, why)| why.as_str()).unwrap_or_default();
            tracing::info!(
                run,
                claimed = counts.claimed,
                posted = counts.posted,
                in_doubt = counts.in_doubt,
                ms = end.duration_ms,
                stopped,
                "run ended"
            );
        }
        Ok((_, Some(RunResult::Skipped(_)) | None)) => {}
        Err(error) => tracing::error!("a run did not begin: {}", postonce_wire::chain(error)),
    }
}

/// A history that tells when the run's row is written.
struct Told {
    inner: Arc<dyn RunHistory>,
    told: SyncMutex<Option<oneshot::Sender<RunId>>>,
}

#[async_trait]
impl RunHistory for Told {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        let (trigger, actor) = (run.trigger.as_str(), run.actor.clone());
        let id = self.inner.start(run).await?;
        tracing::info!(run = id.0, trigger, actor, "run started");
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Who asked may be gone; the run goes on.
            told.send(id).ok();
        }
        Ok(id)
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        self.inner.progress(run, counts, done, total).await
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.inner.finish(run, status, counts, reason).await
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.inner.runs(limit).await
    }
}
