//! The bounds, and which of them are kept.

use std::process::ExitCode;

/// Collects what is broken.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    broken: Vec<String>,
}

impl Verdict {
    /// Says whether a bound is kept, and remembers it if not.
    pub(crate) fn bound(&mut self, kept: bool, words: &str) {
        println!("{}: {words}", if kept { "kept" } else { "BROKEN" });
        if !kept {
            self.broken.push(words.to_owned());
        }
    }

    /// The last words, and the exit code.
    pub(crate) fn close(self) -> ExitCode {
        println!();
        if self.broken.is_empty() {
            println!("every bound that was measured is kept");
            return ExitCode::SUCCESS;
        }
        for words in &self.broken {
            println!("BROKEN: {words}");
        }
        ExitCode::FAILURE
    }
}
