//! A database of its own on the server for tests.

use anyhow::{Context as _, Result};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use postonce_test_servers::{fresh_name, shared};

/// An empty database, dropped when the test is done with it.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Makes one on the server that [`shared`] names.
    pub fn new() -> Result<Self> {
        let name = fresh_name();
        execute(shared(), &format!("CREATE DATABASE {name}"))?;
        Ok(Self { name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (server, options) = shared().split_once('?').unwrap_or((shared(), ""));
        let url = format!("{}/{}", server.trim_end_matches('/'), self.name);
        if options.is_empty() { url } else { format!("{url}?{options}") }
    }

    /// Runs statements there, as another application does.
    pub fn execute(&self, statements: &str) -> Result<()> {
        execute(&self.url(), statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What is left of a database does no harm.
        drop(execute(shared(), &format!("DROP DATABASE IF EXISTS {}", self.name)));
    }
}

fn execute(url: &str, statements: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = AsyncMysqlConnection::establish(url).await?;
        connection.batch_execute(statements).await.with_context(|| statements.to_owned())
    })
}
