//! `postonce invoices`.

use postonce_domain::InvoiceId;
use postonce_ports::reader::{Filter, InvoiceReader, Summary};

use crate::args::Invoices;
use crate::exit::{Exit, Failure};
use crate::json::InvoiceJson;
use crate::output::{Output, talk};
use crate::table::Rows;
use crate::wiring::{Base, Context};

/// Invoices read at once.
const PAGE: u64 = 500;

/// Rows of a table, if nobody says how many.
const TABLE_LIMIT: u64 = 100;

pub(crate) async fn run(context: &Context<'_>, args: Invoices) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    let reader = base.side.reader.as_ref();
    let limit = args.limit;
    let filter = Filter {
        states: args.state,
        company_file: args.company_file,
        code: args.code,
        since: args.since,
        after: args.after.map(InvoiceId),
        limit: 0,
    };
    if context.output.is_json() {
        as_json(&context.output, reader, filter, limit.unwrap_or(u64::MAX)).await?;
    } else {
        as_table(&context.output, reader, filter, limit.unwrap_or(TABLE_LIMIT)).await?;
    }
    Ok(Exit::Done)
}

/// The next page of at most `left` invoices; `filter` is moved behind it.
async fn next_page(
    reader: &dyn InvoiceReader,
    filter: &mut Filter,
    left: u64,
) -> Result<Vec<Summary>, Failure> {
    filter.limit = u32::try_from(left.min(PAGE)).unwrap_or(u32::MAX);
    if filter.limit == 0 {
        return Ok(Vec::new());
    }
    let page = reader.list(filter.clone()).await?;
    if let Some(last) = page.last() {
        filter.after = Some(last.id);
    }
    Ok(page)
}

/// Writes the array page by page, since it may not fit in memory.
async fn as_json(
    output: &Output,
    reader: &dyn InvoiceReader,
    mut filter: Filter,
    limit: u64,
) -> Result<(), Failure> {
    let mut left = limit;
    let mut separator = "[";
    loop {
        let page = next_page(reader, &mut filter, left).await?;
        if page.is_empty() {
            break;
        }
        for summary in &page {
            output.data(separator.as_bytes());
            output.value(&InvoiceJson::new(summary));
            separator = ",";
            left -= 1;
        }
        if !output.flush() {
            return Ok(());
        }
    }
    output.line(if separator == "[" { "[]" } else { "]" });
    Ok(())
}

async fn as_table(
    output: &Output,
    reader: &dyn InvoiceReader,
    mut filter: Filter,
    limit: u64,
) -> Result<(), Failure> {
    let columns = [
        "id",
        "company file",
        "number",
        "date",
        "side",
        "state",
        "held",
        "total",
        "attempt",
        "reason",
    ];
    let mut rows = Rows::new(&columns).numbers(&[0, 7, 8]);
    let mut left = limit;
    loop {
        let page = next_page(reader, &mut filter, left).await?;
        if page.is_empty() {
            break;
        }
        for summary in &page {
            left -= 1;
            rows.add(cells(summary));
        }
    }
    output.line(&rows.text("There is no such invoice."));
    let more =
        if left == 0 { next_page(reader, &mut filter.clone(), 1).await? } else { Vec::new() };
    if let (Some(after), false) = (filter.after, more.is_empty()) {
        output.flush();
        talk(&format!("There is more: go on with --after {after}."));
    }
    Ok(())
}

fn cells(summary: &Summary) -> [String; 10] {
    [
        summary.id.to_string(),
        summary.company_file.to_string(),
        summary.number.to_string(),
        summary.date.to_string(),
        summary.side.to_string(),
        summary.state.to_string(),
        if summary.held { "held".to_owned() } else { String::new() },
        summary.total.to_string(),
        summary.attempt.0.to_string(),
        summary.reason.as_deref().unwrap_or_default().chars().take(100).collect(),
    ]
}
