//! Programs that a test starts, and waiting for what they do.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

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

    /// The process id.
    pub fn id(&self) -> u32 {
        self.0.id()
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
