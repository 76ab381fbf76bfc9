//! The runs that were.

use async_trait::async_trait;
use postonce_domain::{RunCounts, RunId, RunStatus, Trigger};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};

use crate::JournalStore;
use crate::rows::{Put, RunRow, corrupt, next_id};
use crate::step::Step;

#[async_trait]
impl RunHistory for JournalStore {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        let started = self.commit(|step| {
            let id = next_id(&step.state.runs);
            for row in step.state.runs.values().filter(|row| row.is_running()) {
                let status = RunStatus::Abandoned.as_str().to_owned();
                let ended_at = Some(step.now);
                step.puts.push(Put::Run(Box::new(RunRow { status, ended_at, ..row.clone() })));
            }
            step.put(Put::Run(Box::new(RunRow {
                id,
                trigger: run.trigger.as_str().to_owned(),
                actor: run.actor,
                host: run.host,
                pid: run.pid,
                boot_id: run.boot_id,
                lock_owner: run.lock_owner,
                connection_id: run.connection_id,
                status: RunStatus::Running.as_str().to_owned(),
                started_at: step.now,
                ended_at: None,
                counts: [0; 8],
                done: 0,
                total: 0,
                reason: String::new(),
            })));
            Ok(RunId(id))
        });
        Ok(started?)
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        let counts = written(counts);
        let change = |step: &mut Step<'_>| {
            step.change_run(run, |row| RunRow { counts, done, total, ..row });
            Ok(())
        };
        Ok(self.commit(change)?)
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        let (status, counts) = (status.as_str().to_owned(), written(counts));
        let reason = reason.to_owned();
        let change = |step: &mut Step<'_>| {
            let ended_at = Some(step.now);
            step.change_run(run, |row| RunRow { status, ended_at, counts, reason, ..row });
            Ok(())
        };
        Ok(self.commit(change)?)
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.read(|step| step.state.runs.values().rev().take(limit).map(RunRow::run).collect())
    }
}

impl Step<'_> {
    /// Changes the row of a run, if that is running.
    fn change_run(&mut self, run: RunId, change: impl FnOnce(RunRow) -> RunRow) {
        let row = self.state.runs.get(&run.0).filter(|row| row.is_running());
        if let Some(row) = row {
            self.put(Put::Run(Box::new(change(row.clone()))));
        }
    }
}

impl RunRow {
    pub(crate) fn is_running(&self) -> bool {
        self.status == RunStatus::Running.as_str()
    }

    fn run(&self) -> Result<Run, StoreError> {
        let wrong = |what| move || corrupt("runs", self.id, what);
        Ok(Run {
            id: RunId(self.id),
            new: NewRun {
                trigger: Trigger::from_name(&self.trigger).ok_or_else(wrong("its trigger"))?,
                actor: self.actor.clone(),
                host: self.host.clone(),
                pid: self.pid,
                boot_id: self.boot_id.clone(),
                lock_owner: self.lock_owner.clone(),
                connection_id: self.connection_id,
            },
            status: RunStatus::from_name(&self.status).ok_or_else(wrong("its status"))?,
            started_at: self.started_at,
            ended_at: self.ended_at,
            counts: read(self.counts),
            done: self.done,
            total: self.total,
            reason: self.reason.clone(),
        })
    }
}

fn written(counts: RunCounts) -> [u64; 8] {
    let RunCounts { claimed, posted, rejected, not_sent, in_doubt, blocked, needs_human, adopted } =
        counts;
    [claimed, posted, rejected, not_sent, in_doubt, blocked, needs_human, adopted]
}

fn read(counts: [u64; 8]) -> RunCounts {
    let [claimed, posted, rejected, not_sent, in_doubt, blocked, needs_human, adopted] = counts;
    RunCounts { claimed, posted, rejected, not_sent, in_doubt, blocked, needs_human, adopted }
}
