//! Claims in doubt.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use postonce_domain::{ClaimId, CompanyFile, InvoiceId, LedgerUid, Owner};
use postonce_ports::doubt::{Absence, Dossier, DoubtStore, Doubtful, Miss, Probe};
use postonce_ports::error::StoreError;
use postonce_ports::store::StoredInvoice;
use postonce_store_rows::claim::ClaimRow;
use postonce_store_rows::rows::{INVOICE, InvoiceRow, corrupt, parsed};
use postonce_store_rows::schema::{postonce_claim as claim, postonce_ruled_out as ruled_out};
use postonce_store_rows::time::timestamp;

use crate::error::Step;
use crate::statement::statement;
use crate::time::{now, now_sql};
use crate::transaction::{Conn, End, one_snapshot};
use crate::{MysqlStore, invoice as steps, note};

#[async_trait]
impl DoubtStore for MysqlStore {
    async fn doubtful(&self) -> Result<Vec<Doubtful>, StoreError> {
        self.read((), |conn, ()| Box::pin(doubtful(conn))).await
    }

    async fn due(&self, company_file: &CompanyFile) -> Result<Vec<InvoiceId>, StoreError> {
        self.read(company_file.clone(), |conn, file| Box::pin(due(conn, file))).await
    }

    async fn dossier(&self, invoice: InvoiceId) -> Result<Option<Dossier>, StoreError> {
        self.read(invoice, |conn, id| Box::pin(dossier(conn, *id))).await
    }

    async fn owners(
        &self,
        company_file: &CompanyFile,
        claims: &[ClaimId],
        uids: &[LedgerUid],
    ) -> Result<Owner, StoreError> {
        let input = (company_file.clone(), claims.to_vec(), uids.to_vec());
        self.read(input, |conn, (file, claims, uids)| Box::pin(owners(conn, file, claims, uids)))
            .await
    }

    async fn probe(
        &self,
        company_file: &CompanyFile,
        claim: ClaimId,
    ) -> Result<Option<Probe>, StoreError> {
        self.read((company_file.clone(), claim), |conn, (file, id)| {
            Box::pin(probe(conn, file, *id))
        })
        .await
    }

    async fn record_miss(&self, miss: Miss) -> Result<Absence, StoreError> {
        self.write(miss, |conn, miss| Box::pin(record_miss(conn, miss))).await
    }
}

pub(crate) const DOUBTFUL: &str = "\
    SELECT c.*, i.absent_confirmed_at \
    FROM postonce_claim AS c FORCE INDEX (postonce_claim_check) \
    JOIN postonce_invoice AS i ON i.id = c.invoice_id WHERE c.in_doubt = 1";

#[derive(QueryableByName)]
struct DoubtfulRow {
    #[diesel(embed)]
    claim: ClaimRow,
    #[diesel(sql_type = Nullable<BigInt>)]
    absent_confirmed_at: Option<i64>,
}

async fn doubtful(conn: &mut Conn) -> Step<Vec<Doubtful>> {
    let mut rows: Vec<DoubtfulRow> = statement(DOUBTFUL).load(conn).await?;
    // Sorted here: a planner that is asked for this order may read every claim ever made.
    rows.sort_by_key(|row| row.claim.invoice_id);
    rows.iter().map(|row| Ok(row.claim.doubtful(row.absent_confirmed_at)?)).collect()
}

pub(crate) const DUE: &str = concat!(
    "SELECT invoice_id FROM postonce_claim FORCE INDEX (postonce_claim_check) \
     WHERE in_doubt = 1 AND company_file = ? AND next_check <= ",
    now_sql!(),
    " ORDER BY invoice_id"
);

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = BigInt)]
    invoice_id: i64,
}

async fn due(conn: &mut Conn, company_file: &CompanyFile) -> Step<Vec<InvoiceId>> {
    let rows: Vec<DueRow> = statement(DUE).text(company_file.as_str()).load(conn).await?;
    Ok(rows.into_iter().map(|row| InvoiceId(row.invoice_id)).collect())
}

