//! MYOB clients that other people wrote, against the sandbox.
//!
//! What each did is written to `docs/sandbox.md`; the test fails if the document says otherwise.
//! `UPDATE_DOCS=1 cargo xtask test -- clients` writes it anew.
//!
//! They are installed by their ecosystems' own programs, with whatever registry those are set up
//! for, into the target folder, anew whenever what is asked for has changed.

mod webhook;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::harness::Sandbox;

const DOCUMENT: &str = "../docs/sandbox.md";
const MARKER: &str = "<!-- clients: ";
const END: &str = "<!-- end -->";

/// What a script said of one step.
type Rows = Vec<(String, String)>;

#[test]
fn clients_that_we_did_not_write_do_what_they_do_with_myob() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let [python, node] = [python(&sandbox)?, node(&sandbox)?];
    let steps = |rows: &Rows| rows.iter().map(|(step, _)| step.clone()).collect::<Vec<_>>();
    ensure!(steps(&python) == steps(&node), "not the same steps: {python:?}, {node:?}");
    ensure!(python.len() == 20, "{} steps", python.len());
    let mut table = String::new();
    for ((step, python), (_, node)) in python.iter().zip(&node) {
        if step == "client" {
            write!(table, "| | {python} | {node} |\n|---|---|---|\n")?;
        } else {
            writeln!(table, "| {step} | {python} | {node} |")?;
        }
    }
    compare(&table)
}

/// Compares the document's table with what was seen, or writes it.
fn compare(table: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let document = std::fs::read_to_string(&path)?;
    let marker = document.find(MARKER).context("docs/sandbox.md has no place for clients")?;
    let (before, rest) = document.split_at(marker);
    let (line, rest) = rest.split_once('\n').context("the marker is a line")?;
    let (written, after) = rest.split_once(END).context("the table has no end")?;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{line}\n{table}{END}{after}"))?;
        return Ok(());
    }
    ensure!(written == table, "docs/sandbox.md is not what was seen:\n{table}");
    Ok(())
}

fn python(sandbox: &Sandbox) -> Result<Rows> {
    let sources = sources("python");
    let requirements = sources.join("requirements.txt");
    let folder = folder("python")?;
    let packages = folder.join("packages");
    if !is_installed(&folder, &requirements)? {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        pip.arg("--upgrade").arg("--target").arg(&packages).arg("--requirement").arg(&requirements);
        finish(&mut pip).context("pip cannot install pymyob")?;
        std::fs::copy(&requirements, folder.join(STAMP))?;
    }
    let mut show = Command::new("python3");
    // Writes nothing beside the script.
    show.arg("-B").arg(sources.join("show.py")).arg(sandbox.url()).env("PYTHONPATH", packages);
    rows(&mut show)
}

fn node(sandbox: &Sandbox) -> Result<Rows> {
    let sources = sources("node");
    let lock = sources.join("package-lock.json");
    let folder = folder("node")?;
    if !is_installed(&folder, &lock)? {
        std::fs::copy(sources.join("package.json"), folder.join("package.json"))?;
        std::fs::copy(&lock, folder.join("package-lock.json"))?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        finish(npm.current_dir(&folder)).context("npm cannot install myob")?;
        std::fs::copy(&lock, folder.join(STAMP))?;
    }
    let mut show = Command::new("node");
    show.arg(sources.join("show.js")).arg(sandbox.url());
    rows(show.env("NODE_PATH", folder.join("node_modules")))
}

/// A copy of what was asked for when the packages were installed.
const STAMP: &str = "installed";

fn is_installed(folder: &Path, asked: &Path) -> Result<bool> {
    let stamp = folder.join(STAMP);
    Ok(stamp.exists() && std::fs::read(stamp)? == std::fs::read(asked)?)
}

fn sources(client: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(client)
}

/// `clients/…` in the target folder, in whose `debug/deps` this program is.
fn folder(client: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).context("a test is in the target folder")?;
    let folder = target.join("clients").join(client);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn rows(show: &mut Command) -> Result<Rows> {
    let said = finish(show)?;
    let row = |line: &str| {
        let (step, what) = line.split_once('\t').with_context(|| format!("no step: {line}"))?;
        Ok((step.to_owned(), what.to_owned()))
    };
    said.lines().map(row).collect()
}

/// Runs a program to its end and gives what it said.
fn finish(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let [said, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    ensure!(output.status.success(), "{command:?}: {}\n{said}\n{errors}", output.status);
    Ok(said.into_owned())
}
