//! Cut-over: a person says until which date the past of a company file is settled.
//!
//! Until then every invoice of the file is searched in the ledger before its first claim; after it
//! only those dated on or before that date are.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use postonce_domain::{CompanyFile, StateName};
use postonce_ports::clock::Clock;
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{CutOver, CutOverAnswer, FileNote, FileNoteKind, FileNotes};
use postonce_ports::reader::{Filter, InvoiceReader, Summary};
use postonce_ports::registry::{Alarm, Registry};
use postonce_ports::store::InvoiceStore;

use crate::Lookup;

/// States in which nobody knows for sure what the ledger has.
const UNSETTLED: [StateName; 3] = [StateName::Claimed, StateName::InDoubt, StateName::NeedsHuman];

/// Invoices read at once.
const PAGE: u32 = 500;

/// What a cut-over works with.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct PastPorts {
    pub store: Arc<dyn InvoiceStore>,
    pub registry: Arc<dyn Registry>,
    pub reader: Arc<dyn InvoiceReader>,
    pub notes: Arc<dyn FileNotes>,
    pub clock: Arc<dyn Clock>,
}

/// Which invoices of a company file are searched in the ledger before their first claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookups {
    /// All: its past is not settled.
    NotCutOver,
    /// All: its alarm stands.
    Alarm,
    /// All: it is so configured.
    Configured,
    /// Those dated on or before.
    Through(Date),
}

/// How far the past of a company file is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePast {
    /// The company file.
    pub company_file: CompanyFile,
    /// Until which date.
    pub through: Option<Date>,
    /// The alarm that stands.
    pub alarm: Option<Alarm>,
    /// Which invoices are searched first.
    pub lookups: Lookups,
    /// Invoices that are claimed, in doubt or in need of a person.
    pub unsettled: u64,
}

/// What a person wants.
#[derive(Clone, Debug)]
pub struct CutOverWish {
    /// Of which company file.
    pub company_file: CompanyFile,
    /// Until which date its past is settled.
    pub through: Date,
    /// The zone of the company.
    pub zone: TimeZone,
    /// Even with invoices in doubt dated on or before it.
    pub keeps_doubts: bool,
}

/// What a cut-over is made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The company file.
    pub company_file: CompanyFile,
    /// Until which date its past is to be settled.
    pub through: Date,
    /// Until which date it is.
    pub before: Option<Date>,
    /// The alarm that it ends.
    pub alarm: Option<Alarm>,
    /// Ready invoices dated on or before, which go on being searched first.
    pub ready: u64,
    /// Invoices in doubt dated on or before, which stay so.
    pub doubts: Vec<Summary>,
}

/// Why a past cannot be settled, or unsettled.
#[derive(Debug, thiserror::Error)]
pub enum CutOverError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody knows the company file.
    #[error("there is no company file `{company_file}`")]
    Unknown {
        /// As it was named.
        company_file: CompanyFile,
        /// Those that there are.
        known: Vec<CompanyFile>,
    },
    /// The day has not begun in the company.
    #[error("{through} is in the future: in the company's zone today is {today}")]
    Future {
        /// The date.
        through: Date,
        /// Today.
        today: Date,
    },
    /// What was in the air may still land.
    #[error("the alarm of `{company_file}` is quiet until {until}")]
    Quiet {
        /// The company file.
        company_file: CompanyFile,
        /// The end of the quiet period.
        until: Timestamp,
    },
    /// One was raised since it was looked at.
    #[error("an alarm of `{company_file}` was raised a moment ago")]
    Alarmed {
        /// The company file.
        company_file: CompanyFile,
    },
    /// It is settled through a later date.
    #[error("the past of `{company_file}` is settled through {later}, which is later")]
    Earlier {
        /// The company file.
        company_file: CompanyFile,
        /// The date on record.
        later: Date,
    },
    /// Nobody knows what became of these.
    #[error("{} of its invoices dated on or before {through} are not settled", invoices.len())]
    Unsettled {
        /// The date.
        through: Date,
        /// The invoices.
        invoices: Vec<Summary>,
    },
}

/// The use cases over these ports.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
pub struct Past {
    ports: PastPorts,
    configured: BTreeSet<CompanyFile>,
    lookup: Lookup,
}

impl Past {
    /// The pasts of the company files that are configured, or that the database knows.
    pub fn new(ports: PastPorts, configured: BTreeSet<CompanyFile>, lookup: Lookup) -> Self {
        Self { ports, configured, lookup }
    }

    /// Every company file that is configured, has something to do, or has a trail, by alias.
    pub async fn files(&self) -> Result<Vec<FilePast>, StoreError> {
        let mut files = Vec::new();
        for file in self.names().await? {
            files.push(self.file(&file).await?);
        }
        Ok(files)
    }

    /// One company file.
    pub async fn known_file(&self, file: &CompanyFile) -> Result<FilePast, CutOverError> {
        self.refuse_unknown(file).await?;
        Ok(self.file(file).await?)
    }

