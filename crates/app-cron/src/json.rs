//! The shapes of JSON that only the command line has; all others are those of `postonce_wire`.

mod account;
mod as_posted;
mod cron;
mod notice;

use postonce_adapter_myob::CompanyFileListed;
use serde::Serialize;

pub(crate) use account::{AccountJson, AccountNoteJson, MachineJson};
pub(crate) use as_posted::{AsPostedJson, NeedsHumanJson};
pub(crate) use cron::{FireJson, NextJson, came_of, state_name};
pub(crate) use notice::{NoticeJson, TriedJson, WatchedJson};
pub(crate) use postonce_wire::*;

use crate::import::Problem;

/// What an import did.
#[derive(Debug, Serialize)]
pub(crate) struct ImportJson<'a> {
    pub(crate) created: u64,
    pub(crate) replaced: u64,
    pub(crate) unchanged: u64,
    pub(crate) errors: &'a [Problem],
}

/// What came of an import of a mapping.
#[derive(Debug, Serialize)]
pub(crate) struct MappingImportJson<'a> {
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) errors: &'a [Problem],
}

/// A company file as MYOB lists it.
#[derive(Debug, Serialize)]
pub(crate) struct ListedJson<'a> {
    id: &'a str,
    name: &'a str,
    base_url: Option<&'a str>,
}

impl<'a> ListedJson<'a> {
    pub(crate) fn new(listed: &'a CompanyFileListed) -> Self {
        let CompanyFileListed { id, name, base_url } = listed;
        Self { id, name, base_url: base_url.as_deref() }
    }
}
