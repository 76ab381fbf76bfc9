//! Asking the person at the terminal.

use std::io::IsTerminal as _;

use crate::exit::{Exit, Failure};
use crate::output::{is_watched, talk};

/// Whether the person says yes to `question`. Where nobody can be asked, `mend` is the failure.
pub(super) async fn is_agreed(question: &str, mend: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !is_watched() {
        return Err(Failure::new(Exit::Usage, format!("nobody is here to ask; {mend}")));
    }
    talk(&format!("{question} [y/N]"));
    let asked = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = asked.await.ok().and_then(Result::ok).unwrap_or_default();
    Ok(means_yes(&answer))
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests;
