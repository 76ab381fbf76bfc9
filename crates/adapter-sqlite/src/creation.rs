//! Claims on customers and items that are being created.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{ClaimId, CompanyFile, MappingKey};
use postonce_ports::creation::{
    CreationAbsence, CreationClaim, CreationClaims, OpenCreation, kept_as,
};
use postonce_ports::error::StoreError;
use postonce_store_rows::creation::{Counted, CreationRow, counted};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_customer_claim as row;
use crate::time::{later, now};

#[async_trait]
impl CreationClaims for SqliteStore {
    async fn claim_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CreationClaim, StoreError> {
        let (file, code) = (company_file.to_string(), kept_as(key));
        self.write(move |conn| {
            let now = now(conn)?;
            let made = diesel::insert_or_ignore_into(row::table)
                .values((
                    row::company_file.eq(file),
                    row::customer_code.eq(code),
                    row::claim_id.eq(claim.to_string()),
                    row::claimed_at.eq(now),
                    row::quiet_until.eq(later(now, quiet)),
                ))
                .execute(conn)?;
            let answer = if made == 1 { CreationClaim::Granted } else { CreationClaim::Open };
            Ok(End::Keep(answer))
        })
        .await
    }

    async fn release_creation(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
        claim: ClaimId,
    ) -> Result<(), StoreError> {
        let (file, code) = (company_file.to_string(), kept_as(key));
        self.write(move |conn| {
            let own = row::table.find((file, code)).filter(row::claim_id.eq(claim.to_string()));
            diesel::delete(own).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn creation_found(
        &self,
        company_file: &CompanyFile,
        key: &MappingKey,
    ) -> Result<bool, StoreError> {
        let (file, code) = (company_file.to_string(), kept_as(key));
        self.write(move |conn| {
            let gone = diesel::delete(row::table.find((file, code))).execute(conn)?;
            Ok(End::Keep(gone > 0))
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
        let key = (company_file.to_string(), kept_as(key));
        self.write(move |conn| missed(conn, key, took, recheck)).await
    }

    async fn open_creations(&self) -> Result<Vec<OpenCreation>, StoreError> {
        self.read(|conn| {
            let query = row::table.order((row::claimed_at, row::company_file, row::customer_code));
            let rows: Vec<CreationRow> = query.select(CreationRow::as_select()).load(conn)?;
            Ok(rows.iter().map(CreationRow::creation).collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn missed(
    conn: &mut SqliteConnection,
    key: (String, String),
    took: Duration,
    recheck: Duration,
) -> Step<End<CreationAbsence>> {
    let row = row::table.find(key);
    let columns = row.clone().select((row::quiet_until, row::first_miss_at));
    let found: Option<(i64, Option<i64>)> = columns.first(conn).optional()?;
    let now = now(conn)?;
    // Without an open claim nothing is proven: another may have created it and let go.
    match found.map_or(Counted::Not, |found| counted(found, now, took, recheck)) {
        Counted::Not => Ok(End::Undo(CreationAbsence::Unproven)),
        Counted::First => {
            diesel::update(row).set(row::first_miss_at.eq(now)).execute(conn)?;
            Ok(End::Keep(CreationAbsence::Unproven))
        }
        Counted::Proof => {
            diesel::delete(row).execute(conn)?;
            Ok(End::Keep(CreationAbsence::Proven))
        }
    }
}
