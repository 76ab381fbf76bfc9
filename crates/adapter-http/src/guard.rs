//! Who gets through a door, for every door.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::future::{Either, select};
use http::header::{CONTENT_LENGTH, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use postonce_adapter_host::hash_of;
use postonce_domain::Role;

use crate::app::{App, Settings};
use crate::caller::Caller;
use crate::input::{FORM_KEY, FORM_KEY_HEADER, Query, form_key, kind};
use crate::keyed;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use crate::route::{Route, Who};

/// The address that a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Answers a request on a route, by a task that no client can cut.
pub(crate) async fn answer(
    app: App,
    route: &'static Route,
    params: Vec<(String, String)>,
    request: http::Request<Body>,
) -> Response {
    let clock = app.parts.clock.clone();
    let begun = clock.boot();
    let within = app.settings.answer_within;
    let answered = async {
        let (head, body) = request.into_parts();
        // Nothing is done yet, and a client may take its time: this is the connection's.
        let body = match whole(&app.settings, &head.headers, body).await {
            Ok(body) => body,
            Err(problem) => return (None, Err(problem)),
        };
        let work = app.tasks().spawn(pass(app.clone(), route, params, (head, body)));
        // It panicked.
        work.await.unwrap_or_else(|_| (None, Err(Problem::unexpected())))
    };
    let (who, answer) = match select(std::pin::pin!(answered), clock.sleep(within)).await {
        Either::Left((answered, _)) => answered,
        Either::Right(_) => (None, Err(too_slow(within.as_secs()))),
    };
    let response = answer.unwrap_or_else(|problem| {
        if problem.status.is_server_error() {
            tracing::error!(route = route.path, problem = problem.kind, "{}", problem.detail);
        }
        problem.into_response()
    });
    let ms = clock.boot().saturating_sub(begun).as_millis();
    let (method, status) = (route.method.as_str(), response.status().as_u16());
    let who = who.as_deref().unwrap_or("-");
    tracing::info!(method, route = route.path, status, ms, who, "answered");
    response
}

fn too_slow(seconds: u64) -> Problem {
    let detail = format!(
        "there is no answer within {seconds} seconds; what was asked for goes on. Look how things \
         stand before you ask again"
    );
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "it takes too long", detail)
}

async fn pass(
    app: App,
    route: &'static Route,
    params: Vec<(String, String)>,
    (head, body): (Parts, Bytes),
) -> (Option<String>, Answer) {
    // Whether the process lives is told without the database.
    if route.who == Who::Anyone && !route.changes() {
        return (None, admitted(app, route, Caller::Nobody, (params, head, body)).await);
    }
    let caller = match Caller::of(&app, &head.headers).await {
        Ok(caller) => caller,
        Err(problem) => return (None, Err(problem)),
    };
    let who = caller.name();
    let answer = admitted(app, route, caller, (params, head, body)).await;
    (Some(who), answer)
}

async fn admitted(
    app: App,
    route: &'static Route,
    caller: Caller,
    (params, head, body): (Vec<(String, String)>, Parts, Bytes),
) -> Answer {
    may(route, &caller)?;
    if route.changes() && !matches!(caller, Caller::Machine(_)) {
        same_site(&app.settings, &head.headers)?;
    }
    let kind = kind(&head.headers, &body)?;
    // Whoever logs in has no session yet, or is to get another.
    if route.changes()
        && route.who != Who::Anyone
        && let Some(known) = caller.form_key()
    {
        let header = head.headers.get(FORM_KEY_HEADER).and_then(|value| value.to_str().ok());
        let shown = header.map(str::to_owned).or_else(|| form_key(kind, &body));
        // By their hashes, so that the time does not tell where they differ.
        if shown.is_none_or(|shown| hash_of(shown) != hash_of(known)) {
            let detail = format!(
                "the request does not carry the form key of this session; send it as the field \
                 `{FORM_KEY}` or the header `{FORM_KEY_HEADER}` (GET /me tells it), or load the \
                 page again"
            );
            return Err(Problem::forbidden("form_key", detail));
        }
    }
    let query = Query::parse(head.uri.query().unwrap_or_default(), &route.query_names())?;
    let peer = peer(&app.settings, &head);
    let target = format!("{} {}", route.method.as_str(), head.uri);
    let call = Call { app, caller, peer, headers: head.headers, query, params, kind, body };
    if route.keyed { keyed::once(call, &target, route.run).await } else { (route.run)(call).await }
}

/// Whether a caller may use a route at all.
fn may(route: &Route, caller: &Caller) -> Result<(), Problem> {
    let least = match route.who {
        Who::Anyone => return Ok(()),
        Who::Role(least) | Who::Person(least) => least,
    };
    let Some(role) = caller.role() else {
        let detail = "log in by POST /login, or send a machine's token as `Authorization: Bearer`";
        return Err(Problem::unauthorized(detail));
    };
    if !role.may(least) {
        let detail = format!("it takes the role {least}, and yours is {role}; ask an admin");
        return Err(Problem::forbidden("role", detail));
    }
    if matches!(route.who, Who::Person(_)) && matches!(caller, Caller::Machine(_)) {
        let detail = "only a person may say this, by name; log in";
        return Err(Problem::forbidden("person", detail));
    }
    if let (Some(theirs), Some(side)) = (caller.side(), route.side)
        && theirs != side
    {
        let detail = format!(
            "this token is for the {} side, and this is the {} side's button",
            theirs.as_str(),
            side.as_str()
        );
        return Err(Problem::forbidden("side", detail));
    }
    Ok(())
}

/// Refuses what a browser sends from another site. Who is no browser sends neither header.
fn same_site(settings: &Settings, headers: &HeaderMap) -> Result<(), Problem> {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = match (text(&SITE), text(&ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text(&HOST).unwrap_or_default();
            let of_host = ["http://", "https://"].map(|scheme| format!("{scheme}{host}"));
            settings.public_origin.as_deref() == Some(origin)
                || of_host.iter().any(|known| known == origin)
        }
        (None, None) => true,
    };
    let detail = "the request comes from a page of another site; use PostOnce's own";
    is_ours.then_some(()).ok_or_else(|| Problem::forbidden("other_site", detail))
}

/// The whole body, if it is not too large.
async fn whole(settings: &Settings, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let most = settings.body_max;
    let too_large = || {
        let detail = format!("the body is larger than {most} bytes; send less at once");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large", detail)
    };
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > most) {
        return Err(too_large());
    }
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::bad_request("the body broke off; send it again")),
    }
}

/// Where a request comes from: the last address on its way that is no proxy of ours.
fn peer(settings: &Settings, head: &Parts) -> Option<IpAddr> {
    const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
    let Peer(peer) = head.extensions.get::<Peer>()?;
    let mut address = peer.ip().to_canonical();
    let told = head.headers.get_all(FORWARDED);
    let told: Vec<&str> =
        told.iter().filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(',')).collect();
    for text in told.iter().rev() {
        if !settings.trusted_proxies.contains(&address) {
            break;
        }
        let Ok(before) = text.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    Some(address)
}

/// The least role of a route, for its documents.
pub(crate) const fn least(who: Who) -> Option<Role> {
    match who {
        Who::Anyone => None,
        Who::Role(role) | Who::Person(role) => Some(role),
    }
}
