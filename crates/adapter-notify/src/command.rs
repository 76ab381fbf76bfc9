//! A program of the operator's, which reads the message.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::clock::Clock;
use postonce_ports::notice::{Message, Messenger, Undelivered};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;

use crate::body::body;

/// How long it may take; then it is killed.
const TIME_MAX: Duration = Duration::from_secs(30);

/// The most bytes of what it says that are kept.
const SAID_MAX: u64 = 2_000;

/// Where programs without a path are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command without a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no program")]
pub struct BadCommand;

/// Starts one program for each message, with the message as JSON on its stdin. No shell has a part
/// in it, and nothing of our environment is handed on: it holds secrets.
pub struct Command {
    program: String,
    arguments: Vec<String>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command").field("program", &self.program).finish_non_exhaustive()
    }
}

impl Command {
    /// The program and its arguments, with blanks between them. A quote is a letter like any other.
    pub fn new(line: &str, clock: Arc<dyn Clock>) -> Result<Self, BadCommand> {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().ok_or(BadCommand)?;
        Ok(Self { program, arguments: words.collect(), clock })
    }

    fn start(&self) -> Result<Child, Undelivered> {
        tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Undelivered(format!("`{}` cannot be started: {error}", self.program)))
    }
}

/// Hands `text` over, and waits for the end.
async fn feed(mut child: Child, text: String) -> Result<(), Undelivered> {
    let trouble = |error: std::io::Error| Undelivered(format!("the command: {error}"));
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program that does not care what happened may end without reading.
            drop(stdin.write_all(text.as_bytes()).await);
        }
    };
    let read = async {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            let mut beginning = stderr.take(SAID_MAX);
            drop(beginning.read_to_end(&mut said).await);
            // What else it says is read and forgotten, so that it does not wait for us.
            drop(tokio::io::copy(&mut beginning.into_inner(), &mut tokio::io::sink()).await);
        }
        String::from_utf8_lossy(&said).trim().to_owned()
    };
    let ((), said, status) = tokio::join!(write, read, child.wait());
    let status = status.map_err(trouble)?;
    if status.success() {
        return Ok(());
    }
    let said = if said.is_empty() { "it said nothing".to_owned() } else { said };
    Err(Undelivered(format!("the command ended with {status}: {said}")))
}

#[async_trait]
impl Messenger for Command {
    fn way(&self) -> String {
        "command".to_owned()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let child = self.start()?;
        tokio::select! {
            ended = feed(child, body(message) + "\n") => ended,
            () = self.clock.sleep(TIME_MAX) => {
                let seconds = TIME_MAX.as_secs();
                Err(Undelivered(format!("the command took more than {seconds} s and was killed")))
            }
        }
    }
}
