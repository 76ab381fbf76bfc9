//! Customers, accounts, tax codes and items over HTTP, all alike.

use std::collections::BTreeSet;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value as Json};

use crate::answers::{ApiError, json_text, ok, written};
use crate::bystanders::paths;
use crate::call::Call;
use crate::clock::{Millis, new_row_version, new_uid};
use crate::events::Event;
use crate::listing::Query;
use crate::record::{Record, Resource};
use crate::switches::{Files, Keys};

/// `GET` of the list.
pub(crate) fn list(resource: Resource, call: &Call) -> Result<Response, ApiError> {
    let query = Query::parse(call, resource.schema())?;
    let mut session = call.app.session();
    session.open_file(call.file())?;
    let file = session.books().files.get(call.file()).ok_or_else(ApiError::not_found)?;
    let rows = file.records(resource).candidates(query.filter.as_ref());
    let rows = rows.filter(|record| call.orders.is_visible(record.created, session.now));
    let value = |record, field: &str| Record::value(record, field, resource.schema());
    Ok(query.page(call, rows, value, |record| view(resource, record, call)))
}

/// `GET` of one.
pub(crate) fn show(resource: Resource, call: &Call) -> Result<Response, ApiError> {
    let mut session = call.app.session();
    session.open_file(call.file())?;
    let file = session.books().files.get(call.file()).ok_or_else(ApiError::not_found)?;
    let record = file.records(resource).get(call.uid()?);
    let record = record.filter(|it| call.orders.is_visible(it.created, session.now));
    let record = record.ok_or_else(ApiError::not_found)?;
    Ok(json_text(StatusCode::OK, view(resource, record, call)))
}

/// `POST`.
pub(crate) fn post(resource: Resource, call: &Call) -> Result<Response, ApiError> {
    let mut session = call.app.session();
    session.open_file(call.file())?;
    let record = create(resource, &call.body, session.now)?;
    let answer = answer(StatusCode::CREATED, resource, &record, call);
    session.commit(Event::RecordPut { file: call.file().into(), resource, record, late: None })?;
    Ok(answer)
}

/// `PUT`.
pub(crate) fn put(resource: Resource, call: &Call) -> Result<Response, ApiError> {
    let uid = call.uid()?;
    let mut session = call.app.session();
    session.open_file(call.file())?;
    let file = session.books().files.get(call.file()).ok_or_else(ApiError::not_found)?;
    let old = file.records(resource).get(uid).ok_or_else(ApiError::not_found)?;
    let body = read(&call.body)?;
    let version = body.get("RowVersion").and_then(Json::as_str);
    if version != Some(old.row_version.to_string().as_str()) {
        return Err(ApiError::row_version());
    }
    let record = Record {
        uid,
        row_version: new_row_version(),
        created: old.created,
        modified: session.now,
        fields: resource.read(body)?,
    };
    let answer = answer(StatusCode::OK, resource, &record, call);
    session.commit(Event::RecordPut { file: call.file().into(), resource, record, late: None })?;
    Ok(answer)
}

/// `DELETE`. A record that others name can be deleted, too.
pub(crate) fn delete(resource: Resource, call: &Call) -> Result<Response, ApiError> {
    let uid = call.uid()?;
    let mut session = call.app.session();
    session.open_file(call.file())?;
    let file = session.books().files.get(call.file()).ok_or_else(ApiError::not_found)?;
    file.records(resource).get(uid).ok_or_else(ApiError::not_found)?;
    session.commit(Event::RecordDeleted { file: call.file().into(), resource, uid })?;
    Ok(StatusCode::OK.into_response())
}

/// The record that a POST makes. It is in no table yet.
pub(crate) fn create(resource: Resource, body: &[u8], now: Millis) -> Result<Record, ApiError> {
    let body = read(body)?;
    let zeros = uuid::Uuid::nil().to_string();
    let given = body.get("UID").and_then(Json::as_str).filter(|uid| *uid != zeros);
    if given.is_some() {
        return Err(ApiError::row_version());
    }
    let fields = resource.read(body)?;
    let (uid, row_version) = (new_uid(), new_row_version());
    Ok(Record { uid, row_version, created: now, modified: now, fields })
}

fn read(body: &[u8]) -> Result<Map<String, Json>, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::serialization(error.to_string()))
}

fn view(resource: Resource, record: &Record, call: &Call) -> String {
    let uri = call.shown_base().map(|base| format!("{base}/{}/{}", resource.path(), record.uid));
    Json::Object(record.view(uri)).to_string()
}

fn answer(status: StatusCode, resource: Resource, record: &Record, call: &Call) -> Response {
    let location = format!("{}/{}/{}", call.base(), resource.path(), record.uid);
    let body = call.returns_body().then(|| view(resource, record, call));
    written(status, &location, body)
}

/// The company file itself.
pub(crate) async fn company_file(call: Call) -> Result<Response, ApiError> {
    call.app.session().open_file(call.file())?;
    let base = call.base();
    let resources: Vec<String> = paths().map(|path| format!("{base}/{path}")).collect();
    let file = company_file_view(call.file(), &call.orders.origin);
    Ok(ok(&serde_json::json!({ "CompanyFile": file, "Resources": resources })))
}

/// All company files that were mentioned so far or consented: a bare array, as MYOB has it.
pub(crate) async fn company_files(call: Call) -> Result<Response, ApiError> {
    let session = call.app.session();
    let (books, switches) = (session.books(), &call.orders.switches);
    let origin = &call.orders.origin;
    let listed = |file: &&str| switches.files == Files::Any || books.listed.contains(*file);
    let known: BTreeSet<&str> =
        books.files.keys().chain(&books.listed).map(|file| &**file).collect();
    let files = known.into_iter().filter(listed).map(|file| company_file_view(file, origin));
    // New keys see none: the redirect after consent names theirs.
    let files = files.filter(|_| switches.keys != Keys::New);
    Ok(ok(&files.collect::<Vec<_>>()))
}

fn company_file_view(file: &str, origin: &str) -> Json {
    serde_json::json!({
        "Id": file,
        "Name": format!("Sandbox {file}"),
        "LibraryPath": "Sandbox",
        "ProductVersion": "2026.1",
        "ProductLevel": { "Code": 30, "Name": "Plus" },
        "CheckedOutDate": null,
        "CheckedOutBy": null,
        "Uri": format!("{origin}/accountright/{file}"),
        "Country": "AU",
        "UIAccessFlags": 3,
    })
}
