//! What all schedules share: the server, the ledger, and the way there.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use postonce_adapter_host::HostClock;
use postonce_race_kit::{Factory as _, Known, LockKind, Setting, World, prepare};
use serde_json::json;

use super::Build;
use super::air::Air;
use super::child::{Child, News};
use crate::harness::{Finished, Guarded, Place, Sandbox, binary};
use crate::race::mysql::{self, Mysql};

/// How often the server is asked before something is given up. Each is a round trip.
const LOOKS: u32 = 20_000;

/// Actors at most: each has a user of its own, so that its sessions can be told from others.
const USERS: usize = 6;

pub(super) struct Arena {
    pub(super) mysql: Mysql,
    pub(super) sandbox: Sandbox,
    pub(super) air: Air,
    pub(super) news: Receiver<News>,
    sender: Sender<News>,
    place: Place,
    binary: PathBuf,
    build: Build,
    children: Cell<u64>,
}

impl Arena {
    pub(super) fn new(build: Build) -> Result<Self> {
        let (sender, news) = channel();
        let mysql = Mysql::new(mysql::LockKind::Named)?;
        let sandbox = Sandbox::start()?;
        let ledger = sandbox.url().trim_start_matches("http://").parse()?;
        let air = Air::start(ledger, sender.clone())?;
        let mut place = Place::new(&sandbox)?;
        place.set("LOCK__NAME", mysql.database().name());
        let binary = binary("POSTONCE_HELD_BIN")?;
        let children = Cell::new(0);
        let arena = Self { mysql, sandbox, air, news, sender, place, binary, build, children };
        for actor in 0..USERS {
            let (user, database) = (arena.user(actor), arena.mysql.database().name());
            arena.mysql.order(&format!("CREATE USER '{user}'@'%'"))?;
            arena.mysql.order(&format!("GRANT ALL ON {database}.* TO '{user}'@'%'"))?;
        }
        Ok(arena)
    }

    fn user(&self, actor: usize) -> String {
        format!("{}_{actor}", self.mysql.database().name())
    }

    /// Empties ledger and database, and fills the database anew.
    pub(super) fn prepare(&self, setting: &Setting) -> Result<(Box<dyn World>, Vec<Known>)> {
        ensure!(setting.actors.len() <= USERS, "more than {USERS} actors");
        self.sandbox.post("/sandbox/reset", &json!({}))?;
        let world = self.mysql.world(std::sync::Arc::new(HostClock)).map_err(anyhow::Error::msg)?;
        let filled = self.mysql.wait(prepare(world.ports("preparation"), setting.clone()));
        Ok((world, filled.map_err(anyhow::Error::msg)?))
    }

    fn command(&self, setting: &Setting, arguments: &[&str], now: Duration) -> Command {
        let mut command = self.place.command(&self.binary, arguments);
        command
            .env("RACE_PLAN", format!("race/1 {setting}"))
            .env("RACE_LATER", now.as_millis().to_string())
            .env("POSTONCE_DATABASE__URL", self.mysql.database().url());
        command
    }

    /// Starts an actor that stops before each of its calls.
    pub(super) fn start(
        &self,
        (setting, actor): (&Setting, usize),
        arguments: &[&str],
        now: Duration,
    ) -> Result<Child> {
        let number = self.children.get() + 1;
        self.children.set(number);
        let mut command = self.command(setting, arguments, now);
        let url = self.mysql.database().url();
        let (_, server) = url.split_once('@').context("the server's URL names a user")?;
        command
            .env("POSTONCE_DATABASE__URL", format!("mysql://{}@{server}", self.user(actor)))
            .env("POSTONCE_LEDGER__BASE_URL", format!("{}/accountright", self.air.url()));
        if self.build == Build::Broken {
            command.env("USELESS_LOCK", "1").env("UNCHECKED_CLAIM", "1");
        }
        Child::start(&mut command, number, &self.sender)
    }

    /// Runs a command that nothing stops, to its end.
    pub(super) fn run(
        &self,
        setting: &Setting,
        arguments: &[&str],
        now: Duration,
    ) -> Result<Finished> {
        Guarded::start(&mut self.command(setting, arguments, now))?.finish()
    }

    /// The session that has the run lock; none if it is free.
    fn owner(&self) -> Result<Option<i64>> {
        let name = self.mysql.database().name();
        let question = format!("SELECT CAST(COALESCE(IS_USED_LOCK('{name}'), 0) AS SIGNED) AS n");
        Ok(Some(self.mysql.number(&question)?).filter(|id| *id != 0))
    }

    fn is_of(&self, session: i64, actor: usize) -> Result<bool> {
        let user = self.user(actor);
        let question = format!(
            "SELECT COUNT(*) AS n FROM information_schema.processlist \
             WHERE id = {session} AND user = '{user}'"
        );
        Ok(self.mysql.number(&question)? > 0)
    }

    /// Ends the session that has the run lock, if there is one and it is this actor's or anybody's.
    pub(super) fn kill_lock(&self, actor: Option<usize>) -> Result<()> {
        let Some(owner) = self.owner()? else { return Ok(()) };
        if let Some(actor) = actor
            && !self.is_of(owner, actor)?
        {
            return Ok(());
        }
        // It may have ended by itself.
        drop(self.mysql.order(&format!("KILL {owner}")));
        until("the end of the lock's session", || Ok(self.owner()? != Some(owner)))
    }

    /// Waits until the server has noticed that an actor has let go of the lock.
    pub(super) fn lock_let_go(&self, actor: usize) -> Result<()> {
        until("a lock that was let go", || {
            let owner = self.owner()?;
            owner.map_or(Ok(true), |owner| Ok(!self.is_of(owner, actor)?))
        })
    }

    /// Waits until the server has noticed that an actor's process is gone.
    pub(super) fn sessions_gone(&self, actor: usize) -> Result<()> {
        let user = self.user(actor);
        let question = format!(
            "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = '{user}'"
        );
        until("the end of a dead process's sessions", || Ok(self.mysql.number(&question)? == 0))
    }

    /// Whether a statement of this actor is in the server's hands.
    pub(super) fn is_at_work(&self, actor: usize) -> Result<bool> {
        let user = self.user(actor);
        let question = format!(
            "SELECT COUNT(*) AS n FROM information_schema.innodb_trx AS t \
             JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id \
             WHERE p.user = '{user}' AND t.trx_state = 'LOCK WAIT'"
        );
        Ok(self.mysql.number(&question)? > 0)
    }
}

/// Asks the server until something is so.
fn until(what: &str, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..LOOKS {
        if condition()? {
            return Ok(());
        }
    }
    anyhow::bail!("waited in vain for {what}")
}

impl Drop for Arena {
    fn drop(&mut self) {
        for actor in 0..USERS {
            // Users without a database do no harm.
            drop(self.mysql.order(&format!("DROP USER IF EXISTS '{}'@'%'", self.user(actor))));
        }
    }
}

/// That the lock of a setting lets everybody in.
pub(super) fn is_useless(setting: &Setting) -> bool {
    setting.lock == LockKind::Useless
}
