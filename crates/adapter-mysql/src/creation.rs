//! Claims on customers and items that are being created.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use postonce_domain::{ClaimId, CompanyFile, MappingKey};
use postonce_ports::creation::{
    CreationAbsence, CreationClaim, CreationClaims, OpenCreation, kept_as,
};
use postonce_ports::error::StoreError;
use postonce_store_rows::creation::{Counted, CreationRow, counted};
use postonce_store_rows::schema::postonce_customer_claim as row;
use postonce_store_rows::time::micros;

use crate::MysqlStore;
use crate::error::{Step, Trouble, classify};
use crate::statement::statement;
use crate::time::{later_sql, now_sql};
use crate::transaction::{Conn, End};

/// A company file, and the code under which a record of it is kept.
type Key = (String, String);

fn key_of(company_file: &CompanyFile, key: &MappingKey) -> Key {
    (company_file.to_string(), kept_as(key))
}

#[async_trait]
impl CreationClaims for MysqlStore {
    async fn claim_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CreationClaim, StoreError> {
        self.write((key_of(company_file, key), claim, quiet), |conn, (key, id, quiet)| {
            Box::pin(claim_creation(conn, key, *id, *quiet))
        })
        .await
    }

    async fn release_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError> {
        self.write((key_of(company_file, key), claim), |conn, ((file, code), claim)| {
            Box::pin(async move {
                let row = row::table.find((file, code));
                let own = row.filter(row::claim_id.eq(claim.to_string()));
                diesel::delete(own).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn creation_found(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<bool, StoreError> {
        self.write(key_of(company_file, key), |conn, (file, code)| {
            Box::pin(async move {
                let row = row::table.find((file, code));
                let gone = diesel::delete(row).execute(conn).await?;
                Ok(End::Keep(gone > 0))
            })
        })
        .await
    }

    async fn creation_missed(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        took: Duration,
        recheck: Duration,
    ) -> Result<CreationAbsence, StoreError> {
        let input = (key_of(company_file, key), took, recheck);
        self.write(input, |conn, (key, took, recheck)| Box::pin(missed(conn, key, *took, *recheck)))
            .await
    }

    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError> {
        self.read((), |conn, ()| {
            Box::pin(async {
                let order = (row::claimed_at, row::company_file, row::customer_code);
                let query = row::table.order(order).select(CreationRow::as_select());
                let rows: Vec<CreationRow> = query.load(conn).await?;
                Ok(rows.iter().map(CreationRow::creation).collect::<Result<_, _>>()?)
            })
        })
        .await
    }
}

const CLAIM: &str = concat!(
    "INSERT INTO postonce_customer_claim \
     (company_file, customer_code, claim_id, claimed_at, quiet_until) VALUES (?, ?, ?, ",
    now_sql!(),
    ", ",
    later_sql!(),
    ")"
);

async fn claim_creation(
    conn: &mut Conn,
    (file, code): &Key,
    claim: ClaimId,
    quiet: Duration,
) -> Step<End<CreationClaim>> {
    let insert = statement(CLAIM)
        .text(file.as_str())
        .text(code.as_str())
        .text(claim.to_string())
        .int(micros(quiet));
    match insert.execute(conn).await {
        Ok(_) => Ok(End::Keep(CreationClaim::Granted)),
        Err(error) if classify(&error) == Trouble::Duplicate => Ok(End::Undo(CreationClaim::Open)),
        Err(error) => Err(error.into()),
    }
}

const READ: &str = concat!(
    "SELECT quiet_until, first_miss_at, ",
    now_sql!(),
    " AS now FROM postonce_customer_claim \
     WHERE company_file = ? AND customer_code = ? FOR UPDATE"
);

#[derive(QueryableByName)]
struct ReadRow {
    #[diesel(sql_type = BigInt)]
    quiet_until: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_miss_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    now: i64,
}

async fn missed(
    conn: &mut Conn,
    (file, code): &Key,
    took: Duration,
    recheck: Duration,
) -> Step<End<CreationAbsence>> {
    let read = statement(READ).text(file.as_str()).text(code.as_str());
    let row = row::table.find((file, code));
    // Without an open claim nothing is proven: another may have created it and let go.
    let Some(found) = read.get_result::<ReadRow>(conn).await.optional()? else {
        return Ok(End::Undo(CreationAbsence::Unproven));
    };
    let ReadRow { quiet_until, first_miss_at, now } = found;
    match counted((quiet_until, first_miss_at), now, took, recheck) {
        Counted::Not => Ok(End::Undo(CreationAbsence::Unproven)),
        Counted::First => {
            diesel::update(row).set(row::first_miss_at.eq(now)).execute(conn).await?;
            Ok(End::Keep(CreationAbsence::Unproven))
        }
        Counted::Proof => {
            diesel::delete(row).execute(conn).await?;
            Ok(End::Keep(CreationAbsence::Proven))
        }
    }
}
