//! `postonce doctor`.

mod tokens;

use postonce_ports::checkup::{Finding, Severity};

use crate::database::{self, Database};
use crate::exit::{Exit, Failure};
use crate::json::FindingJson;
use crate::output::talk;
use crate::table::plain;
use crate::wiring::{Context, configuration};

pub(crate) async fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let config = configuration(&context.sources)?;
    let mut findings = database::checkup(&config).checkup().await;
    // A database that does not open has a finding of its own.
    let database = Database::open(&config).await.ok();
    findings.push(tokens::finding(&config, database.as_ref()).await);
    if context.output.is_json() {
        let list: Vec<FindingJson<'_>> = findings.iter().map(FindingJson::new).collect();
        context.output.value(&list);
    } else {
        context.output.line(&text(&findings));
        context.output.flush();
        talk(closing(&findings));
    }
    Ok(exit(&findings))
}

/// Warnings are for people to weigh; a failure is a reason not to run.
fn exit(findings: &[Finding]) -> Exit {
    match gravest(findings) {
        Severity::Failure => Exit::BadConfiguration,
        Severity::Fine | Severity::Warning => Exit::Done,
    }
}

fn gravest(findings: &[Finding]) -> Severity {
    // Nothing was looked at, so nothing is known to be in order.
    findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Failure)
}

fn closing(findings: &[Finding]) -> &'static str {
    match gravest(findings) {
        Severity::Fine => "All is in order.",
        Severity::Warning => "It works; the warnings say what it costs.",
        Severity::Failure => "PostOnce must not run like this: mend the failures first.",
    }
}

/// The findings in the order in which they were made, each with what it means and, below, what to
/// do about it: sentences would make the columns of a table too wide to read.
fn text(findings: &[Finding]) -> String {
    let widest = findings.iter().map(|finding| finding.name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for finding in findings {
        let mark = match finding.severity {
            Severity::Fine => "ok",
            Severity::Warning => "WARNING",
            Severity::Failure => "FAILURE",
        };
        let name = finding.name.replace('_', " ");
        lines.push(format!("{mark:7}  {name:widest$}  {}", plain(&finding.value)));
        lines.push(format!("{:7}  {}", "", plain(&finding.meaning)));
        if !finding.mend.is_empty() {
            lines.push(format!("{:7}  -> {}", "", plain(&finding.mend)));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
