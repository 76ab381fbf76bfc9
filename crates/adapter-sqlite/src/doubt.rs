//! Claims in doubt.

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{ClaimId, CompanyFile, InvoiceId, LedgerUid, Owner};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::store::StoredInvoice;
use postonce_store_rows::claim::ClaimRow;

use crate::connection::End;
use crate::error::Step;
use crate::rows::{INVOICE, InvoiceRow, corrupt, parsed};
use crate::schema::postonce_ruled_out as ruled_out;
use crate::schema::{postonce_claim as claim, postonce_invoice as invoice};
use crate::time::{now, timestamp};
use crate::{SqliteStore, invoice as steps, note};

/// The words of the partial indexes on claims.
pub(crate) const CHECKED: &str = "in_doubt = 1";
pub(crate) const POSTED: &str = "outcome = 'posted'";

#[async_trait]
impl DoubtStore for SqliteStore {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        self.read(doubtful).await
    }

    async fn due(&self, company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        let company_file = company_file.clone();
        self.read(move |conn| {
            let now = now(conn)?;
            let due: Vec<i64> = claim::table
                .filter(claim::company_file.eq(company_file.as_str()))
                .filter(claim::next_check.le(now))
                .filter(sql::<Bool>(CHECKED))
                .order(claim::invoice_id)
                .select(claim::invoice_id)
                .load(conn)?;
            Ok(due.into_iter().map(InvoiceId).collect())
        })
        .await
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        self.read(move |conn| dossier(conn, invoice)).await
    }

    async fn owners(
        &self,
        company_file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        let company_file = company_file.clone();
        let (claims, uids) = (claims.to_vec(), uids.to_vec());
        self.read(move |conn| owners(conn, &company_file, &claims, &uids)).await
    }

    async fn probe(
        &self,
        company_file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<Option<Probe>, StoreError> {
        let company_file = company_file.clone();
        self.read(move |conn| probe(conn, &company_file, claim)).await
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        self.write(move |conn| record_miss(conn, miss)).await
    }
}

fn doubtful(conn: &mut SqliteConnection) -> Step<Vec<Doubtful>> {
    let mut rows: Vec<(i64, Option<i64>, ClaimRow)> = claim::table
        .inner_join(invoice::table.on(invoice::id.eq(claim::invoice_id)))
        .filter(sql::<Bool>(CHECKED))
        .select((invoice::id, invoice::absent_confirmed_at, ClaimRow::as_select()))
        .load(conn)?;
    // Sorted here: a planner that is asked for this order reads every claim ever made.
    rows.sort_by_key(|(id, ..)| *id);
    let doubtful = |(_, absent, row): (i64, Option<i64>, ClaimRow)| Ok(row.doubtful(absent)?);
    rows.into_iter().map(doubtful).collect()
}

fn dossier(conn: &mut SqliteConnection, id: InvoiceId) -> Step<Option<Dossier>> {
    let Some(row) = steps::find(conn, id)? else { return Ok(None) };
    let now = now(conn)?;
    let claims = claim::table
        .filter(claim::invoice_id.eq(id.0))
        .order(claim::seq)
        .select(ClaimRow::as_select())
        .load(conn)?;
    let ignored: Vec<String> = ruled_out::table
        .filter(ruled_out::invoice_id.eq(id.0))
        .order(ruled_out::ledger_uid)
        .select(ruled_out::ledger_uid)
        .load(conn)?;
    let uid = |text: &String| Ok(parsed("postonce_ruled_out", id, LedgerUid::parse(text))?);
    Ok(Some(Dossier {
        stored: stored(conn, &row)?,
        claims: claims.iter().map(|claim| claim.past(now)).collect::<Result<_, _>>()?,
        ignored: ignored.iter().map(uid).collect::<Step<_>>()?,
        read_at: timestamp(INVOICE, id, now)?,
    }))
}

fn stored(conn: &mut SqliteConnection, row: &InvoiceRow) -> Step<StoredInvoice> {
    let lines = steps::lines(conn, row.id)?;
    let invoice = row.invoice(&lines).map_err(|why| corrupt(INVOICE, row.id, why))?;
    let doubtful_past = steps::doubtful_past(conn, row.id)?;
    Ok(StoredInvoice { id: row.id(), life: row.life()?, invoice, doubtful_past })
}

fn owners(
    conn: &mut SqliteConnection,
    company_file: &CompanyFile,
    claims: &[ClaimId],
    uids: &[LedgerUid],
) -> Step<Owner> {
    let mut owner = Owner::default();
    for id in claims {
        let invoice: Option<i64> = claim::table
            .filter(claim::id.eq(id.to_string()))
            .filter(claim::company_file.eq(company_file.as_str()))
            .select(claim::invoice_id)
            .first(conn)
            .optional()?;
        owner.claims.extend(invoice.map(|invoice| (*id, InvoiceId(invoice))));
    }
    for uid in uids {
        let invoice = steps::owner_of(conn, company_file.as_str(), uid)?;
        owner.uids.extend(invoice.map(|invoice| (uid.clone(), invoice)));
    }
    Ok(owner)
}

fn probe(
    conn: &mut SqliteConnection,
    company_file: &CompanyFile,
    doubtful: ClaimId,
) -> Step<Option<Probe>> {
    let made = claim::table.filter(claim::id.eq(doubtful.to_string())).select(claim::seq);
    let Some(made) = made.first::<i64>(conn).optional()? else { return Ok(None) };
    let still_there =
        invoice::id.eq(claim::invoice_id).and(invoice::ledger_uid.eq(claim::ledger_uid));
    let newest: Option<ClaimRow> = claim::table
        .inner_join(invoice::table.on(still_there))
        .filter(claim::company_file.eq(company_file.as_str()))
        .filter(claim::seq.gt(made))
        .filter(sql::<Bool>(POSTED))
        .order(claim::seq.desc())
        .select(ClaimRow::as_select())
        .first(conn)
        .optional()?;
    Ok(newest.map(|row| row.probe()).transpose()?.flatten())
}

fn record_miss(conn: &mut SqliteConnection, miss: Miss) -> Step<End<Absence>> {
    let id = miss.claim.to_string();
    let row = claim::table.filter(claim::id.eq(&id));
    let found = invoice::table.inner_join(claim::table.on(invoice::id.eq(claim::invoice_id)));
    let found = found.filter(claim::id.eq(&id)).select((invoice::version, ClaimRow::as_select()));
    let Some((version, before)) = found.first::<(i64, ClaimRow)>(conn).optional()? else {
        return Ok(End::Undo(Absence::Unproven));
    };
    let now = now(conn)?;
    let missed = before.missed(&miss, version, now)?;
    diesel::update(row).set(missed.change).execute(conn)?;
    note::write(conn, InvoiceId(before.invoice_id), now, &miss.note(), None)?;
    Ok(End::Keep(missed.proves))
}
