//! The control API's ways to a state: switches, company files, consent, keys, a past.

use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use crate::answers::{ApiError, ok};
use crate::call::Call;
use crate::clock::new_uid;
use crate::control::bad;
use crate::events::Event;
use crate::fill::{COUNT_MAX, Fill};
use crate::filter::{Comparison, Filter, Value};
use crate::record::Resource;
use crate::store::Session;
use crate::switches::Changes;

/// `GET /sandbox/switches`.
pub(crate) async fn switches(call: Call) -> Response {
    ok(&call.app.session().books().switches.shown())
}

/// `PUT /sandbox/switches`: sets those that are named, all or none.
pub(crate) async fn set_switches(call: Call) -> Result<Response, ApiError> {
    let given: Map<String, Json> = read(&call)?;
    let changes = Changes::of_json(&given).map_err(|error| bad(error.to_string()))?;
    let mut session = call.app.session();
    session.commit(Event::SwitchesSet(changes))?;
    Ok(ok(&session.books().switches.shown()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    company_file: String,
}

/// `GET /sandbox/files`: the company files that were named, and those that consented.
pub(crate) async fn files(call: Call) -> Response {
    ok(&call.app.session().books().listed)
}

/// `POST /sandbox/files`: names a company file, which exists from then on.
pub(crate) async fn name_file(call: Call) -> Result<Response, ApiError> {
    let Named { company_file } = read(&call)?;
    if company_file.is_empty() {
        return Err(bad("company_file is empty"));
    }
    let mut session = call.app.session();
    session.open_file(&company_file)?;
    session.commit(Event::FileListed(company_file.into()))?;
    Ok(ok(&session.books().listed))
}

/// `POST /sandbox/tokens/expire`: no access token counts any more.
pub(crate) async fn expire_tokens(call: Call) -> Result<Response, ApiError> {
    call.app.session().commit(Event::TokensExpired)?;
    Ok(ok(&json!({})))
}

/// `POST /sandbox/tokens/revoke`: the consent is taken back. No refresh token counts any more,
/// not even `sandbox`, until somebody consents anew; access tokens count to their end.
pub(crate) async fn revoke_tokens(call: Call) -> Result<Response, ApiError> {
    call.app.session().commit(Event::ConsentRevoked)?;
    Ok(ok(&json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Active {
    active: bool,
}

/// `POST /sandbox/keys`: whether the API key is active.
pub(crate) async fn set_keys(call: Call) -> Result<Response, ApiError> {
    let Active { active } = read(&call)?;
    call.app.session().commit(Event::KeysActive(active))?;
    Ok(ok(&json!({ "active": active })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    company_file: String,
    count: u32,
    from: Date,
    to: Date,
    #[serde(default)]
    duplicate_every: u32,
}

/// `POST /sandbox/fill`: gives a company file a past.
pub(crate) async fn fill(call: Call) -> Result<Response, ApiError> {
    let Asked { company_file, count, from, to, duplicate_every } = read(&call)?;
    if company_file.is_empty() {
        return Err(bad("company_file is empty"));
    }
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(bad(format!("count must be from 1 to {COUNT_MAX}")));
    }
    if to < from {
        return Err(bad("to is before from"));
    }
    if duplicate_every == 1 {
        return Err(bad("duplicate_every must be 0, or 2 and more"));
    }
    let mut session = call.app.session();
    session.open_file(&company_file)?;
    let account = find(&session, &company_file, Resource::Account, ("DisplayID", "4-1000"))?;
    let tax_code = find(&session, &company_file, Resource::TaxCode, ("Code", "GST"))?;
    let before = session.books().filled;
    let (file, seed) = (company_file.into(), new_uid());
    let past = Fill { file, count, from, to, duplicate_every, seed, before, account, tax_code };
    let duplicates = past.duplicates();
    session.commit(Event::Filled(Box::new(past)))?;
    Ok(ok(&json!({ "invoices": count, "duplicates": duplicates })))
}

fn find(
    session: &Session<'_>,
    file: &str,
    resource: Resource,
    (field, text): (&'static str, &'static str),
) -> Result<uuid::Uuid, ApiError> {
    let file = session.books().files.get(file).ok_or_else(ApiError::not_found)?;
    let filter = Filter::Compare(field.into(), Comparison::Equal, Value::Text(text.into()));
    let found = file.records(resource).candidates(Some(&filter)).next();
    let missing = || bad(format!("the company file has no {field} {text} any more"));
    found.map(|record| record.uid).ok_or_else(missing)
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, ApiError> {
    serde_json::from_slice(&call.body).map_err(|error| bad(error.to_string()))
}
