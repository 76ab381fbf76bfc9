//! Properties of the repository that the compiler does not check.
//!
//! A check is a function from the repository's files to everything that is wrong with them, as
//! `path: what`; a `#[test]` runs it over the real files and fails once. The tests beside it
//! feed it small repositories that are wrong on purpose.

mod contract;
mod documents;
mod edges;
mod files;
mod manifests;
mod migrations;
mod repo;
mod source;
mod words;

/// Fails with every error, if there is one.
#[track_caller]
fn report(errors: &[String]) {
    assert!(errors.is_empty(), "untidy:\n{}\n", errors.join("\n"));
}
