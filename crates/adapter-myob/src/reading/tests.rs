//! Tests of `reading`.

use super::*;

fn answered(status: u16, body: &str) -> Reading {
    let body = Ok(body.to_owned());
    reading(&Ok(Answer { status, location: None, request_id: None, body }))
}

#[test]
fn what_cannot_be_read_is_never_nothing() {
    assert!(matches!(answered(200, ""), Reading::Odd(_)));
    assert!(matches!(answered(200, "[]"), Reading::Odd(_)));
    assert!(matches!(answered(200, "{\"Items\":["), Reading::Odd(_)));
    assert!(matches!(answered(204, ""), Reading::Odd(_)));
    assert!(matches!(answered(304, ""), Reading::Odd(_)));
}

#[test]
fn time_may_help_against_limits_and_failures() {
    for status in [429, 500, 502, 503, 504] {
        assert!(matches!(answered(status, "<html>"), Reading::Again(_)), "{status}");
    }
    let limit = "{\"Errors\":[{\"Name\":\"RateLimitError\"}]}";
    assert!(matches!(answered(403, limit), Reading::Again(_)));
    assert!(matches!(reading(&Err("reset".to_owned())), Reading::Again(_)));
}

#[test]
fn a_denial_is_not_tried_again() {
    assert!(matches!(answered(403, "{\"ErrorCode\":\"AccessDenied\"}"), Reading::Denied(_)));
    assert!(matches!(answered(403, "<html>"), Reading::Odd(_)));
    assert!(matches!(answered(401, ""), Reading::Unauthorised(_)));
    assert!(matches!(answered(404, ""), Reading::NotThere));
}
