//! One request on its way to a handler: what its path, query and body say.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Path, Request};
use bytes::Bytes;
use http::header::ACCEPT;
use uuid::Uuid;

use crate::answers::ApiError;
use crate::app::App;
use crate::clock::Millis;
use crate::form;
use crate::switches::{BodyAsked, Switches};
use crate::tokens::Scope;

/// What the intake tells the handlers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    /// Scheme and host of this server, as the client named it.
    pub(crate) origin: String,
    /// Keep what is created out of lists for so many milliseconds; show nothing in a list.
    pub(crate) hide_for: Option<u64>,
    /// Answer a write with its body, asked for or not.
    pub(crate) whole_body: bool,
    /// What the access token opens.
    pub(crate) scope: Scope,
    /// The switches as they stood when the request arrived.
    pub(crate) switches: Switches,
}

impl Orders {
    /// Whether reads at `now` have caught up with what was created at `created`.
    pub(crate) fn is_visible(&self, created: Millis, now: Millis) -> bool {
        let lag = i64::try_from(self.switches.visibility_ms).unwrap_or(i64::MAX);
        created.saturating_add(lag) <= now
    }
}

/// A request, read.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) orders: Orders,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Whether a person with a browser asks.
    pub(crate) wants_html: bool,
    params: HashMap<String, String>,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let params = Path::<HashMap<String, String>>::from_request_parts(&mut parts, app).await;
        let Path(params) = params.map_err(|_| ApiError::not_found())?;
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| ApiError::serialization(error.to_string()))?;
        let accept = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let wants_html = accept.is_some_and(|accept| accept.contains("text/html"));
        Ok(Self {
            app: Arc::clone(app),
            orders: parts.extensions.remove::<Orders>().unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            query: form::pairs(parts.uri.query().unwrap_or_default()),
            body,
            wants_html,
            params,
        })
    }
}

impl Call {
    /// A part of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The company file's id.
    pub(crate) fn file(&self) -> &str {
        self.param("file")
    }

    /// The UID in the path; one that is none names nothing.
    pub(crate) fn uid(&self) -> Result<Uuid, ApiError> {
        Uuid::parse_str(self.param("uid")).map_err(|_| ApiError::not_found())
    }

    /// The company file's address.
    pub(crate) fn base(&self) -> String {
        format!("{}/accountright/{}", self.orders.origin, self.file())
    }

    /// The company file's address for the fields that show one; none if they are not wanted.
    pub(crate) fn shown_base(&self) -> Option<String> {
        (form::value(&self.query, "generateUris") != Some("false")).then(|| self.base())
    }

    /// Whether a write answers with the record.
    pub(crate) fn returns_body(&self) -> bool {
        self.orders.whole_body
            || match self.orders.switches.post_body {
                BodyAsked::Asked => self.asks("returnBody"),
                BodyAsked::Always => true,
                BodyAsked::Never => false,
            }
    }

    /// Whether the query has `option=true`.
    pub(crate) fn asks(&self, option: &str) -> bool {
        asks(&self.query, option)
    }
}

/// Whether a query has `option=true`.
pub(crate) fn asks(query: &[(String, String)], option: &str) -> bool {
    form::value(query, option).is_some_and(|asked| asked.eq_ignore_ascii_case("true"))
}
