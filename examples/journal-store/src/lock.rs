//! The run lock. Nobody but this process has the journal, so a flag of the process is enough: it is
//! free again with the process.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch, RunId, RunStatus, Trigger};
use postonce_ports::error::StoreError;
use postonce_ports::lock::{
    HeldLock, Holder, LockAnswer, LockError, LockState, RunHolder, RunLock,
};

use crate::rows::{Put, corrupt};
use crate::{JournalStore, locked};

#[async_trait]
impl RunLock for JournalStore {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        self.read(|_| Ok(())).map_err(cannot_tell)?;
        let busy = {
            let mut hold = locked(&self.0.hold);
            if hold.is_none() {
                // Stands in rows that outlive the process, so it is never given again.
                let owner = self.0.ids.claim_id().to_string();
                *hold = Some(owner.clone());
                return Ok(LockAnswer::Acquired(Box::new(Hold { store: self.clone(), owner })));
            }
            hold.clone()
        };
        Ok(LockAnswer::Busy(self.holder(busy.as_ref())?))
    }

    async fn state(&self) -> Result<LockState, LockError> {
        let hold = locked(&self.0.hold).clone();
        let holder = self.holder(hold.as_ref())?;
        Ok(if hold.is_some() { LockState::Held(holder) } else { LockState::Free })
    }
}

impl JournalStore {
    /// The run that a hold is of: the one that is running and names it as its own.
    fn holder(&self, owner: Option<&String>) -> Result<Option<Holder>, LockError> {
        let running = RunStatus::Running.as_str();
        let holder = self.read(|step| {
            let mut runs = step.state.runs.values();
            let run = runs.find(|it| it.status == running && Some(&it.lock_owner) == owner);
            let Some(run) = run else { return Ok(None) };
            let trigger = Trigger::from_name(&run.trigger);
            Ok(Some(Holder::Run(RunHolder {
                run: RunId(run.id),
                trigger: trigger.ok_or_else(|| corrupt("runs", run.id, "its trigger"))?,
                actor: run.actor.clone(),
                host: run.host.clone(),
                pid: run.pid,
                since: run.started_at,
                done: run.done,
                total: run.total,
                connection_id: run.connection_id,
            })))
        });
        holder.map_err(cannot_tell)
    }
}

/// The lock while it is ours. It cannot be lost: it goes with this value, or with the process.
struct Hold {
    store: JournalStore,
    owner: String,
}

#[async_trait]
impl HeldLock for Hold {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        None
    }

    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError> {
        let raised = self.store.commit(|step| {
            let mut file = step.state.file(company_file.as_str());
            file.epoch += 1;
            let epoch = Epoch(file.epoch);
            step.put(Put::File(file));
            Ok(epoch)
        });
        raised.map_err(|failure| cannot_tell(failure.into()))
    }

    fn is_lost(&self) -> bool {
        false
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        Ok(())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *locked(&self.store.0.hold) = None;
    }
}

fn cannot_tell(error: StoreError) -> LockError {
    LockError::Unavailable { message: error.to_string(), source: Some(error.into()) }
}
