//! Tests of the table, one per row.

use super::*;

const UID: &str = "6b1c9f2e-0d5a-4e5e-9a42-0c8b7a1f2d3e";
const OTHER: &str = "11111111-0d5a-4e5e-9a42-0c8b7a1f2d3e";

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        location: None,
        request_id: None,
        retry_after: None,
        body: Ok(body.to_owned()),
    }
}

fn located(status: u16, body: &str, uid: &str) -> Answer {
    let location = Some(format!("https://api.myob.com/accountright/f/Sale/Invoice/Item/{uid}?x=1"));
    Answer { location, ..answer(status, body) }
}

fn of(answer: Answer) -> Outcome {
    outcome(&Sent::Answered(answer), true)
}

fn posted(uid: &str) -> Outcome {
    Outcome::Posted { uid: LedgerUid::parse(uid).unwrap() }
}

fn is_in_doubt(answer: Answer) -> bool {
    matches!(of(answer), Outcome::InDoubt { .. })
}

fn cause(answer: Answer) -> Option<NotSentCause> {
    match of(answer) {
        Outcome::NotSent { cause, .. } => Some(cause),
        Outcome::Posted { .. } | Outcome::Rejected { .. } | Outcome::InDoubt { .. } => None,
    }
}

fn rejection(answer: Answer) -> Option<(Option<String>, String)> {
    match of(answer) {
        Outcome::Rejected { code, reason } => Some((code, reason)),
        Outcome::Posted { .. } | Outcome::NotSent { .. } | Outcome::InDoubt { .. } => None,
    }
}

#[test]
fn a_connection_that_was_never_made_sent_nothing() {
    let sent = Sent::NoConnection { why: "refused".to_owned() };
    let outcome = outcome(&sent, true);
    assert!(matches!(outcome, Outcome::NotSent { cause: NotSentCause::NoConnection, .. }));
}

#[test]
fn an_expired_request_sent_nothing() {
    let outcome = outcome(&Sent::Expired, true);
    assert!(matches!(outcome, Outcome::NotSent { cause: NotSentCause::Expired, .. }));
}

#[test]
fn a_request_without_an_answer_is_in_doubt() {
    let outcome = outcome(&Sent::Lost { why: "reset".to_owned() }, true);
    assert!(matches!(outcome, Outcome::InDoubt { .. }));
}

#[test]
fn a_201_with_a_uid_in_its_body_is_posted() {
    assert_eq!(of(answer(201, &format!("{{\"UID\":\"{UID}\"}}"))), posted(UID));
}

#[test]
fn a_uid_is_stored_in_one_spelling() {
    let upper = format!("{{\"uid\":\"{}\"}}", UID.to_ascii_uppercase());
    assert_eq!(of(answer(201, &upper)), posted(UID));
    let simple = format!("{{\"Uid\":\"{}\"}}", UID.replace('-', ""));
    assert_eq!(of(answer(201, &simple)), posted(UID));
}

#[test]
fn an_empty_201_with_a_location_is_posted() {
    assert_eq!(of(located(201, "", UID)), posted(UID));
}

#[test]
fn a_201_whose_body_and_location_agree_is_posted() {
    assert_eq!(of(located(201, &format!("{{\"UID\":\"{UID}\"}}"), UID)), posted(UID));
}

#[test]
fn a_201_whose_body_and_location_disagree_is_in_doubt() {
    assert!(is_in_doubt(located(201, &format!("{{\"UID\":\"{UID}\"}}"), OTHER)));
}

#[test]
fn a_201_without_a_uid_is_in_doubt() {
    assert!(is_in_doubt(answer(201, "")));
    assert!(is_in_doubt(answer(201, "{}")));
    assert!(is_in_doubt(answer(201, "{\"UID\":null}")));
    assert!(is_in_doubt(answer(201, "{\"UID\":\"00000000-0000-0000-0000-000000000000\"}")));
    assert!(is_in_doubt(located(201, "", "Item")));
}

#[test]
fn a_201_with_an_unreadable_body_is_in_doubt() {
    assert!(is_in_doubt(located(201, &format!("{{\"UID\":\"{UID}\","), UID)));
    assert!(is_in_doubt(located(201, "<html></html>", UID)));
}

#[test]
fn any_other_success_is_in_doubt() {
    for status in [200, 202, 203, 204, 206] {
        assert!(is_in_doubt(located(status, &format!("{{\"UID\":\"{UID}\"}}"), UID)), "{status}");
    }
}

