//! Each company file's refresh token.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_ledger_token as token;
use crate::{SqliteStore, time};

#[async_trait]
impl TokenStore for SqliteStore {
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        let file = company_file.clone();
        self.read(move |conn| find(conn, file.as_str())).await
    }

    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let (file, secret) = (company_file.clone(), secret.to_owned());
        self.write(move |conn| match replace(conn, file.as_str(), version, &secret)? {
            rotated @ Rotated::Stored(_) => Ok(End::Keep(rotated)),
            rotated @ Rotated::Overtaken(_) => Ok(End::Undo(rotated)),
        })
        .await
    }
}

/// Replaces the token that was read as `version`.
pub(crate) fn replace(
    conn: &mut SqliteConnection,
    company_file: &str,
    version: i64,
    secret: &str,
) -> Step<Rotated> {
    match find(conn, company_file)? {
        Some(known) if known.version != version => Ok(Rotated::Overtaken(known)),
        Some(_) | None => {
            let next = version + 1;
            let row = (
                token::company_file.eq(company_file),
                token::secret.eq(secret),
                token::version.eq(next),
                token::stored_at.eq(time::now(conn)?),
            );
            diesel::replace_into(token::table).values(row).execute(conn)?;
            Ok(Rotated::Stored(next))
        }
    }
}

/// The token on record.
pub(crate) fn find(conn: &mut SqliteConnection, company_file: &str) -> Step<Option<RefreshToken>> {
    let row = token::table.find(company_file).select((token::secret, token::version));
    let found: Option<(String, i64)> = row.first(conn).optional()?;
    Ok(found.map(|(secret, version)| RefreshToken { secret, version }))
}
