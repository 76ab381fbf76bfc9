//! What became of a POST: one table, transport first, status second, body last.
//!
//! Whatever the table does not list is in doubt.

use postonce_domain::{LedgerUid, NotSentCause, Outcome};
use uuid::Uuid;

use crate::http::{Answer, Sent};
use crate::json::Object;
use crate::refusal::Refusal;

/// The outcome of a POST that went as `sent`.
///
/// `rate_limit_is_not_sent`: whether a rate-limited request certainly had no effect.
pub(crate) fn outcome(sent: &Sent, rate_limit_is_not_sent: bool) -> Outcome {
    match sent {
        Sent::NoConnection { why } => {
            not_sent(NotSentCause::NoConnection, format!("no connection was made: {why}"))
        }
        Sent::Expired => {
            let reason = "its time had passed before it was handed over; nothing was sent";
            not_sent(NotSentCause::Expired, reason.to_owned())
        }
        Sent::Lost { why } => in_doubt(format!("no answer came: {why}")),
        Sent::Answered(answer) => match &answer.body {
            Err(why) => in_doubt(said(answer, &format!("a body that broke: {why}"))),
            Ok(body) => by_status(answer, body, rate_limit_is_not_sent),
        },
    }
}

fn by_status(answer: &Answer, body: &str, rate_limit_is_not_sent: bool) -> Outcome {
    match answer.status {
        201 => created(answer, body),
        400 => match Refusal::wrapped(body) {
            Some(errors) => rejected(&errors, said(answer, &Refusal::words(&errors))),
            None => in_doubt(said(answer, "an error that cannot be read")),
        },
        401 => not_sent(NotSentCause::Unauthorised, said(answer, &words_of(body))),
        403 => forbidden(answer, body, rate_limit_is_not_sent),
        404 => not_sent(NotSentCause::AccessDenied, said(answer, &words_of(body))),
        409 => {
            let errors = Refusal::any(body);
            let bug = "MYOB saw a UID or RowVersion in our request: this is a bug of PostOnce";
            rejected(&errors, said(answer, &format!("{bug}; {}", words_of(body))))
        }
        429 => rate_limited(answer, body, rate_limit_is_not_sent),
        _ => in_doubt(said(answer, &words_of(body))),
    }
}

fn created(answer: &Answer, body: &str) -> Outcome {
    let object = Object::parse(body);
    if object.is_none() && !body.trim().is_empty() {
        return in_doubt(said(answer, "a body that cannot be read"));
    }
    let in_body = object.and_then(|object| object.text("UID")).and_then(|uid| read_uid(&uid));
    let in_header = answer.location.as_deref().and_then(last_segment).and_then(read_uid);
    match (in_body, in_header) {
        (Some(body), Some(header)) if body != header => {
            in_doubt(said(answer, &format!("the UID {body}, but a Location with {header}")))
        }
        (Some(uid), _) | (None, Some(uid)) => Outcome::Posted { uid },
        (None, None) => in_doubt(said(answer, "no UID")),
    }
}

fn forbidden(answer: &Answer, body: &str, rate_limit_is_not_sent: bool) -> Outcome {
    let errors = Refusal::any(body);
    let all = |known: fn(&Refusal) -> bool| !errors.is_empty() && errors.iter().all(known);
    if all(Refusal::is_rate_limit) {
        rate_limited(answer, body, rate_limit_is_not_sent)
    } else if all(Refusal::is_access) {
        not_sent(NotSentCause::AccessDenied, said(answer, &Refusal::words(&errors)))
    } else {
        in_doubt(said(answer, &words_of(body)))
    }
}

fn rate_limited(answer: &Answer, body: &str, certain: bool) -> Outcome {
    let reason = said(answer, &words_of(body));
    if certain { not_sent(NotSentCause::RateLimited, reason) } else { in_doubt(reason) }
}

/// A UID in the one spelling that is stored: lower case, with hyphens. The one of all zeros is
/// none.
pub(crate) fn read_uid(text: &str) -> Option<LedgerUid> {
    let uid = Uuid::try_parse(text.trim()).ok().filter(|uid| !uid.is_nil())?;
    LedgerUid::parse(&uid.as_hyphenated().to_string()).ok()
}

fn last_segment(location: &str) -> Option<&str> {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next()
}

fn words_of(body: &str) -> String {
    let errors = Refusal::any(body);
    if errors.is_empty() {
        return "no error that can be read".to_owned();
    }
    Refusal::words(&errors)
}

/// `what` with status and request id.
pub(crate) fn said(answer: &Answer, what: &str) -> String {
    let id = answer.request_id.as_deref().filter(|id| !id.is_empty());
    let id = id.map(|id| format!(" (request {})", id.chars().take(80).collect::<String>()));
    format!("MYOB answered {}: {what}{}", answer.status, id.unwrap_or_default())
}

fn rejected(errors: &[Refusal], reason: String) -> Outcome {
    Outcome::Rejected { code: errors.first().and_then(Refusal::known_as), reason }
}

fn not_sent(cause: NotSentCause, reason: String) -> Outcome {
    Outcome::NotSent { cause, reason }
}

fn in_doubt(reason: String) -> Outcome {
    Outcome::InDoubt { reason }
}

#[cfg(test)]
mod tests;
