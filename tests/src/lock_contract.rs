//! What every run lock promises, on each of ours.

use postonce_adapter_mysql::{LockKind, MysqlStore};
use postonce_race_kit::contract::{Fixture, LockFixture};

use crate::store_contract::fixture::{Memory, Mysql, Sqlite, Tokio};

impl LockFixture for Memory {}

impl LockFixture for Sqlite {}

impl LockFixture for Mysql {
    const LOOKS: u32 = 10_000;
    const HAS_SESSION: bool = true;
}

/// The same server, with a lease.
struct Leased(Mysql);

impl Fixture for Leased {
    type Adapter = MysqlStore;
    type Runtime = Tokio;

    async fn new() -> Self {
        Self(Mysql::with(LockKind::Lease).await)
    }

    fn adapter(&self) -> MysqlStore {
        self.0.adapter()
    }

    fn other(&self) -> MysqlStore {
        self.0.other()
    }
}

impl LockFixture for Leased {
    const LOOKS: u32 = 10_000;
}

postonce_race_kit::lock_contract! {
    memory: super::Memory;
    sqlite: super::Sqlite;
    mysql_named: super::Mysql;
    mysql_lease: super::Leased;
}
