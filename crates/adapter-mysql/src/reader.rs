//! What people and programs read.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;
use postonce_domain::{CompanyFile, InvoiceId, InvoiceNumber, StateName};
use postonce_ports::error::StoreError;
use postonce_ports::reader::{
    Filter, InvoiceReader, NoteRecord, Pairs, StateCounts, Summary, Unpaired,
};
use postonce_store_rows::rows::{claim_id, parsed};
use postonce_store_rows::run::wide;
use postonce_store_rows::schema::postonce_invoice as invoice;
use postonce_store_rows::summary::SummaryRow;

use crate::error::Step;
use crate::statement::statement;
use crate::transaction::{Conn, End, one_snapshot};
use crate::{MysqlStore, note};

#[async_trait]
impl InvoiceReader for MysqlStore {
    async fn counts(&self) -> Result<StateCounts, StoreError> {
        self.read((), |conn, ()| Box::pin(counts(conn))).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, StoreError> {
        self.read(filter, |conn, filter| Box::pin(list(conn, filter))).await
    }

    async fn summary(&self, invoice: InvoiceId) -> Result<Option<Summary>, StoreError> {
        self.read(invoice, |conn, id| {
            Box::pin(async {
                let row = invoice::table.find(id.0).select(SummaryRow::as_select());
                Ok(row.first(conn).await.optional()?.map(SummaryRow::summary).transpose()?)
            })
        })
        .await
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        number: &InvoiceNumber,
    ) -> Result<Option<InvoiceId>, StoreError> {
        self.read((company_file.clone(), number.clone()), |conn, (file, number)| {
            Box::pin(async {
                let id = invoice::table
                    .filter(invoice::company_file.eq(file.as_str()))
                    .filter(invoice::number.eq(number.as_str()))
                    .select(invoice::id);
                Ok(id.first(conn).await.optional()?.map(InvoiceId))
            })
        })
        .await
    }

    async fn notes(
        &self,
        invoice: Option<InvoiceId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<NoteRecord>, StoreError> {
        self.read((invoice, after, limit), |conn, (invoice, after, limit)| {
            Box::pin(note::read(conn, *invoice, *after, *limit))
        })
        .await
    }

    async fn pairs(&self) -> Result<Pairs, StoreError> {
        self.write_at_length((), |conn, ()| Box::pin(async { Ok(End::Undo(pairs(conn).await?)) }))
            .await
    }
}

async fn counts(conn: &mut Conn) -> Step<StateCounts> {
    let rows: Vec<(String, i64, i64)> = invoice::table
        .group_by(invoice::state)
        .select((
            invoice::state,
            sql::<BigInt>("count(*)"),
            sql::<BigInt>("CAST(sum(held) AS SIGNED)"),
        ))
        .load(conn)
        .await?;
    let in_state = |name: StateName| {
        let row = rows.iter().find(|(state, ..)| state == name.as_str());
        (name, row.map_or(0, |(_, count, _)| wide(*count)))
    };
    Ok(StateCounts {
        by_state: StateName::ALL.into_iter().map(in_state).collect(),
        held: rows.iter().map(|(.., held)| wide(*held)).sum(),
    })
}

async fn list(conn: &mut Conn, filter: &Filter) -> Step<Vec<Summary>> {
    let mut query = invoice::table
        .filter(invoice::id.gt(filter.after.map_or(0, |after| after.0)))
        .order(invoice::id)
        .limit(i64::from(filter.limit))
        .select(SummaryRow::as_select())
        .into_boxed();
    if !filter.states.is_empty() {
        let states = filter.states.iter().map(|state| state.as_str());
        query = query.filter(invoice::state.eq_any(states.collect::<Vec<_>>()));
    }
    if let Some(file) = &filter.company_file {
        query = query.filter(invoice::company_file.eq(file.as_str()));
    }
    if let Some(code) = &filter.code {
        query = query.filter(invoice::state_code.eq(code));
    }
    if let Some(since) = filter.since {
        query = query.filter(invoice::invoice_date.ge(since.to_string()));
    }
    let rows: Vec<SummaryRow> = query.load(conn).await?;
    Ok(rows.into_iter().map(SummaryRow::summary).collect::<Result<_, _>>()?)
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = BigInt)]
    invoice_id: i64,
    #[diesel(sql_type = Text)]
    claim_id: String,
    #[diesel(sql_type = Bool)]
    open: bool,
}

const CLAIMS: &str = "SELECT count(*) AS count FROM postonce_invoice_note WHERE kind = 'claim'";

const UNPAIRED: &str = "\
    SELECT claimed.invoice_id, claimed.claim_id, \
    COALESCE(i.state = 'claimed' AND i.claim_id = claimed.claim_id, 0) AS open \
    FROM postonce_invoice_note AS claimed \
    JOIN postonce_invoice AS i ON i.id = claimed.invoice_id \
    WHERE claimed.kind = 'claim' AND NOT EXISTS (\
    SELECT 1 FROM postonce_invoice_note AS outcome FORCE INDEX (postonce_invoice_note_trail) \
    WHERE outcome.invoice_id = claimed.invoice_id AND outcome.claim_id = claimed.claim_id \
    AND outcome.kind = 'outcome') \
    ORDER BY claimed.id";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn pairs(conn: &mut Conn) -> Step<Pairs> {
    one_snapshot(conn).await?;
    let claims: CountRow = statement(CLAIMS).get_result(conn).await?;
    let rows: Vec<PairRow> = statement(UNPAIRED).load(conn).await?;
    let unpaired = |row: &PairRow| {
        let claim = claim_id("postonce_invoice_note", &row.claim_id, &row.claim_id)?;
        Ok(Unpaired { invoice: InvoiceId(row.invoice_id), claim, open: row.open })
    };
    let unpaired: Vec<Unpaired> = rows.iter().map(unpaired).collect::<Step<_>>()?;
    let claims = wide(claims.count);
    let without = parsed("postonce_invoice_note", "claims", u64::try_from(unpaired.len()))?;
    Ok(Pairs { claims, outcomes: claims.saturating_sub(without), unpaired })
}
