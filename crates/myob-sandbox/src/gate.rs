//! Who may pass: API key, rate, access token and API version, in this order.

use std::sync::PoisonError;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::answers::ApiError;
use crate::app::App;
use crate::tokens::EVERGREEN;

/// A token bucket: holds one second's worth of requests and refills evenly, in real time.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Time between two requests at the allowed rate; zero = no limit.
    spacing: Duration,
    /// Time for a full bucket.
    depth: Duration,
    /// When the bucket is full again.
    full_at: Instant,
}

impl Bucket {
    /// A full bucket; 0 means no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        let spacing = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        let depth = spacing.saturating_mul(per_second);
        Self { spacing, depth, full_at: Instant::now() }
    }

    /// Takes one request out, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.spacing;
        let passes = full_at <= now + self.depth;
        if passes {
            self.full_at = full_at;
        }
        passes
    }
}

/// Lets a request for `/accountright` pass, or says why not.
pub(crate) fn check(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // `sandbox` is the only key, so its bucket is the only one.
    if header("x-myobapi-key") != Some(EVERGREEN) {
        let (name, message) = ("DeveloperInactive", "API key is missing or inactive");
        let details = "Header: x-myobapi-key";
        return Err(ApiError::new(StatusCode::FORBIDDEN, name, None, message, details));
    }
    if !app.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
        return Err(ApiError::rate_limit());
    }
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
    else {
        let message = "The OAuth token (Bearer) is missing";
        return Err(ApiError::unauthorised("OAuthTokenIsMissing", message));
    };
    let session = app.session();
    if !session.books().tokens.is_access(token.trim(), session.now) {
        return Err(invalid_token());
    }
    if header("x-myobapi-version") != Some("v2") {
        let message = "The API version must be v2";
        let details = "Header: x-myobapi-version";
        let status = StatusCode::BAD_REQUEST;
        return Err(ApiError::new(status, "InvalidApiVersion", None, message, details));
    }
    Ok(())
}

/// What an unknown or expired access token gets.
pub(crate) fn invalid_token() -> ApiError {
    let message = "The supplied OAuth token (Bearer) is not valid";
    ApiError::unauthorised("OAuthTokenIsInvalid", message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Bucket;

    #[test]
    fn a_bucket_gives_its_rate_and_refills() {
        let mut bucket = Bucket::new(8);
        let start = Instant::now();
        let mut passed = |at| (0..20).filter(|_| bucket.take(start + at)).count();
        assert_eq!(passed(Duration::from_millis(1)), 8);
        assert_eq!(passed(Duration::from_millis(1)), 0);
        assert_eq!(passed(Duration::from_millis(252)), 2);
        assert_eq!(passed(Duration::from_secs(60)), 8);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut bucket = Bucket::new(0);
        let now = Instant::now();
        assert!((0..10_000).all(|_| bucket.take(now)));
    }
}
