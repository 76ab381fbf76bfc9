//! What every request to the API goes through: counted, let pass, delayed, made to go wrong.
//!
//! **Invariant:** a request that arrived whole is carried through in a task of its own, whether
//! or not its client still waits; only the end of the server stops it.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HOST, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use crate::answers::ApiError;
use crate::app::App;
use crate::arrival::{Arrival, arrival};
use crate::call::{Orders, asks};
use crate::clock::new_uid;
use crate::company_file::CompanyFile;
use crate::events::{Event, Late};
use crate::faults::{Action, Fault};
use crate::misbehave::{
    Disconnect, Plain, after_effect, disconnect, takes_effect, without_effect, without_truth,
};
use crate::request_detail::Half;
use crate::switches::{Encoding, Switches};
use crate::tokens::Scope;
use crate::{clock, form, gate, requests};

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The layer around the API's routes.
pub(crate) async fn intake(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    if length > BODY_BYTES_MAX {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    // A request that breaks off, or grows beyond the limit, never arrived.
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return disconnect(Disconnect::Close);
    };
    let work = tokio::spawn(async move {
        tokio::select! {
            response = carry_through(&app, parts, body, next) => response,
            () = app.stopped() => disconnect(Disconnect::Close),
        }
    });
    work.await.unwrap_or_else(|_| disconnect(Disconnect::Close))
}

async fn carry_through(app: &App, mut parts: Parts, body: Bytes, next: Next) -> Response {
    let begun = Instant::now();
    let arrival = arrival(&parts, &body);
    let method = parts.method.clone();
    let headers = parts.headers.clone();
    let origin = origin(app, &headers);
    let target = format!("{origin}{}", parts.uri);
    let switches = app.session().books().switches;
    // The bodies of these exchanges hold tokens.
    let secret = arrival.facts.path.starts_with("/oauth2");
    let entry = entry(&parts, &arrival, app.session().now);
    let seq = app.requests().begin(entry, Half::new(&headers, &body, secret));
    let exchange = Exchange { seq, begun, secret };
    let faults = receive(app, seq, &arrival, &headers, &switches);
    let pack = async |answer| encoded(&method, &headers, answer, switches.encoding).await;
    let (scope, faults) = match faults {
        Ok(passed) => passed,
        Err(refusal) => return send(app, exchange, pack(refusal.into_response()).await).await,
    };
    let (delay, fault) = split(faults);
    pause(delay.saturating_add(half(app.latency))).await;
    let answer = match &fault {
        Some(fault) if !takes_effect(fault.action) => {
            if matches!(fault.action, Action::LateCommit | Action::Accepted202) {
                let query = form::pairs(parts.uri.query().unwrap_or_default());
                let strict = asks(&query, "warningsAsErrors");
                postpone(app, seq, &arrival, late(&body, fault.delay_ms, strict));
            }
            pack(without_effect(fault.action, &target, &switches)).await
        }
        Some(_) | None => {
            parts.extensions.insert(orders(origin, fault.as_ref(), scope, switches));
            let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
            if method != Method::GET && answer.status().is_success() {
                app.requests().committed(seq);
            }
            match &fault {
                Some(fault) => {
                    let answer = lied(app, fault.action, &arrival, answer).await;
                    after_effect(fault, pack(answer).await).await
                }
                None => pack(answer).await,
            }
        }
    };
    let held_back = fault.as_ref().map(held_back).unwrap_or_default();
    pause(held_back.saturating_add(half(app.latency))).await;
    send(app, exchange, answer).await
}

/// A request as the list of requests shows it.
fn entry(parts: &Parts, arrival: &Arrival, now: clock::Millis) -> requests::Entry {
    let facts = &arrival.facts;
    requests::Entry {
        seq: 0,
        at: clock::rfc3339(now),
        method: facts.method.clone(),
        path: facts.path.clone(),
        number: facts.number.clone().or_else(|| facts.searched.first().cloned()),
        status: None,
        committed: false,
        query: parts.uri.query().map(str::to_owned),
        company_file: facts.file.as_ref().map(|(file, _)| file.clone()),
        fault: None,
        took_ms: None,
        request_id: new_uid(),
    }
}

/// Counts the request and gives the faults that apply to it; one that may not pass uses up no
/// fault.
fn receive(
    app: &App,
    seq: u64,
    arrival: &Arrival,
    headers: &HeaderMap,
    switches: &Switches,
) -> Result<(Scope, Vec<Fault>), ApiError> {
    let facts = &arrival.facts;
    let mut session = app.session();
    if let Some((file, _)) = facts.file.as_ref().filter(|_| arrival.invoice_post) {
        let number = facts.number.as_deref().map(Box::from);
        session.commit(Event::Arrived { file: file.as_str().into(), number })?;
    }
    drop(session);
    let mut scope = Scope::default();
    if facts.path.starts_with("/accountright") {
        scope = gate::check(app, facts, headers, switches)?;
    }
    let mut session = app.session();
    let applying = session.books().faults.applying(facts);
    let mut faults = Vec::with_capacity(applying.len());
    for (id, fault) in applying {
        if fault.times > 0 {
            session.commit(Event::FaultUsed(id))?;
        }
        app.requests().faulted(seq, fault.action.name());
        faults.push(fault);
    }
    Ok((scope, faults))
}

/// How long to wait before anything happens, and what is to go wrong then.
fn split(faults: Vec<Fault>) -> (Duration, Option<Fault>) {
    let mut delay = Duration::ZERO;
    let mut other = None;
    for fault in faults {
        if fault.action == Action::Delay {
            delay = delay.saturating_add(Duration::from_millis(fault.delay_ms));
        } else {
            other = Some(fault);
        }
    }
    (delay, other)
}

