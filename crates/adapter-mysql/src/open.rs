//! Opening a database: its server, its schema, and what the clones of a store share.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::error::OpenError;
use crate::session::{Target, connect};
use crate::{LockOptions, MysqlStore, Options, migrate};

/// What the clones of a store share.
pub(crate) struct Inner {
    pub(crate) target: Target,
    pub(crate) lock: LockOptions,
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
        Ok(Self { inner: Arc::new(Inner { target, lock: options.lock.clone() }) })
    }
}
