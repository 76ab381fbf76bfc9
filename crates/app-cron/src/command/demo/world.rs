//! The world of the demonstration: a temporary folder, a sandbox, a database, and child processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use postonce_adapter_host::HostClock;
use postonce_domain::StateName;
use postonce_myob_sandbox::{Options, Sandbox};
use postonce_ports::clock::Clock as _;
use postonce_ports::reader::InvoiceReader;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::control::Control;
use super::{of, unexpected};
use crate::command::import::{Outcome, take_in};
use crate::config::{Flags, Sources};
use crate::exit::{Exit, Failure, chain};
use crate::hook::WrapNothing;
use crate::import::Format;
use crate::wiring::{Base, Context};

/// The invoices that come with the binary.
pub(super) const SAMPLE: &str = include_str!("../../../sample/invoices.csv");

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// See the module. The folder goes with it.
pub(super) struct World {
    folder: TempDir,
    config: PathBuf,
    /// Settings of the user's own, which children must not see.
    foreign: Vec<String>,
    base: Base<'static>,
    control: Control,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// A child that has ended.
pub(super) struct Ended {
    pub(super) pid: u32,
    pub(super) code: i32,
    /// What it wrote to stdout.
    pub(super) json: Value,
}

impl World {
    pub(super) async fn start(context: &Context<'_>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("postonce-demo-").tempdir();
        let folder =
            folder.map_err(|error| unexpected(&format!("no temporary folder: {error}")))?;
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            state: folder.path().join("sandbox"),
            rate_per_second: 0,
            latency: Duration::from_millis(4),
        };
        let sandbox = Sandbox::bind(options).await.map_err(|error| unexpected(&chain(&error)))?;
        let control = Control::new(sandbox.url());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            // Both ways of ending mean the same: nobody needs it any more.
            drop(sandbox.serve(async { drop(stopped.await) }).await);
        });
        let config = folder.path().join("postonce.toml");
        std::fs::write(&config, settings(&folder, control.url())?)
            .map_err(|error| unexpected(&format!("{}: {error}", config.display())))?;
        let flags = Flags {
            config: Some(config.clone()),
            actor: Some("demo".to_owned()),
            ..Flags::default()
        };
        let sources = Sources { flags, environment: BTreeMap::new(), folder: PathBuf::new() };
        let base = Base::of_sources(&sources, &WrapNothing).await?;
        let names = context.sources.environment.keys();
        let foreign = names.filter(|name| name.starts_with("POSTONCE_") || *name == "DATABASE_URL");
        let foreign = foreign.cloned().collect();
        Ok(Self { folder, config, foreign, base, control, stop, server })
    }

    pub(super) fn url(&self) -> &str {
        self.control.url()
    }

    pub(super) fn control(&self) -> &Control {
        &self.control
    }

    pub(super) fn reader(&self) -> &dyn InvoiceReader {
        self.base.side.reader.as_ref()
    }

    /// Imports the sample's invoices of one company file, and says how many.
    pub(super) async fn import(&self, alias: &str) -> Result<u64, Failure> {
        let input = part(alias);
        match take_in(self.base.side.intake.as_ref(), input.as_bytes(), Format::Csv).await? {
            Outcome::Done { created, .. } => Ok(created),
            Outcome::Refused(problems) => {
                Err(unexpected(&format!("the sample was refused: {:?}", problems.list().first())))
            }
        }
    }

    /// Starts a run as a process of its own.
    pub(super) fn sync(&self) -> Result<Child, Failure> {
        let failed = |error| unexpected(&format!("a run cannot be started: {error}"));
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.arg("--config").arg(&self.config).args(["--actor", "demo", "--json", "sync"]);
        for name in &self.foreign {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(failed)
    }

    /// Waits until the sandbox has so many invoices, while `child` is still at it.
    pub(super) async fn until_there(
        &self,
        invoices: usize,
        child: &mut Child,
    ) -> Result<(), Failure> {
        let deadline = HostClock.boot() + PATIENCE;
        while self.control.books().await?.invoices < invoices {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(unexpected(&format!("the run ended before its time: {status}")));
            }
            self.glance(deadline, "the invoices to arrive").await?;
        }
        Ok(())
    }

    /// Asks the ledger until nothing is in doubt.
    pub(super) async fn until_settled(&self) -> Result<(), Failure> {
        let deadline = HostClock.boot() + PATIENCE;
        let engine = self.base.engine(self.base.ports().await?);
        loop {
            let counts = self.reader().counts().await?;
            if of(&counts, StateName::InDoubt) + of(&counts, StateName::Claimed) == 0 {
                return Ok(());
            }
            Box::pin(engine.check(&[])).await?;
            self.glance(deadline, "the doubt to end").await?;
        }
    }

    async fn glance(&self, deadline: Duration, what: &str) -> Result<(), Failure> {
        if HostClock.boot() > deadline {
            return Err(unexpected(&format!("waited too long for {what}")));
        }
        HostClock.sleep(GLANCE).await;
        Ok(())
    }

    /// Stops the sandbox and takes everything away.
    pub(super) async fn end(self) -> Result<(), Failure> {
        let Self { folder, base, stop, server, .. } = self;
        // It is fine if the sandbox is gone already.
        let _gone = stop.send(());
        drop(server.await);
        drop(base);
        let path = folder.path().display().to_string();
        folder.close().map_err(|error| unexpected(&format!("{path} cannot be removed: {error}")))
    }
}

