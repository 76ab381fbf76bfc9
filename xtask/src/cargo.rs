//! Cargo, as a child process: the repository's root, its target folder, its binaries.
//!
//! Children inherit the terminal and the process group, so that Ctrl-C ends them too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The folder of the root manifest.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("this package's folder lies in the root's")
}

/// `cargo ARGS` in the root folder, by the cargo that runs us.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// Runs `command` to its end and tells whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    Ok(status.success())
}

/// Is `cargo NAME` installed?
pub(crate) fn has_subcommand(name: &str) -> bool {
    let mut command = cargo(&[name, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    succeeds(&mut command).unwrap_or(false)
}

/// What `cargo metadata` says of the workspace, without its dependencies.
#[derive(Debug)]
pub(crate) struct Workspace(Value);

impl Workspace {
    /// Asks cargo.
    pub(crate) fn ask() -> anyhow::Result<Self> {
        let mut command = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        ensure!(output.status.success(), "`cargo metadata` failed ({})", output.status);
        Self::parse(&output.stdout)
    }

    fn parse(json: &[u8]) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_slice(json).context("`cargo metadata` is no JSON")?;
        ensure!(value["target_directory"].is_string(), "`cargo metadata` names no target folder");
        Ok(Self(value))
    }

    /// The folder of everything that is built.
    pub(crate) fn target(&self) -> &Path {
        Path::new(self.0["target_directory"].as_str().expect("`parse` has seen it"))
    }

    /// Where the binary `name` stands after a build by `profile` (`debug` or `release`).
    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target().join(profile).join(file)
    }

    /// Has the package `package` a binary `name`?
    pub(crate) fn has_binary(&self, package: &str, name: &str) -> bool {
        let none = Vec::new();
        let packages = self.0["packages"].as_array().unwrap_or(&none).iter();
        let mut targets = packages
            .filter(|it| it["name"] == package)
            .flat_map(|it| it["targets"].as_array().unwrap_or(&none));
        targets.any(|it| it["name"] == name && it["kind"][0] == "bin")
    }
}

#[cfg(test)]
mod tests;
