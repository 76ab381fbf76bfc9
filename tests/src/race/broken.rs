//! Databases that fail whoever looks on, not those who act: that is told, not passed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::future::BoxFuture;
use postonce_ports::clock::Clock;
use postonce_ports::lock::{LockAnswer, LockError, LockState, RunLock};
use postonce_race_kit::{Factory, Invariant, Plan, StorePorts, World, replay};

use super::memory::Memory;

/// What fails.
#[derive(Clone, Copy, PartialEq)]
enum Fails {
    /// Whoever looks on cannot ask who has the run lock.
    LockState,
    /// What comes first after the database has gone back does not end.
    AfterRestore,
}

struct Broken(Fails);

impl Factory for Broken {
    fn world(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn World>, String> {
        let (world, went_back) = (Memory.world(clock)?, AtomicBool::new(false));
        Ok(Box::new(BrokenWorld { world, fails: self.0, went_back }))
    }
}

struct BrokenWorld {
    world: Box<dyn World>,
    fails: Fails,
    went_back: AtomicBool,
}

impl World for BrokenWorld {
    fn ports(&self, process: &str) -> StorePorts {
        let mut ports = self.world.ports(process);
        if self.fails == Fails::LockState && process == "monitor" {
            ports.lock = Arc::new(Mute(ports.lock));
        }
        ports
    }

    fn drive(&self, step: BoxFuture<'static, ()>) -> bool {
        !self.went_back.swap(false, Ordering::Relaxed) && self.world.drive(step)
    }

    fn backup(&self) -> bool {
        self.world.backup()
    }

    fn restore(&self) {
        self.world.restore();
        self.went_back.store(self.fails == Fails::AfterRestore, Ordering::Relaxed);
    }

    fn can_move(&self) -> bool {
        self.world.can_move()
    }

    fn move_elsewhere(&self) {
        self.world.move_elsewhere();
    }
}

/// A lock that does not tell who has it.
struct Mute(Arc<dyn RunLock>);

#[async_trait]
impl RunLock for Mute {
    async fn try_acquire(&self) -> Result<LockAnswer, LockError> {
        self.0.try_acquire().await
    }

    async fn state(&self) -> Result<LockState, LockError> {
        Err(LockError::Unavailable { message: "no server".to_owned(), source: None })
    }
}

fn broken(fails: Fails, items: &str) -> String {
    let head = "race/1 restored lock=run invoices=1 actors=cron faults=1";
    let plan: Plan = format!("{head}\n{items}").parse().unwrap();
    let violation = replay(&Broken(fails), &plan).unwrap().played.violation.unwrap();
    assert_eq!(violation.invariant, Invariant::L2);
    violation.words
}

#[test]
fn a_run_lock_that_cannot_be_looked_at_is_told() {
    let words = broken(Fails::LockState, "");
    assert!(words.starts_with("the run lock cannot be looked at"), "{words}");
}

#[test]
fn a_database_that_cannot_be_taken_over_is_told() {
    let words = broken(Fails::AfterRestore, "cron@5 elsewhere");
    assert!(words.starts_with("the database cannot be taken over"), "{words}");
}
