//! Where another binary may put something between the engine and its ports.

use std::sync::Arc;

use postonce_engine::{Policy, Ports};
use postonce_ports::access::AccessStore;
use postonce_ports::account::{Accounts, Machines, Sessions};
use postonce_ports::clock::Clock;
use postonce_ports::connection::Connections;
use postonce_ports::creation::CreationClaims;
use postonce_ports::cron::CronFires;
use postonce_ports::file_note::FileNotes;
use postonce_ports::intake::{Intake, PostedIntake};
use postonce_ports::mapping::MappingStore;
use postonce_ports::notice::Notices;
use postonce_ports::reader::InvoiceReader;
use postonce_ports::reply::Replies;
use postonce_ports::scan::ScanStore;
use postonce_ports::token::TokenStore;

/// The ports that the engine itself does not use, and the host's clocks, which it does.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports are not `Debug`")]
#[expect(missing_docs, reason = "each field is the port of its type")]
pub struct SidePorts {
    pub intake: Arc<dyn Intake>,
    pub posted: Arc<dyn PostedIntake>,
    pub reader: Arc<dyn InvoiceReader>,
    pub notes: Arc<dyn FileNotes>,
    pub scans: Arc<dyn ScanStore>,
    pub tokens: Arc<dyn TokenStore>,
    pub access: Arc<dyn AccessStore>,
    pub connections: Arc<dyn Connections>,
    pub creations: Arc<dyn CreationClaims>,
    pub mappings: Arc<dyn MappingStore>,
    pub notices: Arc<dyn Notices>,
    pub fires: Arc<dyn CronFires>,
    pub accounts: Arc<dyn Accounts>,
    pub sessions: Arc<dyn Sessions>,
    pub machines: Arc<dyn Machines>,
    pub replies: Arc<dyn Replies>,
    pub clock: Arc<dyn Clock>,
}

/// Wraps ports before anything uses them. A method that is not overridden wraps nothing.
pub trait PortHook: Send + Sync {
    /// The engine's ports.
    fn ports(&self, ports: Ports) -> Ports {
        ports
    }

    /// The other ports; the ledger gets its `tokens`, `access`, `creations`, `mappings` and `clock`
    /// from here, and the engine the same `clock`. They are asked for first.
    fn side_ports(&self, ports: SidePorts) -> SidePorts {
        ports
    }

    /// The bounds of the engine's work.
    fn policy(&self, policy: Policy) -> Policy {
        policy
    }
}

/// The hook of the released binary.
#[derive(Clone, Copy, Debug, Default)]
pub struct WrapNothing;

impl PortHook for WrapNothing {}
