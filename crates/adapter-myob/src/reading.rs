//! What the answer to a read means.

use crate::classify::said;
use crate::http::Answer;
use crate::json::Object;
use crate::refusal::{RateLimit, Refusal};

/// What to make of an answer.
#[derive(Debug)]
pub(crate) enum Reading {
    Found(Object),
    NotThere,
    /// A fresh access token may help.
    Unauthorised(String),
    /// Only a person can help.
    Denied(String),
    /// Fewer requests may help.
    Limited(RateLimit),
    /// Time may help.
    Again(String),
    /// Nobody knows what helps.
    Odd(String),
}

/// Reads an answer, or how it failed to come. Never takes what it cannot read for "nothing".
pub(crate) fn reading(answer: &Result<Answer, String>) -> Reading {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return Reading::Again(why.clone()),
    };
    let body = match &answer.body {
        Ok(body) => body,
        Err(why) => return Reading::Again(said(answer, &format!("a body that broke: {why}"))),
    };
    let errors = Refusal::any(body);
    let words = said(answer, &Refusal::words(&errors));
    if let Some(limit) = RateLimit::of(answer) {
        return Reading::Limited(limit);
    }
    match answer.status {
        200 => match Object::parse(body) {
            Some(object) => Reading::Found(object),
            None => Reading::Odd(said(answer, "a body that cannot be read")),
        },
        401 => Reading::Unauthorised(words),
        403 if errors.iter().any(Refusal::is_access) => Reading::Denied(words),
        404 => Reading::NotThere,
        500..=599 => Reading::Again(words),
        _ => Reading::Odd(words),
    }
}

#[cfg(test)]
mod tests;
