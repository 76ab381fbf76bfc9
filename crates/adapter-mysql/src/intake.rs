//! How invoices come in: all of a list in one transaction, or nothing.
//!
//! They are taken in batches, so that ten thousand cost some hundred round trips. No batch has a
//! number or an external id twice: what the database says of one of its invoices is true whatever
//! becomes of the others.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{CompanyFile, Invoice, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};
use postonce_store_rows::intake::{Numbers, why_not};
use postonce_store_rows::rows::{ContentRow, INVOICE, InvoiceRow, LineRow, corrupt};
use postonce_store_rows::schema::{postonce_invoice as invoice, postonce_invoice_line as line};

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::invoice::set_locked_life;
use crate::page::lines_of;
use crate::transaction::{Conn, End};

/// How many invoices, or lines, one statement takes: some megabytes at the very most, which every
/// server's `max_allowed_packet` has room for.
pub(crate) const CHUNK: usize = 500;

#[async_trait]
impl Intake for MysqlStore {
    async fn import(&self, invoices: Vec<Invoice>) -> Result<Imported, StoreError> {
        self.write_at_length(invoices, |conn, invoices| Box::pin(import(conn, invoices))).await
    }
}

async fn import(conn: &mut Conn, invoices: &[Invoice]) -> Step<End<Imported>> {
    Ok(match take(conn, invoices).await? {
        done @ Imported::Done { .. } => End::Keep(done),
        refused @ Imported::Refused(_) => End::Undo(refused),
    })
}

/// Takes invoices in, as part of a transaction that is to be undone if one is refused.
pub(crate) async fn take(conn: &mut Conn, invoices: &[Invoice]) -> Step<Imported> {
    let mut intake = Taken::default();
    let mut refusals = Vec::new();
    let mut first = 0;
    while let Some(rest) = invoices.get(first..).filter(|rest| !rest.is_empty()) {
        let batch = batch(rest);
        for (index, problem) in intake.take(conn, batch).await? {
            refusals.push(ImportRefusal { index: first + index, problem });
        }
        first += batch.len();
    }
    if !refusals.is_empty() {
        return Ok(Imported::Refused(refusals));
    }
    let Taken { created, replaced, unchanged, .. } = intake;
    Ok(Imported::Done { created, replaced, unchanged })
}

/// The longest beginning of one company file that has no number and no external id twice.
fn batch<'a>(invoices: &'a [Invoice]) -> &'a [Invoice] {
    let mut seen = HashSet::new();
    let mut numbers = HashSet::new();
    let file = invoices.first().map(|first| &first.parts().company_file);
    let fits = |invoice: &&'a Invoice| {
        let parts = invoice.parts();
        Some(&parts.company_file) == file
            && seen.insert(parts.external_id.as_str())
            && numbers.insert(parts.number.as_str().to_ascii_uppercase())
    };
    let length = invoices.iter().take(CHUNK).take_while(fits).count();
    invoices.get(..length).unwrap_or_default()
}

#[derive(Default)]
struct Taken {
    numbers: Numbers,
    created: u64,
    replaced: u64,
    unchanged: u64,
}

/// What is on record of a batch.
struct Known {
    rows: HashMap<String, InvoiceRow>,
    lines: BTreeMap<i64, Vec<LineRow>>,
    /// The external id of whoever has a number, in capitals.
    numbers: HashMap<String, String>,
}

impl Taken {
    /// Takes a batch, or says what is wrong with which of its invoices.
    async fn take(
        &mut self,
        conn: &mut Conn,
        batch: &[Invoice],
    ) -> Step<Vec<(usize, ImportProblem)>> {
        let mut known = known(conn, batch).await?;
        let mut refusals = Vec::new();
        let mut new = Vec::new();
        for (index, invoice) in batch.iter().enumerate() {
            let row = known.rows.get(invoice.parts().external_id.as_str());
            let lines = row.and_then(|row| known.lines.remove(&row.id)).unwrap_or_default();
            // A row that cannot be read has other content than any invoice.
            if row.is_some_and(|row| row.invoice(&lines).as_ref() == Ok(invoice)) {
                self.unchanged += 1;
                continue;
            }
            let problems = self.problems(row, invoice, &known.numbers)?;
            if problems.is_empty() {
                match row {
                    Some(row) => self.replace(conn, row, invoice).await?,
                    None => new.push(invoice),
                }
            }
            refusals.extend(problems.into_iter().map(|problem| (index, problem)));
        }
        self.create(conn, &new).await?;
        Ok(refusals)
    }

