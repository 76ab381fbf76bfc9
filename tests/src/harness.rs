//! Real processes in a folder of their own: the sandbox, and `postonce` against it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// The binary that a test runner names in `variable`.
pub fn binary(variable: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable);
    path.map(PathBuf::from)
        .with_context(|| format!("{variable} names no binary; run the tests by `cargo xtask test`"))
}

/// A program that is killed when the test is done with it, however that comes.
#[derive(Debug)]
pub struct Guarded(Child);

impl Guarded {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self(child))
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.0.kill()?;
        Ok(self.0.wait()?)
    }

    /// Sends a signal that the process may handle.
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<()> {
        let pid = i32::try_from(self.0.id())?;
        let pid = rustix::process::Pid::from_raw(pid).context("a process id is not zero")?;
        Ok(rustix::process::kill_process(pid, signal)?)
    }

    /// Waits for the end and takes all that it printed.
    pub fn finish(mut self) -> Result<Finished> {
        let mut stderr = self.0.stderr.take();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.as_mut().map(|stderr| stderr.read_to_string(&mut text));
            text
        });
        let mut stdout = String::new();
        if let Some(pipe) = self.0.stdout.as_mut() {
            pipe.read_to_string(&mut stdout)?;
        }
        let status = self.0.wait()?;
        let stderr = reader.join().unwrap_or_default();
        Ok(Finished { code: status.code(), stdout, stderr })
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What a program said and how it ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its data.
    pub stdout: String,
    /// Its talk.
    pub stderr: String,
}

impl Finished {
    /// Its data as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("not JSON: {}\n{}", self.stdout, self.stderr))
    }

    /// Fails unless it ended with `code`.
    pub fn expect(self, code: i32) -> Result<Self> {
        ensure!(self.code == Some(code), "exit {:?}, not {code}: {self:?}", self.code);
        Ok(self)
    }
}

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
        let state = tempfile::tempdir()?;
        let mut command = Command::new(binary("POSTONCE_BIN")?);
        command
            .args(["sandbox", "--listen", "127.0.0.1:0", "--rate-per-second", "0", "--state"])
            .arg(state.path())
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

/// A folder with a database, set up for a sandbox.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    /// An empty one. No rate limit, and a quiet period of no time at all only if `short_quiet`.
    pub fn new(sandbox: &Sandbox) -> Result<Self> {
        let mut place = Self { folder: tempfile::tempdir()?, environment: Vec::new() };
        place.set("LEDGER__BASE_URL", &format!("{}/accountright", sandbox.url()));
        for key in ["API_KEY", "API_SECRET", "REFRESH_TOKEN"] {
            place.set(&format!("LEDGER__{key}"), "sandbox");
        }
        place.set("LEDGER__MISSING_CUSTOMER", "create");
        place.set("LEDGER__RATE_PER_SECOND", "0");
        Ok(place)
    }

    /// Sets a configuration key for all that is started here.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment.push((format!("POSTONCE_{key}"), value.to_owned()));
    }

    /// Doubt ends as soon as the ledger is asked.
    pub fn short_quiet(&mut self, post_timeout_seconds: u32) {
        self.set("IN_DOUBT__ALLOW_SHORT_QUIET", "true");
        self.set("IN_DOUBT__QUIET_SECONDS", "0");
        self.set("IN_DOUBT__RECHECK_SECONDS", "0");
        self.set("LEDGER__POST_TIMEOUT_SECONDS", &post_timeout_seconds.to_string());
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file there.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        Ok(std::fs::write(self.path().join(name), content)?)
    }

    /// `program` with `arguments`, in this folder, with this configuration and no other.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "tester")
            .env("POSTONCE_DATABASE__URL", "sqlite:postonce.db")
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `postonce`.
    pub fn start(&self, arguments: &[&str]) -> Result<Guarded> {
        Guarded::start(&mut self.command(&binary("POSTONCE_BIN")?, arguments))
    }

    /// Runs `postonce` to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Finished> {
        self.start(arguments)?.finish()
    }

    /// Runs a command that prints JSON and ends well.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        self.run(arguments)?.expect(0)?.json()
    }

    /// Imports `count` invoices, numbered `PREFIX-1` and so on.
    pub fn import(&self, prefix: &str, count: u32) -> Result<()> {
        self.write("invoices.csv", sample(prefix, count).as_bytes())?;
        self.run(&["import", "invoices.csv"])?.expect(0).map(drop)
    }
}

/// The columns of an invoice file.
pub const COLUMNS: &str = "company_file,side,external_id,number,date,customer_code,customer_name,\
    customer_email,line,item_code,description,quantity,unit_price,discount_percent,tax_code,\
    freight,tax_inclusive,memo";

/// A file of `count` invoices of two lines each, 3.50 + 2 × 1.25 = 6.00 in all.
pub fn sample(prefix: &str, count: u32) -> String {
    let invoices = (1..=count).map(|n| {
        let side = if n % 2 == 0 { "ordering" } else { "platform" };
        let customer = n % 7;
        let head = format!(
            "books,{side},{prefix} order {n},{prefix}-{n},2026-03-01,CUS{customer},Customer {customer},"
        );
        format!(
            "{head},1,,Binding,1,3.50,0,GST,0.00,true,sample\n\
             {head},2,,Paper,2,1.25,0,FRE,0.00,true,sample\n"
        )
    });
    [format!("{COLUMNS}\n")].into_iter().chain(invoices).collect()
}

/// Looks every ten milliseconds until `condition` gives something; a minute at most.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    const LOOKS: u32 = 6_000;
    for _ in 0..LOOKS {
        if let Some(found) = condition()? {
            return Ok(found);
        }
        pause();
    }
    bail!("waited in vain for {what}")
}

#[expect(clippy::disallowed_methods, reason = "a test waits for another process by looking again")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}
