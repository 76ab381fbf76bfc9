//! The repository as the checks see it: which paths exist, and the text of text files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::{self, Source};
use crate::cargo::root;

/// Files with one of these endings are read; of others only the path is known.
const TEXT: &[&str] = &[
    "css", "csv", "html", "js", "json", "md", "rs", "sh", "sql", "svg", "toml", "txt", "yaml",
    "yml",
];

/// Folders whose name begins with a dot and that are ours all the same.
const DOT_FOLDERS: &[&str] = &[".cargo", ".ci", ".github"];

/// Paths are relative to the root and separated by `/`.
#[derive(Debug, Default)]
pub(super) struct Repo {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Repo {
    /// This repository.
    pub(super) fn here() -> Self {
        Self::read(root())
    }

    /// A small repository for the test of a check.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut repo = Self::default();
        for (path, text) in files {
            repo.paths.extend(with_parents(path));
            repo.texts.insert((*path).to_owned(), (*text).to_owned());
        }
        repo
    }

    fn read(root: &Path) -> Self {
        let mut repo = Self::default();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in root.join(&folder).read_dir().unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if entry.path().is_dir() {
                    if is_ours(&entry.path()) {
                        repo.paths.insert(path.clone());
                        folders.push(path);
                    }
                } else {
                    // Read without insisting: an editor's temporary file may be gone by now.
                    let bytes = is_text(&path).then(|| std::fs::read(entry.path()).ok()).flatten();
                    let text = bytes.map(|it| String::from_utf8_lossy(&it).into_owned());
                    repo.texts.extend(text.map(|it| (path.clone(), it)));
                    repo.paths.insert(path);
                }
            }
        }
        repo
    }

    /// Is there such a file or folder?
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Every file and folder.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// The text of `path`, if it is a text file that exists.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Path and text of every text file whose path ends so.
    pub(super) fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        all.filter(move |(path, _)| path.ends_with(ending))
    }

    /// Every Rust file, read as source.
    pub(super) fn sources(&self) -> Vec<Source> {
        source::read(self.texts(".rs"))
    }

    /// The folders of `crates/`, by name.
    pub(super) fn crates(&self) -> Vec<&str> {
        let below = self.paths().filter_map(|path| path.strip_prefix("crates/"));
        below.filter(|path| !path.contains('/') && self.is_folder(path)).collect()
    }

    fn is_folder(&self, name: &str) -> bool {
        let inside = format!("crates/{name}/");
        self.paths().any(|path| path.starts_with(&inside))
    }
}

fn with_parents(path: &str) -> impl Iterator<Item = String> {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| path[..end].to_owned())
}

/// Leaves out what git and cargo keep beside our files; cargo marks its folders with a tag.
fn is_ours(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let visible = !name.starts_with('.') || DOT_FOLDERS.contains(&&*name);
    visible && name != "target" && !folder.join("CACHEDIR.TAG").exists()
}

fn is_text(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    path.starts_with(".ci/") || ending.is_some_and(|it| TEXT.contains(&it))
}

#[test]
fn a_repository_is_read_without_build_folders_and_with_its_tools() {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("crates/domain/src/lib.rs", "//! Values."),
        (".ci/run", "cargo xtask ci"),
        (".git/HEAD", "ref"),
        ("target/debug/build.rs", "generated"),
        ("elsewhere/CACHEDIR.TAG", "Signature"),
        ("elsewhere/built.rs", "generated"),
        ("data/picture.png", "no text"),
    ] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let repo = Repo::read(root.path());
    let texts: Vec<&str> = repo.texts("").map(|(path, _)| path).collect();
    assert_eq!(texts, [".ci/run", "crates/domain/src/lib.rs"]);
    assert!(repo.has("data/picture.png") && repo.has("crates/domain"));
    assert!(!repo.has("elsewhere") && !repo.has(".git"));
    assert_eq!(repo.crates(), ["domain"]);
}
