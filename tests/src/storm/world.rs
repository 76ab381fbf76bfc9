//! One round: a few invoices, three syncs at once, and one misfortune.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use postonce_test_servers::{MariaDb, Options, Server};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::chance::Chance;
use super::fault::Fault;
use super::report::Report;
use crate::harness::{Guarded, Place, Sandbox};

/// Lock, connections and answers: what every timeout is, in seconds.
pub(super) const TIMEOUT_SECONDS: u32 = 2;

/// Send window (10 s), the answer's timeout, the latest booking, and a second of margin.
pub(super) const QUIET: Duration = Duration::from_secs(17);

/// How long a sync stays stopped: longer than lock and answer last.
const STOPPED: Duration = Duration::from_secs(3);

/// Longer than the send window.
const ASLEEP: Duration = Duration::from_secs(12);

const INVOICES_PER_ROUND: u32 = 8;
const SYNCS: usize = 3;

pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) place: Place,
    server: Server,
    /// Syncs that are stopped, and when they are to go on.
    asleep: Vec<(Guarded, Instant)>,
}

impl World {
    pub(super) fn new() -> Result<Self> {
        // Slow enough that a misfortune meets a sync at work.
        let sandbox = Sandbox::slow(Duration::from_millis(30))?;
        let server = MariaDb::start(&Options::default())?;
        server.query("CREATE DATABASE storm")?;
        let mut place = Place::at(&format!("{}storm", server.url()), &sandbox)?;
        place.short_quiet(TIMEOUT_SECONDS);
        place.set("IN_DOUBT__QUIET_SECONDS", &QUIET.as_secs().to_string());
        place.set("IN_DOUBT__RECHECK_SECONDS", "1");
        place.set("LOCK__TIMEOUT_SECONDS", &TIMEOUT_SECONDS.to_string());
        Ok(Self { sandbox, place, server, asleep: Vec::new() })
    }

    /// Runs a round. Answers whether the misfortune really struck.
    pub(super) fn round(
        &mut self,
        round: u32,
        fault: Fault,
        chance: &mut Chance,
        report: &mut Report,
    ) -> Result<bool> {
        self.place.import(&format!("S{round}"), INVOICES_PER_ROUND)?;
        if let Some((action, delay_ms)) = fault.action() {
            let number = format!("S{round}-{}", chance.between(1, INVOICES_PER_ROUND.into()));
            self.sandbox.fault(json!({
                "match": {"method": "POST", "number": number}, "action": action,
                "delay_ms": delay_ms,
            }))?;
        }
        let unanswered = self.unanswered()?;
        let mut syncs = Vec::new();
        for _ in 0..SYNCS {
            let wait = if chance.one_in(2) { "0" } else { "3s" };
            syncs.push(self.place.start(&["sync", "--json", "--wait", wait])?);
        }
        let holder = self.holder_among(&syncs)?;
        pause(Duration::from_millis(chance.between(0, 150)));
        let struck = match (fault, holder) {
            (Fault::ProcessKilled, Some(at)) => kill(syncs.remove(at), report)?,
            (Fault::ProcessStopped, Some(at)) => stop(&syncs[at])?,
            (Fault::ProcessAsleep, Some(at)) => self.put_to_sleep(syncs.remove(at))?,
            (Fault::ConnectionKilled, Some(_)) => self.kill_connection()?,
            (Fault::ServerRestarted, Some(_)) => self.restart_server()?,
            (
                Fault::ProcessKilled
                | Fault::ProcessStopped
                | Fault::ProcessAsleep
                | Fault::ConnectionKilled
                | Fault::ServerRestarted
                | Fault::AnswerDropped
                | Fault::RequestDropped
                | Fault::AnswerLate
                | Fault::BookedLate,
                _,
            ) => false,
        };
        for sync in syncs {
            end(sync, report)?;
        }
        self.wake(false, report)?;
        if fault.action().is_none() {
            return Ok(struck);
        }
        // Whoever was to send the invoice may have been turned away: then the next round sends it.
        let struck = self.unanswered()? > unanswered;
        self.sandbox.clear_faults()?;
        Ok(struck)
    }

    /// POSTs so far that got no answer.
    fn unanswered(&self) -> Result<usize> {
        let requests = self.sandbox.get("/sandbox/requests")?;
        let without_answer = |it: &&Value| it["method"] == "POST" && it["status"].is_null();
        Ok(requests.as_array().into_iter().flatten().filter(without_answer).count())
    }

    /// Where in the list the sync is that has the lock, as soon as one has it; `None` if all ended
    /// without one being seen at it.
    fn holder_among(&self, syncs: &[Guarded]) -> Result<Option<usize>> {
        const LOOKS: u32 = 200;
        const HOLDER: &str = "SELECT pid FROM storm.postonce_sync_run \
            WHERE status = 'running' AND connection_id = IS_USED_LOCK('fts_myob_invoice_sync')";
        for _ in 0..LOOKS {
            let pid = self.server.query(HOLDER)?.into_iter().flatten().flatten().next();
            let at = syncs.iter().position(|sync| Some(sync.id().to_string()) == pid);
            if at.is_some() {
                return Ok(at);
            }
            pause(Duration::from_millis(10));
        }
        Ok(None)
    }

    fn put_to_sleep(&mut self, sync: Guarded) -> Result<bool> {
        sync.signal(Signal::STOP)?;
        self.asleep.push((sync, now() + ASLEEP));
        Ok(true)
    }

    /// Lets those go on whose time has come, or all after their time.
    pub(super) fn wake(&mut self, all: bool, report: &mut Report) -> Result<()> {
        let mut still = Vec::new();
        for (sync, until) in self.asleep.drain(..) {
            if all {
                pause(until.saturating_duration_since(now()));
            }
            if now() < until {
                still.push((sync, until));
                continue;
            }
            sync.signal(Signal::CONT)?;
            end(sync, report)?;
        }
        self.asleep = still;
        Ok(())
    }

    fn kill_connection(&self) -> Result<bool> {
        let owner = self.server.query("SELECT IS_USED_LOCK('fts_myob_invoice_sync')")?;
        let owner = owner.into_iter().flatten().flatten().next();
        let Some(owner) = owner else { return Ok(false) };
        Ok(self.server.query(&format!("KILL {owner}")).is_ok())
    }

    fn restart_server(&self) -> Result<bool> {
        self.server.kill()?;
        self.server.restart()?;
        Ok(true)
    }
}

/// Kills a sync. It does not count if it had ended by itself.
fn kill(mut sync: Guarded, report: &mut Report) -> Result<bool> {
    let code = sync.kill()?.code();
    *report.exits.entry(code).or_default() += 1;
    Ok(code.is_none())
}

/// Stops a sync for so long that another has had the time to take its lock.
fn stop(sync: &Guarded) -> Result<bool> {
    sync.signal(Signal::STOP)?;
    pause(STOPPED);
    sync.signal(Signal::CONT)?;
    Ok(true)
}

/// Waits for the end of a sync, and counts how it ended.
fn end(sync: Guarded, report: &mut Report) -> Result<()> {
    let ended = sync.finish()?;
    let known = matches!(ended.code, None | Some(0 | 10 | 69 | 70 | 74 | 75));
    ensure!(known, "a sync ended as none may: {ended:?}");
    *report.exits.entry(ended.code).or_default() += 1;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
