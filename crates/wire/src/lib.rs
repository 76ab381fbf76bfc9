//! The shapes of our JSON: what the command line prints and what HTTP answers.
//!
//! **Invariant:** programs rely on the names: fields are added, never renamed.
//!
//! **Invariant:** no I/O. Values come in, and their shapes go out.

mod connection;
mod doubt;
mod flag;
mod look_back;
mod mapping;
mod past;
mod reprocess;

use std::error::Error;

use jiff::Timestamp;
use postonce_domain::{CompanyFile, RunCounts, RunEnd};
use postonce_ports::checkup::{Finding, Severity};
use postonce_ports::history::Run;
use postonce_ports::lock::Holder;
use postonce_ports::reader::{NoteRecord, Pairs, StateCounts, Summary};
use postonce_ports::registry::{Alarm, Whereabouts};
use serde::Serialize;
use serde::ser::SerializeMap;
use utoipa::ToSchema;

pub use connection::{CheckedJson, ConnectionJson};
pub use doubt::{CheckedDoubtJson, DoubtJson, ResolvedJson};
pub use flag::{FlagJson, FlaggedJson};
pub use look_back::{DifferenceJson, DocumentJson, MonthJson, ScanJson, difference_name};
pub use mapping::{
    ClonedJson, CreationJson, LedgerRecordJson, MappingRowJson, ObstacleJson, SuggestionJson,
    state_word,
};
pub use past::{CutoverJson, FileNoteJson, FilePastJson};
pub use reprocess::{RefusedJson, ReprocessJson};

/// Who has the run lock. A session that is no run of ours has a connection, and a user and a host
/// where we may know them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct HolderJson {
    run_id: Option<i64>,
    trigger: Option<&'static str>,
    actor: Option<String>,
    host: Option<String>,
    pid: Option<u32>,
    since: Option<String>,
    done: Option<u64>,
    total: Option<u64>,
    connection_id: Option<u64>,
}

impl HolderJson {
    /// As programs read it.
    pub fn new(holder: &Holder) -> Self {
        match holder {
            Holder::Run(run) => Self {
                run_id: Some(run.run.0),
                trigger: Some(run.trigger.as_str()),
                actor: Some(run.actor.clone()),
                host: Some(run.host.clone()),
                pid: Some(run.pid),
                since: Some(time(run.since)),
                done: Some(run.done),
                total: Some(run.total),
                connection_id: run.connection_id,
            },
            Holder::Session(session) => Self {
                actor: session.user.clone(),
                host: session.host.clone(),
                connection_id: Some(session.connection_id),
                ..Self::default()
            },
        }
    }
}

/// What a run did, or that it was skipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncJson {
    status: &'static str,
    run_id: Option<i64>,
    claimed: u64,
    posted: u64,
    rejected: u64,
    not_sent: u64,
    in_doubt: u64,
    blocked: u64,
    duration_ms: u64,
    holder: Option<HolderJson>,
}

impl SyncJson {
    fn new(status: &'static str, counts: RunCounts) -> Self {
        Self {
            status,
            run_id: None,
            claimed: counts.claimed,
            posted: counts.posted,
            rejected: counts.rejected,
            not_sent: counts.not_sent,
            in_doubt: counts.in_doubt,
            blocked: counts.blocked,
            duration_ms: 0,
            holder: None,
        }
    }

    /// Of a run that ran.
    pub fn ran(end: &RunEnd) -> Self {
        let run_id = Some(end.run.0);
        Self { run_id, duration_ms: end.duration_ms, ..Self::new("ran", end.counts) }
    }

    /// Of a run that another one kept from starting.
    pub fn skipped(holder: Option<&Holder>, duration_ms: u64) -> Self {
        let holder = holder.map(HolderJson::new);
        Self { duration_ms, holder, ..Self::new("skipped", RunCounts::default()) }
    }

    /// Nothing was sent since all that was wanted was refused.
    pub fn refused() -> Self {
        Self::new("refused", RunCounts::default())
    }
}

/// An invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceJson {
    id: i64,
    company_file: String,
    side: &'static str,
    external_id: String,
    number: String,
    date: String,
    state: &'static str,
    reason: Option<String>,
    code: Option<String>,
    attempt: u32,
    total: String,
    ledger_uid: Option<String>,
    uids: Vec<String>,
    held: bool,
    version: i64,
    updated_at: String,
}

impl InvoiceJson {
    /// As programs read it.
    pub fn new(summary: &Summary) -> Self {
        Self {
            id: summary.id.0,
            company_file: summary.company_file.to_string(),
            side: summary.side.as_str(),
            external_id: summary.external_id.to_string(),
            number: summary.number.to_string(),
            date: summary.date.to_string(),
            state: summary.state.as_str(),
            reason: summary.reason.clone(),
            code: summary.code.clone(),
            attempt: summary.attempt.0,
            total: summary.total.to_string(),
            ledger_uid: summary.ledger_uid.as_ref().map(ToString::to_string),
            uids: summary.uids.iter().map(ToString::to_string).collect(),
            held: summary.held,
            version: summary.version.0,
            updated_at: time(summary.updated_at),
        }
    }
}

/// An invoice and its trail.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct ShowJson {
    #[serde(flatten)]
    pub invoice: InvoiceJson,
    pub flag: Option<FlagJson>,
    pub notes: Vec<NoteJson>,
}

/// A line of the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteJson {
    id: i64,
    invoice: i64,
    at: String,
    r#type: &'static str,
    kind: &'static str,
    claim_id: Option<String>,
    actor: String,
    text: String,
    payload: Option<String>,
}

