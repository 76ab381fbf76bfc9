//! `postonce flags` and `postonce flags clear`.

use postonce_domain::{CompanyFile, InvoiceId, NoteKind};
use postonce_ports::flag::Flag;
use postonce_ports::reader::Summary;
use postonce_ports::store::Note;

use crate::args::{Flagged, FlaggedVerb};
use crate::exit::{Exit, Failure};
use crate::json::{FlagJson, FlaggedJson};
use crate::selection::{Selector, find_one};
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: Flagged) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args.verb {
        Some(FlaggedVerb::Clear { invoices, reason }) => {
            clear(context, &base, &invoices, &reason).await?;
        }
        None => list(context, &base, args.company_file).await?,
    }
    Ok(Exit::Done)
}

/// Flags are few: each is for a person to look at.
async fn list(
    context: &Context<'_>,
    base: &Base<'_>,
    file: Option<CompanyFile>,
) -> Result<(), Failure> {
    const PAGE: u32 = 500;
    let ports = base.ports_without_ledger();
    let mut flagged: Vec<(Flag, Summary)> = Vec::new();
    let mut after = InvoiceId(0);
    loop {
        let page = ports.flags.flags(file.clone(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.invoice;
        for flag in page {
            let summary = base.side.reader.summary(flag.invoice).await?;
            flagged.extend(summary.map(|summary| (flag, summary)));
        }
    }
    if context.output.is_json() {
        let list: Vec<_> = flagged.iter().map(|(flag, of)| FlaggedJson::new(flag, of)).collect();
        context.output.value(&list);
        return Ok(());
    }
    let mut rows =
        Rows::new(&["id", "number", "company file", "state", "since", "flag"]).numbers(&[0]);
    for (flag, of) in flagged {
        let (id, since) = (of.id.to_string(), time(flag.raised_at));
        let (number, file) = (of.number.to_string(), of.company_file.to_string());
        rows.add([id, number, file, of.state.to_string(), since, flag.text]);
    }
    context.output.line(&rows.text("No invoice is flagged."));
    Ok(())
}

async fn clear(
    context: &Context<'_>,
    base: &Base<'_>,
    wanted: &[Selector],
    reason: &str,
) -> Result<(), Failure> {
    // All are found before one is cleared.
    let mut invoices = Vec::new();
    for one in wanted {
        invoices.push(find_one(base.side.reader.as_ref(), one).await?);
    }
    let ports = base.ports_without_ledger();
    let mut cleared = Vec::new();
    for invoice in invoices {
        let Some(flag) = ports.flags.flag(invoice).await? else { continue };
        let text = format!("flag cleared ({}): {reason}", flag.text);
        let actor = base.actor().to_owned();
        let note = Note { kind: NoteKind::Person, claim: None, actor, text };
        if ports.flags.lower(invoice, note).await? {
            cleared.push(flag);
        }
    }
    if context.output.is_json() {
        context.output.value(&cleared.iter().map(FlagJson::new).collect::<Vec<_>>());
        return Ok(());
    }
    let count = cleared.len();
    context.output.line(&match count {
        1 => "one flag is cleared".to_owned(),
        _ => format!("{count} flags are cleared"),
    });
    Ok(())
}
