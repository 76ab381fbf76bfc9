//! What every lock per key promises, on each of ours.

use std::sync::Arc;

use postonce_adapter_host::HostClock;
use postonce_adapter_memory::MemoryKeyedLock;
use postonce_adapter_mysql::{LockKind, MysqlKeyedLock};
use postonce_race_kit::contract::Fixture;

use crate::store_contract::fixture::{Mysql, Tokio};

struct Memory(MemoryKeyedLock);

impl Fixture for Memory {
    type Adapter = MemoryKeyedLock;
    type Runtime = Tokio;

    async fn new() -> Self {
        Self(MemoryKeyedLock::new(Arc::new(HostClock)))
    }

    fn adapter(&self) -> MemoryKeyedLock {
        self.0.clone()
    }

    fn other(&self) -> MemoryKeyedLock {
        self.0.clone()
    }
}

struct Server {
    // Goes last: it takes its database away.
    locks: [MysqlKeyedLock; 2],
    _database: Mysql,
}

impl Fixture for Server {
    type Adapter = MysqlKeyedLock;
    type Runtime = Tokio;

    async fn new() -> Self {
        let database = Mysql::with(LockKind::Named).await;
        let locks = [database.adapter().keyed_lock(), database.other().keyed_lock()];
        Self { locks, _database: database }
    }

    fn adapter(&self) -> MysqlKeyedLock {
        self.locks[0].clone()
    }

    fn other(&self) -> MysqlKeyedLock {
        self.locks[1].clone()
    }
}

postonce_race_kit::keyed_contract! {
    memory: super::Memory;
    mysql: super::Server;
}
