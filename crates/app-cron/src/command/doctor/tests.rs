use super::*;

fn found(severity: Severity, mend: &str) -> Finding {
    let (value, meaning) = ("OFF".to_owned(), "changes may be lost".to_owned());
    Finding { name: "sync_binlog", severity, value, meaning, mend: mend.to_owned() }
}

#[test]
fn only_a_failure_is_a_reason_not_to_run() {
    let (fine, warning) = (found(Severity::Fine, ""), found(Severity::Warning, "set it"));
    let failure = found(Severity::Failure, "set it");
    assert_eq!(exit(std::slice::from_ref(&fine)).code(), 0);
    assert_eq!(exit(&[fine.clone(), warning.clone()]).code(), 0);
    assert_eq!(exit(&[failure, warning, fine]).code(), 78);
    assert_eq!(exit(&[]).code(), 78);
}

#[test]
fn a_finding_is_told_with_its_meaning_and_mend() {
    let text = text(&[found(Severity::Warning, "set it to 1"), found(Severity::Fine, "")]);
    let wanted = [
        "WARNING  sync binlog  OFF",
        "         changes may be lost",
        "         -> set it to 1",
        "ok       sync binlog  OFF",
        "         changes may be lost",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn the_fields_that_programs_read_stay() {
    let finding = found(Severity::Failure, "set it");
    let json = serde_json::to_value(FindingJson::new(&finding)).unwrap();
    let wanted = serde_json::json!({
        "name": "sync_binlog",
        "severity": "failure",
        "value": "OFF",
        "meaning": "changes may be lost",
        "mend": "set it",
    });
    assert_eq!(json, wanted);
    let severity = |severity| {
        serde_json::to_value(FindingJson::new(&found(severity, ""))).unwrap()["severity"].clone()
    };
    assert_eq!(severity(Severity::Fine), "fine");
    assert_eq!(severity(Severity::Warning), "warning");
}
