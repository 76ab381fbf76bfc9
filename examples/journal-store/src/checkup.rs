//! What there is to say of a journal's health.

use async_trait::async_trait;
use postonce_ports::checkup::{Checkup, Finding, Severity};

use crate::{JournalStore, locked};

/// From here on a start takes seconds.
const LONG: u64 = 256 * 1024 * 1024;

#[async_trait]
impl Checkup for JournalStore {
    async fn checkup(&self) -> Vec<Finding> {
        let mut data = locked(&self.0.data);
        let journal = data.journal().and_then(|it| it.check().map(|()| it.length()));
        let length = match journal {
            Ok(length) => length,
            Err(error) => {
                return vec![finding(
                    ("journal", error.to_string()),
                    Severity::Failure,
                    "nothing can be written",
                    "end the process, look at the disk, and start anew",
                )];
            }
        };
        let severity = if length > LONG { Severity::Warning } else { Severity::Fine };
        let mend = if length > LONG { "begin a new journal when nothing is open" } else { "" };
        let words = "all of it is read at every start";
        vec![
            finding(("journal", "writable".to_owned()), Severity::Fine, "every step lasts", ""),
            finding(("journal_length", format!("{length} bytes")), severity, words, mend),
        ]
    }
}

fn finding(
    (name, value): (&'static str, String),
    severity: Severity,
    meaning: &str,
    mend: &str,
) -> Finding {
    Finding { name, severity, value, meaning: meaning.to_owned(), mend: mend.to_owned() }
}
