//! The table as a router, and what every answer carries.

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode, Uri};

use crate::app::App;
use crate::guard;
use crate::problem::Problem;
use crate::route::{Method, Route, TABLE};

/// What a page may load, and where it may send forms: ours, and nothing of anybody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The headers of every answer, unless its route says otherwise.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Every door of the table, under the base path.
pub fn router(app: App) -> Router {
    let router = TABLE.iter().fold(Router::new(), |router, route| {
        let app_of_route = app.clone();
        let door =
            move |params: Params, request: Request| answer(app_of_route, route, params, request);
        router.route(&app.link(route.path), on(filter(route.method), door))
    });
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(app, with_headers))
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
    }
}

type Params = Result<RawPathParams, RawPathParamsRejection>;

async fn answer(app: App, route: &'static Route, params: Params, request: Request) -> Response {
    let Ok(params) = params else {
        return Problem::bad_request("the path is no UTF-8; write it again").into_response();
    };
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    guard::answer(app, route, params.collect(), request).await
}

async fn no_such_path(uri: Uri) -> Problem {
    let path = uri.path();
    Problem::not_found(format!("there is no path `{path}`; GET /openapi.json lists them"))
}

async fn no_such_method(method: http::Method, uri: Uri) -> Problem {
    let detail =
        format!("`{}` does not take {method}; the header Allow names what it takes", uri.path());
    let title = "the path takes another method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title, detail)
}

async fn with_headers(
    axum::extract::State(app): axum::extract::State<App>,
    request: Request,
    next: Next,
) -> Response {
    const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if app.settings.secure {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(A_YEAR);
    }
    response
}
