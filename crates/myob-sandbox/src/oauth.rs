//! OAuth as MYOB does it: a code by redirect, then tokens, then new tokens for used-up ones.

use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::answers::{ApiError, json_value};
use crate::call::Call;
use crate::clock::{Millis, new_uid};
use crate::events::Event;
use crate::form;
use crate::switches::{Consent, LifeType, OnRedirect, Rotation, Switches};
use crate::tokens::{Code, EVERGREEN, Grant, Scope};

/// The business that consents unless the query names another as `businessId`.
const BUSINESS: &str = "7f3c1d52-6a0b-4c8e-9d54-0e2b6a1f9c11";

/// `GET /oauth2/account/authorize`: consents at once and sends the browser back with a code.
pub(crate) async fn authorize(call: Call) -> Result<Response, ApiError> {
    let query = |key| form::value(&call.query, key);
    let known = query("client_id") == Some(EVERGREEN);
    let Some(redirect) = query("redirect_uri").filter(|_| known) else {
        return Ok(refused("invalid_request"));
    };
    if query("response_type") != Some("code") {
        return Ok(refused("unsupported_response_type"));
    }
    if call.orders.switches.consent == Consent::Denied {
        let back = back(redirect, "error=access_denied", query("state"));
        return Ok(back.unwrap_or_else(|| refused("invalid_request")));
    }
    let code = fresh();
    let business = query("businessId").unwrap_or(BUSINESS);
    let named = match call.orders.switches.business_id_on_redirect {
        OnRedirect::Always => true,
        OnRedirect::WithPrompt => query("prompt") == Some("consent"),
        OnRedirect::Never => false,
    };
    let mut answer = format!("code={code}");
    if named {
        let name = form::encode(&format!("Sandbox {business}"));
        let id = form::encode(business);
        answer = format!("{answer}&businessId={id}&businessName={name}");
    }
    let Some(back) = back(redirect, &answer, query("state")) else {
        return Ok(refused("invalid_request"));
    };
    let mut session = call.app.session();
    if !session.books().listed.contains(business) {
        session.commit(Event::FileListed(business.into()))?;
    }
    let scope = query("scope").filter(|scope| !scope.trim().is_empty()).map(str::to_owned);
    let redirect = redirect.to_owned();
    session.commit(Event::CodeGiven(Code { text: code, redirect, scope: Scope(scope) }))?;
    Ok(back)
}

/// Sends the browser back with `answer`; `None` if the address cannot stand in a header.
fn back(redirect: &str, answer: &str, state: Option<&str>) -> Option<Response> {
    let joint = if redirect.contains('?') { '&' } else { '?' };
    let state = state.map(|state| format!("&state={}", form::encode(state))).unwrap_or_default();
    let target = HeaderValue::from_str(&format!("{redirect}{joint}{answer}{state}")).ok()?;
    Some((StatusCode::FOUND, [(LOCATION, target)]).into_response())
}

/// `POST /oauth2/v1/authorize`: tokens for a code or a refresh token.
pub(crate) async fn token(call: Call) -> Result<Response, ApiError> {
    let form = form::pairs(&String::from_utf8_lossy(&call.body));
    let field = |key| form::value(&form, key);
    if field("client_id") != Some(EVERGREEN) || field("client_secret") != Some(EVERGREEN) {
        return Ok(refused("invalid_client"));
    }
    let switches = &call.orders.switches;
    let mut session = call.app.session();
    let now = session.now;
    let tokens = &session.books().tokens;
    let (scope, spent) = match field("grant_type") {
        Some("authorization_code") => {
            let given = tokens.code_given(field("code").unwrap_or_default());
            let given = given.filter(|given| field("redirect_uri") == Some(&given.redirect));
            let Some(given) = given else { return Ok(refused("invalid_grant")) };
            (given.scope.clone(), Spent::Code(given.text.clone()))
        }
        Some("refresh_token") => {
            let token = field("refresh_token").unwrap_or_default();
            let Some(scope) = tokens.refresh(token, now) else {
                return Ok(refused("invalid_grant"));
            };
            (scope, Spent::Refresh(token.to_owned()))
        }
        Some(_) => return Ok(refused("unsupported_grant_type")),
        None => return Ok(refused("invalid_request")),
    };
    let grant = grant(spent, scope, now, switches);
    session.commit(Event::Granted(grant.clone()))?;
    let life = match switches.expires_in {
        LifeType::Number => json!(switches.access_life_s),
        LifeType::Text => json!(switches.access_life_s.to_string()),
    };
    let answer = json!({
        "access_token": grant.access,
        "token_type": "bearer",
        "expires_in": life,
        "refresh_token": grant.refresh,
        "scope": grant.scope.0.as_deref().or(field("scope")).unwrap_or("CompanyFile"),
        "user": { "uid": "00000000-0000-0000-0000-000000000001", "username": "sandbox" },
    });
    Ok(json_value(StatusCode::OK, &answer))
}

/// What is given for new tokens.
enum Spent {
    Code(String),
    Refresh(String),
}

fn grant(spent: Spent, scope: Scope, now: Millis, switches: &Switches) -> Grant {
    let after = |ms: u64| now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
    let seconds = |seconds: u64| after(seconds.saturating_mul(1000));
    let (refresh, spent, spent_until) = match (spent, switches.refresh_rotation) {
        (Spent::Refresh(token), Rotation::None) => (token, None, None),
        (Spent::Refresh(token), Rotation::Grace) => {
            (fresh(), Some(token), Some(after(switches.grace_ms)))
        }
        (Spent::Refresh(token), Rotation::Strict) => (fresh(), Some(token), None),
        (Spent::Code(code), _) => (fresh(), Some(code), None),
    };
    Grant {
        access: fresh(),
        refresh,
        expires: seconds(switches.access_life_s),
        spent,
        made: Some(now),
        refresh_expires: switches.refresh_life_s.0.map(seconds),
        spent_until,
        scope,
    }
}

fn fresh() -> String {
    new_uid().simple().to_string()
}

fn refused(error: &str) -> Response {
    json_value(StatusCode::BAD_REQUEST, &json!({ "error": error }))
}
