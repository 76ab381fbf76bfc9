//! How far the past of company files is settled, and their trail.

use postonce_engine::{FilePast, Lookups, Outlook};
use postonce_ports::file_note::FileNoteRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AlarmJson, time};

/// How far the past of a company file is settled.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilePastJson {
    company_file: String,
    through: Option<String>,
    alarm: Option<AlarmJson>,
    /// `all` or `through`.
    lookups: &'static str,
    /// Why all are looked up.
    lookups_reason: Option<&'static str>,
    unsettled: u64,
}

impl FilePastJson {
    /// As programs read it.
    pub fn new(past: &FilePast) -> Self {
        let (lookups, lookups_reason) = match past.lookups {
            Lookups::NotCutOver => ("all", Some("not_cut_over")),
            Lookups::Alarm => ("all", Some("alarm")),
            Lookups::Configured => ("all", Some("lookup_before_post")),
            Lookups::Through(_) => ("through", None),
        };
        Self {
            company_file: past.company_file.to_string(),
            through: past.through.map(|date| date.to_string()),
            alarm: past.alarm.map(|alarm| AlarmJson::new(&past.company_file, &alarm)),
            lookups,
            lookups_reason,
            unsettled: past.unsettled,
        }
    }
}

/// What became of a cut-over.
#[derive(Debug, Serialize, ToSchema)]
pub struct CutoverJson {
    company_file: String,
    changed: bool,
    before: Option<String>,
    through: Option<String>,
    ended_alarm: bool,
    /// Ready invoices dated on or before, which go on being looked up.
    ready: u64,
    /// Invoices dated on or before that nobody is sure of.
    unsettled: u64,
}

impl CutoverJson {
    /// As programs read it.
    pub fn settled(outlook: &Outlook, changed: bool) -> Self {
        Self {
            company_file: outlook.company_file.to_string(),
            changed,
            before: outlook.before.map(|date| date.to_string()),
            through: Some(outlook.through.to_string()),
            ended_alarm: changed && outlook.alarm.is_some(),
            ready: outlook.ready,
            unsettled: u64::try_from(outlook.doubts.len()).unwrap_or(u64::MAX),
        }
    }

    /// As programs read it.
    pub fn undone(before: &FilePast, changed: bool) -> Self {
        Self {
            company_file: before.company_file.to_string(),
            changed,
            before: before.through.map(|date| date.to_string()),
            through: None,
            ended_alarm: false,
            ready: 0,
            unsettled: before.unsettled,
        }
    }
}

/// A line of a company file's trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileNoteJson {
    id: i64,
    company_file: String,
    at: String,
    kind: &'static str,
    actor: String,
    text: String,
}

impl FileNoteJson {
    /// As programs read it.
    pub fn new(record: &FileNoteRecord) -> Self {
        Self {
            id: record.id,
            company_file: record.note.company_file.to_string(),
            at: time(record.at),
            kind: record.note.kind.as_str(),
            actor: record.note.actor.clone(),
            text: record.note.text.clone(),
        }
    }
}
