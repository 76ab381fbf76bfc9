//! Opening a database: the file, its schema, its identity and its connections.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use postonce_ports::clock::Ids;
use tokio::sync::Mutex;

use crate::connection::{AsyncSqlite, READERS, connect, connect_reader, run};
use crate::error::{OpenError, Step, StepError};
use crate::registry::identity_of;
use crate::{SqliteStore, migrate, time};

/// What the clones of a store share.
pub(crate) struct Inner {
    /// The file, with links resolved: what tells this database from another one.
    pub(crate) path: PathBuf,
    pub(crate) writer: Mutex<AsyncSqlite>,
    pub(crate) readers: [Mutex<AsyncSqlite>; READERS],
    /// Tells this store's holds of the run lock from those of any other.
    pub(crate) instance: String,
    pub(crate) holds: AtomicU64,
}

impl SqliteStore {
    /// Opens the database in `path`, and makes it if it is not there: a file that only its owner
    /// may read, since it holds tokens. Brings the schema up to date.
    ///
    /// Blocks for as long as that takes. To be used on a tokio runtime.
    pub fn open(path: &Path, ids: &dyn Ids) -> Result<Self, OpenError> {
        let path = create(path)?;
        let mut writer = connect(&path)?;
        let open = |error| OpenError::from_step(&path, error);
        // Who only reads must not wait for a writer, so nothing is written that is there already.
        if !migrate::is_current(&mut writer) {
            migrate::migrate(&mut writer, &path)?;
            let installation = ids.installation_id().to_string();
            let here = identity_of(&path)
                .map_err(|source| OpenError::File { path: path.clone(), source })?;
            run(&mut writer, |conn| make_installation(conn, &installation, &here)).map_err(open)?;
        }
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            readers.push(Mutex::new(AsyncSqlite::new(connect_reader(&path)?)));
        }
        let readers = readers.try_into().unwrap_or_else(|_| unreachable!("there are that many"));
        let writer = Mutex::new(AsyncSqlite::new(writer));
        let instance = ids.claim_id().to_string();
        let holds = AtomicU64::new(0);
        Ok(Self { inner: Arc::new(Inner { path, writer, readers, instance, holds }) })
    }
}

/// Makes the file if there is none, and gives its one true path.
fn create(path: &Path) -> Result<PathBuf, OpenError> {
    let file = |source| OpenError::File { path: path.to_path_buf(), source };
    if !path.try_exists().map_err(file)? {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(file)?;
    }
    path.canonicalize().map_err(file)
}

/// Who and where this database is. It is written here, so that who only looks does not write it.
fn make_installation(conn: &mut SqliteConnection, id: &str, here: &str) -> Step<()> {
    let now = time::now(conn)?;
    diesel::sql_query(
        "INSERT INTO postonce_installation (only, id, made_at) VALUES (1, ?, ?) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(id)
    .bind::<diesel::sql_types::BigInt, _>(now)
    .execute(conn)
    .map_err(StepError::from)?;
    diesel::sql_query("UPDATE postonce_installation SET server = ? WHERE server IS NULL")
        .bind::<Text, _>(here)
        .execute(conn)?;
    Ok(())
}
