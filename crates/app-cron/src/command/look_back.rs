//! What `postonce duplicates` and `postonce parity` share: the scan, and the CSV file.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use csv::{Writer, WriterBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use postonce_adapter_host::StopFlag;
use postonce_engine::{EngineError, LookBackPorts, ScanEnd, ScanError};
use postonce_ports::books::DateSpan;
use postonce_ports::clock::Stop as _;
use postonce_ports::scan::{Scan, ScanStore, ScanWish};
use tempfile::NamedTempFile;

use crate::args;
use crate::exit::{Exit, Failure};
use crate::output::{Output, is_watched, talk};
use crate::signals::stop_reading;
use crate::table::time;
use crate::wiring::Base;

/// Rows read at once.
pub(super) const PAGE: u32 = 500;

/// Groups or differences that a table shows.
pub(super) const SHOWN: u64 = 200;

/// The dates that are asked for.
fn dates(args: &args::LookBack) -> Result<DateSpan, Failure> {
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since > until
    {
        let why = format!("--since {since} is later than --until {until}");
        return Err(Failure::new(Exit::Usage, why));
    }
    // The last day that there is has none behind it.
    let before = args.until.and_then(|until| until.tomorrow().ok());
    Ok(DateSpan { from: args.since, before })
}

/// A finished scan that is told of, page by page.
pub(super) struct Told {
    pub(super) scan: Scan,
    scans: Arc<dyn ScanStore>,
    stop: StopFlag,
}

impl Told {
    /// Goes on to the next page, unless somebody asks to stop or nobody reads any more.
    pub(super) fn go_on(&self, output: &Output) -> Result<(), Failure> {
        if !self.stop.requested() && output.flush() {
            return Ok(());
        }
        let why = "stopped before all was told; --last tells it without another scan";
        Err(Failure::new(Exit::Interrupted, why))
    }

    /// Fails if what was told may not be all of it: the pages of a scan that is put away are empty.
    pub(super) async fn is_whole(&self) -> Result<(), Failure> {
        let file = &self.scan.company_file;
        let last = self.scans.last(file).await?;
        if last.is_some_and(|last| last.id == self.scan.id) {
            return Ok(());
        }
        let why = format!(
            "another process has finished a scan of `{file}` meanwhile, and what was told of this \
             one is not all of it; --last tells the other one"
        );
        Err(Failure::new(Exit::LockBusy, why))
    }

    /// How a command leaves that has told all that it found.
    pub(super) fn left(&self, args: &args::LookBack, found: u64) -> Exit {
        left(args.check, found, &self.scan)
    }
}

/// A finished scan; `None` if it was interrupted, which is said.
pub(super) async fn scanned(
    base: &Base<'_>,
    args: &args::LookBack,
) -> Result<Option<Told>, Failure> {
    let dates = dates(args)?;
    let stop = stop_reading()?;
    let scan = if args.last {
        let last = base.side.scans.last(&args.file).await?;
        let last = last.ok_or_else(|| {
            let why = format!("no scan of `{}` was ever finished; leave --last away", args.file);
            Failure::new(Exit::DataRefused, why)
        })?;
        talk(&whose(&last));
        Some(last)
    } else {
        read(base, args, dates, &stop).await?
    };
    Ok(scan.map(|scan| {
        warn(&scan);
        Told { scan, scans: Arc::clone(&base.side.scans), stop }
    }))
}

/// What a scan is of.
fn whose(scan: &Scan) -> String {
    let since = scan.span.from.map(|date| format!(" since {date}"));
    let until = scan.span.before.and_then(|before| before.yesterday().ok());
    let until = until.map(|date| format!(" until {date}"));
    let dates = [since, until].into_iter().flatten().collect::<String>();
    let dates = if dates.is_empty() { " of all dates".to_owned() } else { dates };
    format!("The last scan: invoices{dates}; it began at {}.", time(scan.began_at))
}

