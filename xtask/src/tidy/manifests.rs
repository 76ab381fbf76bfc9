//! Manifests: lints and dependencies come from the root, packages are named by their folder.

use super::repo::Repo;
use super::report;

/// Everything wrong with the manifests of the members.
fn untidy_manifests(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for (path, text) in repo.texts("Cargo.toml").filter(|(path, _)| *path != "Cargo.toml") {
        let manifest = Manifest::read(text);
        if !manifest.has("lints", "workspace = true") {
            errors.push(format!("{path}: no `[lints] workspace = true`"));
        }
        errors.extend(manifest.own_versions().map(|it| {
            format!("{path}: `{it}` does not come from the workspace's table of dependencies")
        }));
        if let Some(folder) = path.strip_prefix("crates/").and_then(|it| it.split('/').next()) {
            let name = if folder == "postonce" { folder } else { &format!("postonce-{folder}") };
            if !manifest.has("package", &format!("name = \"{name}\"")) {
                errors.push(format!("{path}: the package is not named `{name}`"));
            }
        }
    }
    let folders = repo.crates().into_iter().map(|it| format!("crates/{it}/Cargo.toml"));
    let bare = folders.filter(|it| !repo.has(it));
    errors.extend(bare.map(|it| format!("{it}: is not there")));
    errors
}

/// The lines of a manifest, each with the table in which it stands.
struct Manifest<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Manifest<'a> {
    /// Knows as much TOML as our manifests use: the lines of an array that goes over several
    /// lines are no entries.
    fn read(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let mut table = "";
        let mut open = 0_usize;
        for line in text.lines().map(str::trim) {
            let continues = open > 0;
            let is_header = !continues && line.starts_with('[');
            if is_header {
                table = line.trim_matches(['[', ']']);
            } else if !continues && !line.is_empty() && !line.starts_with('#') {
                lines.push((table, line));
            }
            if !is_header && !line.starts_with('#') {
                open += line.matches('[').count();
                open = open.saturating_sub(line.matches(']').count());
            }
        }
        Self(lines)
    }

    fn has(&self, table: &str, line: &str) -> bool {
        self.0.contains(&(table, line))
    }

    /// Dependencies that are not taken from the root's table.
    fn own_versions(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(|(table, line)| {
            let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
            let is_list = kinds.iter().any(|it| table.split('.').next_back() == Some(it));
            let is_one = kinds.iter().any(|it| table.split('.').rev().nth(1) == Some(it));
            let (key, value) = line.split_once('=')?;
            let (key, value) = (key.trim(), value.trim());
            let inherits = (key.ends_with(".workspace") && value == "true")
                || value.split(['{', ',', '}']).any(|it| it.trim() == "workspace = true");
            let own_key = ["version", "path", "git"].contains(&key);
            ((is_list && !inherits) || (is_one && own_key)).then_some(*line)
        })
    }
}

#[test]
fn every_member_takes_lints_and_dependencies_from_the_workspace() {
    report(&untidy_manifests(&Repo::here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIDY: &str = r#"
[package]
name = "postonce-a"
version.workspace = true

[lints]
workspace = true

[features]
mocks = ["dep:mockall"]

[dependencies]
# Ours.
postonce-domain.workspace = true
uuid = { workspace = true, features = [
    "serde",
    "v4",
] }

[dev-dependencies]
proptest.workspace = true
"#;

    fn errors(folder: &str, text: &str) -> Vec<String> {
        untidy_manifests(&Repo::of(&[(&format!("crates/{folder}/Cargo.toml"), text)]))
    }

    #[test]
    fn a_manifest_that_inherits_everything_is_tidy() {
        assert_eq!(errors("a", TIDY), Vec::<String>::new());
    }

    #[test]
    fn a_version_of_its_own_is_reported_wherever_it_stands() {
        for own in [
            "[dependencies]\nserde = \"1\"",
            "[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }",
            "[dependencies]\nserde = { features = [\n  \"derive\" ] }",
            "[dev-dependencies]\nserde.version = \"1\"",
            "[build-dependencies]\ncc = \"1\"",
            "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"",
            "[dependencies.serde]\nversion = \"1\"",
            "[dependencies]\npostonce-ports = { path = \"../ports\" }",
        ] {
            let found = errors("a", &format!("{TIDY}\n{own}\n"));
            assert_eq!(found.len(), 1, "{own}: {found:?}");
        }
    }

    #[test]
    fn missing_lints_a_wrong_name_and_a_missing_manifest_are_reported() {
        let text = TIDY.replace("[lints]\nworkspace = true", "");
        assert_eq!(errors("a", &text), ["crates/a/Cargo.toml: no `[lints] workspace = true`"]);
        let name = "crates/b/Cargo.toml: the package is not named `postonce-b`";
        assert_eq!(errors("b", TIDY), [name]);
        let bare = Repo::of(&[("crates/c/src/lib.rs", "//! Nothing.")]);
        assert_eq!(untidy_manifests(&bare), ["crates/c/Cargo.toml: is not there"]);
    }
}
