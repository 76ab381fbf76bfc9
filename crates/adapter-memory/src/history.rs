//! The runs that were.

use async_trait::async_trait;
use postonce_domain::{RunCounts, RunId, RunStatus};
use postonce_ports::error::StoreError;
use postonce_ports::history::{NewRun, Run, RunHistory};

use crate::MemoryStore;

#[async_trait]
impl RunHistory for MemoryStore {
    async fn start(&self, run: NewRun) -> Result<RunId, StoreError> {
        let now = self.now();
        let mut world = self.world();
        for older in world.runs.values_mut().filter(|run| run.status == RunStatus::Running) {
            older.status = RunStatus::Abandoned;
            older.ended_at = Some(now);
        }
        let id = RunId(world.runs.last_key_value().map_or(0, |(id, _)| id.0) + 1);
        let row = Run {
            id,
            new: run,
            status: RunStatus::Running,
            started_at: now,
            ended_at: None,
            counts: RunCounts::default(),
            done: 0,
            total: 0,
            reason: String::new(),
        };
        world.runs.insert(id, row);
        Ok(id)
    }

    async fn progress(
        &self,
        run: RunId,
        counts: RunCounts,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        let mut world = self.world();
        let row = world.runs.get_mut(&run).filter(|run| run.status == RunStatus::Running);
        if let Some(row) = row {
            (row.counts, row.done, row.total) = (counts, done, total);
        }
        Ok(())
    }

    async fn finish(
        &self,
        run: RunId,
        status: RunStatus,
        counts: RunCounts,
        reason: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut world = self.world();
        let row = world.runs.get_mut(&run).filter(|run| run.status == RunStatus::Running);
        if let Some(row) = row {
            (row.status, row.counts, row.ended_at) = (status, counts, Some(now));
            reason.clone_into(&mut row.reason);
        }
        Ok(())
    }

    async fn runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.world().runs.values().rev().take(limit).cloned().collect())
    }
}
