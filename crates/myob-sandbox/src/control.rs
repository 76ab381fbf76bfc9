//! The control API under `/sandbox`: what arrived, faults, the clock, a fresh start.
//!
//! It asks nobody who they are, so it answers this machine only.

use std::net::IpAddr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::answers::{ApiError, ok};
use crate::books::Books;
use crate::call::Call;
use crate::clock::{Millis, rfc3339};
use crate::events::Event;
use crate::faults::Fault;
use crate::invoice::NUMBER;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Lets nobody through who is not on this machine.
pub(crate) async fn only_from_here(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    if peer.is_some_and(|Peer(address)| address.is_loopback()) {
        return next.run(request).await;
    }
    let why = "the control API answers loopback only";
    (StatusCode::FORBIDDEN, axum::Json(json!({ "error": why }))).into_response()
}

#[derive(Serialize)]
struct Ledger<'a> {
    invoices: Vec<Entry<'a>>,
    posts_received: u64,
    duplicates: Vec<Duplicate<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    company_file: &'a str,
    number: &'a str,
    uid: Uuid,
    reference: Option<&'a str>,
    memo: Option<&'a str>,
    /// Money as a decimal string, unlike in the API.
    total: String,
    received_at: String,
    arrivals: u64,
    #[serde(skip)]
    received: Millis,
}

#[derive(Serialize)]
struct Duplicate<'a> {
    company_file: &'a str,
    number: &'a str,
    count: usize,
}

/// `GET /sandbox/ledger`: every invoice in the books, oldest first, hidden ones too.
pub(crate) async fn ledger(call: Call) -> Response {
    let session = call.app.session();
    ok(&ledger_of(session.books()))
}

fn ledger_of(books: &Books) -> Ledger<'_> {
    let mut invoices = Vec::new();
    let mut duplicates = Vec::new();
    for (company_file, file) in &books.files {
        invoices.extend(file.invoices.iter().map(|invoice| Entry {
            company_file,
            number: &invoice.number,
            uid: invoice.uid,
            reference: invoice.reference.as_deref(),
            memo: invoice.memo.as_deref(),
            total: invoice.total.to_string(),
            received_at: rfc3339(invoice.received),
            arrivals: books.arrivals(company_file, &invoice.number),
            received: invoice.received,
        }));
        let repeated = file.invoices.repeated(NUMBER).into_iter();
        duplicates.extend(repeated.map(|(number, count)| Duplicate {
            company_file,
            number,
            count,
        }));
    }
    invoices.sort_by_key(|entry| entry.received);
    Ledger { invoices, posts_received: books.posts_received, duplicates }
}

/// `GET /sandbox/faults`: what still waits.
pub(crate) async fn faults(call: Call) -> Response {
    let session = call.app.session();
    ok(&session.books().faults.waiting())
}

/// `POST /sandbox/faults`: appends one fault or a list of them, all or none.
pub(crate) async fn append_faults(call: Call) -> Result<Response, ApiError> {
    let given: Json = serde_json::from_slice(&call.body).map_err(|error| bad(error.to_string()))?;
    let list = given.as_array().cloned().unwrap_or_else(|| vec![given]);
    let read = |(at, fault)| {
        serde_json::from_value::<Fault>(fault).map_err(|error| bad(format!("fault {at}: {error}")))
    };
    let faults = (1..).zip(list).map(read).collect::<Result<Vec<_>, _>>()?;
    let appended = faults.len();
    let mut session = call.app.session();
    session.commit(Event::FaultsAppended(faults))?;
    let waiting = session.books().faults.waiting().len();
    Ok(ok(&json!({ "appended": appended, "waiting": waiting })))
}

/// `DELETE /sandbox/faults`.
pub(crate) async fn clear_faults(call: Call) -> Result<Response, ApiError> {
    call.app.session().commit(Event::FaultsCleared)?;
    Ok(ok(&json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

/// `GET /sandbox/clock`.
pub(crate) async fn clock(call: Call) -> Response {
    ok(&json!({ "now": rfc3339(call.app.session().now) }))
}

/// `POST /sandbox/clock`: what is due by the new time has happened when this answers.
pub(crate) async fn advance_clock(call: Call) -> Result<Response, ApiError> {
    let Advance { advance_ms } =
        serde_json::from_slice(&call.body).map_err(|error| bad(error.to_string()))?;
    let by = i64::try_from(advance_ms).map_err(|_| bad("advance_ms is too large"))?;
    let mut session = call.app.session();
    session.advance(by)?;
    call.app.note_late(&mut session);
    Ok(ok(&json!({ "now": rfc3339(session.now) })))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    faults: bool,
}

/// `POST /sandbox/reset`: forgets faults, books, switches, counters, requests and the clock's
/// advance, or only the faults. Tokens stay, so that clients need not be connected anew.
pub(crate) async fn reset(call: Call) -> Result<Response, ApiError> {
    let Reset { faults } = if call.body.is_empty() {
        Reset::default()
    } else {
        serde_json::from_slice(&call.body).map_err(|error| bad(error.to_string()))?
    };
    let mut session = call.app.session();
    if faults {
        session.commit(Event::FaultsCleared)?;
    } else {
        session.commit(Event::Reset)?;
        call.app.requests().clear();
        call.app.late_requests().clear();
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a control request gets that cannot be carried out.
pub(crate) fn bad(why: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BadControlRequest", None, why, "")
}
