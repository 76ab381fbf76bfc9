//! `postonce cutover`: until when the past of a company file is settled.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use postonce_domain::CompanyFile;
use postonce_engine::{CutOverError, CutOverWish, FilePast, Lookups, Outlook, Past, PastPorts};
use postonce_ports::reader::Summary;

use super::agree::is_agreed;
use crate::args::Cutover;
use crate::exit::{Exit, Failure, chain};
use crate::json::{CutoverJson, FilePastJson};
use crate::output::talk;
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

/// Invoices that are named, at most.
const NAMED: usize = 20;

pub(crate) async fn run(context: &Context<'_>, args: &Cutover) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let past = past(&base);
    let reason = args.reason.as_deref().unwrap_or_default();
    match (&args.file, args.through) {
        (None, _) => show(context, &past.files().await?),
        (Some(file), Some(through)) => {
            let zone = zone(&base, file).await?;
            let (company_file, keeps_doubts) = (file.clone(), args.keep_doubts);
            let wish = CutOverWish { company_file, through, zone, keeps_doubts };
            let outlook = past.look(&wish).await.map_err(refused)?;
            if !args.yes && !agreed(&outlook).await? {
                talk("Nothing was changed.");
                return Ok(Exit::Interrupted);
            }
            let changed = past.settle(&outlook, base.actor(), reason).await.map_err(refused)?;
            settled(context, &outlook, changed);
        }
        (Some(file), None) if args.undo => {
            let before = past.known_file(file).await.map_err(refused)?;
            let changed = past.unsettle(file, base.actor(), reason).await.map_err(refused)?;
            undone(context, &before, changed);
        }
        (Some(file), None) => {
            show(context, &[past.known_file(file).await.map_err(refused)?]);
        }
    }
    Ok(Exit::Done)
}

fn past(base: &Base<'_>) -> Past {
    let ports = base.ports_without_ledger();
    let ports = PastPorts {
        store: ports.store,
        registry: ports.registry,
        reader: Arc::clone(&base.side.reader),
        notes: Arc::clone(&base.side.notes),
        clock: ports.clock,
    };
    Past::new(ports, base.config.company_files.keys().cloned().collect(), base.config.lookup)
}

/// The company's zone: the configured one, or the one on record, or UTC.
async fn zone(base: &Base<'_>, file: &CompanyFile) -> Result<TimeZone, Failure> {
    let configured = base.config.company_files.get(file).and_then(|file| file.time_zone.clone());
    let known = base.database.registry.company_file_settings(file).await?;
    let name = configured.or_else(|| known?.time_zone);
    let Some(name) = name else { return Ok(TimeZone::UTC) };
    TimeZone::get(&name).map_err(|error| {
        let why = format!("the time zone `{name}` of `{file}`: {error}; set its `time_zone`");
        Failure::new(Exit::BadConfiguration, why)
    })
}

async fn agreed(outlook: &Outlook) -> Result<bool, Failure> {
    let Outlook { company_file, through, .. } = outlook;
    talk(&format!(
        "From now on invoices of {company_file} dated after {through} are not looked up in MYOB \
         before they are sent. Say yes only if nobody else posts to it any more.{}",
        what_stays(outlook)
    ));
    let mend = "if the past is settled, say so with `--yes`";
    is_agreed("Is its past settled?", mend).await
}

/// What a cut-over leaves as it is.
fn what_stays(outlook: &Outlook) -> String {
    let ready = match outlook.ready {
        0 => String::new(),
        ready => format!(
            "\n{ready} ready invoices dated on or before {} go on being looked up.",
            outlook.through
        ),
    };
    let doubts = match outlook.doubts.as_slice() {
        [] => String::new(),
        doubts => format!("\nNot settled, and to be looked at: {}.", named(doubts)),
    };
    ready + &doubts
}

/// Invoices by number and state.
fn named(invoices: &[Summary]) -> String {
    let words = invoices.iter().take(NAMED).map(|it| format!("{} ({})", it.number, it.state));
    let text = words.collect::<Vec<_>>().join(", ");
    match invoices.len().saturating_sub(NAMED) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn refused(error: CutOverError) -> Failure {
    let words = chain(&error);
    let mend = match error {
        CutOverError::Store(error) => return error.into(),
        CutOverError::Unknown { known, .. } if known.is_empty() => {
            "import its invoices first, or configure it".to_owned()
        }
        CutOverError::Unknown { known, .. } => {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            format!("there are: {}", known.join(", "))
        }
        CutOverError::Future { .. } => {
            "name the last day that the old integration posted".to_owned()
        }
        CutOverError::Earlier { .. } => {
            "invoices between the two dates would not be looked up any \
                                         more; take it back first, with `--undo`"
                .to_owned()
        }
        CutOverError::Quiet { .. } => {
            "what was in the air may still land; say it again then".to_owned()
        }
        CutOverError::Alarmed { .. } => {
            "look at `postonce cutover` and `postonce status`, and say it again".to_owned()
        }
        CutOverError::Unsettled { invoices, .. } => format!(
            "{}; `postonce in-doubt check` asks MYOB, `postonce in-doubt resolve` takes your word, \
             and `--keep-doubts` leaves them as they are",
            named(&invoices)
        ),
    };
    Failure::new(Exit::DataRefused, format!("{words}: {mend}"))
}

fn settled(context: &Context<'_>, outlook: &Outlook, changed: bool) {
    if context.output.is_json() {
        context.output.value(&CutoverJson::settled(outlook, changed));
        return;
    }
    let Outlook { company_file, through, alarm, .. } = outlook;
    let (is, ended) = match (changed, alarm) {
        (true, Some(_)) => ("is settled", "; its alarm is over"),
        (true, None) => ("is settled", ""),
        (false, _) => ("was settled already", ""),
    };
    let stays = what_stays(outlook);
    context.output.line(&format!("{company_file}: the past {is} through {through}{ended}.{stays}"));
}

fn undone(context: &Context<'_>, before: &FilePast, changed: bool) {
    if context.output.is_json() {
        context.output.value(&CutoverJson::undone(before, changed));
        return;
    }
    let is = if changed { "is not settled any more" } else { "was not settled" };
    let file = &before.company_file;
    context.output.line(&format!(
        "{file}: the past {is}; each of its invoices is looked up in MYOB before it is sent."
    ));
}

fn show(context: &Context<'_>, files: &[FilePast]) {
    if context.output.is_json() {
        let list: Vec<FilePastJson> = files.iter().map(FilePastJson::new).collect();
        context.output.value(&list);
        return;
    }
    let columns = ["company file", "settled through", "alarm", "looked up first", "unsettled"];
    let mut rows = Rows::new(&columns).numbers(&[4]);
    for file in files {
        let alarm = file.alarm.map(|alarm| {
            let words = if alarm.quiet_over { "stands, quiet until" } else { "quiet until" };
            format!("{words} {}", time(alarm.quiet_until))
        });
        rows.add([
            file.company_file.to_string(),
            file.through.map_or_else(|| "not settled".to_owned(), |date: Date| date.to_string()),
            alarm.unwrap_or_default(),
            looked_up(file.lookups),
            file.unsettled.to_string(),
        ]);
    }
    let nothing = "There is no company file: none is configured, and no invoice is to be sent.";
    context.output.line(&rows.text(nothing));
}

fn looked_up(lookups: Lookups) -> String {
    match lookups {
        Lookups::NotCutOver | Lookups::Alarm => "every invoice".to_owned(),
        Lookups::Configured => "every invoice (lookup_before_post)".to_owned(),
        Lookups::Through(date) => format!("dated on or before {date}"),
    }
}
