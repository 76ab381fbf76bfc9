//! Opening a database: its server, its schema, and what the clones of a store share.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::error::OpenError;
use crate::pool::Pool;
use crate::retry::Retries;
use crate::session::{Target, connect};
use crate::standing::OwnClaims;
use crate::{LockOptions, MysqlStore, Options, migrate};

/// What the clones of a store share.
pub(crate) struct Inner {
    pub(crate) target: Target,
    pub(crate) pool: Pool,
    pub(crate) retries: Retries,
    pub(crate) lock: LockOptions,
    pub(crate) own_claims: OwnClaims,
}

impl MysqlStore {
    /// Opens a database whose schema is the one that this program knows. To be used on a tokio
    /// runtime.
    ///
    /// Refuses a schema that is older, which [`Self::migrate`] brings up to date, and one that is
    /// newer.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        let target = Target::parse(options.url.expose_secret())?;
        let mut session = connect(&target).await?;
        migrate::check(&mut session, &target).await?;
        drop(session);
        let pool = Pool::new(target.clone());
        let (retries, lock) = (Retries::default(), options.lock.clone());
        let own_claims = OwnClaims::default();
        Ok(Self { inner: Arc::new(Inner { target, pool, retries, lock, own_claims }) })
    }

    /// How many transactions were tried again so far, because others were in their way or their
    /// connection was lost.
    pub fn retries(&self) -> u64 {
        self.inner.retries.count()
    }
}
