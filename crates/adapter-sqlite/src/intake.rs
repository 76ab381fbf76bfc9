//! How invoices come in: all of a list in one transaction, or nothing.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{Invoice, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};
use postonce_store_rows::intake::{Numbers, why_not};

use crate::connection::End;
use crate::error::{Step, StepError};
use crate::rows::{ContentRow, INVOICE, InvoiceRow, LineRow};
use crate::schema::{postonce_invoice as invoice, postonce_invoice_line as line};
use crate::{SqliteStore, time};

#[async_trait]
impl Intake for SqliteStore {
    async fn import(&self, invoices: Vec<Invoice>) -> Result<Imported, StoreError> {
        self.write(move |conn| {
            Ok(match take(conn, invoices.iter())? {
                done @ Imported::Done { .. } => End::Keep(done),
                refused @ Imported::Refused(_) => End::Undo(refused),
            })
        })
        .await
    }
}

/// Takes invoices in, as part of a transaction that is to be undone if one is refused.
pub(crate) fn take<'a>(
    conn: &mut SqliteConnection,
    invoices: impl Iterator<Item = &'a Invoice>,
) -> Step<Imported> {
    let mut batch = Batch { now: time::now(conn)?, ..Batch::default() };
    let mut refusals = Vec::new();
    for (index, invoice) in invoices.enumerate() {
        let problems = batch.take(conn, invoice)?;
        refusals.extend(problems.into_iter().map(|problem| ImportRefusal { index, problem }));
    }
    if !refusals.is_empty() {
        return Ok(Imported::Refused(refusals));
    }
    let Batch { created, replaced, unchanged, .. } = batch;
    Ok(Imported::Done { created, replaced, unchanged })
}

#[derive(Default)]
struct Batch {
    now: i64,
    numbers: Numbers,
    created: u64,
    replaced: u64,
    unchanged: u64,
}

impl Batch {
    fn take(&mut self, conn: &mut SqliteConnection, invoice: &Invoice) -> Step<Vec<ImportProblem>> {
        let known = find(conn, invoice)?;
        let lines = match &known {
            Some(row) => crate::invoice::lines(conn, row.id)?,
            None => Vec::new(),
        };
        // A row that cannot be read has other content than any invoice.
        if known.as_ref().is_some_and(|row| row.invoice(&lines).as_ref() == Ok(invoice)) {
            self.unchanged += 1;
            return Ok(Vec::new());
        }
        let mut problems: Vec<_> = match &known {
            Some(row) => why_not(row, invoice)?.into_iter().collect(),
            None => Vec::new(),
        };
        match self.holder(conn, invoice)? {
            Some(other) => problems.push(ImportProblem::NumberTaken { other }),
            None => self.numbers.hold(invoice, invoice.parts().number.as_str()),
        }
        if problems.is_empty() {
            match &known {
                Some(row) => self.replace(conn, row, &lines, invoice)?,
                None => self.create(conn, invoice)?,
            }
        }
        Ok(problems)
    }

    /// The external id of another invoice that has the number, or had it before.
    fn holder(&self, conn: &mut SqliteConnection, invoice: &Invoice) -> Step<Option<String>> {
        let parts = invoice.parts();
        let on_record: Option<String> = invoice::table
            .filter(invoice::company_file.eq(parts.company_file.as_str()))
            .filter(invoice::number.eq(parts.number.as_str()))
            .select(invoice::external_id)
            .first(conn)
            .optional()?;
        Ok(self.numbers.holder(invoice, on_record))
    }

    fn create(&mut self, conn: &mut SqliteConnection, invoice: &Invoice) -> Step<()> {
        let id: i64 = diesel::insert_into(invoice::table)
            .values((ContentRow::of(invoice), invoice::updated_at.eq(self.now)))
            .returning(invoice::id)
            .get_result(conn)?;
        self.created += 1;
        insert_lines(conn, id, invoice)
    }

    fn replace(
        &mut self,
        conn: &mut SqliteConnection,
        row: &InvoiceRow,
        lines: &[LineRow],
        invoice: &Invoice,
    ) -> Step<()> {
        let before = row.life()?;
        diesel::update(invoice::table.find(row.id)).set(ContentRow::of(invoice)).execute(conn)?;
        let next = before.renew().ok_or_else(|| {
            let why = "its content was taken in a state that takes none".to_owned();
            StepError::Store(StoreError::Corrupt { table: INVOICE, key: row.id.to_string(), why })
        })?;
        crate::invoice::set_life(conn, InvoiceId(row.id), &before, &next, self.now)?;
        if !lines.is_empty() {
            diesel::delete(line::table.filter(line::invoice_id.eq(row.id))).execute(conn)?;
        }
        self.numbers.hold(invoice, &row.content.number);
        self.replaced += 1;
        insert_lines(conn, row.id, invoice)
    }
}

fn insert_lines(conn: &mut SqliteConnection, id: i64, invoice: &Invoice) -> Step<()> {
    // One by one: SQLite keeps this statement prepared, so a hundred thousand are quick.
    for row in invoice.parts().lines.iter().map(|line| LineRow::of(id, line)) {
        diesel::insert_into(line::table).values(&row).execute(conn)?;
    }
    Ok(())
}

fn find(conn: &mut SqliteConnection, invoice: &Invoice) -> Step<Option<InvoiceRow>> {
    let parts = invoice.parts();
    Ok(invoice::table
        .filter(invoice::company_file.eq(parts.company_file.as_str()))
        .filter(invoice::external_id.eq(parts.external_id.as_str()))
        .select(InvoiceRow::as_select())
        .first(conn)
        .optional()?)
}
