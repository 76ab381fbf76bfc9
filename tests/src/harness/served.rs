//! `postonce serve` as a process, and clients of it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use postonce_adapter_host::RandomIds;
use postonce_adapter_host::{Key, KeyKind};
use postonce_adapter_sqlite::SqliteStore;
use postonce_domain::{LoginName, Role, Side};
use postonce_ports::account::{Machines as _, NewMachine};
use reqwest::Method;
use serde_json::Value;

use super::place::Place;
use super::process::Guarded;

/// A running server.
#[derive(Debug)]
pub struct Served {
    process: Guarded,
    url: String,
    client: reqwest::Client,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When it is worth asking again.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Value,
}

impl Served {
    /// Starts one on a free port.
    pub fn start(place: &Place) -> Result<Self> {
        let mut process = place.start(&["serve", "--listen", "127.0.0.1:0"])?;
        let stdout = process.child().stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").context(line.clone())?.to_owned();
        // A second install is refused, which is fine: the first one was the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let minute = Duration::from_secs(60);
        let client = reqwest::Client::builder().no_proxy().timeout(minute).build()?;
        Ok(Self { process, url, client })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.url.trim_start_matches("http://").parse()?)
    }

    /// The process.
    pub fn process(&self) -> &Guarded {
        &self.process
    }

    /// The process, to be waited for.
    pub fn into_process(self) -> Guarded {
        self.process
    }

    /// Asks by a machine's token.
    pub async fn ask(&self, method: Method, path: &str, token: &str) -> Result<Answer> {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let answer = request.bearer_auth(token).send().await?;
        let status = answer.status().as_u16();
        let after = answer.headers().get("retry-after").and_then(|it| it.to_str().ok());
        let retry_after = after.map(str::to_owned);
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, retry_after, body })
    }
}

/// The token of a new machine in the place's database, which is a file.
pub async fn machine(place: &Place, name: &str, side: Option<Side>, role: Role) -> Result<String> {
    let store = SqliteStore::open(&place.path().join("postonce.db"), &RandomIds)?;
    let token = Key::random(KeyKind::Machine)?;
    let name = LoginName::parse(name)?;
    let machine = NewMachine { name, side, role, key: token.hash() };
    anyhow::ensure!(store.add_machine(machine, "test").await?, "the name is taken");
    Ok(token.as_str().to_owned())
}
