//! OAuth as MYOB does it: a code by redirect, then tokens, then new tokens for used-up ones.

use axum::response::{IntoResponse as _, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::answers::{ApiError, json_value};
use crate::call::Call;
use crate::clock::new_uid;
use crate::events::Event;
use crate::form;
use crate::tokens::{ACCESS_SECONDS, EVERGREEN, Grant};

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
    let code = new_uid().simple().to_string();
    let business = query("businessId").unwrap_or(BUSINESS);
    let name = form::encode(&format!("Sandbox {business}"));
    let joint = if redirect.contains('?') { '&' } else { '?' };
    let business = form::encode(business);
    let state = query("state").map(|state| format!("&state={}", form::encode(state)));
    let state = state.unwrap_or_default();
    let target =
        format!("{redirect}{joint}code={code}&businessId={business}&businessName={name}{state}");
    let Ok(target) = HeaderValue::from_str(&target) else {
        return Ok(refused("invalid_request"));
    };
    call.app.session().commit(Event::CodeGiven { code, redirect: redirect.to_owned() })?;
    Ok((StatusCode::FOUND, [(LOCATION, target)]).into_response())
}

/// `POST /oauth2/v1/authorize`: tokens for a code or a refresh token, each good for one use.
pub(crate) async fn token(call: Call) -> Result<Response, ApiError> {
    let form = form::pairs(&String::from_utf8_lossy(&call.body));
    let field = |key| form::value(&form, key);
    if field("client_id") != Some(EVERGREEN) || field("client_secret") != Some(EVERGREEN) {
        return Ok(refused("invalid_client"));
    }
    let mut session = call.app.session();
    let tokens = &session.books().tokens;
    let (valid, spent) = match field("grant_type") {
        Some("authorization_code") => {
            let code = field("code").unwrap_or_default();
            let redirect = tokens.redirect_of(code);
            (redirect.is_some() && redirect == field("redirect_uri"), code)
        }
        Some("refresh_token") => {
            let token = field("refresh_token").unwrap_or_default();
            (tokens.is_refresh(token), token)
        }
        Some(_) => return Ok(refused("unsupported_grant_type")),
        None => return Ok(refused("invalid_request")),
    };
    if !valid {
        return Ok(refused("invalid_grant"));
    }
    let grant = Grant {
        access: new_uid().simple().to_string(),
        refresh: new_uid().simple().to_string(),
        expires: session.now.saturating_add(ACCESS_SECONDS * 1000),
        spent: Some(spent.to_owned()),
    };
    session.commit(Event::Granted(grant.clone()))?;
    let answer = json!({
        "access_token": grant.access,
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": grant.refresh,
        "scope": field("scope").unwrap_or("CompanyFile"),
        "user": { "uid": "00000000-0000-0000-0000-000000000001", "username": "sandbox" },
    });
    Ok(json_value(StatusCode::OK, &answer))
}

fn refused(error: &str) -> Response {
    json_value(StatusCode::BAD_REQUEST, &json!({ "error": error }))
}
