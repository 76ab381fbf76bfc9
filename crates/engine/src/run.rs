//! One sync run: from the lock to the closed row.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use postonce_domain::{
    CompanyFile, Epoch, InstallationId, InvoiceId, RunEnd, RunId, RunResult, StopCause,
};
use postonce_ports::clock::Stop;
use postonce_ports::error::StoreError;
use postonce_ports::history::NewRun;
use postonce_ports::lock::{HeldLock, Holder, LockAnswer, LockError};
use postonce_ports::store::{Candidate, FileWork, Page, Wanted};

use crate::room::{Place, Room, meanwhile};
use crate::tally::Tally;
use crate::{Engine, EngineError, Seen, SyncRequest};

/// Why a run stopped that lost its lock, and the mend.
const LOCK_LOST: &str = "the run lock was lost: the database, or the way to it, failed in between; \
    check both, and sync again: the next run goes on from here";

/// What a run is to do.
pub(crate) enum Work<'a> {
    /// Whatever is due.
    Due,
    /// These rejected invoices, for this reason.
    Rejected { invoices: &'a [Seen], reason: &'a str },
}

/// A run that has the lock.
pub(crate) struct Run<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) id: RunId,
    pub(crate) installation: InstallationId,
    pub(crate) request: &'a SyncRequest,
    pub(crate) tally: Tally,
    lock: &'a dyn HeldLock,
    stop: &'a dyn Stop,
    deadline: Duration,
    total: u64,
}

/// A company file that the run has raised the epoch of.
pub(crate) struct FileRun {
    pub(crate) work: FileWork,
    pub(crate) epoch: Epoch,
}

impl Engine {
    /// One pass over what is due, if no other run has the lock.
    ///
    /// An error means that the run did not begin, or that its lock cannot be told; what stops a
    /// run on its way is in [`RunEnd::stopped`]. Dropping the future is a crash: the next run
    /// sweeps what it left.
    pub async fn sync(
        &self,
        request: &SyncRequest,
        stop: &dyn Stop,
    ) -> Result<RunResult<Holder>, EngineError> {
        self.run(request, stop, Work::Due).await
    }

    pub(crate) async fn run(
        &self,
        request: &SyncRequest,
        stop: &dyn Stop,
        work: Work<'_>,
    ) -> Result<RunResult<Holder>, EngineError> {
        let lock = match self.acquire(request.wait, stop).await? {
            LockAnswer::Acquired(lock) => lock,
            LockAnswer::Busy(holder) => return Ok(RunResult::Skipped(holder)),
        };
        let held = AssertUnwindSafe(self.run_locked(&*lock, request, stop, work));
        let ended = held.catch_unwind().await;
        let released = lock.release().await;
        let mut end = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        if let Err(error) = released {
            // The database, not the lock, may be what is gone; a graver cause stays.
            let cause = match error {
                LockError::Lost => StopCause::LockLost,
                LockError::Unavailable { .. } => StopCause::DatabaseUnavailable,
            };
            if end.stopped.as_ref().is_none_or(|(known, _)| cause < *known) {
                end.stopped = Some((cause, error.to_string()));
            }
        }
        Ok(RunResult::Ran(end))
    }

    async fn acquire(&self, wait: Duration, stop: &dyn Stop) -> Result<LockAnswer, EngineError> {
        // A run that ends soon is noticed soon; each look at a server is a connection, and those who
        // wait for minutes must not make thousands.
        const SOON: Duration = Duration::from_millis(200);
        const LATER: Duration = Duration::from_secs(1);
        const QUICK_LOOKS: u32 = 10;
        let until = self.ports.clock.boot() + wait;
        let mut looks = 0;
        loop {
            let answer = self.ports.lock.try_acquire().await?;
            let now = self.ports.clock.boot();
            if matches!(answer, LockAnswer::Acquired(_)) || now >= until || stop.requested() {
                return Ok(answer);
            }
            looks += 1;
            let pause = if looks <= QUICK_LOOKS { SOON } else { LATER };
            self.ports.clock.sleep(pause.min(until.saturating_sub(now))).await;
        }
    }

    async fn run_locked(
        &self,
        lock: &dyn HeldLock,
        request: &SyncRequest,
        stop: &dyn Stop,
        work: Work<'_>,
    ) -> Result<RunEnd, EngineError> {
        let started = self.ports.clock.boot();
        let installation = self.ports.store.installation().await?;
        let (files, total) = match &work {
            Work::Due => {
                let mut files = self.ports.store.files_with_work().await?;
                if let Some(only) = &request.company_file {
                    files.retain(|file| file.company_file == *only);
                }
                let total = files.iter().map(|file| file.due).sum();
                (files, total)
            }
            Work::Rejected { invoices, .. } => {
                let total = u64::try_from(invoices.len()).unwrap_or(u64::MAX);
                (self.files_of(invoices).await?, total)
            }
        };
        let mut raised = Vec::new();
        for work in files {
            let epoch = lock.raise_epoch(&work.company_file).await?;
            raised.push(FileRun { work, epoch });
        }
        let id = self.ports.history.start(new_run(request, lock)).await?;
        let run = Run {
            engine: self,
            id,
            installation,
            request,
            tally: Tally::default(),
            lock,
            stop,
            deadline: started + self.policy.run_max,
            total,
        };
        run.write_progress().await;
        run.go(&raised, &work).await;
        Ok(run.close(started).await)
    }
}

fn new_run(request: &SyncRequest, lock: &dyn HeldLock) -> NewRun {
    let origin = &request.origin;
    NewRun {
        trigger: origin.trigger,
        actor: origin.actor.clone(),
        host: origin.host.clone(),
        pid: origin.pid,
        boot_id: origin.boot_id.clone(),
        lock_owner: lock.owner(),
        connection_id: lock.connection_id(),
    }
}

