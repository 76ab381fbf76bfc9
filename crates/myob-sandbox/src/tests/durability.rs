//! What survives a restart, and which states are refused.

use std::fs;
use std::io::Write as _;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::{Bed, options};
use crate::{Sandbox, StartError};

const PATH: &str = "/Sale/Invoice/Service";

#[tokio::test]
async fn everything_that_was_answered_survives_a_restart() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let posted = bed.created(PATH, &invoice).await;
    bed.created(PATH, &invoice).await;
    let gone = bed.created(PATH, &bed.invoice("A-2").await).await;
    let path = format!("{PATH}/{}", gone["UID"].as_str().unwrap());
    bed.request(Method::DELETE, &path).send().await.unwrap();
    bed.fault(json!({ "action": "error_500", "times": 2 })).await;
    assert_eq!(bed.post(PATH, &invoice).await.status(), 500);
    bed.advance(600_000).await;
    let ledger = bed.ledger().await;
    let path = format!("{PATH}/{}", posted["UID"].as_str().unwrap());
    let (before, url) = (bed.get(&path).await.text().await.unwrap(), bed.url.clone());

    let bed = bed.restarted().await;
    assert_eq!(bed.ledger().await, ledger);
    // The old token still counts, ten of its twenty minutes on.
    let after = bed.get(&path).await.text().await.unwrap();
    assert_eq!(after.replace(&bed.url, ""), before.replace(&url, ""));
    assert_eq!(bed.numbers("/Sale/Invoice", "Number eq 'A-1'").await, ["A-1", "A-1"]);
    assert_eq!(bed.post(PATH, &invoice).await.status(), 500);
    assert_eq!(bed.post(PATH, &invoice).await.status(), 201);
    bed.advance(600_000).await;
    assert_eq!(bed.get(&path).await.status(), 401);
}

#[tokio::test]
async fn refresh_tokens_and_late_commits_survive_a_restart() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-1").await;
    let tokens = bed.refresh("sandbox").await;
    bed.fault(json!({ "action": "late_commit", "delay_ms": 60_000 })).await;
    assert_eq!(bed.raw_post(PATH, &invoice).await, b"");
    let bed = bed.restarted().await;
    let renewed = bed.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert!(renewed["access_token"].is_string());
    assert_eq!(bed.booked().await, Vec::<String>::new());
    bed.advance(60_000).await;
    assert_eq!(bed.booked().await, ["A-1"]);
    let bed = bed.restarted().await;
    assert_eq!(bed.booked().await, ["A-1"]);
    let again = bed.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(again["error"], "invalid_grant");
}

#[tokio::test]
async fn the_books_are_on_disk_when_the_answer_comes() {
    let bed = Bed::new().await;
    bed.created(PATH, &bed.invoice("A-1").await).await;
    // As after kill -9: a copy of the folder, taken while the server runs.
    let copy = TempDir::new().unwrap();
    let state = copy.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::copy(bed.log(), state.join("sandbox.ndjson")).unwrap();
    let bed = Bed::start(copy, options(state)).await;
    assert_eq!(bed.booked().await, ["A-1"]);
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() {
    let bed = Bed::new().await;
    let invoice = bed.invoice("A-2").await;
    bed.created(PATH, &bed.invoice("A-1").await).await;
    let (log, token) = (bed.log(), bed.token.clone());
    let folder = bed.ended().await;
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    // Longer than what is written next, so that overwriting it would not do.
    let tail = "x".repeat(100_000);
    file.write_all(br#"{"invoice_put":{"file":""#).unwrap();
    file.write_all(tail.as_bytes()).unwrap();
    let options = options(folder.path().join("state"));
    let mut bed = Bed::start(folder, options).await;
    bed.token = token;
    assert_eq!(fs::read(&log).unwrap().last(), Some(&b'\n'));
    assert_eq!(bed.booked().await, ["A-1"]);
    bed.created(PATH, &invoice).await;
    assert_eq!(bed.restarted().await.booked().await, ["A-1", "A-2"]);
}

#[tokio::test]
async fn a_damaged_line_is_named() {
    let bed = Bed::new().await;
    bed.created(PATH, &bed.invoice("A-1").await).await;
    let log = bed.log();
    let folder = bed.ended().await;
    let text = fs::read_to_string(&log).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[2] = "{\"invoice_put\":";
    fs::write(&log, format!("{}\n", lines.join("\n"))).unwrap();
    let error = Sandbox::bind(options(folder.path().join("state"))).await.unwrap_err();
    assert!(error.to_string().contains("sandbox.ndjson:3: "), "{error}");

    fs::write(&log, "{\"format\":2}\n").unwrap();
    let error = Sandbox::bind(options(folder.path().join("state"))).await.unwrap_err();
    assert!(matches!(error, StartError::StateCorrupt { line: 1, .. }), "{error}");
}

#[tokio::test]
async fn two_sandboxes_do_not_share_a_folder_or_an_address() {
    let bed = Bed::new().await;
    let error = Sandbox::bind(options(bed.folder.path().join("state"))).await.unwrap_err();
    assert!(matches!(error, StartError::StateInUse { .. }), "{error}");

    let mut elsewhere = options(bed.folder.path().join("elsewhere"));
    elsewhere.listen = bed.url.strip_prefix("http://").unwrap().parse().unwrap();
    let error = Sandbox::bind(elsewhere).await.unwrap_err();
    assert!(matches!(error, StartError::AddressTaken { .. }), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Sandbox::bind(options(file.join("state"))).await.unwrap_err();
    assert!(matches!(error, StartError::State { .. }), "{error}");
    assert!(error.to_string().contains("file/state"), "{error}");
}