/// Reads the books; `None` if that was interrupted, which is said.
async fn read(
    base: &Base<'_>,
    args: &args::LookBack,
    dates: DateSpan,
    stop: &StopFlag,
) -> Result<Option<Scan>, Failure> {
    let file = &args.file;
    let ports = LookBackPorts {
        books: base.books().await?,
        scans: Arc::clone(&base.side.scans),
        store: Arc::clone(&base.database.store),
    };
    let wish = ScanWish { company_file: file.clone(), span: dates, fresh: args.fresh };
    let progress = Progress::new();
    let looking = postonce_engine::LookBack::new(ports);
    let ended = looking.scan(wish, stop, &|scan| progress.tell(scan)).await;
    progress.bar.finish_and_clear();
    match ended.map_err(broken)? {
        ScanEnd::Finished(scan) => Ok(Some(scan)),
        ScanEnd::Stopped(scan) => {
            let read = scan.documents;
            talk(&format!(
                "Stopped: {read} documents are read; the same command goes on from there."
            ));
            Ok(None)
        }
        ScanEnd::Overtaken => Err(Failure::new(
            Exit::LockBusy,
            format!(
                "another process reads the books of `{file}` too, and goes on; try again when it is done"
            ),
        )),
    }
}

fn broken(error: ScanError) -> Failure {
    let (error, stays) = match error {
        ScanError::Store(error) => (EngineError::Store(error), ""),
        ScanError::Ledger(error) => (
            EngineError::Ledger(error),
            "; what was read is kept: the same command goes on from there",
        ),
    };
    let failure = Failure::from(error);
    Failure { message: failure.message + stays, ..failure }
}

fn warn(scan: &Scan) {
    for day in &scan.unsure {
        talk(&format!(
            "warning: invoices of {day} changed each time they were read, and some may be missing; \
             run it again with --fresh when nobody posts"
        ));
    }
}

/// What a person sees while the books are read.
struct Progress {
    bar: ProgressBar,
    is_told: AtomicBool,
}

impl Progress {
    fn new() -> Self {
        let bar = if is_watched() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{pos} documents, {elapsed} {msg}") {
            bar.set_style(style);
        }
        Self { bar, is_told: AtomicBool::new(false) }
    }

    fn tell(&self, scan: &Scan) {
        if !self.is_told.swap(true, Ordering::Relaxed) && scan.step > 0 {
            talk(&format!(
                "Going on with the scan that began at {}: {} documents are read. --fresh begins anew.",
                time(scan.began_at),
                scan.documents
            ));
        }
        self.bar.set_position(scan.documents);
        if let Some(date) = scan.position.and_then(|position| position.from) {
            self.bar.set_message(format!("(at {date})"));
        }
    }
}

/// A CSV file that is there when all of it is written, and not before.
pub(super) struct CsvFile {
    writer: Writer<NamedTempFile>,
    path: PathBuf,
}

impl CsvFile {
    /// Begins the file that is asked for, if one is.
    pub(super) fn begin(path: Option<&PathBuf>, columns: &[&str]) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let named = tempfile::Builder::new()
            .prefix(".postonce-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| unwritten(path, &error.to_string()))?;
        let mut file = Self { writer: WriterBuilder::new().from_writer(named), path: path.clone() };
        file.row(columns.iter().map(|it| (*it).to_owned()).collect())?;
        Ok(Some(file))
    }

    /// Adds a row. Text from elsewhere is [`harmless`](super::audit::harmless) already.
    pub(super) fn row(&mut self, cells: Vec<String>) -> Result<(), Failure> {
        self.writer.write_record(cells).map_err(|error| unwritten(&self.path, &error.to_string()))
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let path = self.path;
        let named = self.writer.into_inner();
        let named = named.map_err(|error| unwritten(&path, &error.error().to_string()))?;
        named.persist(&path).map_err(|error| unwritten(&path, &error.error.to_string()))?;
        Ok(())
    }
}

fn unwritten(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::FileMissing, format!("{} cannot be written: {why}", path.display()))
}

/// The same of a scan: where documents may be missing, nobody knows that all is well.
fn left(check: bool, found: u64, scan: &Scan) -> Exit {
    let is_well = found == 0 && scan.unsure.is_empty();
    if check && !is_well { Exit::InDoubt } else { Exit::Done }
}

#[cfg(test)]
mod tests;