/// Waits for a child and reads what it wrote.
pub(super) async fn ended(child: Child) -> Result<Ended, Failure> {
    let pid = child.id();
    let failed = |why: String| unexpected(&format!("process {pid}: {why}"));
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await;
    let output = output.map_err(|error| failed(error.to_string()))?;
    let output = output.map_err(|error| failed(error.to_string()))?;
    let code = output.status.code();
    let code =
        code.ok_or_else(|| failed(format!("it was ended by a signal: {}", output.status)))?;
    let json = serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        failed(format!("it left with {code} and no result; it said: {}", words.trim()))
    })?;
    Ok(Ended { pid, code, json })
}

/// Kills a child and waits until it is gone.
pub(super) async fn kill(mut child: Child) -> Result<(), Failure> {
    let killed = tokio::task::spawn_blocking(move || child.kill().and_then(|()| child.wait()));
    match killed.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unexpected(&format!("a run cannot be killed: {error}"))),
        Err(error) => Err(unexpected(&format!("a run cannot be killed: {error}"))),
    }
}

/// The sample's rows of one company file.
pub(super) fn part(alias: &str) -> String {
    let mut lines = SAMPLE.lines();
    let header = lines.next().unwrap_or_default();
    let of_alias = |line: &&str| line.split(',').next() == Some(alias);
    let rows = lines.filter(of_alias).map(|line| format!("{line}\n"));
    format!("{header}\n{}", rows.collect::<String>())
}

/// The configuration of the children. The quiet period is shortened: nothing takes minutes here.
fn settings(folder: &TempDir, url: &str) -> Result<String, Failure> {
    let path = folder.path().join("postonce.db");
    let path = path.to_str().ok_or_else(|| {
        Failure::new(Exit::Unexpected, "the temporary folder's path is not UTF-8; set TMPDIR")
    })?;
    Ok(format!(
        "[database]\nurl = {}\n\n[ledger]\nbase_url = \"{url}/accountright\"\n\
         api_key = \"sandbox\"\napi_secret = \"sandbox\"\nrefresh_token = \"sandbox\"\n\
         missing_customer = \"create\"\nrate_per_second = 0\n\n[in_doubt]\n\
         allow_short_quiet = true\nquiet_seconds = 1\nrecheck_seconds = 1\n",
        Value::String(format!("sqlite:{path}"))
    ))
}