impl Run<'_> {
    async fn go(&self, files: &[FileRun], work: &Work<'_>) {
        if !self.is_where_it_was(files).await {
            return;
        }
        for file in files {
            let name = &file.work.company_file;
            if let Err(error) = self.engine.ports.store.sweep(name, file.epoch).await {
                return self.halt(&error);
            }
        }
        match work {
            Work::Due => {
                for file in files {
                    self.check_due(&file.work.company_file).await;
                    if let Some(file) = self.open(file, work).await {
                        self.send_due(&file).await;
                    }
                }
            }
            Work::Rejected { invoices, reason } => {
                let mut opened = Vec::new();
                for file in files {
                    opened.extend(self.open(file, work).await);
                }
                self.resend(&opened, invoices, reason).await;
            }
        }
    }

    /// Scans the file until a scan claims nothing new. Blocked invoices are tried in the first.
    async fn send_due(&self, file: &FileRun) {
        let mut wanted = Wanted::ReadyOrBlocked;
        while self.may_claim(&file.work.company_file) {
            let before = self.tally.counts().claimed;
            self.scan(file, wanted).await;
            wanted = Wanted::Ready;
            if self.tally.counts().claimed == before {
                break;
            }
        }
    }

    async fn scan(&self, file: &FileRun, wanted: Wanted) {
        let room = Room::new(self.engine.policy.concurrency.get());
        let mut in_flight = FuturesUnordered::new();
        let mut after = None;
        while self.may_claim(&file.work.company_file) {
            let page = Page {
                company_file: file.work.company_file.clone(),
                after,
                wanted,
                limit: self.engine.policy.page,
            };
            let page = self.engine.ports.store.page(page);
            let candidates = match meanwhile(&mut in_flight, page).await {
                Ok(candidates) => candidates,
                Err(error) => {
                    self.halt(&error);
                    break;
                }
            };
            let Some(last) = candidates.last() else { break };
            after = Some(id_of(last));
            // A server that took over in the middle of a run may not know its last claims, and the
            // page may be that server's.
            if !meanwhile(&mut in_flight, self.stays_open(file)).await {
                break;
            }
            for candidate in candidates {
                let place = room.place(&mut in_flight).await;
                in_flight.push(self.one(file, candidate, place));
            }
        }
        while in_flight.next().await.is_some() {}
    }

    /// One invoice; a panic costs it and nothing else.
    pub(crate) async fn one(&self, file: &FileRun, candidate: Candidate, place: Place<'_>) {
        if !self.may_claim(&file.work.company_file) {
            return;
        }
        let invoice = id_of(&candidate);
        // Boxed: many are in flight, and each state machine is large.
        let sent =
            AssertUnwindSafe(Box::pin(self.send(file, candidate, place))).catch_unwind().await;
        if sent.is_err() {
            self.bug(invoice);
        }
        if self.tally.one_done(self.engine.ports.clock.boot()) {
            self.write_progress().await;
        }
    }

    /// A panic stopped the work on an invoice.
    pub(crate) fn bug(&self, invoice: InvoiceId) {
        let words = format!("a bug stopped the work on invoice {invoice}");
        self.tally.trouble(invoice, StopCause::Unexpected, words);
    }

    /// The database failed a step that is no single invoice's.
    pub(crate) fn halt(&self, error: &StoreError) {
        self.tally.halt(StopCause::DatabaseUnavailable, error.to_string());
    }

    /// Whether the run may claim anything more in this file. Notices a lost lock, a person's wish
    /// to stop and the end of the run's time.
    pub(crate) fn may_claim(&self, file: &CompanyFile) -> bool {
        if self.lock.is_lost() {
            self.tally.halt(StopCause::LockLost, LOCK_LOST);
        }
        if self.stop.requested() {
            self.tally.halt(StopCause::Cancelled, "stopped on request");
        }
        let limit_left = self.request.limit.is_none_or(|limit| self.tally.counts().claimed < limit);
        let time_left = self.engine.ports.clock.boot() < self.deadline;
        limit_left && time_left && !self.tally.is_halted() && !self.tally.is_file_stopped(file)
    }

    async fn write_progress(&self) {
        let (counts, done) = (self.tally.counts(), self.tally.done());
        let history = &self.engine.ports.history;
        // Progress is for people who look on; a run does not stop for it.
        drop(history.progress(self.id, counts, done, self.total.max(done)).await);
    }

    async fn close(&self, started: Duration) -> RunEnd {
        self.settle_the_rest().await;
        // The row must not say that all went well when the lock was lost on the way.
        if let Err(LockError::Lost) = self.lock.prove().await {
            self.tally.halt(StopCause::LockLost, LOCK_LOST);
        }
        self.write_progress().await;
        let mut end = self.end(started);
        let time_up = self.engine.ports.clock.boot() >= self.deadline;
        let unstopped = if time_up { "the run's time was up" } else { "" };
        let reason = end.stopped.as_ref().map_or(unstopped, |(_, words)| words.as_str());
        let history = &self.engine.ports.history;
        if let Err(error) = history.finish(self.id, end.status(), end.counts, reason).await {
            self.halt(&error);
            end = self.end(started);
        }
        end
    }

    fn end(&self, started: Duration) -> RunEnd {
        let took = self.engine.ports.clock.boot().saturating_sub(started);
        RunEnd {
            run: self.id,
            counts: self.tally.counts(),
            stopped: self.tally.stopped(),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

pub(crate) fn id_of(candidate: &Candidate) -> InvoiceId {
    match candidate {
        Candidate::Readable(stored) => stored.id,
        Candidate::Unreadable { id, .. } => *id,
    }
}