    fn problems(
        &mut self,
        row: Option<&InvoiceRow>,
        invoice: &Invoice,
        numbers: &HashMap<String, String>,
    ) -> Step<Vec<ImportProblem>> {
        let mut problems: Vec<_> = match row {
            Some(row) => why_not(row, invoice)?.into_iter().collect(),
            None => Vec::new(),
        };
        let number = invoice.parts().number.as_str();
        let on_record = numbers.get(&number.to_ascii_uppercase()).cloned();
        match self.numbers.holder(invoice, on_record) {
            Some(other) => problems.push(ImportProblem::NumberTaken { other }),
            None => self.numbers.hold(invoice, number),
        }
        Ok(problems)
    }

    async fn create(&mut self, conn: &mut Conn, new: &[&Invoice]) -> Step<()> {
        let Some(first) = new.first() else { return Ok(()) };
        let rows: Vec<ContentRow> = new.iter().map(|invoice| ContentRow::of(invoice)).collect();
        // Another import may have written one of them since it was looked up.
        inserted(diesel::insert_into(invoice::table).values(&rows).execute(conn).await)?;
        // Asked for, since the ids of one statement need not follow each other.
        let ids = ids(conn, &first.parts().company_file, new).await?;
        let mut lines = Vec::new();
        for invoice in new {
            let external_id = invoice.parts().external_id.as_str();
            let id = ids.get(external_id);
            let id = id.ok_or_else(|| corrupt(INVOICE, external_id, "it was not written"))?;
            lines.extend(invoice.parts().lines.iter().map(|line| LineRow::of(*id, line)));
        }
        insert_lines(conn, &lines).await?;
        self.created += u64::try_from(new.len()).unwrap_or_default();
        Ok(())
    }

    async fn replace(&mut self, conn: &mut Conn, row: &InvoiceRow, content: &Invoice) -> Step<()> {
        let before = row.life()?;
        let set = diesel::update(invoice::table.find(row.id)).set(ContentRow::of(content));
        inserted(set.execute(conn).await)?;
        let next = before.renew().ok_or_else(|| {
            corrupt(INVOICE, row.id, "its content was taken in a state that takes none")
        })?;
        set_locked_life(conn, InvoiceId(row.id), (&before, &next), None).await?;
        diesel::delete(line::table.filter(line::invoice_id.eq(row.id))).execute(conn).await?;
        let lines = content.parts().lines.iter().map(|line| LineRow::of(row.id, line));
        insert_lines(conn, &lines.collect::<Vec<_>>()).await?;
        self.numbers.hold(content, &row.content.number);
        self.replaced += 1;
        Ok(())
    }
}

fn inserted(done: QueryResult<usize>) -> Step<()> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}

async fn insert_lines(conn: &mut Conn, lines: &[LineRow]) -> Step<()> {
    for lines in lines.chunks(CHUNK) {
        diesel::insert_into(line::table).values(lines).execute(conn).await?;
    }
    Ok(())
}

/// What is on record of a batch, with the rows locked: whoever moves one of them waits for us.
async fn known(conn: &mut Conn, batch: &[Invoice]) -> Step<Known> {
    let mut known = Known { rows: HashMap::new(), lines: BTreeMap::new(), numbers: HashMap::new() };
    let Some(first) = batch.first() else { return Ok(known) };
    let file = first.parts().company_file.as_str();
    let external_ids = batch.iter().map(|it| it.parts().external_id.as_str());
    let rows: Vec<InvoiceRow> = invoice::table
        .filter(invoice::company_file.eq(file))
        .filter(invoice::external_id.eq_any(external_ids.collect::<Vec<_>>()))
        .order(invoice::id)
        .select(InvoiceRow::as_select())
        .for_update()
        .load(conn)
        .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    if !ids.is_empty() {
        known.lines = lines_of(conn, &ids).await?;
    }
    known.rows = rows.into_iter().map(|row| (row.content.external_id.clone(), row)).collect();
    let numbers = batch.iter().map(|it| it.parts().number.as_str());
    let holders: Vec<(String, String)> = invoice::table
        .filter(invoice::company_file.eq(file))
        .filter(invoice::number.eq_any(numbers.collect::<Vec<_>>()))
        .select((invoice::number, invoice::external_id))
        .load(conn)
        .await?;
    known.numbers = holders.into_iter().map(|(it, id)| (it.to_ascii_uppercase(), id)).collect();
    Ok(known)
}

async fn ids(
    conn: &mut Conn,
    company_file: &CompanyFile,
    invoices: &[&Invoice],
) -> Step<HashMap<String, i64>> {
    let external_ids = invoices.iter().map(|it| it.parts().external_id.as_str());
    let rows: Vec<(String, i64)> = invoice::table
        .filter(invoice::company_file.eq(company_file.as_str()))
        .filter(invoice::external_id.eq_any(external_ids.collect::<Vec<_>>()))
        .select((invoice::external_id, invoice::id))
        .load(conn)
        .await?;
    Ok(rows.into_iter().collect())
}
