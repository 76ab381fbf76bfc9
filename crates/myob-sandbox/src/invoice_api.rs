//! Sale invoices over HTTP.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use uuid::Uuid;

use crate::answers::{ApiError, json_text, written};
use crate::call::Call;
use crate::company_file::CompanyFile;
use crate::events::Event;
use crate::invoice::{Invoice, Layout};
use crate::invoice_entry::Desk;
use crate::invoice_view::{SCHEMA, Show, value};
use crate::listing::Query;
use crate::store::Session;
use crate::switches::Shown;

/// `GET /Sale/Invoice`: both layouts, without lines.
pub(crate) async fn list_all(call: Call) -> Result<Response, ApiError> {
    page(&call, None)
}

/// `GET /Sale/Invoice/{layout}`, with lines. A UID in place of the layout shows that invoice.
pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    if let Ok(uid) = Uuid::parse_str(call.param("layout")) {
        let session = open(&call)?;
        let file = books(&session, &call)?;
        let invoice = file.invoices.get(uid).filter(|it| visible(it, &session, &call));
        let invoice = invoice.ok_or_else(ApiError::not_found)?;
        let base = call.shown_base();
        let show = Show { file, base: base.as_deref(), lines: false, memo: true };
        return Ok(json_text(StatusCode::OK, show.json(invoice)));
    }
    let layout = layout(&call)?;
    page(&call, Some(layout))
}

/// `GET` of one.
pub(crate) async fn show(call: Call) -> Result<Response, ApiError> {
    let session = open(&call)?;
    let file = books(&session, &call)?;
    let invoice = find(file, &call)?;
    if !visible(invoice, &session, &call) {
        return Err(ApiError::not_found());
    }
    Ok(json_text(StatusCode::OK, view(file, invoice, &call)))
}

/// `POST`.
pub(crate) async fn post(call: Call) -> Result<Response, ApiError> {
    let layout = layout(&call)?;
    let mut session = open(&call)?;
    let file = books(&session, &call)?;
    let mut invoice = desk(file, &session, &call).create(layout, &call.body)?;
    invoice.hidden_until = call
        .orders
        .hide_for
        .map(|hide_for| session.now.saturating_add(i64::try_from(hide_for).unwrap_or(i64::MAX)));
    let answer = answer(StatusCode::CREATED, file, &invoice, &call);
    let invoice = Box::new(invoice);
    session.commit(Event::InvoicePut { file: call.file().into(), invoice, late: None })?;
    Ok(answer)
}

/// `PUT`.
pub(crate) async fn put(call: Call) -> Result<Response, ApiError> {
    let mut session = open(&call)?;
    let file = books(&session, &call)?;
    let old = find(file, &call)?;
    let invoice = desk(file, &session, &call).replace(old, &call.body)?;
    let answer = answer(StatusCode::OK, file, &invoice, &call);
    let invoice = Box::new(invoice);
    session.commit(Event::InvoicePut { file: call.file().into(), invoice, late: None })?;
    Ok(answer)
}

/// `DELETE`.
pub(crate) async fn delete(call: Call) -> Result<Response, ApiError> {
    let mut session = open(&call)?;
    let file = books(&session, &call)?;
    let invoice = find(file, &call)?;
    desk(file, &session, &call).date_may_be(invoice.date)?;
    let uid = invoice.uid;
    session.commit(Event::InvoiceDeleted { file: call.file().into(), uid })?;
    Ok(StatusCode::OK.into_response())
}

fn page(call: &Call, layout: Option<Layout>) -> Result<Response, ApiError> {
    let query = Query::parse(call, SCHEMA)?;
    let session = open(call)?;
    let file = books(&session, call)?;
    let base = call.shown_base();
    let memo = call.orders.switches.list_memo == Shown::Shown;
    let show = Show { file, base: base.as_deref(), lines: layout.is_some(), memo };
    let rows = file.invoices.candidates(query.filter.as_ref()).filter(|invoice| {
        call.orders.hide_for.is_none()
            && invoice.hidden_until.is_none_or(|until| until <= session.now)
            && visible(invoice, &session, call)
            && layout.is_none_or(|layout| invoice.layout == layout)
    });
    let value = |invoice, field: &str| value(file, invoice, field);
    Ok(query.page(call, rows, value, |invoice| show.json(invoice)))
}

fn desk<'a>(file: &'a CompanyFile, session: &Session<'_>, call: &'a Call) -> Desk<'a> {
    let warnings_as_errors = call.asks("warningsAsErrors");
    Desk { file, switches: &call.orders.switches, warnings_as_errors, now: session.now }
}

/// Whether reads have caught up with the invoice.
fn visible(invoice: &Invoice, session: &Session<'_>, call: &Call) -> bool {
    call.orders.is_visible(invoice.received, session.now)
}

fn layout(call: &Call) -> Result<Layout, ApiError> {
    Layout::parse(call.param("layout")).ok_or_else(ApiError::not_found)
}

fn open(call: &Call) -> Result<Session<'_>, ApiError> {
    let mut session = call.app.session();
    session.open_file(call.file())?;
    Ok(session)
}

fn books<'a>(session: &'a Session<'_>, call: &Call) -> Result<&'a CompanyFile, ApiError> {
    session.books().files.get(call.file()).ok_or_else(ApiError::not_found)
}

fn find<'a>(file: &'a CompanyFile, call: &Call) -> Result<&'a Invoice, ApiError> {
    let layout = layout(call)?;
    let invoice = file.invoices.get(call.uid()?);
    invoice.filter(|invoice| invoice.layout == layout).ok_or_else(ApiError::not_found)
}

fn view(file: &CompanyFile, invoice: &Invoice, call: &Call) -> String {
    let base = call.shown_base();
    Show { file, base: base.as_deref(), lines: true, memo: true }.json(invoice)
}

fn answer(status: StatusCode, file: &CompanyFile, invoice: &Invoice, call: &Call) -> Response {
    let (base, layout, uid) = (call.base(), invoice.layout.name(), invoice.uid);
    let body = call.returns_body().then(|| view(file, invoice, call));
    written(status, &format!("{base}/Sale/Invoice/{layout}/{uid}"), body)
}
