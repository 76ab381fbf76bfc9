//! What the program shows, and what the front page of the crate says of it.

use super::*;

#[tokio::test]
async fn one_door_runs_and_the_other_is_told_that_it_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(CashBook::new(Duration::from_millis(20)));
    let path = folder.path().join("own.db");
    let mut told = two_doors(&path, book.clone()).await.unwrap();
    told.sort_by_key(|line| line.contains("busy"));
    assert!(told[0].ends_with("posted 3 invoices"), "{told:?}");
    assert!(told[1].contains(": busy; "), "{told:?}");
    assert_eq!(book.entries().len(), 3);
}

#[tokio::test]
async fn what_is_in_the_book_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(CashBook::new(Duration::ZERO));
    let path = folder.path().join("own.db");
    two_doors(&path, book.clone()).await.unwrap();
    two_doors(&path, book.clone()).await.unwrap();
    let numbers: Vec<_> = book.entries().into_iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, ["R-1", "R-2", "R-3"]);
}

#[test]
fn the_front_page_of_the_crate_shows_these_lines() {
    let page = include_str!("../../../crates/postonce/src/lib.rs");
    let (_, rest) = page.split_once("//! ```ignore\n").unwrap();
    let (shown, _) = rest.split_once("//! ```").unwrap();
    let shown: Vec<&str> =
        shown.lines().map(|line| line.trim_start_matches("//!").trim_start_matches(' ')).collect();
    let program: Vec<&str> = include_str!("main.rs").lines().map(str::trim_start).collect();
    let found = program.windows(shown.len()).any(|lines| lines == shown);
    assert!(found, "crates/postonce/src/lib.rs shows:\n{}", shown.join("\n"));
}
