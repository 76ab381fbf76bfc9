//! Who may pass: API key, rate, access token, API version, scope, company file and its user, in
//! this order.

use std::sync::PoisonError;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::answers::ApiError;
use crate::app::App;
use crate::clock::Millis;
use crate::faults::Facts;
use crate::scopes;
use crate::switches::{Files, Keys, MissingFile, Scopes, Switches};
use crate::tokens::{EVERGREEN, Scope};

/// `Administrator` without a password: the only user that a company file has.
const CFTOKEN: &str = "QWRtaW5pc3RyYXRvcjo=";

/// A day in milliseconds.
const DAY_MS: Millis = 86_400_000;

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

/// The requests of one day, by the sandbox clock. Begins anew with the process.
#[derive(Debug, Default)]
pub(crate) struct Day {
    day: Millis,
    passed: u64,
}

impl Day {
    /// Counts one request, if the day has room for it; 0 means no limit.
    pub(crate) fn take(&mut self, now: Millis, limit: u64) -> bool {
        let day = now.div_euclid(DAY_MS);
        if day != self.day {
            *self = Self { day, passed: 0 };
        }
        let passes = limit == 0 || self.passed < limit;
        self.passed += u64::from(passes);
        passes
    }
}

/// Lets a request for `/accountright` pass with what its token opens, or says why not.
pub(crate) fn check(
    app: &App,
    facts: &Facts,
    headers: &HeaderMap,
    switches: &Switches,
) -> Result<Scope, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // `sandbox` is the only key, so its bucket is the only one.
    let inactive = app.session().books().key_inactive;
    if inactive || header("x-myobapi-key") != Some(EVERGREEN) {
        let (name, message) = ("DeveloperInactive", "API key is missing or inactive");
        let details = "Header: x-myobapi-key";
        return Err(ApiError::new(StatusCode::FORBIDDEN, name, None, message, details));
    }
    if !app.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
        return Err(ApiError::rate_limit("per-second", switches));
    }
    let session = app.session();
    let mut day = app.day.lock().unwrap_or_else(PoisonError::into_inner);
    if !day.take(session.now, switches.daily_limit) {
        return Err(ApiError::rate_limit("daily", switches));
    }
    drop(day);
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
    else {
        let message = "The OAuth token (Bearer) is missing";
        return Err(ApiError::unauthorised("OAuthTokenIsMissing", message));
    };
    let books = session.books();
    let scope = books.tokens.access(token.trim(), session.now).ok_or_else(invalid_token)?;
    if header("x-myobapi-version") != Some("v2") {
        let message = "The API version must be v2";
        let details = "Header: x-myobapi-version";
        let status = StatusCode::BAD_REQUEST;
        return Err(ApiError::new(status, "InvalidApiVersion", None, message, details));
    }
    if switches.scopes == Scopes::Enforce && !scopes::allow(scope, facts) {
        return Err(ApiError::access_denied(switches));
    }
    let scope = scope.clone();
    let Some((file, _)) = &facts.file else { return Ok(scope) };
    if switches.files == Files::Listed && !books.listed.contains(file.as_str()) {
        return Err(missing_file(switches));
    }
    if switches.keys == Keys::Old && header("x-myobapi-cftoken") != Some(CFTOKEN) {
        return Err(ApiError::access_denied(switches));
    }
    Ok(scope)
}

/// What a request for a company file gets that does not exist.
fn missing_file(switches: &Switches) -> ApiError {
    match switches.missing_file {
        MissingFile::NotFound => ApiError::not_found(),
        MissingFile::Forbidden => ApiError::access_denied(switches),
        MissingFile::Unauthorised => invalid_token(),
    }
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

    use super::{Bucket, DAY_MS, Day};

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
    fn a_day_has_its_requests_and_the_next_one_too() {
        let mut day = Day::default();
        let mut passed = |now, limit| (0..9).filter(|_| day.take(now, limit)).count();
        assert_eq!(passed(5 * DAY_MS, 4), 4);
        assert_eq!(passed(6 * DAY_MS - 1, 4), 0);
        assert_eq!(passed(6 * DAY_MS, 4), 4);
        assert_eq!(passed(6 * DAY_MS, 0), 9);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut bucket = Bucket::new(0);
        let now = Instant::now();
        assert!((0..10_000).all(|_| bucket.take(now)));
    }
}
