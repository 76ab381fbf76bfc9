//! Every action has the name that clients use.

use serde_json::json;

use super::{Action, Fault};

#[test]
fn actions_are_named_as_documented() {
    for name in [
        "delay",
        "drop",
        "commit_then_drop",
        "late_commit",
        "error_500",
        "error_500_committed",
        "gateway_timeout",
        "gateway_timeout_committed",
        "unavailable_503",
        "rate_limit",
        "too_many_429",
        "unauthorised",
        "access_denied",
        "not_found",
        "reject",
        "redirect_307",
        "truncate_body",
        "empty_201",
        "no_location_201",
        "html_error",
        "hide_from_search",
        "search_error",
    ] {
        let action: Action = serde_json::from_value(json!(name)).unwrap();
        assert_eq!(serde_json::to_value(action).unwrap(), name);
    }
}

#[test]
fn a_fault_happens_once_unless_it_says_otherwise() {
    let fault: Fault = serde_json::from_value(json!({ "action": "drop" })).unwrap();
    assert_eq!((fault.times, fault.delay_ms), (1, 0));
}