async fn dossier(conn: &mut Conn, id: InvoiceId) -> Step<Option<Dossier>> {
    one_snapshot(conn).await?;
    // Asked before the first row is read: what is read is not older than it says.
    let read_at = now(conn).await?;
    let Some(row) = steps::find(conn, id).await? else { return Ok(None) };
    let claims = claim::table
        .filter(claim::invoice_id.eq(id.0))
        .order(claim::seq)
        .select(ClaimRow::as_select())
        .load(conn)
        .await?;
    let ignored: Vec<String> = ruled_out::table
        .filter(ruled_out::invoice_id.eq(id.0))
        .order(ruled_out::ledger_uid)
        .select(ruled_out::ledger_uid)
        .load(conn)
        .await?;
    let uid = |text: &String| Ok(parsed("postonce_ruled_out", id, LedgerUid::parse(text))?);
    Ok(Some(Dossier {
        stored: stored(conn, &row).await?,
        claims: claims.iter().map(|claim| claim.past(read_at)).collect::<Result<_, _>>()?,
        ignored: ignored.iter().map(uid).collect::<Step<_>>()?,
        read_at: timestamp(INVOICE, id, read_at)?,
    }))
}

async fn stored(conn: &mut Conn, row: &InvoiceRow) -> Step<StoredInvoice> {
    let lines = steps::lines(conn, row.id).await?;
    let invoice = row.invoice(&lines).map_err(|why| corrupt(INVOICE, row.id, why))?;
    let doubtful_past = steps::doubtful_past(conn, row.id).await?;
    Ok(StoredInvoice { id: row.id(), life: row.life()?, invoice, doubtful_past })
}

async fn owners(
    conn: &mut Conn,
    company_file: &CompanyFile,
    claims: &[ClaimId],
    uids: &[LedgerUid],
) -> Step<Owner> {
    let mut owner = Owner::default();
    for id in claims {
        let invoice = claim::table
            .filter(claim::id.eq(id.to_string()))
            .filter(claim::company_file.eq(company_file.as_str()))
            .select(claim::invoice_id);
        let invoice: Option<i64> = invoice.first(conn).await.optional()?;
        owner.claims.extend(invoice.map(|invoice| (*id, InvoiceId(invoice))));
    }
    for uid in uids {
        let invoice = steps::owner_of(conn, company_file.as_str(), uid).await?;
        owner.uids.extend(invoice.map(|invoice| (uid.clone(), invoice)));
    }
    Ok(owner)
}

/// From the newest one back; the first that is still there ends it.
pub(crate) const PROBE: &str = "\
    SELECT c.* FROM postonce_claim AS c FORCE INDEX (postonce_claim_posted) \
    STRAIGHT_JOIN postonce_invoice AS i ON i.id = c.invoice_id AND i.ledger_uid = c.ledger_uid \
    WHERE c.company_file = ? AND c.outcome = 'posted' AND c.seq > ? \
    ORDER BY c.seq DESC LIMIT 1";

async fn probe(
    conn: &mut Conn,
    company_file: &CompanyFile,
    doubtful: ClaimId,
) -> Step<Option<Probe>> {
    let made = claim::table.filter(claim::id.eq(doubtful.to_string())).select(claim::seq);
    let Some(made) = made.first::<i64>(conn).await.optional()? else { return Ok(None) };
    let newest = statement(PROBE).text(company_file.as_str()).int(made);
    let newest: Option<ClaimRow> = newest.get_result(conn).await.optional()?;
    Ok(newest.map(|row| row.probe()).transpose()?.flatten())
}

const LOCK: &str = "\
    SELECT i.version FROM postonce_invoice AS i \
    WHERE i.id = (SELECT c.invoice_id FROM postonce_claim AS c WHERE c.id = ?) FOR UPDATE";

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

async fn record_miss(conn: &mut Conn, miss: &Miss) -> Step<End<Absence>> {
    let id = miss.claim.to_string();
    let locked = statement(LOCK).text(id.as_str()).get_result::<Locked>(conn).await.optional()?;
    let Some(Locked { version }) = locked else {
        return Ok(End::Undo(Absence::Unproven));
    };
    // Who has the invoice's row has its claims.
    let row = claim::table.filter(claim::id.eq(&id));
    let before = row.select(ClaimRow::as_select());
    let before: ClaimRow = before.first(conn).await?;
    let missed = before.missed(miss, version, now(conn).await?)?;
    diesel::update(row).set(missed.change).execute(conn).await?;
    let line = note::insert(InvoiceId(before.invoice_id), &miss.note(), None);
    Ok(End::KeepWith(vec![line], missed.proves))
}
