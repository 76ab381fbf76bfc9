//! `postonce audit pairs`, `show`, `files`, `accounts` and `export`.

use csv::WriterBuilder;
use postonce_domain::CompanyFile;
use postonce_ports::account::{AccountNoteRecord, Accounts};
use postonce_ports::file_note::{FileNoteRecord, FileNotes};
use postonce_ports::reader::InvoiceReader;

use super::show::{table, trail};
use crate::args::{Audit, ExportFormat, One};
use crate::exit::{Exit, Failure};
use crate::json::{AccountNoteJson, FileNoteJson, NoteJson, PairsJson};
use crate::output::{Output, talk};
use crate::selection::find_one;
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: Audit) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let reader = base.side.reader.as_ref();
    match args {
        Audit::Pairs => pairs(&context.output, reader).await?,
        Audit::Show(one) => show(&context.output, reader, &one).await?,
        Audit::Files { file } => {
            files(&context.output, base.side.notes.as_ref(), file.as_ref()).await?;
        }
        Audit::Accounts => accounts(&context.output, base.side.accounts.as_ref()).await?,
        Audit::Export { format } => export(&context.output, reader, format).await?,
    }
    Ok(Exit::Done)
}

async fn pairs(output: &Output, reader: &dyn InvoiceReader) -> Result<(), Failure> {
    let pairs = reader.pairs().await?;
    if output.is_json() {
        output.value(&PairsJson::new(&pairs));
        return Ok(());
    }
    let (claims, outcomes) = (pairs.claims, pairs.outcomes);
    output.line(&format!("{claims} claims, {outcomes} with an outcome"));
    if !pairs.unpaired.is_empty() {
        let mut rows = Rows::new(&["id", "claim", "open"]).numbers(&[0]);
        for unpaired in &pairs.unpaired {
            let open = if unpaired.open { "yes" } else { "no" };
            rows.add([unpaired.invoice.to_string(), unpaired.claim.to_string(), open.to_owned()]);
        }
        output.line(&rows.text(""));
        output.flush();
        talk("An open claim gets its outcome from its run, or from the next one.");
    }
    Ok(())
}

async fn show(output: &Output, reader: &dyn InvoiceReader, one: &One) -> Result<(), Failure> {
    let invoice = find_one(reader, &one.invoice).await?;
    let notes = trail(reader, invoice).await?;
    if output.is_json() {
        let list: Vec<NoteJson> = notes.iter().map(NoteJson::new).collect();
        output.value(&list);
    } else {
        output.line(&table(&notes));
    }
    Ok(())
}

/// Company files are few, and so are the decisions about them.
async fn files(
    output: &Output,
    notes: &dyn FileNotes,
    file: Option<&CompanyFile>,
) -> Result<(), Failure> {
    const PAGE: u32 = 500;
    let mut trail = Vec::new();
    loop {
        let after = trail.last().map_or(0, |last: &FileNoteRecord| last.id);
        let page = notes.list(file.cloned(), after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        trail.extend(page);
    }
    if output.is_json() {
        let list: Vec<FileNoteJson> = trail.iter().map(FileNoteJson::new).collect();
        output.value(&list);
        return Ok(());
    }
    let mut rows = Rows::new(&["at", "company file", "kind", "actor", "text"]);
    for FileNoteRecord { at, note, .. } in trail {
        let (file, kind) = (note.company_file.to_string(), note.kind.as_str().to_owned());
        rows.add([time(at), file, kind, note.actor, note.text]);
    }
    output.line(&rows.text("Nothing was decided about a company file."));
    Ok(())
}

async fn accounts(output: &Output, accounts: &dyn Accounts) -> Result<(), Failure> {
    const PAGE: u32 = 500;
    let mut trail = Vec::new();
    loop {
        let after = trail.last().map_or(0, |last: &AccountNoteRecord| last.id);
        let page = accounts.account_notes(after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        trail.extend(page);
    }
    if output.is_json() {
        let list: Vec<_> = trail.iter().map(AccountNoteJson::new).collect();
        output.value(&list);
        return Ok(());
    }
    let mut rows = Rows::new(&["at", "actor", "event", "of", "text"]);
    for AccountNoteRecord { at, note, .. } in trail {
        let (event, name) = (note.event.as_str().to_owned(), note.name.to_string());
        rows.add([time(at), note.actor, event, name, note.text]);
    }
    output.line(&rows.text("Nobody was let in, and nobody came in."));
    Ok(())
}

/// Writes the trail page by page: it is as long as the company is old.
async fn export(
    output: &Output,
    reader: &dyn InvoiceReader,
    format: ExportFormat,
) -> Result<(), Failure> {
    const PAGE: u32 = 500;
    if format == ExportFormat::Csv {
        output.data(&csv_row(&NoteJson::COLUMNS.map(str::to_owned))?);
    }
    let mut after = 0;
    loop {
        let page = reader.notes(None, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for note in page.iter().map(NoteJson::new) {
            match format {
                ExportFormat::Ndjson => output.value(&note),
                ExportFormat::Csv => output.data(&csv_row(&note.cells().map(harmless))?),
            }
        }
        if !output.flush() {
            return Ok(());
        }
    }
}

/// A value that no spreadsheet takes for a formula.
pub(super) fn harmless(mut text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        text.insert(0, '\'');
    }
    text
}

fn csv_row(cells: &[String; 9]) -> Result<Vec<u8>, Failure> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let written = writer.write_record(cells).map_err(|error| error.to_string());
    let bytes =
        written.and_then(|()| writer.into_inner().map_err(|error| error.error().to_string()));
    bytes.map_err(|why| Failure::new(Exit::Unexpected, format!("a row cannot be written: {why}")))
}

#[cfg(test)]
mod tests;
