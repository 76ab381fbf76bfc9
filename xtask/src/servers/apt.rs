//! Packages by apt: installed for the whole system, or only unpacked into a folder of ours.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use super::sources;
use crate::cargo::succeeds;

/// Says that a folder holds all that it should.
const COMPLETE: &str = ".complete";

/// Where packages to unpack come from.
pub(super) enum Origin {
    /// The system's own release: what the system has already is not fetched again, except for
    /// the packages that are named.
    System,
    /// Another suite of the same mirror, with everything down to the C library.
    Suite(&'static str),
}

/// Installs packages for the whole system, as root or by `sudo` without a password.
pub(super) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let prefix = as_root().context("neither root nor `sudo` without a password")?;
    let apt = |args: &[&str]| {
        let mut line = prefix.to_vec();
        line.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
        line.extend(args);
        let mut command = Command::new(line[0]);
        // What tests print is on stdout; this is talk.
        command.args(&line[1..]).stdin(Stdio::null()).stdout(std::io::stderr());
        command
    };
    eprintln!("servers: installing {}", packages.join(" "));
    if !succeeds(&mut apt(&["update"]))? {
        eprintln!("servers: `apt-get update` failed; trying with the lists that are there");
    }
    let install = ["install", "-y", "--no-install-recommends"];
    let done = succeeds(&mut apt(&[&install, packages].concat()))?;
    ensure!(done, "`apt-get install {}` failed", packages.join(" "));
    Ok(())
}

/// What to put before a command that must run as root.
fn as_root() -> Option<&'static [&'static str]> {
    let said = |line: &[&str]| {
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok().filter(|it| it.status.success()).map(|it| it.stdout)
    };
    if said(&["id", "-u"])?.trim_ascii() == b"0" {
        return Some(&[]);
    }
    said(&["sudo", "-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

/// Was everything unpacked into `root`?
pub(super) fn is_complete(root: &Path) -> bool {
    root.join(COMPLETE).is_file()
}

/// Fetches packages with what they depend on, and unpacks them into `root`. Needs no rights:
/// apt works on folders of ours.
pub(super) fn unpack(origin: &Origin, packages: &[&str], root: &Path) -> anyhow::Result<()> {
    if root.exists() {
        // From a run that was broken off.
        std::fs::remove_dir_all(root)?;
    }
    let apt = PrivateApt::new(origin, root.with_extension("apt"))?;
    eprintln!("servers: fetching {} into {}", packages.join(" "), root.display());
    let run = |args: &[&str]| {
        let done = succeeds(apt.command().args(args))?;
        ensure!(done, "`apt-get {}` failed", args.join(" "));
        Ok(())
    };
    run(&["update"])?;
    let fetch = ["install", "-y", "--download-only", "--reinstall", "--no-install-recommends"];
    run(&[&fetch, packages].concat())?;
    std::fs::create_dir_all(root)?;
    for package in apt.fetched()? {
        let mut dpkg = Command::new("dpkg");
        let done = succeeds(dpkg.arg("-x").arg(&package).arg(root))?;
        ensure!(done, "`dpkg -x {}` failed", package.display());
    }
    std::fs::write(root.join(COMPLETE), "")?;
    std::fs::remove_dir_all(apt.folder)?;
    Ok(())
}

/// An apt with lists, cache and sources of its own.
struct PrivateApt {
    folder: PathBuf,
    options: Vec<OsString>,
}

impl PrivateApt {
    fn new(origin: &Origin, folder: PathBuf) -> anyhow::Result<Self> {
        for it in ["lists/partial", "archives/partial"] {
            std::fs::create_dir_all(folder.join(it))?;
        }
        let mut apt = Self { folder, options: Vec::new() };
        apt.set("Dir::State", &apt.folder.clone());
        apt.set("Dir::State::lists", &apt.folder.join("lists"));
        apt.set("Dir::Cache", &apt.folder.clone());
        apt.set("Dir::Cache::archives", &apt.folder.join("archives"));
        apt.set("Debug::NoLocking", Path::new("1"));
        // As root it would else become a user who may not write here.
        apt.set("APT::Sandbox::User", Path::new(""));
        match origin {
            Origin::System => apt.set("Dir::State::status", Path::new("/var/lib/dpkg/status")),
            Origin::Suite(suite) => {
                let (status, list) = (apt.folder.join("status"), apt.folder.join("sources.list"));
                std::fs::write(&status, "")?;
                std::fs::write(&list, sources::of_this_system()?.line(suite))?;
                apt.set("Dir::State::status", &status);
                apt.set("Dir::Etc::sourcelist", &list);
                apt.set("Dir::Etc::sourceparts", Path::new("/dev/null"));
                apt.set("Dir::Etc::preferences", Path::new("/dev/null"));
                apt.set("Dir::Etc::preferencesparts", Path::new("/dev/null"));
            }
        }
        Ok(apt)
    }

    fn set(&mut self, name: &str, value: &Path) {
        let mut option = OsString::from(format!("{name}="));
        option.push(value);
        self.options.extend(["-o".into(), option]);
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.arg("-q").args(&self.options).stdin(Stdio::null()).stdout(std::io::stderr());
        command
    }

    fn fetched(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut packages = Vec::new();
        for entry in self.folder.join("archives").read_dir()? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == "deb") {
                packages.push(path);
            }
        }
        if packages.is_empty() {
            bail!("nothing was fetched");
        }
        Ok(packages)
    }
}
