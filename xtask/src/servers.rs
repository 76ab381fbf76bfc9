//! The database servers that tests need: found, installed, or unpacked below the target folder.

mod apt;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use postonce_test_servers::{Installation, Kind};

use crate::cargo::Workspace;
use apt::Origin;

/// The variable by which tests learn where unpacked servers are.
pub(crate) const FOLDER_VARIABLE: &str = "POSTONCE_TEST_SERVERS";

/// The packages of a `MariaDB` server and its client.
const MARIADB: &[&str] = &["mariadb-server-core", "mariadb-client-core"];

/// What a cluster needs besides.
const GALERA: &[&str] = &["galera-4", "mariadb-server", "rsync", "lsof", "iproute2"];

/// A server of another release than the system's.
pub(crate) struct Foreign {
    /// Which server it is.
    pub(crate) kind: Kind,
    /// What people call it.
    pub(crate) name: &'static str,
    /// The folder into which it is unpacked.
    folder: &'static str,
    suite: &'static str,
    packages: &'static [&'static str],
}

/// The servers of `cargo xtask test mysql`.
pub(crate) const FOREIGN: &[Foreign] = &[
    Foreign {
        kind: Kind::MySql,
        name: "MySQL of Debian's unstable suite",
        folder: "mysql",
        suite: "sid",
        packages: &["mysql-server-core"],
    },
    Foreign {
        kind: Kind::MariaDb,
        name: "MariaDB 11.8 of Debian trixie",
        folder: "mariadb-trixie",
        suite: "trixie",
        packages: &["mariadb-server-core"],
    },
];

/// Where servers are unpacked; kept between runs.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target().join("servers")
}

/// Finds `MariaDB`, or installs it, or else unpacks it.
///
/// Fails with every reason why none of that went.
pub(crate) fn mariadb(workspace: &Workspace) -> anyhow::Result<Installation> {
    let root = folder(workspace).join("mariadb");
    if let Some(found) = there(Kind::MariaDb, &root) {
        return Ok(found);
    }
    if let Err(error) = apt::install(MARIADB) {
        eprintln!("servers: not installed for the whole system: {error:#}");
        apt::unpack(&Origin::System, MARIADB, &root).context("MariaDB cannot be had")?;
    }
    there(Kind::MariaDb, &root).context("MariaDB is installed, and `mariadbd` is not found")
}

/// Sees to it that a cluster can be started: by the system's packages if they are there, or else
/// by unpacked ones, since installing them would start a service.
pub(crate) fn galera(workspace: &Workspace) -> anyhow::Result<Installation> {
    let folder = folder(workspace);
    Installation::for_galera(&folder).or_else(|_| {
        let packages = [MARIADB, GALERA].concat();
        apt::unpack(&Origin::System, &packages, &folder.join("galera"))
            .context("Galera cannot be had")?;
        Installation::for_galera(&folder)
    })
}

/// Unpacks a server of another release, unless that was done before.
pub(crate) fn foreign(workspace: &Workspace, wanted: &Foreign) -> anyhow::Result<Installation> {
    let root = folder(workspace).join(wanted.folder);
    if !apt::is_complete(&root) {
        apt::unpack(&Origin::Suite(wanted.suite), wanted.packages, &root)
            .with_context(|| format!("{} cannot be had", wanted.name))?;
    }
    Installation::unpacked(wanted.kind, &root)
}

fn there(kind: Kind, root: &Path) -> Option<Installation> {
    Installation::system(kind).or_else(|| Installation::unpacked(kind, root).ok())
}
