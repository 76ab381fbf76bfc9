//! The shapes of our JSON. Programs rely on their names: fields are added, never renamed.

mod account;
mod as_posted;
mod connection;
mod cron;
mod flag;
mod look_back;
mod mapping;
mod notice;
mod past;

use jiff::Timestamp;
use postonce_domain::{CompanyFile, RunCounts, RunEnd};
use postonce_ports::checkup::{Finding, Severity};
use postonce_ports::doubt::Doubtful;
use postonce_ports::history::Run;
use postonce_ports::lock::Holder;
use postonce_ports::reader::{NoteRecord, Pairs, StateCounts, Summary};
use postonce_ports::registry::{Alarm, Whereabouts};
use serde::Serialize;
use serde::ser::SerializeMap;

pub(crate) use account::{AccountJson, AccountNoteJson, MachineJson};
pub(crate) use as_posted::{AsPostedJson, NeedsHumanJson};
pub(crate) use connection::{CheckedJson, ConnectionJson, ListedJson};
pub(crate) use cron::{FireJson, NextJson, came_of, state_name};
pub(crate) use flag::{FlagJson, FlaggedJson};
pub(crate) use look_back::{DifferenceJson, DocumentJson, MonthJson, ScanJson, difference_name};
pub(crate) use mapping::{
    ClonedJson, CreationJson, LedgerRecordJson, MappingImportJson, MappingRowJson, ObstacleJson,
    SuggestionJson,
};
pub(crate) use notice::{NoticeJson, TriedJson, WatchedJson};
pub(crate) use past::{CutoverJson, FileNoteJson, FilePastJson};

use crate::import::Problem;

/// Who has the run lock. A session that is no run of ours has a connection, and a user and a host
/// where we may know them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HolderJson {
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
    pub(crate) fn new(holder: &Holder) -> Self {
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
#[derive(Debug, Serialize)]
pub(crate) struct SyncJson {
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

    pub(crate) fn ran(end: &RunEnd) -> Self {
        let run_id = Some(end.run.0);
        Self { run_id, duration_ms: end.duration_ms, ..Self::new("ran", end.counts) }
    }

    pub(crate) fn skipped(holder: Option<&Holder>, duration_ms: u64) -> Self {
        let holder = holder.map(HolderJson::new);
        Self { duration_ms, holder, ..Self::new("skipped", RunCounts::default()) }
    }

    /// Nothing was sent since all that was wanted was refused.
    pub(crate) fn refused() -> Self {
        Self::new("refused", RunCounts::default())
    }
}

/// What an import did.
#[derive(Debug, Serialize)]
pub(crate) struct ImportJson<'a> {
    pub(crate) created: u64,
    pub(crate) replaced: u64,
    pub(crate) unchanged: u64,
    pub(crate) errors: &'a [Problem],
}

/// An invoice.
#[derive(Debug, Serialize)]
pub(crate) struct InvoiceJson {
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
    pub(crate) fn new(summary: &Summary) -> Self {
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
#[derive(Debug, Serialize)]
pub(crate) struct ShowJson {
    #[serde(flatten)]
    pub(crate) invoice: InvoiceJson,
    pub(crate) flag: Option<FlagJson>,
    pub(crate) notes: Vec<NoteJson>,
}

/// A line of the trail.
#[derive(Debug, Serialize)]
pub(crate) struct NoteJson {
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
    pub(crate) fn new(record: &NoteRecord) -> Self {
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
    pub(crate) const COLUMNS: [&'static str; 9] =
        ["id", "invoice", "at", "type", "kind", "claim_id", "actor", "text", "payload"];

    pub(crate) fn cells(self) -> [String; 9] {
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
#[derive(Debug, Serialize)]
pub(crate) struct RunJson {
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
    pub(crate) fn new(run: &Run) -> Self {
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
#[derive(Debug, Serialize)]
pub(crate) struct StatusJson {
    pub(crate) lock: LockJson,
    pub(crate) invoices: CountsJson,
    pub(crate) last_run: Option<RunJson>,
    pub(crate) alarms: Vec<AlarmJson>,
    /// Where the database was and is, if it is elsewhere.
    pub(crate) moved: Option<MovedJson>,
}

/// A company file under alarm.
#[derive(Debug, Serialize)]
pub(crate) struct AlarmJson {
    company_file: String,
    quiet_until: String,
}

impl AlarmJson {
    pub(crate) fn new(company_file: &CompanyFile, alarm: &Alarm) -> Self {
        Self { company_file: company_file.to_string(), quiet_until: time(alarm.quiet_until) }
    }
}

/// A database that is not where it was.
#[derive(Debug, Serialize)]
pub(crate) struct MovedJson {
    from: String,
    to: String,
}

impl MovedJson {
    /// Nothing, if it is where it was.
    pub(crate) fn new(seen: &Whereabouts) -> Option<Self> {
        match seen {
            Whereabouts::Same => None,
            Whereabouts::Moved { from, to } => Some(Self { from: from.clone(), to: to.clone() }),
        }
    }
}

/// Whether the run lock is held.
#[derive(Debug, Serialize)]
pub(crate) struct LockJson {
    pub(crate) state: &'static str,
    pub(crate) holder: Option<HolderJson>,
}

/// Invoices by state, and the held ones besides.
#[derive(Debug)]
pub(crate) struct CountsJson(pub(crate) StateCounts);

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
#[derive(Debug, Serialize)]
pub(crate) struct FindingJson<'a> {
    name: &'static str,
    severity: &'static str,
    value: &'a str,
    meaning: &'a str,
    mend: &'a str,
}

impl<'a> FindingJson<'a> {
    pub(crate) fn new(finding: &'a Finding) -> Self {
        let Finding { name, severity, value, meaning, mend } = finding;
        let severity = match severity {
            Severity::Fine => "fine",
            Severity::Warning => "warning",
            Severity::Failure => "failure",
        };
        Self { name, severity, value, meaning, mend }
    }
}

/// An invoice in doubt.
#[derive(Debug, Serialize)]
pub(crate) struct DoubtJson {
    invoice: i64,
    number: String,
    company_file: String,
    claim_id: String,
    since: String,
    quiet_until: String,
    inquiries: u32,
    absent_confirmed_at: Option<String>,
    next_check: String,
}

impl DoubtJson {
    pub(crate) fn new(doubtful: &Doubtful) -> Self {
        Self {
            invoice: doubtful.invoice.0,
            number: doubtful.number.to_string(),
            company_file: doubtful.company_file.to_string(),
            claim_id: doubtful.claim.to_string(),
            since: time(doubtful.since),
            quiet_until: time(doubtful.quiet_until),
            inquiries: doubtful.inquiries,
            absent_confirmed_at: doubtful.absent_confirmed_at.map(time),
            next_check: time(doubtful.next_check),
        }
    }
}

/// Claims and outcomes.
#[derive(Debug, Serialize)]
pub(crate) struct PairsJson {
    claims: u64,
    outcomes: u64,
    unpaired: Vec<UnpairedJson>,
}

#[derive(Debug, Serialize)]
struct UnpairedJson {
    invoice: i64,
    claim_id: String,
    open: bool,
}

impl PairsJson {
    pub(crate) fn new(pairs: &Pairs) -> Self {
        let unpaired = pairs.unpaired.iter().map(|unpaired| UnpairedJson {
            invoice: unpaired.invoice.0,
            claim_id: unpaired.claim.to_string(),
            open: unpaired.open,
        });
        Self { claims: pairs.claims, outcomes: pairs.outcomes, unpaired: unpaired.collect() }
    }
}

/// A time as programs read it: RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests;