#[test]
fn a_400_with_readable_errors_is_rejected() {
    let errors = |code: &str| {
        format!(
            "{{\"Errors\":[{{\"Name\":\"Required\",\"Message\":\"Customer is required\",\
             \"AdditionalDetails\":\"Customer\",\"ErrorCode\":{code}}},{{\"Name\":\"Two\"}}]}}"
        )
    };
    let words = "Required: Customer is required (Customer); Two";
    for (code, expected) in [("100", "100"), ("\"X\"", "X"), ("null", "Required")] {
        let (found, reason) = rejection(answer(400, &errors(code))).unwrap();
        assert_eq!(found.as_deref(), Some(expected), "without a code the name is known");
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn a_400_that_cannot_be_read_is_in_doubt() {
    let bodies = [
        "",
        "<html></html>",
        "{\"Errors\":[]}",
        "{\"Errors\":[{}]}",
        "{\"Errors\":\"no\"}",
        "{\"Message\":\"Something\"}",
        "{\"Errors\":[{\"Name\":\"Req",
    ];
    for body in bodies {
        assert!(is_in_doubt(answer(400, body)), "{body}");
    }
}

#[test]
fn a_401_wants_a_fresh_token() {
    assert_eq!(cause(answer(401, "")), Some(NotSentCause::Unauthorised));
    assert_eq!(cause(answer(401, "<html>")), Some(NotSentCause::Unauthorised));
}

const RATE_LIMIT: &str = "{\"Errors\":[{\"Name\":\"RateLimitError\",\"ErrorCode\":null}]}";

#[test]
fn a_rate_limit_sent_nothing_unless_configured_otherwise() {
    for limited in [answer(403, RATE_LIMIT), answer(429, ""), answer(429, RATE_LIMIT)] {
        assert_eq!(cause(limited.clone()), Some(NotSentCause::RateLimited));
        let outcome = outcome(&Sent::Answered(limited), false);
        assert!(matches!(outcome, Outcome::InDoubt { .. }));
    }
}

#[test]
fn a_403_with_a_known_access_error_sent_nothing() {
    let bodies = [
        "{\"Errors\":[{\"Name\":\"AccessDenied\",\"Message\":\"no\"}]}",
        "{\"Errors\":[{\"Name\":\"DeveloperInactive\",\"ErrorCode\":null}]}",
        "{\"Message\":\"You are not authorised to access this resource\",\"ErrorCode\":\"AccessDenied\"}",
        "{\"message\":\"Access denied\"}",
    ];
    for body in bodies {
        assert_eq!(cause(answer(403, body)), Some(NotSentCause::AccessDenied), "{body}");
    }
}

#[test]
fn any_other_403_is_in_doubt() {
    let mixed = "{\"Errors\":[{\"Name\":\"AccessDenied\"},{\"Name\":\"Strange\"}]}";
    for body in ["", "<html></html>", "{\"Errors\":[{\"Name\":\"Strange\"}]}", mixed] {
        assert!(is_in_doubt(answer(403, body)), "{body}");
    }
}

#[test]
fn a_404_sent_nothing() {
    assert_eq!(cause(answer(404, "")), Some(NotSentCause::AccessDenied));
}

#[test]
fn a_409_is_rejected_loudly() {
    let body = "{\"Errors\":[{\"Name\":\"IncorrectRowVersionSupplied\",\"ErrorCode\":111}]}";
    let (code, reason) = rejection(answer(409, body)).unwrap();
    assert_eq!(code.as_deref(), Some("111"));
    assert!(reason.contains("a bug of PostOnce"), "{reason}");
}

#[test]
fn everything_else_is_in_doubt() {
    let errors = "{\"Errors\":[{\"Name\":\"InternalError\",\"ErrorCode\":1}]}";
    for status in [100, 300, 301, 302, 307, 308, 402, 405, 408, 410, 423, 500, 502, 503, 504, 599] {
        assert!(is_in_doubt(located(status, errors, UID)), "{status}");
    }
}

#[test]
fn a_body_that_broke_is_in_doubt_whatever_the_status() {
    for status in [200, 201, 400, 401, 403, 404, 409, 429, 500] {
        let broken = Answer { body: Err("cut".to_owned()), ..located(status, "", UID) };
        assert!(is_in_doubt(broken), "{status}");
    }
}

#[test]
fn a_reason_names_the_request_for_the_support() {
    let with_id = Answer { request_id: Some("req-7".to_owned()), ..answer(500, "") };
    assert!(matches!(of(with_id), Outcome::InDoubt { reason } if reason.contains("req-7")));
}