impl NoteJson {
    /// As programs read it.
    pub fn new(record: &NoteRecord) -> Self {
        Self {
            id: record.id,
            invoice: record.invoice.0,
            at: time(record.at),
            r#type: postonce_domain::NoteKind::TYPE,
            kind: record.note.kind.as_str(),
            claim_id: record.note.claim.map(|claim| claim.to_string()),
            actor: record.note.actor.clone(),
            text: record.note.text.clone(),
            payload: record.payload.clone(),
        }
    }

    /// The columns of [`Self::cells`].
    pub const COLUMNS: [&'static str; 9] =
        ["id", "invoice", "at", "type", "kind", "claim_id", "actor", "text", "payload"];

    /// The values of [`Self::COLUMNS`].
    pub fn cells(self) -> [String; 9] {
        [
            self.id.to_string(),
            self.invoice.to_string(),
            self.at,
            self.r#type.to_owned(),
            self.kind.to_owned(),
            self.claim_id.unwrap_or_default(),
            self.actor,
            self.text,
            self.payload.unwrap_or_default(),
        ]
    }
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunJson {
    run_id: i64,
    trigger: &'static str,
    actor: String,
    host: String,
    pid: u32,
    status: &'static str,
    started_at: String,
    ended_at: Option<String>,
    claimed: u64,
    posted: u64,
    rejected: u64,
    not_sent: u64,
    in_doubt: u64,
    blocked: u64,
    needs_human: u64,
    adopted: u64,
    done: u64,
    total: u64,
    reason: Option<String>,
}

impl RunJson {
    /// As programs read it.
    pub fn new(run: &Run) -> Self {
        Self {
            run_id: run.id.0,
            trigger: run.new.trigger.as_str(),
            actor: run.new.actor.clone(),
            host: run.new.host.clone(),
            pid: run.new.pid,
            status: run.status.as_str(),
            started_at: time(run.started_at),
            ended_at: run.ended_at.map(time),
            claimed: run.counts.claimed,
            posted: run.counts.posted,
            rejected: run.counts.rejected,
            not_sent: run.counts.not_sent,
            in_doubt: run.counts.in_doubt,
            blocked: run.counts.blocked,
            needs_human: run.counts.needs_human,
            adopted: run.counts.adopted,
            done: run.done,
            total: run.total,
            reason: Some(run.reason.clone()).filter(|reason| !reason.is_empty()),
        }
    }
}

/// How things stand.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct StatusJson {
    pub lock: LockJson,
    pub invoices: CountsJson,
    pub last_run: Option<RunJson>,
    pub alarms: Vec<AlarmJson>,
    /// Where the database was and is, if it is elsewhere.
    pub moved: Option<MovedJson>,
}

/// A company file under alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmJson {
    company_file: String,
    quiet_until: String,
}

impl AlarmJson {
    /// As programs read it.
    pub fn new(company_file: &CompanyFile, alarm: &Alarm) -> Self {
        Self { company_file: company_file.to_string(), quiet_until: time(alarm.quiet_until) }
    }
}

/// A database that is not where it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedJson {
    from: String,
    to: String,
}

impl MovedJson {
    /// Nothing, if it is where it was.
    pub fn new(seen: &Whereabouts) -> Option<Self> {
        match seen {
            Whereabouts::Same => None,
            Whereabouts::Moved { from, to } => Some(Self { from: from.clone(), to: to.clone() }),
        }
    }
}

/// Whether the run lock is held.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "programs read the names")]
pub struct LockJson {
    pub state: &'static str,
    pub holder: Option<HolderJson>,
}

/// Invoices by state, and the held ones besides.
#[derive(Debug, ToSchema)]
#[schema(value_type = BTreeMap<String, u64>)]
pub struct CountsJson(pub StateCounts);

impl Serialize for CountsJson {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (state, count) in &self.0.by_state {
            map.serialize_entry(state.as_str(), count)?;
        }
        map.serialize_entry("held", &self.0.held)?;
        map.end()
    }
}

/// One thing that the doctor looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingJson<'a> {
    name: &'static str,
    severity: &'static str,
    value: &'a str,
    meaning: &'a str,
    mend: &'a str,
}

impl<'a> FindingJson<'a> {
    /// As programs read it.
    pub fn new(finding: &'a Finding) -> Self {
        let Finding { name, severity, value, meaning, mend } = finding;
        let severity = match severity {
            Severity::Fine => "fine",
            Severity::Warning => "warning",
            Severity::Failure => "failure",
        };
        Self { name, severity, value, meaning, mend }
    }
}

/// Claims and outcomes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PairsJson {
    claims: u64,
    outcomes: u64,
    unpaired: Vec<UnpairedJson>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UnpairedJson {
    invoice: i64,
    claim_id: String,
    open: bool,
}

impl PairsJson {
    /// As programs read it.
    pub fn new(pairs: &Pairs) -> Self {
        let unpaired = pairs.unpaired.iter().map(|unpaired| UnpairedJson {
            invoice: unpaired.invoice.0,
            claim_id: unpaired.claim.to_string(),
            open: unpaired.open,
        });
        Self { claims: pairs.claims, outcomes: pairs.outcomes, unpaired: unpaired.collect() }
    }
}

/// A time as programs read it: RFC 3339 in UTC.
pub fn time(at: Timestamp) -> String {
    at.to_string()
}

/// An error and what caused it, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        // A wrapper often repeats what it wraps.
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
