//! A look at a server's health that changes nothing that lasts.

mod database;
mod grants;
mod lock;
mod server;
mod settings;

use async_trait::async_trait;
use diesel::result::Error as DriverError;
use postonce_ports::checkup::{Checkup, Finding, Severity};
use secrecy::ExposeSecret as _;

use crate::Options;
use crate::session::{Target, connect};
use crate::variables::Variables;

/// Looks at a database, and neither makes nor migrates it.
#[derive(Clone, Debug)]
pub struct MysqlCheckup {
    options: Options,
}

impl MysqlCheckup {
    /// Looks at the database of `options`, with the lock that they name.
    pub fn new(options: Options) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Checkup for MysqlCheckup {
    async fn checkup(&self) -> Vec<Finding> {
        look(&self.options).await
    }
}

/// All findings, those of the way to the server first. What cannot be looked at is left out, for
/// the reason that a finding before it tells.
async fn look(options: &Options) -> Vec<Finding> {
    const NAME: &str = "reachable";
    let unreachable = |error: crate::OpenError| {
        let mend = "mend what it names, and try again";
        vec![failure(NAME, "no", &format!("{error}"), mend)]
    };
    let target = match Target::parse(options.url.expose_secret()) {
        Ok(target) => target,
        Err(error) => return unreachable(error),
    };
    let mut conn = match connect(&target).await {
        Ok(conn) => conn,
        Err(error) => return unreachable(error),
    };
    let mut findings = vec![fine(NAME, target.to_string(), "the server answers")];
    findings.push(server::encrypted(&mut conn, &target).await);
    match Variables::global(&mut conn, &settings::NAMES).await {
        Ok(seen) => findings.extend(settings::look(&seen, &options.lock)),
        Err(error) => findings.push(unseen("settings", &error)),
    }
    findings.push(server::replica(&mut conn).await);
    findings.push(server::own_settings(&mut conn).await);
    findings.push(server::messages(&mut conn).await);
    findings.push(server::clock(&mut conn).await);
    findings.push(server::room(&mut conn).await);
    let schema = database::schema(&mut conn, &target).await;
    let is_there = schema.severity == Severity::Fine;
    findings.push(schema);
    if is_there {
        findings.push(database::identity(&mut conn).await);
        findings.extend(grants::look(&mut conn).await);
        findings.push(lock::agreed(&mut conn, &options.lock).await);
    }
    findings.push(lock::excludes(&target, &options.lock, is_there).await);
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

/// Something that the server does not show.
fn unseen(name: &'static str, error: &DriverError) -> Finding {
    let meaning = format!("the server does not show it: {error}");
    warning(name, "unknown", &meaning, "let this user see it, or look at the server itself")
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
