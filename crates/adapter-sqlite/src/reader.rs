//! What people and programs read.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use postonce_domain::{CompanyFile, InvoiceId, InvoiceNumber, StateName};
use postonce_ports::error::StoreError;
use postonce_ports::reader::{
    Filter, InvoiceReader, NoteRecord, Pairs, StateCounts, Summary, Unpaired,
};
use postonce_store_rows::summary::SummaryRow;

use crate::error::Step;
use crate::rows::{claim_id, parsed};
use crate::schema::postonce_invoice as invoice;
use crate::{SqliteStore, note};

#[async_trait]
impl InvoiceReader for SqliteStore {
    async fn counts(&self) -> Result<StateCounts, StoreError> {
        self.read(counts).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, StoreError> {
        self.read(move |conn| list(conn, &filter)).await
    }

    async fn summary(&self, invoice: InvoiceId) -> Result<Option<Summary>, StoreError> {
        self.read(move |conn| {
            let row = invoice::table.find(invoice.0).select(SummaryRow::as_select());
            Ok(row.first(conn).optional()?.map(SummaryRow::summary).transpose()?)
        })
        .await
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        number: &InvoiceNumber,
    ) -> Result<Option<InvoiceId>, StoreError> {
        let (company_file, number) = (company_file.clone(), number.clone());
        self.read(move |conn| {
            let id = invoice::table
                .filter(invoice::company_file.eq(company_file.as_str()))
                .filter(invoice::number.eq(number.as_str()))
                .select(invoice::id);
            Ok(id.first(conn).optional()?.map(InvoiceId))
        })
        .await
    }

    async fn notes(
        &self,
        invoice: Option<InvoiceId>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<NoteRecord>, StoreError> {
        self.read(move |conn| note::read(conn, invoice, after, limit)).await
    }

    async fn pairs(&self) -> Result<Pairs, StoreError> {
        self.read(pairs).await
    }
}

fn counts(conn: &mut SqliteConnection) -> Step<StateCounts> {
    let rows: Vec<(String, i64, i64)> = invoice::table
        .group_by(invoice::state)
        .select((invoice::state, sql::<BigInt>("count(*)"), sql::<BigInt>("sum(held)")))
        .load(conn)?;
    let wide = |count: i64| u64::try_from(count).unwrap_or_default();
    let in_state = |name: StateName| {
        let row = rows.iter().find(|(state, ..)| state == name.as_str());
        (name, row.map_or(0, |(_, count, _)| wide(*count)))
    };
    Ok(StateCounts {
        by_state: StateName::ALL.into_iter().map(in_state).collect(),
        held: rows.iter().map(|(.., held)| wide(*held)).sum(),
    })
}

fn list(conn: &mut SqliteConnection, filter: &Filter) -> Step<Vec<Summary>> {
    let mut query = invoice::table
        .filter(invoice::id.gt(filter.after.map_or(0, |after| after.0)))
        .order(invoice::id)
        .limit(i64::from(filter.limit))
        .select(SummaryRow::as_select())
        .into_boxed::<Sqlite>();
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
    let rows: Vec<SummaryRow> = query.load(conn)?;
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
    (postonce_invoice.state = 'claimed' AND postonce_invoice.claim_id = claimed.claim_id) AS open \
    FROM postonce_invoice_note AS claimed \
    JOIN postonce_invoice ON postonce_invoice.id = claimed.invoice_id \
    WHERE claimed.kind = 'claim' AND NOT EXISTS (\
    SELECT 1 FROM postonce_invoice_note AS outcome \
    WHERE outcome.claim_id = claimed.claim_id AND outcome.kind = 'outcome') \
    ORDER BY claimed.id";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn pairs(conn: &mut SqliteConnection) -> Step<Pairs> {
    let claims: CountRow = diesel::sql_query(CLAIMS).get_result(conn)?;
    let rows: Vec<PairRow> = diesel::sql_query(UNPAIRED).load(conn)?;
    let unpaired = |row: &PairRow| {
        let claim = claim_id("postonce_invoice_note", &row.claim_id, &row.claim_id)?;
        Ok(Unpaired { invoice: InvoiceId(row.invoice_id), claim, open: row.open })
    };
    let unpaired: Vec<Unpaired> = rows.iter().map(unpaired).collect::<Step<_>>()?;
    let claims = u64::try_from(claims.count).unwrap_or_default();
    let without = parsed("postonce_invoice_note", "claims", u64::try_from(unpaired.len()))?;
    Ok(Pairs { claims, outcomes: claims.saturating_sub(without), unpaired })
}
