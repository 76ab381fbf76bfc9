//! Being told: what has happened becomes notices, and notices are delivered.
//!
//! Nothing is remembered between two looks but what the store keeps, so any number of processes may
//! look, and whoever dies is replaced by the next one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postonce_domain::{InstallationId, RunStatus, StateName};
use postonce_ports::clock::Clock;
use postonce_ports::connection::Connections;
use postonce_ports::error::StoreError;
use postonce_ports::history::{Run, RunHistory};
use postonce_ports::notice::{Message, Messenger, Notice, NoticeEvent, NoticeKind, Notices};
use postonce_ports::reader::{Filter, InvoiceReader, Summary};

/// How many of the newest runs are looked at.
const RUNS: u32 = 100;

/// How many invoices in one state are looked at.
const INVOICES: u32 = 1_000;

/// How long a try has a notice to itself.
const LEASE: Duration = Duration::from_mins(5);

/// The pause after the first try that failed; it doubles with each.
const PAUSE: Duration = Duration::from_mins(1);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_hours(6);

/// What watching works with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct WatchPorts {
    pub history: Arc<dyn RunHistory>,
    pub reader: Arc<dyn InvoiceReader>,
    pub connections: Arc<dyn Connections>,
    pub notices: Arc<dyn Notices>,
    pub clock: Arc<dyn Clock>,
    pub messengers: Vec<Arc<dyn Messenger>>,
}

/// The bounds of watching. There is no default: the binary decides.
#[derive(Clone, Copy, Debug)]
pub struct WatchPolicy {
    /// What is older is not told: it was over before anybody asked to be told.
    pub not_older: Duration,
    /// How long no run may complete; `None` if it may for ever.
    pub silence: Option<Duration>,
    /// Tries of one notice, after which it is parked.
    pub tries_max: u32,
}

/// What one look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Events that nobody had told.
    pub events: u64,
    /// Notices that arrived.
    pub delivered: u64,
    /// Notices that did not, and are tried again.
    pub failed: u64,
    /// Notices that are not tried any more.
    pub parked: u64,
}

/// The use case over these ports.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct Watch {
    ports: WatchPorts,
    policy: WatchPolicy,
    installation: InstallationId,
}

impl Watch {
    /// Watching over these ports, in the name of this database.
    pub fn new(ports: WatchPorts, policy: WatchPolicy, installation: InstallationId) -> Self {
        Self { ports, policy, installation }
    }

    /// Puts on record what is to be told, and delivers what is due.
    pub async fn once(&self) -> Result<Watched, StoreError> {
        let mut watched = Watched { events: self.look().await?, ..Watched::default() };
        self.deliver(&mut watched).await?;
        Ok(watched)
    }

    async fn look(&self) -> Result<u64, StoreError> {
        let runs = self.ports.history.runs(RUNS).await?;
        let now = self.ports.clock.wall();
        let mut found = run_events(&runs, before(now, self.policy.not_older));
        found.push((NoticeKind::InDoubt, self.invoices(StateName::InDoubt).await?));
        found.push((NoticeKind::NeedsHuman, self.invoices(StateName::NeedsHuman).await?));
        found.push((NoticeKind::Refused, self.refusals().await?));
        if let Some(silence) = self.policy.silence {
            found.push((NoticeKind::Silence, silence_events(&runs, now, silence)));
        }
        let ways: Vec<String> = self.ports.messengers.iter().map(|it| it.way()).collect();
        let mut events = 0;
        for (kind, list) in found.into_iter().filter(|(_, list)| !list.is_empty()) {
            events += self.ports.notices.raise(kind, list, ways.clone()).await?;
        }
        Ok(events)
    }

    async fn invoices(&self, state: StateName) -> Result<Vec<NoticeEvent>, StoreError> {
        let filter = Filter { states: vec![state], limit: INVOICES, ..Filter::default() };
        Ok(self.ports.reader.list(filter).await?.iter().map(invoice_event).collect())
    }

    async fn refusals(&self) -> Result<Vec<NoticeEvent>, StoreError> {
        let connections = self.ports.connections.connections().await?;
        let refused = connections.iter().filter_map(|known| {
            let record = known.last_error()?;
            let text = format!("company file {}: {}", known.company_file, record.note.text);
            Some(event(format!("refused:{}", record.id), &text))
        });
        Ok(refused.collect())
    }

    /// Each way until it fails once: what does not answer now is asked again next time.
    async fn deliver(&self, watched: &mut Watched) -> Result<(), StoreError> {
        let mut dead: BTreeSet<String> = BTreeSet::new();
        loop {
            let alive = self.ports.messengers.iter().filter(|it| !dead.contains(&it.way()));
            let alive: Vec<&Arc<dyn Messenger>> = alive.collect();
            let ways: Vec<String> = alive.iter().map(|it| it.way()).collect();
            if ways.is_empty() {
                return Ok(());
            }
            let Some(notice) = self.ports.notices.take(ways, LEASE).await? else { return Ok(()) };
            let messenger = alive.into_iter().find(|it| it.way() == notice.way);
            let Some(messenger) = messenger else { return Ok(()) };
            if !self.try_one(&notice, messenger.as_ref(), watched).await? {
                dead.insert(notice.way);
            }
        }
    }

