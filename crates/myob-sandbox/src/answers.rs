//! Answers in MYOB's shapes: JSON, error bodies, 201 with `Location`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::switches::{ErrorShape, RateStatus, Switches};

/// An answer that says no, with MYOB's `Errors` body.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    name: &'static str,
    code: Option<u32>,
    /// What went wrong, for people.
    pub(crate) message: String,
    details: String,
    /// Whether it stands by itself, with a word for a code.
    bare: bool,
    retry_after: Option<u64>,
}

impl ApiError {
    /// Any error.
    pub(crate) fn new(
        status: StatusCode,
        name: &'static str,
        code: Option<u32>,
        message: impl Into<String>,
        details: impl Into<String>,
    ) -> Self {
        let (message, details) = (message.into(), details.into());
        Self { status, name, code, message, details, bare: false, retry_after: None }
    }

    /// A field that must be there is not: 400, code 100.
    pub(crate) fn required(field: &str) -> Self {
        let message = format!("{field} is required");
        Self::new(StatusCode::BAD_REQUEST, "Required", Some(100), message, field)
    }

    /// A UID in the body names nothing: 400, code 150.
    pub(crate) fn unknown_reference(field: &str, uid: impl std::fmt::Display) -> Self {
        let message = format!("{field} not found");
        Self::new(
            StatusCode::BAD_REQUEST,
            "NotFound",
            Some(150),
            message,
            format!("{field}: {uid}"),
        )
    }

    /// The body is not what it should be: 400, code 50.
    pub(crate) fn serialization(details: impl Into<String>) -> Self {
        let message = "The request could not be read";
        Self::new(StatusCode::BAD_REQUEST, "SerializationError", Some(50), message, details)
    }

    /// A rule of the books is broken: 400, code 1000.
    pub(crate) fn validation(message: impl Into<String>, field: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", Some(1000), message, field)
    }

    /// A query option that cannot be understood: 400.
    pub(crate) fn query(details: impl Into<String>) -> Self {
        let message = "The query specified in the URI is not valid";
        Self::new(StatusCode::BAD_REQUEST, "InvalidQuery", None, message, details)
    }

    /// The path names nothing: 404.
    pub(crate) fn not_found() -> Self {
        let message = "The requested resource was not found";
        Self::new(StatusCode::NOT_FOUND, "NotFound", None, message, "")
    }

    /// The version is stale or missing, or a POST carried a UID: 409, code 111.
    pub(crate) fn row_version() -> Self {
        let message = "An Update operation requires the latest RowVersion for each of the existing \
                       entities being modified";
        let name = "IncorrectRowVersionSupplied";
        Self::new(StatusCode::CONFLICT, name, Some(111), message, "")
    }

    /// Over the limit of a `period`: 403, as MYOB does it, or as the switches say.
    pub(crate) fn rate_limit(period: &str, switches: &Switches) -> Self {
        let status = match switches.rate_limit_status {
            RateStatus::Forbidden => StatusCode::FORBIDDEN,
            RateStatus::TooMany => StatusCode::TOO_MANY_REQUESTS,
        };
        let message = format!("API key has exceeded the {period} rate limit");
        let details = "Header: x-myobapi-key";
        Self::new(status, "RateLimitError", None, message, details).later(switches)
    }

    /// Names the time after which to try again, if the switches have one.
    pub(crate) fn later(self, switches: &Switches) -> Self {
        Self { retry_after: switches.retry_after.0, ..self }
    }

    /// No right to what was asked for: 403.
    pub(crate) fn access_denied(switches: &Switches) -> Self {
        let message = "You are not authorised to access this resource";
        let error = Self::new(StatusCode::FORBIDDEN, "AccessDenied", None, message, "");
        Self { bare: switches.access_error_shape == ErrorShape::Unwrapped, ..error }
    }

    /// Another sale has the number: 400.
    pub(crate) fn duplicate(number: &str) -> Self {
        let message = "Number already exists";
        let details = format!("Number: {number}");
        Self::new(StatusCode::BAD_REQUEST, "Duplicate", Some(200), message, details)
    }

    /// The date lies in a closed period: 400.
    pub(crate) fn lock_period(before: jiff::civil::Date) -> Self {
        let message = format!("The date is in a locked period, which ends before {before}");
        Self::new(StatusCode::BAD_REQUEST, "DateInLockPeriod", None, message, "Date")
    }

    /// A tax code that does not belong on a sale: 400, code 32002.
    pub(crate) fn invalid_tax_code(kind: &str) -> Self {
        let message = format!("A tax code of the type {kind} cannot be used on a sale");
        let status = StatusCode::BAD_REQUEST;
        Self::new(status, "InvalidTaxCode", Some(32002), message, "TaxCode")
    }

    /// The bearer token does not count: 401.
    pub(crate) fn unauthorised(name: &'static str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, name, None, message, "Header: Authorization")
    }

    /// Something broke on this side: 500.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "InternalError", None, message, "")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.bare {
            // MYOB's body for this has no `Errors` around it, and a word for a code.
            let body = json!({ "Message": self.message, "ErrorCode": self.name });
            return json_text(self.status, body.to_string());
        }
        let error = json!({
            "Name": self.name,
            "Message": self.message,
            "AdditionalDetails": self.details,
            "ErrorCode": self.code,
            "Severity": "Error",
            "LearnMore": null,
        });
        let body = json!({ "Errors": [error], "Information": null });
        retry_after(json_text(self.status, body.to_string()), self.retry_after)
    }
}

/// The answer with a `Retry-After`, if there is one.
pub(crate) fn retry_after(mut answer: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// 200 with `value` as JSON.
pub(crate) fn ok<T: Serialize>(value: &T) -> Response {
    json_value(StatusCode::OK, value)
}

/// `value` as JSON, straight to text, so that money keeps its digits.
pub(crate) fn json_value<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => json_text(status, text),
        Err(error) => ApiError::internal(error.to_string()).into_response(),
    }
}

/// A JSON text as it stands.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    let json = [(CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, json, text).into_response()
}

/// What a write answers: the address of the record and, if the client asked, its body.
pub(crate) fn written(status: StatusCode, location: &str, body: Option<String>) -> Response {
    let mut response = match body {
        Some(text) => json_text(status, text),
        None => (status, Body::empty()).into_response(),
    };
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
