//! A password from a terminal that does not show it, or from a line of stdin.

use std::io::{self, IsTerminal as _, Read as _};

use postonce_adapter_host::password::{MAX_BYTES, MIN_CHARACTERS, check};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

use crate::exit::{Exit, Failure};
use crate::output::{is_watched, talk};
use crate::signals::Signals;

/// A line of stdin, without its end.
pub(super) async fn line() -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        // A line that is too long is refused, and not read to its end.
        let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(2);
        let mut text = String::new();
        io::BufRead::read_line(&mut io::stdin().lock().take(most), &mut text).map(|_| text)
    });
    let text = read
        .await
        .map_err(io::Error::other)
        .and_then(|read| read)
        .map_err(|error| unreadable(&error))?;
    checked(without_end(&text))
}

/// Asks for a password twice.
pub(super) async fn asked() -> Result<String, Failure> {
    if !io::stdin().is_terminal() || !is_watched() {
        let why = "nobody is here to ask for a password; give it as a line of stdin, with \
                   `--password-stdin`";
        return Err(Failure::new(Exit::Usage, why));
    }
    let mut signals = Signals::listen()?;
    let silent = Silent::begin().map_err(|error| unreadable(&error))?;
    talk(&format!("Password, {MIN_CHARACTERS} characters at least (it is not shown):"));
    let password = checked(&typed(&mut signals).await?)?;
    talk("The same again:");
    let again = typed(&mut signals).await?;
    drop(silent);
    if password != again {
        let why = "the two differ; nothing was changed. Try again";
        return Err(Failure::new(Exit::DataRefused, why));
    }
    Ok(password)
}

/// What may be a new password.
fn checked(text: &str) -> Result<String, Failure> {
    match check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(Failure::new(Exit::DataRefused, format!("{error}; nothing was changed"))),
    }
}

/// What a person types until a line ends; a signal ends it too.
async fn typed(signals: &mut Signals) -> Result<String, Failure> {
    let (told, line) = oneshot::channel();
    // By a thread of its own: nobody waits for that one at the end.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = io::stdin().read_line(&mut text);
        drop(told.send(read.map(|_| text)));
    });
    tokio::select! {
        text = line => {
            let text = text.map_err(io::Error::other).and_then(|read| read).map_err(|error| unreadable(&error))?;
            Ok(without_end(&text).to_owned())
        }
        () = signals.next() => Err(Failure::new(Exit::Interrupted, "nothing was changed")),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent(Termios);

impl Silent {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to show.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).unwrap_or_default();
    }
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(
        Exit::DataRefused,
        format!("no password can be read: {error}; nothing was changed"),
    )
}