    async fn try_one(
        &self,
        notice: &Notice,
        messenger: &dyn Messenger,
        watched: &mut Watched,
    ) -> Result<bool, StoreError> {
        // Whoever dies over a notice leaves its try counted.
        let answer = if notice.tries > self.policy.tries_max {
            Err("every process that tried it was gone before it could say what came of it".into())
        } else {
            messenger.deliver(&self.message(notice)).await.map_err(|error| error.0)
        };
        let Err(why) = answer else {
            self.ports.notices.delivered(notice.id).await?;
            watched.delivered += 1;
            return Ok(true);
        };
        let is_last = notice.tries >= self.policy.tries_max;
        let again_in = (!is_last).then(|| pause(notice.tries));
        self.ports.notices.failed(notice.id, &why, again_in).await?;
        *(if is_last { &mut watched.parked } else { &mut watched.failed }) += 1;
        Ok(false)
    }

    fn message(&self, notice: &Notice) -> Message {
        Message {
            id: format!("{}-{}", self.installation, notice.id),
            kind: notice.kind.as_str().to_owned(),
            heading: notice.kind.heading().to_owned(),
            text: notice.text.clone(),
            raised_at: notice.raised_at,
        }
    }
}

/// The pause after the `tries`-th try, counted from 1.
fn pause(tries: u32) -> Duration {
    let factor = 2_u32.saturating_pow(tries.saturating_sub(1));
    PAUSE.checked_mul(factor).unwrap_or(PAUSE_MAX).min(PAUSE_MAX)
}

fn event(about: String, text: &str) -> NoticeEvent {
    // Each event is one line.
    NoticeEvent { about, text: text.split_whitespace().collect::<Vec<_>>().join(" ") }
}

fn invoice_event(invoice: &Summary) -> NoticeEvent {
    let Summary { id, number, company_file, state, attempt, .. } = invoice;
    let is_doubt = *state == StateName::InDoubt;
    let words =
        if is_doubt { "nobody knows whether it is in the ledger" } else { "a person must look" };
    let reason = invoice.reason.as_deref().unwrap_or(words);
    let hands = if is_doubt { "; do not enter it by hand" } else { "" };
    let text = format!("{company_file}:{number} ({id}): {reason}{hands}");
    // Once for each claim: who holds it or looks it up raises the version alone.
    event(format!("{state}:{id}:{}", attempt.0), &text)
}

fn run_events(runs: &[Run], since: Timestamp) -> Vec<(NoticeKind, Vec<NoticeEvent>)> {
    let of = |kind| {
        let late = runs.iter().filter(|run| run.ended_at.unwrap_or(run.started_at) >= since);
        let list = late.filter(|run| kind_of(run) == Some(kind)).map(run_event);
        (kind, list.collect())
    };
    vec![of(NoticeKind::RunFailed), of(NoticeKind::LockLost)]
}

/// What there is to tell of a run.
fn kind_of(run: &Run) -> Option<NoticeKind> {
    match run.status {
        RunStatus::Failed | RunStatus::Abandoned => Some(NoticeKind::RunFailed),
        // It went through, but for what stopped it in a company file.
        RunStatus::CompletedWithErrors if !run.reason.is_empty() => Some(NoticeKind::RunFailed),
        RunStatus::LockLost => Some(NoticeKind::LockLost),
        RunStatus::CompletedWithErrors
        | RunStatus::Running
        | RunStatus::Completed
        | RunStatus::Cancelled => None,
    }
}

fn run_event(run: &Run) -> NoticeEvent {
    let (id, status, new) = (run.id, run.status, &run.new);
    let reason = match (run.status, run.reason.as_str()) {
        (RunStatus::Abandoned, "") => "it was gone when the next run started",
        (_, "") => "no reason is on record",
        (_, reason) => reason,
    };
    let text = format!(
        "run {id} ({trigger}, by {actor} on {host}), {status}: {reason}; it had posted {posted}",
        trigger = new.trigger,
        actor = new.actor,
        host = new.host,
        posted = run.counts.posted,
    );
    event(format!("run:{id}"), &text)
}

/// One event for each time that `silence` has passed since a run completed.
fn silence_events(runs: &[Run], now: Timestamp, silence: Duration) -> Vec<NoticeEvent> {
    let is_completed =
        |run: &&Run| matches!(run.status, RunStatus::Completed | RunStatus::CompletedWithErrors);
    let ended = |run: &Run| run.ended_at.unwrap_or(run.started_at);
    let last = runs.iter().find(is_completed);
    // Of what never completed it is known since when it is tried.
    let Some(since) = last.map_or_else(|| runs.last().map(ended), |run| Some(ended(run))) else {
        return Vec::new();
    };
    let passed = now.duration_since(since).as_secs();
    let silence = i64::try_from(silence.as_secs()).unwrap_or(i64::MAX).max(1);
    let times = passed.div_euclid(silence);
    if times < 1 {
        return Vec::new();
    }
    let hours = passed.div_euclid(3_600);
    let what = match last {
        Some(run) => {
            format!("run {} completed {hours} hours ago, at {since}, and none since", run.id)
        }
        None => format!("no run has completed; the first one known is {hours} hours old"),
    };
    vec![event(format!("silence:{}:{times}", since.as_microsecond()), &what)]
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_sub(time).unwrap_or(Timestamp::MIN)
}
