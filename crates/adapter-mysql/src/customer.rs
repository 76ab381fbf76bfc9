//! Claims on customers that are being created.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::RunQueryDsl;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::error::StoreError;
use postonce_store_rows::schema::postonce_customer_claim as customer;
use postonce_store_rows::time::{later, micros};

use crate::MysqlStore;
use crate::error::{Step, Trouble, classify};
use crate::statement::statement;
use crate::time::{later_sql, now_sql};
use crate::transaction::{Conn, End};

/// A customer of a company file.
type Key = (String, String);

fn key(company_file: &CompanyFile, code: &CustomerCode) -> Key {
    (company_file.to_string(), code.to_string())
}

#[async_trait]
impl CustomerClaims for MysqlStore {
    async fn claim_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CustomerClaim, StoreError> {
        self.write((key(company_file, code), claim, quiet), |conn, (key, id, quiet)| {
            Box::pin(claim_customer(conn, key, *id, *quiet))
        })
        .await
    }

    async fn release_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError> {
        self.write(key(company_file, code), |conn, (file, code)| {
            Box::pin(async move {
                let row = customer::table.find((file, code));
                diesel::delete(row).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn customer_missed(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        recheck: Duration,
    ) -> Result<CustomerAbsence, StoreError> {
        self.write((key(company_file, code), recheck), |conn, (key, recheck)| {
            Box::pin(missed(conn, key, *recheck))
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

async fn claim_customer(
    conn: &mut Conn,
    (file, code): &Key,
    claim: ClaimId,
    quiet: Duration,
) -> Step<End<CustomerClaim>> {
    let insert = statement(CLAIM)
        .text(file.as_str())
        .text(code.as_str())
        .text(claim.to_string())
        .int(micros(quiet));
    match insert.execute(conn).await {
        Ok(_) => Ok(End::Keep(CustomerClaim::Granted)),
        Err(error) if classify(&error) == Trouble::Duplicate => Ok(End::Undo(CustomerClaim::Open)),
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
    recheck: Duration,
) -> Step<End<CustomerAbsence>> {
    let read = statement(READ).text(file.as_str()).text(code.as_str());
    let row = customer::table.find((file, code));
    match read.get_result::<ReadRow>(conn).await.optional()? {
        Some(ReadRow { quiet_until, first_miss_at: None, now }) if quiet_until <= now => {
            diesel::update(row).set(customer::first_miss_at.eq(now)).execute(conn).await?;
            Ok(End::Keep(CustomerAbsence::Unproven))
        }
        Some(ReadRow { first_miss_at: Some(first), now, .. }) if later(first, recheck) <= now => {
            diesel::delete(row).execute(conn).await?;
            Ok(End::Keep(CustomerAbsence::Proven))
        }
        // Without an open claim nothing is proven: another may have created it and let go.
        Some(_) | None => Ok(End::Undo(CustomerAbsence::Unproven)),
    }
}
