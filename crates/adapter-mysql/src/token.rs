//! Each company file's refresh token.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};
use postonce_store_rows::schema::postonce_ledger_token as token;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::statement;
use crate::time::now_sql;
use crate::transaction::{Conn, End};

#[async_trait]
impl TokenStore for MysqlStore {
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        self.read(company_file.clone(), |conn, file| Box::pin(find(conn, file))).await
    }

    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let input = (company_file.clone(), version, secret.to_owned());
        self.write(input, |conn, (file, version, secret)| {
            Box::pin(async move {
                match replace(conn, file, *version, secret).await? {
                    rotated @ Rotated::Stored(_) => Ok(End::Keep(rotated)),
                    rotated @ Rotated::Overtaken(_) => Ok(End::Undo(rotated)),
                }
            })
        })
        .await
    }
}

const INSERT: &str = concat!(
    "INSERT INTO postonce_ledger_token (secret, version, company_file, stored_at) \
     VALUES (?, ?, ?, ",
    now_sql!(),
    ")"
);

const REPLACE: &str = concat!(
    "UPDATE postonce_ledger_token SET secret = ?, version = ?, stored_at = ",
    now_sql!(),
    " WHERE company_file = ?"
);

/// Replaces the token that was read as `version`.
pub(crate) async fn replace(
    conn: &mut Conn,
    file: &CompanyFile,
    version: i64,
    secret: &str,
) -> Step<Rotated> {
    let row = token::table.find(file.as_str()).select((token::secret, token::version));
    let known: Option<(String, i64)> = row.for_update().first(conn).await.optional()?;
    let next = version + 1;
    let write = match known.map(refresh_token) {
        Some(known) if known.version != version => return Ok(Rotated::Overtaken(known)),
        Some(_) => REPLACE,
        None => INSERT,
    };
    let write = statement(write).text(secret).int(next).text(file.as_str());
    match write.execute(conn).await {
        Ok(_) => Ok(Rotated::Stored(next)),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}

/// The token on record.
pub(crate) async fn find(conn: &mut Conn, file: &CompanyFile) -> Step<Option<RefreshToken>> {
    let row = token::table.find(file.as_str()).select((token::secret, token::version));
    Ok(row.first(conn).await.optional()?.map(refresh_token))
}

fn refresh_token((secret, version): (String, i64)) -> RefreshToken {
    RefreshToken { secret, version }
}
