//! Flags on invoices.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{CompanyFile, InvoiceId};
use postonce_ports::error::StoreError;
use postonce_ports::flag::{Flag, Flags};
use postonce_ports::store::Note;
use postonce_store_rows::flag::FlagRow;
use postonce_store_rows::schema::{postonce_invoice as invoice, postonce_invoice_flag as flag};

use crate::error::Step;
use crate::statement::statement;
use crate::time::now_sql;
use crate::transaction::{Conn, End};
use crate::{MysqlStore, note};

/// The row of the text alone: one that is there keeps its place.
const RAISE: &str = concat!(
    "INSERT INTO postonce_invoice_flag (invoice_id, text) VALUES (?, ?) \
     ON DUPLICATE KEY UPDATE text = ?, raised_at = ",
    now_sql!()
);

#[async_trait]
impl Flags for MysqlStore {
    async fn raise(&self, invoice: InvoiceId, text: &str) -> Result<(), StoreError> {
        self.write((invoice, text.to_owned()), |conn, (invoice, text)| {
            Box::pin(async {
                let raise = statement(RAISE).int(invoice.0).text(text.as_str());
                raise.text(text.as_str()).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn flag(&self, invoice: InvoiceId) -> Result<Option<Flag>, StoreError> {
        self.read(invoice, |conn, id| {
            Box::pin(async {
                let row = flag::table.find(id.0).select(FlagRow::as_select());
                Ok(row.first(conn).await.optional()?.map(FlagRow::flag).transpose()?)
            })
        })
        .await
    }

    async fn flags(
        &self,
        company_file: Option<CompanyFile>,
        after: InvoiceId,
        limit: u32,
    ) -> Result<Vec<Flag>, StoreError> {
        self.read((company_file, after, limit), |conn, (file, after, limit)| {
            Box::pin(list(conn, file.as_ref(), *after, *limit))
        })
        .await
    }

    async fn lower(&self, invoice: InvoiceId, line: Note) -> Result<bool, StoreError> {
        self.write((invoice, line), |conn, (invoice, line)| {
            Box::pin(async {
                let taken = diesel::delete(flag::table.find(invoice.0)).execute(conn).await?;
                if taken == 0 {
                    return Ok(End::Undo(false));
                }
                Ok(End::KeepWith(vec![note::insert(*invoice, line, None)], true))
            })
        })
        .await
    }
}

async fn list(
    conn: &mut Conn,
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
    let rows: Vec<FlagRow> = query.load(conn).await?;
    Ok(rows.into_iter().map(FlagRow::flag).collect::<Result<_, _>>()?)
}
