//! Answers in MYOB's shapes: JSON, error bodies, 201 with `Location`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

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
        Self { status, name, code, message: message.into(), details: details.into() }
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

    /// Over the limit: 403, as MYOB does it.
    pub(crate) fn rate_limit() -> Self {
        let message = "API key has exceeded the per-second rate limit";
        let details = "Header: x-myobapi-key";
        Self::new(StatusCode::FORBIDDEN, "RateLimitError", None, message, details)
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
        let error = json!({
            "Name": self.name,
            "Message": self.message,
            "AdditionalDetails": self.details,
            "ErrorCode": self.code,
            "Severity": "Error",
            "LearnMore": null,
        });
        json_text(self.status, json!({ "Errors": [error], "Information": null }).to_string())
    }
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
