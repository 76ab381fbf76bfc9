//! How files begin, what they are called, and how long they may be.

use super::repo::Repo;
use super::report;

/// Lines of a file without its tests. The habit is 150; this is the wall.
const LINES_MAX: usize = 500;

/// Names that say nothing of what is inside.
const JUNK_DRAWERS: &[&str] =
    &["common", "helper", "helpers", "mod", "models", "types", "util", "utils"];

fn files_without_a_first_line(repo: &Repo) -> Vec<String> {
    let files = repo.texts(".rs").filter(|(path, _)| !path.ends_with("/tests.rs"));
    let silent = files.filter(|(_, text)| !text.starts_with("//! "));
    silent.map(|(path, _)| format!("{path}: does not begin with `//! ` and what it is")).collect()
}

fn names_that_say_nothing(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    for (path, _) in repo.texts(".rs") {
        let mut names = path.trim_end_matches(".rs").split('/');
        if let Some(name) = names.find(|it| JUNK_DRAWERS.contains(it)) {
            errors.push(format!("{path}: `{name}` does not say what is inside"));
        }
    }
    errors
}

fn long_files(repo: &Repo) -> Vec<String> {
    let long = repo.sources().into_iter().filter(|it| it.lines > LINES_MAX);
    long.map(|it| format!("{}: {} lines without tests, {LINES_MAX} at most", it.path, it.lines))
        .collect()
}

#[test]
fn every_source_file_says_what_it_is() {
    report(&files_without_a_first_line(&Repo::here()));
}

#[test]
fn every_source_file_is_named_after_what_is_in_it() {
    report(&names_that_say_nothing(&Repo::here()));
}

#[test]
fn no_source_file_is_longer_than_the_wall() {
    report(&long_files(&Repo::here()));
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_reported() {
    let repo = Repo::of(&[
        ("crates/a/src/lib.rs", "//! Values.\n"),
        ("crates/a/src/b.rs", "use c;\n"),
        ("crates/a/src/c.rs", "//!\n//! Values.\n"),
        ("crates/a/src/b/tests.rs", "use super::*;\n"),
    ]);
    let errors = files_without_a_first_line(&repo);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("crates/a/src/b.rs: "));
}

#[test]
fn junk_drawers_are_reported_as_files_and_as_folders() {
    let repo = Repo::of(&[
        ("crates/a/src/utils.rs", ""),
        ("crates/a/src/common/money.rs", ""),
        ("crates/a/src/b/mod.rs", ""),
        ("crates/a/src/commons.rs", ""),
    ]);
    assert_eq!(names_that_say_nothing(&repo).len(), 3);
}

#[test]
fn tests_do_not_count_towards_the_wall() {
    let code = "fn a() {}\n".repeat(LINES_MAX);
    let tests = format!("{code}#[cfg(test)]\nmod tests {{\n{code}}}\n");
    let too_long = format!("{code}fn b() {{}}\n");
    let repo = Repo::of(&[
        ("crates/a/src/a.rs", &tests),
        ("crates/a/src/a/tests.rs", &too_long),
        ("tests/src/b.rs", &too_long),
        ("crates/a/src/b.rs", &too_long),
    ]);
    let what = "crates/a/src/b.rs: 501 lines without tests, 500 at most";
    assert_eq!(long_files(&repo), [what]);
}
