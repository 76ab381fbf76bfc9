//! The database of the configuration, open, as the ports that it serves.

use std::error::Error;
use std::sync::Arc;

use postonce_adapter_host::RandomIds;
use postonce_adapter_mysql::{self as mysql, LockRefused, MysqlCheckup, MysqlStore};
use postonce_adapter_sqlite::{SqliteCheckup, SqliteStore};
use postonce_ports::access::AccessStore;
use postonce_ports::account::{Accounts, Machines, Sessions};
use postonce_ports::checkup::Checkup;
use postonce_ports::connection::Connections;
use postonce_ports::creation::CreationClaims;
use postonce_ports::cron::CronFires;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::file_note::FileNotes;
use postonce_ports::flag::Flags;
use postonce_ports::history::RunHistory;
use postonce_ports::intake::{Intake, PostedIntake};
use postonce_ports::lock::RunLock;
use postonce_ports::mapping::MappingStore;
use postonce_ports::notice::Notices;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::registry::Registry;
use postonce_ports::reply::Replies;
use postonce_ports::scan::ScanStore;
use postonce_ports::store::InvoiceStore;
use postonce_ports::token::TokenStore;
use secrecy::SecretString;
use serde::Serialize;

use crate::config::{Config, DatabaseConfig, LockConfig, LockKind};
use crate::exit::{Exit, Failure, chain};

/// A database whose schema is this program's.
#[derive(Debug, Serialize)]
pub(crate) struct Migrated {
    /// Which one, without a password.
    pub(crate) database: String,
    pub(crate) schema_version: i64,
}

/// An open database: one store behind every port.
pub(crate) struct Database {
    pub(crate) store: Arc<dyn InvoiceStore>,
    pub(crate) doubts: Arc<dyn DoubtStore>,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) posted: Arc<dyn PostedIntake>,
    pub(crate) reader: Arc<dyn InvoiceReader>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) lock: Arc<dyn RunLock>,
    pub(crate) history: Arc<dyn RunHistory>,
    pub(crate) notes: Arc<dyn FileNotes>,
    pub(crate) flags: Arc<dyn Flags>,
    pub(crate) scans: Arc<dyn ScanStore>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) access: Arc<dyn AccessStore>,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) creations: Arc<dyn CreationClaims>,
    pub(crate) mappings: Arc<dyn MappingStore>,
    pub(crate) notices: Arc<dyn Notices>,
    pub(crate) fires: Arc<dyn CronFires>,
    pub(crate) accounts: Arc<dyn Accounts>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) machines: Arc<dyn Machines>,
    pub(crate) replies: Arc<dyn Replies>,
    /// A store whose lock must prove that it excludes; a file's does by the system.
    server: Option<MysqlStore>,
}

/// Brings the schema of the configured database up to date, and makes its tables if it has none.
pub(crate) async fn migrate(config: &Config) -> Result<Migrated, Failure> {
    match &config.database {
        DatabaseConfig::Sqlite(path) => {
            // Opening brings a file up to date, or refuses it.
            let store = SqliteStore::open(path, &RandomIds).map_err(unavailable)?;
            let database = store.path().display().to_string();
            Ok(Migrated { database, schema_version: SqliteStore::SCHEMA_VERSION })
        }
        DatabaseConfig::Mysql(url) => {
            let options = options(url, &config.lock);
            let migrated = MysqlStore::migrate(&options, &RandomIds).await.map_err(unavailable)?;
            let database = config.database.to_string();
            Ok(Migrated { database, schema_version: migrated.to })
        }
    }
}

/// What looks at the configured database's health.
pub(crate) fn checkup(config: &Config) -> Box<dyn Checkup> {
    match &config.database {
        DatabaseConfig::Sqlite(path) => Box::new(SqliteCheckup::new(path)),
        DatabaseConfig::Mysql(url) => Box::new(MysqlCheckup::new(options(url, &config.lock))),
    }
}

fn options(url: &SecretString, lock: &LockConfig) -> mysql::Options {
    let kind = match lock.kind {
        LockKind::Lease => mysql::LockKind::Lease,
        LockKind::Named | LockKind::File => mysql::LockKind::Named,
    };
    let LockConfig { name, timeout, single_writer, .. } = lock.clone();
    let lock = mysql::LockOptions { kind, name, timeout, single_writer };
    mysql::Options { url: url.clone(), lock }
}

/// Why no run may start.
fn refused(error: LockRefused) -> Failure {
    match error {
        LockRefused::Lock(error) => error.into(),
        LockRefused::DoesNotExclude { .. } | LockRefused::ManyServers { .. } => {
            Failure::new(Exit::BadConfiguration, chain(&error))
        }
    }
}

fn unavailable(error: impl Error) -> Failure {
    Failure::new(Exit::DatabaseUnavailable, chain(&error))
}

impl Database {
    /// Opens the database of the configuration.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        match &config.database {
            DatabaseConfig::Sqlite(path) => {
                SqliteStore::open(path, &RandomIds).map(Self::of).map_err(unavailable)
            }
            DatabaseConfig::Mysql(url) => {
                let options = options(url, &config.lock);
                let store = MysqlStore::open(&options).await.map_err(unavailable)?;
                Ok(Self { server: Some(store.clone()), ..Self::of(store) })
            }
        }
    }

    /// Refuses a lock that does not exclude, by trying it.
    pub(crate) async fn prove_lock(&self) -> Result<(), Failure> {
        match &self.server {
            Some(server) => server.prove_lock().await.map_err(refused),
            None => Ok(()),
        }
    }

    fn of<S>(store: S) -> Self
    where
        S: InvoiceStore + DoubtStore + Intake + PostedIntake + InvoiceReader + Registry,
        S: RunLock + RunHistory + FileNotes + Flags + ScanStore,
        S: TokenStore + AccessStore + CreationClaims + MappingStore,
        S: Accounts + Sessions + Machines + Replies,
        S: Connections + Notices + CronFires + 'static,
    {
        let store = Arc::new(store);
        Self {
            doubts: store.clone(),
            intake: store.clone(),
            posted: store.clone(),
            reader: store.clone(),
            registry: store.clone(),
            lock: store.clone(),
            history: store.clone(),
            notes: store.clone(),
            flags: store.clone(),
            scans: store.clone(),
            tokens: store.clone(),
            access: store.clone(),
            connections: store.clone(),
            creations: store.clone(),
            mappings: store.clone(),
            notices: store.clone(),
            fires: store.clone(),
            accounts: store.clone(),
            sessions: store.clone(),
            machines: store.clone(),
            replies: store.clone(),
            store,
            server: None,
        }
    }
}
