//! A private MariaDB that keeps every commit, with a new database for each measurement.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_adapter_host::RandomIds;
use postonce_adapter_mysql::{LockKind, LockOptions, MysqlStore, Options};
use postonce_test_servers::{Server, fresh_name};

use crate::arena::{Arena, Course, Lap, Look, lap};
use crate::bare::mysql::OnMysql;
use crate::sequential::mysql as plain;
use crate::sync::{cut_over, sync};
use crate::{bare, fill};

/// What is compared between engine and bare loop.
const COUNTED: [&str; 12] = [
    "Com_commit",
    "Com_delete",
    "Com_insert",
    "Com_rollback",
    "Com_select",
    "Com_stmt_execute",
    "Com_stmt_prepare",
    "Com_update",
    "Com_update_multi",
    "Created_tmp_disk_tables",
    "Created_tmp_tables",
    "Questions",
];

/// The server; it ends with this.
#[derive(Debug)]
pub(crate) struct MariaDb {
    server: Server,
}

impl MariaDb {
    pub(crate) fn start() -> Result<Self> {
        let options = postonce_test_servers::Options::default().durable_bench();
        Ok(Self { server: postonce_test_servers::MariaDb::start(&options)? })
    }

    /// Which server it is, and how durable its commits are, by its own word.
    pub(crate) fn words(&self) -> Result<String> {
        let setting = "SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog";
        let rows = self.server.query(setting)?;
        let row = rows.first().context("no settings")?;
        let part = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
        Ok(format!(
            "MariaDB {}, innodb_flush_log_at_trx_commit = {}, log_bin = {}, sync_binlog = {}",
            self.server.version(),
            part(0),
            part(1),
            part(2)
        ))
    }

    /// A database with nothing in it.
    pub(crate) fn empty(&self) -> Result<Database<'_>> {
        let name = fresh_name();
        self.server.query(&format!("CREATE DATABASE {name}"))?;
        Ok(Database { server: &self.server, name })
    }

    fn look(&self) -> Result<Look> {
        let rows = self.server.query("SHOW GLOBAL STATUS")?;
        let counter = |row: &postonce_test_servers::Row| {
            let [Some(name), Some(value)] = row.as_slice() else { return None };
            COUNTED.contains(&name.as_str()).then_some(())?;
            Some((name.clone(), value.parse().ok()?))
        };
        let counters = rows.iter().filter_map(counter).collect();
        Ok(Look { counters, cpu: cpu_of(self.server.pid())? })
    }
}

/// Processor time of a process, as exactly as the kernel tells it of others: to the tick.
fn cpu_of(pid: u32) -> Result<Duration> {
    /// How the kernel counts for everybody, whatever it uses inside.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program stands in parentheses, and may hold blanks.
    let (_, rest) = stat.rsplit_once(')').context("no name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<u32, _>>()?;
    Ok(TICK * ticks)
}

/// A database, dropped when it is measured.
#[derive(Debug)]
pub(crate) struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'_> {
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.server.url(), self.name)
    }

    /// The name of its run lock.
    pub(crate) fn lock_name(&self) -> &str {
        &self.name
    }

    fn options(&self) -> Options {
        Options {
            url: self.url().into(),
            lock: LockOptions {
                kind: LockKind::Named,
                name: self.lock_name().to_owned(),
                timeout: Duration::from_secs(30),
                single_writer: false,
            },
        }
    }

    pub(crate) async fn open(&self) -> Result<MysqlStore> {
        Ok(MysqlStore::open(&self.options()).await?)
    }

    /// Makes the tables, settles the past, and runs `statements` as another application does.
    pub(crate) async fn fill(&self, statements: &str) -> Result<()> {
        let options = self.options();
        let _migrated = MysqlStore::migrate(&options, &RandomIds).await?;
        cut_over(&self.open().await?).await?;
        self.execute(statements).await
    }

    pub(crate) async fn execute(&self, statements: &str) -> Result<()> {
        let mut conn = AsyncMysqlConnection::establish(&self.url()).await?;
        conn.batch_execute("SET max_recursive_iterations = 4294967295").await?;
        for statement in statements.split(';') {
            conn.batch_execute(statement).await.with_context(|| statement.to_owned())?;
        }
        Ok(())
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // What is left of a database goes with the server.
        drop(self.server.query(&format!("DROP DATABASE {}", self.name)));
    }
}

#[async_trait]
impl Arena for MariaDb {
    async fn engine(&self, course: Course) -> Result<Lap> {
        let database = self.empty()?;
        database.fill(&fill::ready(course.invoices)).await?;
        let work = async {
            let store = database.open().await?;
            sync(&store, course.concurrency, course.invoices).await
        };
        lap(|| self.look(), work).await
    }

    async fn bare(&self, course: Course) -> Result<Lap> {
        let database = self.empty()?;
        database.fill(&fill::ready(course.invoices)).await?;
        let work = async { bare::run(OnMysql::new(database.url()), course).await };
        lap(|| self.look(), work).await
    }

    async fn sequential(&self, invoices: u32) -> Result<Lap> {
        let database = self.empty()?;
        database.execute(&plain::set_up(invoices)).await?;
        lap(|| self.look(), plain::run(database.url(), invoices)).await
    }
}
