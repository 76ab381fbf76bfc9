//! `cargo xtask test`: every test there is, in legs.

mod legs;
mod setting;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use postonce_test_servers::{Installation, Kind, MariaDb, MySql, Options, Server, URL_VARIABLE};

use crate::cargo::Workspace;
use crate::servers::{self, FOREIGN};
pub(crate) use legs::Skips;
use legs::{Leg, Report, Work};
pub(crate) use setting::Setting;
use setting::missing_for_clients;

/// `cargo xtask test`: everything, on the server that the caller names, or else on a `MariaDB` of
/// our own.
///
/// Ends with 1 if a leg failed, or was skipped where `skips` does not allow it.
pub(crate) fn run(filters: &[OsString], skips: Skips) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::ask()?;
    let mut setting = Setting::new(&workspace);
    let mut report = Report::default();
    let named = std::env::var_os(URL_VARIABLE).filter(|it| !it.is_empty());
    // The server ends after the last leg.
    let mut own = None;
    let work = if let Some(url) = named {
        let host = host_of(&url.to_string_lossy()).to_owned();
        Work::Ready(format!("{host}, which {URL_VARIABLE} names"))
    } else {
        let (server, work) = start(servers::mariadb(&workspace));
        setting.use_server(server.as_ref());
        own = server;
        work
    };
    report.run(Leg::new("MariaDB server", work))?;
    let legs =
        setting.builds().into_iter().chain(setting.whole_workspace(filters, missing_for_clients()));
    report.run_all(legs)?;
    drop(own);
    Ok(report.close(skips))
}

/// `cargo xtask test mysql`: the tests of databases, on MySQL and on a newer `MariaDB`.
///
/// Ends with 1 if a leg failed or was skipped.
pub(crate) fn mysql() -> anyhow::Result<ExitCode> {
    let workspace = Workspace::ask()?;
    let mut setting = Setting::new(&workspace);
    let mut report = Report::default();
    report.run_all(setting.builds())?;
    for foreign in FOREIGN {
        let (server, work) = start(servers::foreign(&workspace, foreign));
        setting.use_server(server.as_ref());
        report.run(Leg::new(foreign.name, work))?;
        if server.is_some() {
            report.run_all(setting.database_tests(foreign.name))?;
        }
    }
    Ok(report.close(Skips::Refused))
}

/// `cargo xtask test cluster`: the tests that start a cluster themselves.
///
/// Ends with 1 if a leg failed or was skipped.
pub(crate) fn cluster() -> anyhow::Result<ExitCode> {
    let workspace = Workspace::ask()?;
    let setting = Setting::new(&workspace);
    let mut report = Report::default();
    let there = servers::galera(&workspace);
    let is_there = there.is_ok();
    let work = there.map_or_else(
        |error| Work::Skip(first_line(&error)),
        |found| Work::Ready(format!("{}", found.program().display())),
    );
    report.run(Leg::new("Galera", work))?;
    if is_there {
        report.run_all(setting.builds().into_iter().chain(setting.cluster_tests()))?;
    }
    Ok(report.close(Skips::Refused))
}

/// Starts a server, and says which one and how long it took, or why there is none.
#[expect(clippy::disallowed_methods, reason = "a duration for a person, on which nothing hangs")]
fn start(installation: anyhow::Result<Installation>) -> (Option<Server>, Work) {
    let begun = Instant::now();
    let started = installation.and_then(|it| {
        let options = Options::default().installation(it.clone());
        match it.kind() {
            Kind::MariaDb => MariaDb::start(&options),
            Kind::MySql => MySql::start(&options),
        }
    });
    match started {
        Ok(server) => {
            let took = begun.elapsed().as_secs_f64();
            let version = server.version();
            let ready = Work::Ready(format!("version {version}, started in {took:.1} s"));
            (Some(server), ready)
        }
        Err(error) => {
            // The log of a server is long: the closing words have its first line.
            eprintln!("test: {error:#}");
            (None, Work::Skip(first_line(&error)))
        }
    }
}

fn first_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

/// Host and port of a URL, and nothing of what may be secret in it.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, it)| it);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((_, host)) => host,
        // An `@` that comes later ends a password with a `/` in it.
        None if rest.contains('@') => "the server",
        None => authority,
    }
}

#[cfg(test)]
mod tests;
