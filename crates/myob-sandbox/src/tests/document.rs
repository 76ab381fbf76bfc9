//! The tables of `docs/sandbox.md` are what the code says.

use std::fmt::Write as _;
use std::path::Path;

use http::StatusCode;
use reqwest::Method;
use serde_json::json;

use super::Bed;
use crate::{fault_actions, switches};

/// Every control: method, path under `/sandbox`, an example of the body, and what it does.
const CONTROLS: [(&str, &str, &str, &str); 17] = [
    (
        "GET",
        "ledger",
        "",
        "Every invoice in the books, how many POSTs arrived, and the numbers that are there twice.",
    ),
    ("GET", "requests", "", "The last requests, oldest first."),
    ("GET", "requests/{seq}", "", "One request with headers and bodies of both sides."),
    ("GET", "switches", "", "All switches."),
    ("PUT", "switches", r#"{"keys": "old"}"#, "Sets the switches that are named."),
    ("GET", "faults", "", "The faults that wait."),
    ("POST", "faults", r#"[{"action": "drop"}]"#, "Appends faults."),
    ("DELETE", "faults", "", "Forgets all faults."),
    ("GET", "clock", "", "What the sandbox takes for the time."),
    (
        "POST",
        "clock",
        r#"{"advance_ms": 1000}"#,
        "Moves the time forwards; what is due by then has happened when this answers.",
    ),
    ("GET", "files", "", "The company files that were named, and those that consented."),
    (
        "POST",
        "files",
        r#"{"company_file": "acme"}"#,
        "Names a company file, which exists from then on.",
    ),
    (
        "POST",
        "fill",
        r#"{"company_file": "acme", "count": 1000, "from": "2024-01-01", "to": "2024-12-31", "duplicate_every": 100}"#,
        "Gives a company file a past.",
    ),
    ("POST", "tokens/expire", "", "No access token counts any more."),
    (
        "POST",
        "tokens/revoke",
        "",
        "The consent is taken back: no refresh token counts any more, not even `sandbox`, until somebody consents anew. Access tokens count to their end.",
    ),
    (
        "POST",
        "keys",
        r#"{"active": false}"#,
        "Switches the API key off (403 `DeveloperInactive`), or on again.",
    ),
    (
        "POST",
        "reset",
        "",
        "Forgets books, faults, switches, requests and the clock's advance, and gives consent and key back. Tokens stay. `{\"faults\": true}` forgets only the faults.",
    ),
];

/// Compares the table behind the marker `name` with `table`, or writes it.
fn assert_table(name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sandbox.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let marker = document.find(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("no {name}"));
    let (before, rest) = document.split_at(marker);
    let (line, rest) = rest.split_once('\n').unwrap();
    let (written, after) = rest.split_once("<!-- end -->").unwrap();
    if written == table {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/sandbox.md, {name}: write it anew with UPDATE_DOCS=1:\n{table}",
    );
    let document = format!("{before}{line}\n{table}<!-- end -->{after}");
    std::fs::write(&path, document).unwrap();
}

/// One test, since each table is written into the same file.
#[test]
fn the_tables_of_the_document_are_what_the_code_says() {
    let mut table = String::from("| switch | values | default | stands for |\n|---|---|---|---|\n");
    for switch in switches() {
        let values = switch.values.split('|').map(|value| format!("`{value}`"));
        let values = values.collect::<Vec<_>>().join(" ");
        let (name, default, fact) = (switch.name, switch.default, switch.fact);
        writeln!(table, "| `{name}` | {values} | `{default}` | {fact} |").unwrap();
    }
    assert_table("switches", &table);

    let mut table = String::from("| action | does |\n|---|---|\n");
    for action in fault_actions() {
        writeln!(table, "| `{}` | {} |", action.name, action.does).unwrap();
    }
    assert_table("faults", &table);

    let mut table = String::from("| request | body | does |\n|---|---|---|\n");
    for (method, path, body, does) in CONTROLS {
        let body = if body.is_empty() { String::new() } else { format!("`{body}`") };
        writeln!(table, "| `{method} /sandbox/{path}` | {body} | {does} |").unwrap();
    }
    assert_table("controls", &table);
}

#[tokio::test]
async fn every_control_of_the_table_is_there_and_no_other() {
    let bed = Bed::new().await;
    for (method, path, _, _) in CONTROLS {
        let path = path.replace("{seq}", "1");
        let method: Method = method.parse().unwrap();
        let (status, answer) = bed.control(method, &path, Some(json!({}))).await;
        let refused = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        assert!(!refused.map(|it| it.as_u16()).contains(&status), "{path}: {status} {answer}");
    }
    for (at, _) in include_str!("../routes.rs").match_indices("\"/sandbox/") {
        let path = include_str!("../routes.rs").get(at + 10..).unwrap();
        let path = path.split_once('"').unwrap().0;
        assert!(CONTROLS.iter().any(|(_, known, ..)| *known == path), "{path}");
    }
}