/// What the handler is to do differently.
fn orders(origin: String, fault: Option<&Fault>, scope: Scope, switches: Switches) -> Orders {
    let hide = fault.filter(|fault| fault.action == Action::HideFromSearch);
    Orders {
        origin,
        hide_for: hide.map(|fault| fault.delay_ms),
        whole_body: fault.is_some_and(|fault| needs_body(fault.action)),
        scope,
        switches,
    }
}

/// Whether an action can only be seen in a body.
fn needs_body(action: Action) -> bool {
    matches!(
        action,
        Action::TruncateBody | Action::Trickle | Action::WrongUid | Action::Ok200WithoutUid
    )
}

/// The answer with a lie about its UID, if the action is one.
async fn lied(app: &App, action: Action, arrival: &Arrival, answer: Response) -> Response {
    if !matches!(action, Action::WrongUid | Action::Ok200WithoutUid) {
        return answer;
    }
    let other = {
        let session = app.session();
        let file = arrival.facts.file.as_ref().and_then(|(it, _)| session.books().files.get(&**it));
        file.and_then(CompanyFile::first_invoice)
    };
    without_truth(action, answer, other.unwrap_or_else(new_uid)).await
}

/// Keeps a request for later. One that creates nothing is only dropped.
fn postpone(app: &App, seq: u64, arrival: &Arrival, late: impl FnOnce(Late) -> Late) {
    let Some((file, _)) = &arrival.facts.file else { return };
    let Some(target) = arrival.target else { return };
    let mut session = app.session();
    let id = session.books().next_late();
    let file = file.as_str().into();
    let late = late(Late {
        id,
        due: session.now,
        file,
        target,
        body: Box::default(),
        warnings_as_errors: false,
    });
    // If the log fails, the request has no effect, and no answer says that it has.
    if session.commit(Event::Postponed(late)).is_ok() {
        app.late_requests().insert(id, seq);
    }
}

/// What a late request carries.
fn late(body: &Bytes, delay_ms: u64, warnings_as_errors: bool) -> impl FnOnce(Late) -> Late {
    let body = String::from_utf8_lossy(body).into();
    let delay = i64::try_from(delay_ms).unwrap_or(i64::MAX);
    move |late| {
        let due = late.due.saturating_add(delay);
        Late { due, body, warnings_as_errors, ..late }
    }
}

/// How long an answer that goes wrong is held back.
fn held_back(fault: &Fault) -> Duration {
    let otherwise = [
        Action::Delay,
        Action::LateCommit,
        Action::Accepted202,
        Action::Trickle,
        Action::HideFromSearch,
    ];
    if otherwise.contains(&fault.action) {
        return Duration::ZERO;
    }
    Duration::from_millis(fault.delay_ms)
}

fn half(latency: Duration) -> Duration {
    latency.checked_div(2).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "slowness on demand is what the sandbox is for")]
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A request on its way to its answer.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    seq: u64,
    begun: Instant,
    secret: bool,
}

/// The last step: notes the answer and gives it.
async fn send(app: &App, exchange: Exchange, answer: Response) -> Response {
    let Exchange { seq, begun, secret } = exchange;
    let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let id = app.requests().ended(seq, took);
    if answer.extensions().get::<Disconnect>().is_some() {
        return answer;
    }
    let (mut parts, mut body) = answer.into_parts();
    let plain = if let Some(Plain(plain)) = parts.extensions.remove::<Plain>() {
        plain
    } else {
        let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        body = Body::from(whole.clone());
        whole
    };
    if let Some(Ok(id)) = id.map(|id| HeaderValue::from_str(&id.to_string())) {
        parts.headers.insert("x-myobapi-requestid", id);
    }
    let half = Half::new(&parts.headers, &plain, secret);
    app.requests().answered(seq, parts.status.as_u16(), half);
    Response::from_parts(parts, body)
}

/// Scheme and host as the client named them.
fn origin(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.map_or_else(|| app.url.clone(), |host| format!("http://{host}"))
}

/// Adds the `ETag`, answers 304 if the client has it already, and packs the body if it may.
async fn encoded(
    method: &Method,
    headers: &HeaderMap,
    answer: Response,
    encoding: Encoding,
) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    parts.extensions.insert(Plain(body.clone()));
    if method == Method::GET && parts.status == StatusCode::OK {
        let tag = etag(&body);
        let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
        if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
            parts.status = StatusCode::NOT_MODIFIED;
            parts.extensions.remove::<Plain>();
            return Response::from_parts(parts, Body::empty());
        }
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            parts.headers.insert(ETAG, tag);
        }
    }
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    let coding = match encoding {
        Encoding::Gzip => Some("gzip"),
        Encoding::Deflate => Some("deflate"),
        Encoding::None => None,
    };
    let coding =
        coding.filter(|coding| !body.is_empty() && accepted.is_some_and(|it| accepts(it, coding)));
    let body = match coding.and_then(|coding| Some((coding, packed(coding, &body)?))) {
        Some((coding, packed)) => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            Body::from(packed)
        }
        None => Body::from(body),
    };
    Response::from_parts(parts, body)
}

fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("\"{}\"", i64::from_ne_bytes(hasher.finish().to_ne_bytes()))
}

fn accepts(accepted: &str, wanted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| {
            weight.trim_end_matches('0').trim_end_matches('.').trim_end_matches('0').is_empty()
        });
        coding.trim().eq_ignore_ascii_case(wanted) && !refused
    })
}

fn packed(coding: &str, body: &[u8]) -> Option<Vec<u8>> {
    if coding == "gzip" {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).ok()?;
        return encoder.finish().ok();
    }
    // What HTTP calls deflate is zlib's format.
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
