//! The stand-in for MYOB as a process, and its books.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::process::{Guarded, binary};

/// A running sandbox with a state folder of its own.
#[derive(Debug)]
pub struct Sandbox {
    process: Guarded,
    url: String,
    http: Http,
    _state: TempDir,
}

impl Sandbox {
    /// Starts one on a free port, without a rate limit.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one that takes so long over each answer.
    pub fn slow(latency: Duration) -> Result<Self> {
        Self::start_with(&["--latency-ms", &latency.as_millis().to_string()])
    }

    /// Starts one that takes so many requests a second.
    pub fn limited(per_second: u32) -> Result<Self> {
        Self::launch(per_second, &[])
    }

    /// Starts one with further arguments.
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        Self::launch(0, arguments)
    }

    fn launch(per_second: u32, arguments: &[&str]) -> Result<Self> {
        let state = tempfile::tempdir()?;
        let mut command = Command::new(binary("POSTONCE_BIN")?);
        command
            .args(["sandbox", "--listen", "127.0.0.1:0", "--rate-per-second"])
            .args([&per_second.to_string(), "--state"])
            .arg(state.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stdin(Stdio::null());
        let mut process = Guarded::start(&mut command)?;
        let stdout = process.child().stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").context(line.clone())?.to_owned();
        Ok(Self { process, url, http: Http::new()?, _state: state })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it, so that nobody listens there any more.
    pub fn stop(&mut self) -> Result<()> {
        self.process.kill().map(drop)
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.http.call(reqwest::Method::GET, &format!("{}{path}", self.url), None)
    }

    /// `POST path` with a body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.http.call(reqwest::Method::POST, &format!("{}{path}", self.url), Some(body))
    }

    /// Sets the switches that are named.
    pub fn switch(&self, switches: &Value) -> Result<()> {
        let url = format!("{}/sandbox/switches", self.url);
        self.http.call(reqwest::Method::PUT, &url, Some(switches)).map(drop)
    }

    /// Adds one fault.
    pub fn fault(&self, fault: Value) -> Result<()> {
        self.post("/sandbox/faults", &Value::Array(vec![fault])).map(drop)
    }

    /// Takes all faults off.
    pub fn clear_faults(&self) -> Result<()> {
        let url = format!("{}/sandbox/faults", self.url);
        self.http.call(reqwest::Method::DELETE, &url, None).map(drop)
    }

    /// What is in its books.
    pub fn books(&self) -> Result<Books> {
        let ledger = self.get("/sandbox/ledger")?;
        let count = |key: &str| ledger[key].as_u64().unwrap_or(u64::MAX);
        let list = |key: &str| ledger[key].as_array().cloned().unwrap_or_default();
        Ok(Books {
            invoices: list("invoices"),
            posts_received: count("posts_received"),
            duplicates: list("duplicates"),
        })
    }
}

/// What the sandbox has booked.
#[derive(Clone, Debug)]
pub struct Books {
    /// The documents.
    pub invoices: Vec<Value>,
    /// POSTs of invoices that arrived, whatever became of them.
    pub posts_received: u64,
    /// Numbers that are there more than once.
    pub duplicates: Vec<Value>,
}

impl Books {
    /// The numbers, in the books' order.
    pub fn numbers(&self) -> Vec<String> {
        let number = |invoice: &Value| invoice["number"].as_str().unwrap_or_default().to_owned();
        self.invoices.iter().map(number).collect()
    }

    /// The sum of all totals, in minor units.
    pub fn total_minor(&self) -> Result<i64> {
        self.invoices.iter().try_fold(0, |sum, invoice| {
            let text = invoice["total"].as_str().context("a total is a string")?;
            let total = postonce_domain::Money::parse(text)?;
            Ok(sum + total.minor())
        })
    }
}

#[derive(Debug)]
struct Http {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Http {
    fn new() -> Result<Self> {
        // A second install is refused, which is fine: the first one was the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { runtime, client })
    }

    fn call(&self, method: reqwest::Method, url: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let status = answer.status();
            let text = answer.text().await?;
            ensure!(status.is_success(), "{url}: {status}: {text}");
            if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
        })
    }
}
