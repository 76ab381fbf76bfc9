//! What people and programs read.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use jiff::civil::Date;
use postonce_domain::{
    Attempt, CompanyFile, ExternalId, InvoiceId, InvoiceNumber, LedgerUid, Money, StateName,
    Version,
};
use postonce_ports::error::StoreError;
use postonce_ports::reader::{
    Filter, InvoiceReader, NoteRecord, Pairs, StateCounts, Summary, Unpaired,
};

use crate::error::Step;
use crate::rows::{INVOICE, InvoiceRow, claim_id, corrupt, parsed};
use crate::schema::postonce_invoice as invoice;
use crate::time::timestamp;
use crate::{SqliteStore, invoice as steps, note};

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
            Ok(steps::find(conn, invoice)?.map(|row| summary(&row)).transpose()?)
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
        .select(InvoiceRow::as_select())
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
    query.load(conn)?.iter().map(|row| Ok(summary(row)?)).collect()
}

fn summary(row: &InvoiceRow) -> Result<Summary, StoreError> {
    let (content, life) = (&row.content, &row.life);
    let broken = |why: String| corrupt(INVOICE, row.id, why);
    let text = |field: &str, why: &dyn std::fmt::Display| broken(format!("{field} {why}"));
    let attempt = u32::try_from(life.attempt).map_err(|why| text("attempt", &why))?;
    let uid = life.ledger_uid.as_deref().map(LedgerUid::parse).transpose();
    let at = timestamp(INVOICE, row.id, row.updated_at);
    Ok(Summary {
        id: row.id(),
        company_file: CompanyFile::parse(&content.company_file)
            .map_err(|why| text("company_file", &why))?,
        side: content.side.parse().map_err(|why| text("side", &why))?,
        external_id: ExternalId::parse(&content.external_id)
            .map_err(|why| text("external_id", &why))?,
        number: InvoiceNumber::parse(&content.number).map_err(|why| text("number", &why))?,
        date: content.invoice_date.parse::<Date>().map_err(|why| text("invoice_date", &why))?,
        state: life.parse_name().map_err(broken)?,
        reason: life.state_reason.clone(),
        code: life.state_code.clone(),
        attempt: Attempt(attempt),
        total: Money::from_minor(content.total_minor)
            .ok_or_else(|| broken("total_minor is out of range".to_owned()))?,
        ledger_uid: uid.map_err(|why| text("ledger_uid", &why))?,
        uids: life.parse_uids().map_err(broken)?,
        held: life.held,
        version: Version(life.version),
        updated_at: at.map_err(|_| broken("updated_at is no time".to_owned()))?,
    })
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
