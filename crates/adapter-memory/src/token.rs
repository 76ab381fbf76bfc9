//! Each company file's refresh token.

use async_trait::async_trait;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::MemoryStore;

#[async_trait]
impl TokenStore for MemoryStore {
    async fn token(&self, company_file: &CompanyFile) -> Result<Option<RefreshToken>, StoreError> {
        Ok(self.world().tokens.get(company_file).cloned())
    }

    async fn rotate(
        &self,
        company_file: &CompanyFile,
        version: i64,
        secret: &str,
    ) -> Result<Rotated, StoreError> {
        let now = self.now();
        let mut world = self.world();
        match world.tokens.get(company_file) {
            Some(known) if known.version != version => Ok(Rotated::Overtaken(known.clone())),
            Some(_) | None => {
                let version = version + 1;
                let token = RefreshToken { secret: secret.to_owned(), version };
                world.put_token(now, company_file, token);
                Ok(Rotated::Stored(version))
            }
        }
    }
}
