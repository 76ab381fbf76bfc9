//! `postonce import`.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use postonce_domain::InvoiceNumber;
use postonce_ports::intake::{Imported, Intake};

use super::as_posted;
use crate::args::Import;
use crate::exit::{Exit, Failure};
use crate::import::{Format, Placed, Problem, Problems, read, refusals};
use crate::json::ImportJson;
use crate::output::talk;
use crate::table::plain;
use crate::wiring::{Base, Context};

/// What came of an import.
pub(crate) enum Outcome {
    /// All of it is in.
    Done { created: u64, replaced: u64, unchanged: u64 },
    /// Nothing is in.
    Refused(Problems),
}

pub(crate) async fn run(context: &Context<'_>, args: &Import) -> Result<Exit, Failure> {
    let format = format(args)?;
    let input = open(&args.file)?;
    if let Some(reason) = args.reason.as_deref().filter(|_| args.as_posted) {
        return as_posted::run(context, &args.file, (input, format), reason).await;
    }
    // A bad configuration is told before a long file is read.
    let base = Base::open(context).await?;
    let outcome = take_in(base.side.intake.as_ref(), input, format).await?;
    Ok(tell(context, &args.file, &outcome))
}

/// Reads invoices and puts them into the store.
pub(crate) async fn take_in(
    intake: &dyn Intake,
    input: impl Read,
    format: Format,
) -> Result<Outcome, Failure> {
    let placed = match read(input, format) {
        Ok(placed) => placed,
        Err(problems) => return Ok(Outcome::Refused(problems)),
    };
    let offered = offered(&placed);
    let invoices = placed.into_iter().map(|placed| placed.invoice).collect();
    Ok(match intake.import(invoices).await? {
        Imported::Done { created, replaced, unchanged } => {
            Outcome::Done { created, replaced, unchanged }
        }
        Imported::Refused(refused) => Outcome::Refused(refusals(&offered, &refused)),
    })
}

/// Line and number of each.
pub(crate) fn offered(placed: &[Placed]) -> Vec<(u64, InvoiceNumber)> {
    placed.iter().map(|one| (one.line, one.invoice.parts().number.clone())).collect()
}

fn format(args: &Import) -> Result<Format, Failure> {
    args.format.or_else(|| Format::of_path(&args.file)).ok_or_else(|| {
        let file = args.file.display();
        let why =
            format!("{file}: no format is known by this name; give --format csv, json or ndjson");
        Failure::new(Exit::Usage, why)
    })
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).and_then(|file| match file.metadata() {
        Ok(about) if about.is_dir() => Err(io::Error::from(ErrorKind::IsADirectory)),
        Ok(_) | Err(_) => Ok(file),
    });
    match file {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => {
            let why = format!("{}: cannot be read: {error}; check the path", path.display());
            Err(Failure::new(Exit::FileMissing, why))
        }
    }
}

fn tell(context: &Context<'_>, file: &Path, outcome: &Outcome) -> Exit {
    let (json, exit) = match outcome {
        Outcome::Done { created, replaced, unchanged } => {
            let (created, replaced, unchanged) = (*created, *replaced, *unchanged);
            (ImportJson { created, replaced, unchanged, errors: &[] }, Exit::Done)
        }
        Outcome::Refused(problems) => {
            refused(file, problems);
            let errors = problems.list();
            (ImportJson { created: 0, replaced: 0, unchanged: 0, errors }, Exit::DataRefused)
        }
    };
    if context.output.is_json() {
        context.output.value(&json);
    } else if exit == Exit::Done {
        let ImportJson { created, replaced, unchanged, .. } = json;
        let text = format!("{created} created, {replaced} replaced, {unchanged} unchanged");
        context.output.line(&text);
    }
    exit
}

/// Says what is wrong with a file of which nothing was imported.
pub(crate) fn refused(file: &Path, problems: &Problems) {
    for problem in problems.list() {
        talk(&line(file, problem));
    }
    if problems.is_full() {
        talk(&format!("There is more: only {} problems are listed.", Problems::MAX));
    }
    talk("Nothing was imported.");
}

/// A problem in the form that editors understand.
fn line(file: &Path, problem: &Problem) -> String {
    let Problem { line, column, message } = problem;
    format!("{}:{line}: {}: {}", file.display(), plain(column), plain(message))
}
