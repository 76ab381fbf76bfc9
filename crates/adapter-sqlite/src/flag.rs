//! Flags on invoices.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{CompanyFile, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::flag::{Flag, Flags};
use postonce_ports::store::Note;
use postonce_store_rows::flag::FlagRow;

use crate::connection::End;
use crate::error::Step;
use crate::schema::{postonce_invoice as invoice, postonce_invoice_flag as flag};
use crate::{SqliteStore, note, time};

#[async_trait]
impl Flags for SqliteStore {
    async fn raise(&self, invoice: InvoiceId, text: &str) -> Result<(), StoreError> {
        let text = text.to_owned();
        self.write(move |conn| {
            let row = (flag::text.eq(&text), flag::raised_at.eq(time::now(conn)?));
            diesel::insert_into(flag::table)
                .values((flag::invoice_id.eq(invoice.0), row))
                .on_conflict(flag::invoice_id)
                .do_update()
                .set(row)
                .execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn flag(&self, invoice: InvoiceId) -> Result<Option<Flag>, StoreError> {
        self.read(move |conn| {
            let row = flag::table.find(invoice.0).select(FlagRow::as_select());
            Ok(row.first(conn).optional()?.map(FlagRow::flag).transpose()?)
        })
        .await
    }

    async fn flags(
        &self,
        company_file: Option<CompanyFile>,
        after: InvoiceId,
        limit: u32,
    ) -> Result<Vec<Flag>, StoreError> {
        self.read(move |conn| list(conn, company_file.as_ref(), after, limit)).await
    }

    async fn lower(&self, invoice: InvoiceId, line: Note) -> Result<bool, StoreError> {
        self.write(move |conn| {
            if diesel::delete(flag::table.find(invoice.0)).execute(conn)? == 0 {
                return Ok(End::Undo(false));
            }
            let now = time::now(conn)?;
            note::write(conn, invoice, now, &line, None)?;
            Ok(End::Keep(true))
        })
        .await
    }
}

fn list(
    conn: &mut SqliteConnection,
    company_file: Option<&CompanyFile>,
    after: InvoiceId,
    limit: u32,
) -> Step<Vec<Flag>> {
    let mut query = flag::table
        .inner_join(invoice::table.on(invoice::id.eq(flag::invoice_id)))
        .filter(flag::invoice_id.gt(after.0))
        .order(flag::invoice_id)
        .limit(i64::from(limit))
        .select(FlagRow::as_select())
        .into_boxed();
    if let Some(file) = company_file {
        query = query.filter(invoice::company_file.eq(file.as_str()));
    }
    let rows: Vec<FlagRow> = query.load(conn)?;
    Ok(rows.into_iter().map(FlagRow::flag).collect::<Result<_, _>>()?)
}
