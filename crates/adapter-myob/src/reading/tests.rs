//! Tests of `reading`.

use super::*;

fn answered(status: u16, body: &str) -> Reading {
    let body = Ok(body.to_owned());
    reading(&Ok(Answer { status, location: None, request_id: None, retry_after: None, body }))
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
fn time_may_help_against_failures() {
    for status in [500, 502, 503, 504] {
        assert!(matches!(answered(status, "<html>"), Reading::Again(_)), "{status}");
    }
    assert!(matches!(reading(&Err("reset".to_owned())), Reading::Again(_)));
}

#[test]
fn a_limit_is_told_from_a_failure_and_that_of_the_day_from_that_of_the_second() {
    let error = |words: &str| {
        format!("{{\"Errors\":[{{\"Name\":\"RateLimitError\",\"Message\":\"{words}\"}}]}}")
    };
    for (status, body, day) in [
        (403, error("API key has exceeded the per-second rate limit"), false),
        (403, error("API key has exceeded the daily rate limit"), true),
        (429, error("API key has exceeded the daily rate limit"), true),
        (429, "<html>".to_owned(), false),
    ] {
        let Reading::Limited(limit) = answered(status, &body) else {
            panic!("{status} {body} is a limit");
        };
        assert_eq!(limit.daily, day, "{status} {body}");
    }
}

#[test]
fn a_denial_is_not_tried_again() {
    assert!(matches!(answered(403, "{\"ErrorCode\":\"AccessDenied\"}"), Reading::Denied(_)));
    assert!(matches!(answered(403, "<html>"), Reading::Odd(_)));
    assert!(matches!(answered(401, ""), Reading::Unauthorised(_)));
    assert!(matches!(answered(404, ""), Reading::NotThere));
}
