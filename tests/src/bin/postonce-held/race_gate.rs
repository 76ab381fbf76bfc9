//! A process that stops before each port call that is a choice point of a schedule.
//!
//! Its standard input is a socket. It says `AT NTH OP` there and waits for `HOW NTH MILLIS`: how that
//! call goes on, and how late it is by then. Its clocks stand still but for that, so that a plan
//! means the same on a slow machine. When nobody is at the other end any more it ends at once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_app_cron::SidePorts;
use postonce_engine::{Policy, Ports};
use postonce_ports::clock::Clock;
use postonce_race_kit::{At, Gate, Given, Plan, Setting, StorePorts, policy};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::runtime::Handle;

/// The exit code of a process that nobody lets go on any more.
const LEFT: i32 = 3;

/// How long a call takes that is no step. In the simulation whoever makes it comes to all his other
/// calls first; here the answer would race them, and calls would be counted otherwise.
const ASIDE: Duration = Duration::from_millis(3);

/// What a race wants of this process.
pub(crate) struct Race {
    setting: Setting,
    later: Arc<AtomicU64>,
    is_gated: bool,
    side: OnceLock<SidePorts>,
}

impl Race {
    /// Takes the first line of a plan.
    pub(crate) fn new(plan: &str, later: u64, is_gated: bool) -> std::io::Result<Self> {
        // Whoever started it may die without a word.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let plan: Plan = plan.parse().map_err(std::io::Error::other)?;
        let (setting, later) = (plan.setting, Arc::new(AtomicU64::new(later)));
        Ok(Self { setting, later, is_gated, side: OnceLock::new() })
    }

    pub(crate) fn policy(&self) -> Policy {
        policy(&self.setting)
    }

    pub(crate) fn side_ports(&self, mut side: SidePorts) -> SidePorts {
        let stopped = self.is_gated.then(|| (side.clock.boot(), side.clock.wall()));
        side.clock =
            Arc::new(Later { clock: side.clock, stopped, millis: Arc::clone(&self.later) });
        // They are asked for once.
        drop(self.side.set(side.clone()));
        side
    }

    pub(crate) fn ports(&self, ports: Ports) -> Ports {
        let Some(side) = self.side.get().filter(|_| self.is_gated) else { return ports };
        let stores = StorePorts {
            store: Arc::clone(&ports.store),
            doubts: Arc::clone(&ports.doubts),
            lock: Arc::clone(&ports.lock),
            history: Arc::clone(&ports.history),
            registry: Arc::clone(&ports.registry),
            intake: Arc::clone(&side.intake),
            reader: Arc::clone(&side.reader),
        };
        let gate = gate(Arc::clone(&side.clock), Arc::clone(&self.later));
        gate.expect("the standard input is a socket").ports(stores, ports)
    }
}

/// The calls that were told of and wait, by their numbers.
type Waiting = Arc<Mutex<BTreeMap<u32, At>>>;

fn gate(clock: Arc<dyn Clock>, later: Arc<AtomicU64>) -> std::io::Result<Gate> {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let (runtime, waiting) = (Handle::current(), Waiting::default());
    let (told, words) = (Arc::clone(&waiting), Mutex::new(socket.try_clone()?));
    let own = runtime.clone();
    let gate = Gate::new(move |gate: &Gate, at: At| {
        if at.nth == 0 {
            let gone_on = gate.clone().let_go(at, Given::Normally);
            let clock = Arc::clone(&clock);
            drop(own.spawn(async move {
                clock.sleep(ASIDE).await;
                gone_on.await;
            }));
            return;
        }
        told.lock().unwrap_or_else(PoisonError::into_inner).insert(at.nth, at);
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        if writeln!(words, "AT {} {}", at.nth, at.op.as_str()).is_err() {
            std::process::exit(LEFT);
        }
    });
    let lets_go = gate.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(socket).lines() {
            let Some((given, nth, millis)) = line.ok().as_deref().and_then(order) else { break };
            later.store(millis, Ordering::SeqCst);
            let at = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&nth);
            if let Some(at) = at {
                drop(runtime.spawn(lets_go.clone().let_go(at, given)));
            }
        }
        std::process::exit(LEFT);
    });
    Ok(gate)
}

fn order(line: &str) -> Option<(Given, u32, u64)> {
    let mut words = line.split(' ');
    let given = Given::from_word(words.next()?)?;
    Some((given, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// The host's clocks, as they are or as they stopped, and so many milliseconds more.
struct Later {
    clock: Arc<dyn Clock>,
    stopped: Option<(Duration, Timestamp)>,
    millis: Arc<AtomicU64>,
}

impl Later {
    fn later(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Clock for Later {
    fn boot(&self) -> Duration {
        self.stopped.map_or_else(|| self.clock.boot(), |(boot, _)| boot) + self.later()
    }

    fn wall(&self) -> Timestamp {
        let wall = self.stopped.map_or_else(|| self.clock.wall(), |(_, wall)| wall);
        let later = SignedDuration::try_from(self.later()).unwrap_or(SignedDuration::MAX);
        wall.checked_add(later).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }
}
