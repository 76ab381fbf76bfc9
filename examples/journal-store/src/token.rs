//! Refresh tokens. They stand in the journal as they are; only its owner may read the file.

use async_trait::async_trait;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::JournalStore;
use crate::rows::{Put, TokenRow};
use crate::step::refused;

#[async_trait]
impl TokenStore for JournalStore {
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        self.read(|step| Ok(step.state.tokens.get(company_file.as_str()).map(TokenRow::token)))
    }

    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let rotated = self.commit(|step| {
            let company_file = company_file.as_str().to_owned();
            match step.state.tokens.get(&company_file) {
                Some(row) if row.version != version => return Ok(Rotated::Overtaken(row.token())),
                None if version != 0 => return Err(refused("there is no token to be replaced")),
                Some(_) | None => {}
            }
            let (secret, version) = (secret.to_owned(), version + 1);
            step.put(Put::Token(TokenRow { company_file, secret, version }));
            Ok(Rotated::Stored(version))
        });
        Ok(rotated?)
    }
}

impl TokenRow {
    fn token(&self) -> RefreshToken {
        RefreshToken { secret: self.secret.clone(), version: self.version }
    }
}
