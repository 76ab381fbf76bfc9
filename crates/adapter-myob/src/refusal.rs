//! MYOB's error bodies, wrapped in `Errors` or not.

use std::time::Duration;

use crate::classify::said;
use crate::http::Answer;
use crate::json::Object;

/// The most characters of an error that are kept.
const TEXT_MAX: usize = 1_000;

/// An answer that asks for fewer requests.
///
/// MYOB documents 403 with `RateLimitError` and no `Retry-After`; 429 and the header are heeded
/// in case they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    /// The limit is that of the day: waiting a moment does not help.
    pub(crate) daily: bool,
    /// How long the answer says to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The answer in words.
    pub(crate) why: String,
}

impl RateLimit {
    /// What the answer says of limits; `None` if it speaks of something else.
    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        if !matches!(answer.status, 403 | 429) {
            return None;
        }
        let errors = answer.body.as_deref().map(Refusal::any).unwrap_or_default();
        let limited = answer.status == 429 || errors.iter().any(Refusal::is_rate_limit);
        limited.then(|| Self {
            daily: errors.iter().any(Refusal::is_daily_limit),
            retry_after: answer.retry_after,
            why: said(answer, &Refusal::words(&errors)),
        })
    }
}

/// One error that MYOB names.
///
/// The shape is documented at
/// <https://developer.myob.com/api/myob-business-api/api-overview/error-messages>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    name: String,
    /// A number or a word; often null.
    pub(crate) code: Option<String>,
    message: String,
    details: String,
}

impl Refusal {
    /// The errors of a body with the list `Errors`; `None` if one of them says nothing.
    pub(crate) fn wrapped(body: &str) -> Option<Vec<Self>> {
        let errors = Object::parse(body)?.objects("Errors")?;
        let errors: Vec<Self> = errors.iter().map(Self::read).collect::<Option<_>>()?;
        (!errors.is_empty()).then_some(errors)
    }

    /// The errors of a body that has the list `Errors` or is itself an error.
    pub(crate) fn any(body: &str) -> Vec<Self> {
        let single = || Object::parse(body).as_ref().and_then(Self::read).into_iter().collect();
        Self::wrapped(body).unwrap_or_else(single)
    }

    fn read(error: &Object) -> Option<Self> {
        let text = |key| error.text(key).unwrap_or_default();
        let refusal = Self {
            name: text("Name"),
            code: error.text_or_number("ErrorCode").map(|code| code.chars().take(60).collect()),
            message: text("Message"),
            details: text("AdditionalDetails"),
        };
        let says_something =
            !refusal.name.is_empty() || !refusal.message.is_empty() || refusal.code.is_some();
        says_something.then_some(refusal)
    }

    fn is(&self, word: &str) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        self.name.eq_ignore_ascii_case(word) || code.eq_ignore_ascii_case(word)
    }

    /// What programs know it by: its code, or its name where MYOB gives no code.
    pub(crate) fn known_as(&self) -> Option<String> {
        let name = Some(&self.name).filter(|name| !name.is_empty());
        let named = || name.map(|name| name.chars().take(60).collect());
        self.code.clone().or_else(named)
    }

    /// Whether it asks for fewer requests.
    pub(crate) fn is_rate_limit(&self) -> bool {
        self.is("RateLimitError")
    }

    /// Whether it is the day's requests that are used up.
    fn is_daily_limit(&self) -> bool {
        self.message.to_ascii_lowercase().contains("daily")
    }

    /// Whether it is one of the known ways of being denied access.
    pub(crate) fn is_access(&self) -> bool {
        let message = self.message.trim().trim_end_matches('.');
        self.is("AccessDenied")
            || self.is("DeveloperInactive")
            || message.eq_ignore_ascii_case("Access denied")
    }

    /// All of them in words.
    pub(crate) fn words(errors: &[Self]) -> String {
        let words: Vec<String> = errors.iter().map(Self::sentence).collect();
        words.join("; ").chars().take(TEXT_MAX).collect()
    }

    fn sentence(&self) -> String {
        let parts = [&self.name, &self.message].into_iter().filter(|part| !part.is_empty());
        let mut sentence = parts.cloned().collect::<Vec<_>>().join(": ");
        if sentence.is_empty() {
            sentence = format!("error {}", self.code.as_deref().unwrap_or_default());
        }
        if !self.details.is_empty() {
            sentence = format!("{sentence} ({})", self.details);
        }
        sentence
    }
}
