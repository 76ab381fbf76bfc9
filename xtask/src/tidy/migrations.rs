//! Migrations are numbered from 0001 without gaps, in every dialect's folder.

use std::collections::BTreeMap;

use super::repo::Repo;
use super::report;

fn misnumbered_migrations(repo: &Repo) -> Vec<String> {
    let mut errors = Vec::new();
    let mut dialects: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for path in repo.paths().filter(|it| it.starts_with("migrations/")) {
        if let [_, dialect, file] = path.split('/').collect::<Vec<_>>()[..] {
            dialects.entry(dialect).or_default().push((path, file));
        }
    }
    for files in dialects.into_values() {
        // Paths come in order, so the number of a file is its place.
        for (place, (path, file)) in (1_u32..).zip(files) {
            match number(file) {
                None => errors.push(format!("{path}: is not named NNNN_name.sql")),
                Some(it) if it != place => {
                    errors.push(format!("{path}: is number {it}, and {place:04} is expected"));
                }
                Some(_) => {}
            }
        }
    }
    errors
}

fn number(file: &str) -> Option<u32> {
    let (number, name) = file.strip_suffix(".sql")?.split_once('_')?;
    let lower = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let named = !name.is_empty() && name.chars().all(lower);
    let four_digits = number.len() == 4 && number.bytes().all(|it| it.is_ascii_digit());
    (named && four_digits).then(|| number.parse().ok()).flatten()
}

#[test]
fn migrations_are_numbered_without_gaps() {
    report(&misnumbered_migrations(&Repo::here()));
}

#[test]
fn each_dialect_counts_for_itself_and_gaps_are_reported() {
    let repo = Repo::of(&[
        ("migrations/README.md", ""),
        ("migrations/mysql/0001_invoice.sql", ""),
        ("migrations/sqlite/0001_invoice.sql", ""),
        ("migrations/sqlite/0003_claim.sql", ""),
    ]);
    let what = "migrations/sqlite/0003_claim.sql: is number 3, and 0002 is expected";
    assert_eq!(misnumbered_migrations(&repo), [what]);
}

#[test]
fn a_migration_is_named_by_four_digits_and_a_name() {
    assert_eq!(number("0012_run_lock.sql"), Some(12));
    for wrong in ["1_a.sql", "0001.sql", "0001_.sql", "0001_a.txt", "0001_A.sql", "+001_a.sql"] {
        assert_eq!(number(wrong), None, "{wrong}");
    }
}

#[test]
fn two_migrations_of_one_number_are_reported() {
    let repo = Repo::of(&[
        ("migrations/sqlite/0001_a.sql", ""),
        ("migrations/sqlite/0001_b.sql", ""),
        ("migrations/sqlite/notes.md", ""),
    ]);
    assert_eq!(misnumbered_migrations(&repo).len(), 2);
}
