//! Documents say what is so: links lead somewhere, no crate is left out, CI runs what they name.

use super::repo::Repo;
use super::report;
use crate::cargo::root;

/// What a document or script must mention, if it is there.
const MENTIONS: &[(&str, &[&str])] = &[
    ("README.md", &["cargo xtask demo", "cargo xtask test"]),
    (".ci/run", &["cargo xtask ci", "cargo xtask test"]),
];

fn dead_links(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for (path, text) in repo.texts(".md") {
        for (line, target) in links(text) {
            if leads_outside(&target) {
                continue;
            }
            let file = target.split(['#', '?']).next().unwrap_or_default();
            let found = resolve(path, file).is_some_and(|it| it.is_empty() || repo.has(&it));
            if !found {
                errors.push(format!("{path}:{line}: `{target}` leads nowhere"));
            }
        }
    }
    errors
}

/// Line and target of every link of a Markdown text, code left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose = without_inline_code(line);
        let inline = prose.split("](").skip(1).filter_map(|it| it.split([')', ' ']).next());
        let definition = prose.strip_prefix('[').and_then(|it| it.split_once("]: "));
        let defined = definition.and_then(|(_, it)| it.split_whitespace().next());
        found.extend(
            inline.chain(defined).map(|it| (number, it.trim_matches(['<', '>']).to_owned())),
        );
    }
    found
}

/// Every second part between backticks is code; what remains keeps its links' brackets.
fn without_inline_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// Has `target` a scheme, or is it a place on the same page?
fn leads_outside(target: &str) -> bool {
    ["http://", "https://", "mailto:", "#"].iter().any(|it| target.starts_with(it))
}

/// The path that `target` means in the file `from`; `None` if it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    // From the root of the machine: no reader has that.
    (!target.starts_with('/')).then(|| parts.join("/"))
}

fn missing_mentions(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for (path, mentions) in MENTIONS {
        let Some(text) = repo.text(path) else { continue };
        let missing = mentions.iter().filter(|it| !text.contains(**it));
        errors.extend(missing.map(|it| format!("{path}: does not mention `{it}`")));
    }
    if let Some(text) = repo.text("ARCHITECTURE.md") {
        let missing = repo.crates().into_iter().filter(|it| !names_crate(text, it));
        errors.extend(missing.map(|it| format!("ARCHITECTURE.md: does not name the crate `{it}`")));
    }
    errors
}

/// Some crates are called by everyday words, so the name must stand as a name.
fn names_crate(text: &str, folder: &str) -> bool {
    [format!("`{folder}`"), format!("`crates/{folder}`"), format!("`postonce-{folder}`")]
        .iter()
        .any(|it| text.contains(it))
}

#[test]
fn every_link_leads_somewhere() {
    report(&dead_links(&Repo::here()));
}

#[test]
fn documents_and_ci_name_what_they_must() {
    report(&missing_mentions(&Repo::here()));
}

#[test]
fn ci_has_a_script_that_can_be_started() {
    use std::os::unix::fs::PermissionsExt as _;
    let script = root().join(".ci/run").metadata().unwrap();
    assert_ne!(script.permissions().mode() & 0o111, 0, ".ci/run: is not executable");
}

#[cfg(test)]
mod tests;
