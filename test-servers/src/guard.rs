//! A process that cannot outlive the one that started it.
//!
//! Between the two stands a shell whose standard input is a pipe that only we hold. When we are
//! gone, by whatever signal, the pipe ends, and the shell kills the server and takes its folder
//! away. It does not collect the dead server before that, so that the process id stays the
//! server's own.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// `$1` is the folder; the rest is the server. A word on standard input keeps the folder.
const SCRIPT: &str = r#"
folder=$1
shift
"$@" </dev/null >/dev/null 2>&1 &
server=$!
echo "$server"
read -r word
kill -9 "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ -n "$word" ] || rm -rf "$folder"
"#;

/// A running server and its shell. Dropping it ends both and removes the folder.
#[derive(Debug)]
pub(crate) struct Guarded {
    shell: Child,
    pid: u32,
    process: OwnedFd,
}

impl Guarded {
    /// Starts `line`, a program with its arguments, that works in `folder`.
    pub(crate) fn start(
        folder: &Path,
        line: &[OsString],
        environment: &[(&'static str, OsString)],
    ) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .args(line)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C on a terminal is for us; the shell learns of it by our end.
            .process_group(0)
            .spawn()
            .context("cannot start `sh`")?;
        let mut answer = String::new();
        let stdout = shell.stdout.take().context("its output is a pipe")?;
        BufReader::new(stdout).read_line(&mut answer)?;
        let pid: u32 = answer.trim().parse().context("the shell named no process")?;
        let id = i32::try_from(pid).ok().and_then(Pid::from_raw).context("no process id")?;
        let process = pidfd_open(id, PidfdFlags::empty()).context("cannot watch the server")?;
        Ok(Self { shell, pid, process })
    }

    /// The server's own process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends the server a signal; that it has ended already is no error.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        match pidfd_send_signal(&self.process, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error).context("cannot send a signal to the server"),
        }
    }

    /// Has the server ended? Waits so long for it.
    pub(crate) fn ended_within(&self, limit: Duration) -> Result<bool> {
        let limit = Timespec::try_from(limit)?;
        let mut watched = [PollFd::new(&self.process, PollFlags::IN)];
        let count = rustix::io::retry_on_intr(|| poll(&mut watched, Some(&limit)))
            .context("cannot wait for the server")?;
        Ok(count > 0)
    }

    /// Ends server and shell, and keeps the folder.
    pub(crate) fn end_and_keep(mut self) -> Result<()> {
        let mut stdin = self.shell.stdin.take().context("its input is a pipe")?;
        stdin.write_all(b"keep\n")?;
        drop(stdin);
        ensure!(self.shell.wait()?.success(), "the folder of the server was not kept");
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It has ended already, or it ends now: there is nobody to tell.
        drop(self.shell.wait());
    }
}
