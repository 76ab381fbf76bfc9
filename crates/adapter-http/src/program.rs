//! What is needed of the rest of the program.

use async_trait::async_trait;
use postonce_domain::{CompanyFile, MappingKey, Trigger};
use postonce_engine::{Engine, EngineError, Origin, Ports};
use postonce_ports::error::StoreError;
use postonce_ports::ledger::LedgerError;
use postonce_ports::lock::LockError;
use postonce_wire::{ConnectionJson, MappingRowJson, StatusJson, chain};

/// What went wrong, for the status of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// It would be wrong, and nothing was changed.
    Refused,
    /// The database does not answer.
    Database,
    /// The ledger does not answer, or does not let us in.
    Ledger,
    /// The configuration is not in order.
    Configuration,
    /// Something that should not happen.
    Unexpected,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Trouble {
    /// What went wrong.
    pub kind: TroubleKind,
    /// In words, with the mend.
    pub words: String,
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        let kind = match &error {
            EngineError::Store(StoreError::Unavailable { .. } | StoreError::Refused { .. })
            | EngineError::Lock(LockError::Unavailable { .. }) => TroubleKind::Database,
            EngineError::Store(StoreError::Corrupt { .. }) | EngineError::Lock(LockError::Lost) => {
                TroubleKind::Unexpected
            }
            EngineError::Ledger(
                LedgerError::NotAuthorised { .. } | LedgerError::Unavailable { .. },
            ) => TroubleKind::Ledger,
        };
        Self { kind, words: chain(&error) }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        EngineError::Store(error).into()
    }
}

impl From<LockError> for Trouble {
    fn from(error: LockError) -> Self {
        EngineError::Lock(error).into()
    }
}

/// The wish to say what a code is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingWish {
    /// Of which company file.
    pub company_file: CompanyFile,
    /// Which code.
    pub key: MappingKey,
    /// The version that the wish was made from; 0 for none.
    pub seen: i64,
    /// The record's UID or code; nothing if the row is to be taken out.
    pub target: Option<String>,
}

/// The program behind the doors: its configuration, its ledger, its database.
#[async_trait]
pub trait Program: Send + Sync {
    /// The engine's ports with the configured ledger, in the name of `actor`. All ledgers of one
    /// process share one rate.
    async fn ports(&self, actor: &str) -> Result<Ports, Trouble>;

    /// The engine's ports for what never asks the ledger.
    fn ports_without_ledger(&self) -> Ports;

    /// An engine within the configured bounds.
    fn engine(&self, ports: Ports) -> Engine;

    /// A run of this process in the name of `actor`.
    fn origin(&self, trigger: Trigger, actor: &str) -> Origin;

    /// How things stand.
    async fn status(&self) -> Result<StatusJson, Trouble>;

    /// The way into every company file.
    async fn connections(&self) -> Result<Vec<ConnectionJson>, Trouble>;

    /// Whether anything is known of a company file.
    async fn knows(&self, company_file: &CompanyFile) -> Result<bool, Trouble>;

    /// Writes one row of the mapping; the row as it is then.
    async fn set_mapping(&self, wish: MappingWish, actor: &str) -> Result<MappingRowJson, Trouble>;
}
