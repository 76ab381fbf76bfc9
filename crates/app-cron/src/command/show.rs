//! `postonce show`.

use postonce_domain::InvoiceId;
use postonce_ports::reader::{InvoiceReader, NoteRecord, Summary};

use crate::args::One;
use crate::exit::{Exit, Failure};
use crate::json::{FlagJson, InvoiceJson, NoteJson, ShowJson};
use crate::selection::find_one;
use crate::table::{Rows, plain, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: &One) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let invoice = find_one(base.side.reader.as_ref(), &args.invoice).await?;
    show(context, &base, invoice).await?;
    Ok(Exit::Done)
}

/// Prints one invoice.
pub(super) async fn show(
    context: &Context<'_>,
    base: &Base<'_>,
    invoice: InvoiceId,
) -> Result<(), Failure> {
    let reader = base.side.reader.as_ref();
    let summary = reader.summary(invoice).await?.ok_or_else(|| {
        Failure::new(Exit::DataRefused, format!("there is no invoice {invoice} any more"))
    })?;
    let flag = base.ports_without_ledger().flags.flag(invoice).await?;
    let notes = trail(reader, invoice).await?;
    if context.output.is_json() {
        let notes = notes.iter().map(NoteJson::new).collect();
        context.output.value(&ShowJson {
            invoice: InvoiceJson::new(&summary),
            flag: flag.as_ref().map(FlagJson::new),
            notes,
        });
    } else {
        context.output.line(&header(&summary, flag.map(|flag| flag.text)));
        context.output.line(&table(&notes));
    }
    Ok(())
}

/// The whole trail of one invoice, which is as long as the invoice had adventures.
pub(super) async fn trail(
    reader: &dyn InvoiceReader,
    invoice: InvoiceId,
) -> Result<Vec<NoteRecord>, Failure> {
    const PAGE: u32 = 500;
    let mut notes: Vec<NoteRecord> = Vec::new();
    loop {
        let after = notes.last().map_or(0, |note| note.id);
        let page = reader.notes(Some(invoice), after, PAGE).await?;
        if page.is_empty() {
            return Ok(notes);
        }
        notes.extend(page);
    }
}

/// The trail for people; payloads are left to JSON.
pub(super) fn table(notes: &[NoteRecord]) -> String {
    let mut rows = Rows::new(&["at", "kind", "by", "note"]);
    for note in notes {
        let kind = note.note.kind.as_str().to_owned();
        rows.add([time(note.at), kind, note.note.actor.clone(), note.note.text.clone()]);
    }
    rows.text("Nothing has happened to it yet.")
}

fn header(summary: &Summary, flag: Option<String>) -> String {
    let uid = summary.ledger_uid.as_ref().map(ToString::to_string);
    let uids: Vec<String> = summary.uids.iter().map(ToString::to_string).collect();
    let held = if summary.held { ", held" } else { "" };
    let lines = [
        ("invoice", Some(format!("{} ({}:{})", summary.id, summary.company_file, summary.number))),
        ("state", Some(format!("{}{held}", summary.state))),
        ("reason", summary.reason.clone()),
        ("code", summary.code.clone()),
        ("flag", flag),
        ("date", Some(summary.date.to_string())),
        ("side", Some(summary.side.to_string())),
        ("external id", Some(summary.external_id.to_string())),
        ("total", Some(summary.total.to_string())),
        ("attempts", Some(summary.attempt.0.to_string())),
        ("in MYOB as", uid),
        ("seen in MYOB", Some(uids.join(", ")).filter(|text| !text.is_empty())),
        ("changed", Some(time(summary.updated_at))),
    ];
    let known = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let lines: Vec<String> =
        known.map(|(name, value)| format!("{name:12}  {}\n", plain(&value))).collect();
    lines.concat()
}
