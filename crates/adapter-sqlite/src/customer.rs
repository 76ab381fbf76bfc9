//! Claims on customers that are being created.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{ClaimId, CompanyFile, CustomerCode};
use postonce_ports::customer::{CustomerAbsence, CustomerClaim, CustomerClaims};
use postonce_ports::error::StoreError;

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_customer_claim as customer;
use crate::time::{later, now};

#[async_trait]
impl CustomerClaims for SqliteStore {
    async fn claim_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        claim: ClaimId,
        quiet: Duration,
    ) -> Result<CustomerClaim, StoreError> {
        let (file, code) = (company_file.to_string(), code.to_string());
        self.write(move |conn| {
            let now = now(conn)?;
            let made = diesel::insert_or_ignore_into(customer::table)
                .values((
                    customer::company_file.eq(file),
                    customer::customer_code.eq(code),
                    customer::claim_id.eq(claim.to_string()),
                    customer::claimed_at.eq(now),
                    customer::quiet_until.eq(later(now, quiet)),
                ))
                .execute(conn)?;
            let answer = if made == 1 { CustomerClaim::Granted } else { CustomerClaim::Open };
            Ok(End::Keep(answer))
        })
        .await
    }

    async fn release_customer(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
    ) -> Result<(), StoreError> {
        let (file, code) = (company_file.to_string(), code.to_string());
        self.write(move |conn| {
            diesel::delete(customer::table.find((file, code))).execute(conn)?;
            Ok(End::Keep(()))
        })
        .await
    }

    async fn customer_missed(
        &self,
        company_file: &CompanyFile,
        code: &CustomerCode,
        recheck: Duration,
    ) -> Result<CustomerAbsence, StoreError> {
        let (file, code) = (company_file.to_string(), code.to_string());
        self.write(move |conn| missed(conn, &file, &code, recheck)).await
    }
}

fn missed(
    conn: &mut SqliteConnection,
    file: &str,
    code: &str,
    recheck: Duration,
) -> Step<End<CustomerAbsence>> {
    let row = customer::table.find((file, code));
    let claim: Option<(i64, Option<i64>)> =
        row.select((customer::quiet_until, customer::first_miss_at)).first(conn).optional()?;
    let now = now(conn)?;
    match claim {
        Some((quiet_until, None)) if quiet_until <= now => {
            diesel::update(row).set(customer::first_miss_at.eq(now)).execute(conn)?;
            Ok(End::Keep(CustomerAbsence::Unproven))
        }
        Some((_, Some(first))) if later(first, recheck) <= now => {
            diesel::delete(row).execute(conn)?;
            Ok(End::Keep(CustomerAbsence::Proven))
        }
        // Without an open claim nothing is proven: another may have created it and let go.
        Some(_) | None => Ok(End::Undo(CustomerAbsence::Unproven)),
    }
}