    /// What settling the past would be made on; refused where it would be wrong. Changes nothing.
    pub async fn look(&self, wish: &CutOverWish) -> Result<Outlook, CutOverError> {
        let (file, through) = (&wish.company_file, wish.through);
        self.refuse_unknown(file).await?;
        let today = self.ports.clock.wall().to_zoned(wish.zone.clone()).date();
        if through > today {
            return Err(CutOverError::Future { through, today });
        }
        let known = self.ports.registry.company_file_settings(file).await?.unwrap_or_default();
        if let Some(later) = known.cut_over_through.filter(|later| through < *later) {
            return Err(CutOverError::Earlier { company_file: file.clone(), later });
        }
        if let Some(alarm) = known.alarm.filter(|alarm| !alarm.quiet_over) {
            return Err(quiet(file, &alarm));
        }
        let is_past = |summary: &Summary| summary.date <= through;
        let mut doubts = Vec::new();
        self.each(file, &UNSETTLED, |summary| doubts.extend(Some(summary).filter(is_past))).await?;
        if !doubts.is_empty() && !wish.keeps_doubts {
            return Err(CutOverError::Unsettled { through, invoices: doubts });
        }
        let mut ready = 0;
        self.each(file, &[StateName::Ready], |summary| ready += u64::from(is_past(&summary)))
            .await?;
        let (before, alarm) = (known.cut_over_through, known.alarm);
        Ok(Outlook { company_file: file.clone(), through, before, alarm, ready, doubts })
    }

    /// Settles the past, with a line in the company file's trail. Whether it changed anything.
    pub async fn settle(
        &self,
        outlook: &Outlook,
        actor: &str,
        reason: &str,
    ) -> Result<bool, CutOverError> {
        let before = outlook.before.map_or_else(
            || ", before not at all".to_owned(),
            |before| format!(", before through {before}"),
        );
        let ended = if outlook.alarm.is_some() { ", and the alarm ended" } else { "" };
        let kept = match outlook.doubts.len() {
            0 => String::new(),
            count => format!(", invoices up to then that are not settled: {count}"),
        };
        let text = format!("settled through {}{before}{ended}{kept}", outlook.through);
        let seen = outlook.alarm.map(|alarm| alarm.quiet_until);
        let wanted = (Some(outlook.through), seen);
        self.make(&outlook.company_file, wanted, actor, format!("{text}: {reason}")).await
    }

    /// Unsettles the past: every invoice is searched first again. Whether it changed anything.
    pub async fn unsettle(
        &self,
        file: &CompanyFile,
        actor: &str,
        reason: &str,
    ) -> Result<bool, CutOverError> {
        self.refuse_unknown(file).await?;
        self.make(file, (None, None), actor, format!("not settled any more: {reason}")).await
    }

    async fn make(
        &self,
        file: &CompanyFile,
        (through, seen): (Option<Date>, Option<Timestamp>),
        actor: &str,
        text: String,
    ) -> Result<bool, CutOverError> {
        let (company_file, actor) = (file.clone(), actor.to_owned());
        let note = FileNote { company_file, kind: FileNoteKind::CutOver, actor, text };
        match self.ports.notes.cut_over_noted(CutOver { through, seen, note }).await? {
            CutOverAnswer::Done { .. } => Ok(true),
            CutOverAnswer::Already => Ok(false),
            // It was raised a moment ago.
            CutOverAnswer::Quiet(alarm) => Err(quiet(file, &alarm)),
            CutOverAnswer::Unseen(_) => Err(CutOverError::Alarmed { company_file: file.clone() }),
            CutOverAnswer::Later(later) => {
                Err(CutOverError::Earlier { company_file: file.clone(), later })
            }
        }
    }

    async fn names(&self) -> Result<BTreeSet<CompanyFile>, StoreError> {
        let work = self.ports.store.files_with_work().await?;
        let mut names = self.configured.clone();
        names.extend(work.into_iter().map(|work| work.company_file));
        let mut after = 0;
        loop {
            let trail = self.ports.notes.list(None, after, PAGE).await?;
            let Some(last) = trail.last() else { return Ok(names) };
            after = last.id;
            names.extend(trail.into_iter().map(|record| record.note.company_file));
        }
    }

    async fn file(&self, file: &CompanyFile) -> Result<FilePast, StoreError> {
        let known = self.ports.registry.company_file_settings(file).await?.unwrap_or_default();
        let mut unsettled = 0;
        self.each(file, &UNSETTLED, |_| unsettled += 1).await?;
        let lookups = match known.cut_over_through {
            _ if known.alarm.is_some() => Lookups::Alarm,
            None => Lookups::NotCutOver,
            Some(_) if self.lookup == Lookup::Always => Lookups::Configured,
            Some(through) => Lookups::Through(through),
        };
        let (through, alarm) = (known.cut_over_through, known.alarm);
        Ok(FilePast { company_file: file.clone(), through, alarm, lookups, unsettled })
    }

    async fn refuse_unknown(&self, file: &CompanyFile) -> Result<(), CutOverError> {
        let names = self.names().await?;
        if names.contains(file) || self.ports.registry.company_file_settings(file).await?.is_some()
        {
            return Ok(());
        }
        let company_file = Some(file.clone());
        let any = Filter { company_file, limit: 1, ..Filter::default() };
        if !self.ports.reader.list(any).await?.is_empty() {
            return Ok(());
        }
        Err(CutOverError::Unknown {
            company_file: file.clone(),
            known: names.into_iter().collect(),
        })
    }

    /// Shows each invoice of the company file that is in one of these states.
    async fn each(
        &self,
        file: &CompanyFile,
        states: &[StateName],
        mut seen: impl FnMut(Summary),
    ) -> Result<(), StoreError> {
        let mut filter = Filter {
            states: states.to_vec(),
            company_file: Some(file.clone()),
            limit: PAGE,
            ..Filter::default()
        };
        loop {
            let page = self.ports.reader.list(filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            filter.after = Some(last.id);
            page.into_iter().for_each(&mut seen);
        }
    }
}

fn quiet(file: &CompanyFile, alarm: &Alarm) -> CutOverError {
    CutOverError::Quiet { company_file: file.clone(), until: alarm.quiet_until }
}
