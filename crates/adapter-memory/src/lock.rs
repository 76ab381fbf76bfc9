//! The run lock: an owner in the world.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch, RunStatus};
use postonce_ports::lock::{
    HeldLock, Holder, LockAnswer, LockError, LockState, RunHolder, RunLock,
};

use crate::MemoryStore;
use crate::world::World;

#[async_trait]
impl RunLock for MemoryStore {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        let mut world = self.world();
        if let Some(owner) = &world.lock {
            return Ok(LockAnswer::Busy(world.holder(owner)));
        }
        world.holds += 1;
        let owner = format!("memory-{}", world.holds);
        world.lock = Some(owner.clone());
        Ok(LockAnswer::Acquired(Box::new(MemoryLock { store: self.clone(), owner })))
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let world = self.world();
        Ok(match &world.lock {
            Some(owner) => LockState::Held(world.holder(owner)),
            None => LockState::Free,
        })
    }
}

impl World {
    /// The running run whose lock has this owner.
    fn holder(&self, owner: &str) -> Option<Holder> {
        let mut runs = self.runs.values();
        runs.find(|run| run.new.lock_owner == owner && run.status == RunStatus::Running).map(
            |run| {
                Holder::Run(RunHolder {
                    run: run.id,
                    trigger: run.new.trigger,
                    actor: run.new.actor.clone(),
                    host: run.new.host.clone(),
                    pid: run.new.pid,
                    since: run.started_at,
                    done: run.done,
                    total: run.total,
                    connection_id: run.new.connection_id,
                })
            },
        )
    }
}

struct MemoryLock {
    store: MemoryStore,
    owner: String,
}

impl MemoryLock {
    fn free(&self) -> bool {
        let mut world = self.store.world();
        let held = world.lock.as_ref() == Some(&self.owner);
        if held {
            world.lock = None;
        }
        held
    }
}

#[async_trait]
impl HeldLock for MemoryLock {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError> {
        let mut world = self.store.world();
        if world.lock.as_ref() != Some(&self.owner) {
            return Err(LockError::Lost);
        }
        let epoch = world.epochs.entry(company_file.clone()).or_default();
        epoch.0 += 1;
        Ok(*epoch)
    }

    fn is_lost(&self) -> bool {
        self.store.world().lock.as_ref() != Some(&self.owner)
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        if self.free() { Ok(()) } else { Err(LockError::Lost) }
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        // Freed by `release` already, perhaps; then there is nothing left to free.
        self.free();
    }
}
