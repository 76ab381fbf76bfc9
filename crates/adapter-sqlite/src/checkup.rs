//! A look at the file's health that changes nothing.

mod disk;
mod inside;
mod lock;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use postonce_ports::checkup::{Checkup, Finding, Severity};

/// Looks at a database file, and does not make or migrate it.
#[derive(Clone, Debug)]
pub struct SqliteCheckup {
    path: PathBuf,
}

impl SqliteCheckup {
    /// Looks at the file in `path`.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }
}

#[async_trait]
impl Checkup for SqliteCheckup {
    async fn checkup(&self) -> Vec<Finding> {
        let path = self.path.clone();
        let looked = tokio::task::spawn_blocking(move || look(&path)).await;
        looked.unwrap_or_else(|error| {
            let meaning = "a bug stopped the checkup; what it did not say is not known";
            vec![failure("checkup", error.to_string(), meaning, "report it with this text")]
        })
    }
}

/// All findings, those of the disk first. What cannot be looked at is left out, for the reason that
/// a finding before it tells.
fn look(path: &Path) -> Vec<Finding> {
    let (file, mut findings) = disk::file(path);
    let Some(file) = file else { return findings };
    findings.push(disk::private(&file));
    findings.push(disk::file_system(&file));
    let folder = disk::folder(&file);
    let is_writable = folder.severity == Severity::Fine;
    findings.push(folder);
    if is_writable {
        findings.push(lock::excludes(&file));
    }
    findings.extend(inside::look(&file));
    findings
}

/// Something that is as it should be.
fn fine(name: &'static str, value: impl Into<String>, meaning: &str) -> Finding {
    finding(name, Severity::Fine, value, meaning, "")
}

/// Something that costs comfort or a margin of safety.
fn warning(name: &'static str, value: impl Into<String>, meaning: &str, mend: &str) -> Finding {
    finding(name, Severity::Warning, value, meaning, mend)
}

/// Something that `PostOnce` must not run with.
fn failure(name: &'static str, value: impl Into<String>, meaning: &str, mend: &str) -> Finding {
    finding(name, Severity::Failure, value, meaning, mend)
}

fn finding(
    name: &'static str,
    severity: Severity,
    value: impl Into<String>,
    meaning: &str,
    mend: &str,
) -> Finding {
    let (meaning, mend) = (meaning.to_owned(), mend.to_owned());
    Finding { name, severity, value: value.into(), meaning, mend }
}

#[cfg(test)]
mod tests;
