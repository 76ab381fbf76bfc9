//! Logging in and out.

use std::time::Duration;

use axum::response::IntoResponse as _;
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};
use postonce_adapter_host::password;
use postonce_adapter_host::{Key, KeyKind};
use postonce_domain::LoginName;
use postonce_ports::account::{Account, NewSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::caller::{Caller, SESSION};
use crate::problem::Problem;
use crate::request::{Answer, Call, json};

/// How long a session lasts unused.
const IDLE: Duration = Duration::from_secs(8 * 3_600);

/// How long a session lasts at most.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    name: String,
    password: String,
}

/// Who somebody is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeJson {
    name: String,
    role: String,
    /// The one side that a machine may start runs on.
    side: Option<&'static str>,
    /// What requests of a person's session carry that change something.
    form_key: Option<String>,
}

impl MeJson {
    fn of(caller: &Caller) -> Self {
        Self {
            name: caller.name(),
            role: caller.role().map(|role| role.to_string()).unwrap_or_default(),
            side: caller.side().map(postonce_domain::Side::as_str),
            form_key: caller.form_key().map(str::to_owned),
        }
    }
}

pub(crate) fn me(call: &Call) -> Answer {
    json(MeJson::of(&call.caller))
}

pub(crate) async fn login(call: Call) -> Answer {
    let login: Login = call.input()?;
    let (caller, cookie) = logged_in(&call, login).await?;
    let mut response = json(MeJson::of(&caller))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Opens a session for whoever knows the password.
pub(crate) async fn logged_in(call: &Call, login: Login) -> Result<(Caller, HeaderValue), Problem> {
    let Login { name, password } = login;
    let app = &call.app;
    let peer = call.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
    app.logins.begin(&name, &peer, app.parts.clock.boot()).map_err(too_often)?;
    // What is no name is nobody's, and takes as long.
    let account = match LoginName::parse(&name) {
        Ok(name) => app.parts.accounts.account(&name).await?,
        Err(_) => None,
    };
    let known = account.filter(|account| !account.disabled);
    let hash = known.as_ref().map(|account| account.password.clone());
    let is_right = is_password(app, password, hash).await?;
    let Some(account) = known.filter(|_| is_right) else { return Err(wrong()) };
    app.logins.succeeded(&name, &peer);
    if let Caller::Person { key, .. } = &call.caller {
        app.parts.sessions.close_session(key).await?;
    }
    open(app, account).await
}

/// A new session of an account, and its cookie.
async fn open(app: &App, account: Account) -> Result<(Caller, HeaderValue), Problem> {
    let random = |kind| Key::random(kind).map_err(|_| Problem::unexpected());
    let (shown, form_key) = (random(KeyKind::Session)?, random(KeyKind::Form)?);
    let session = NewSession {
        key: shown.hash(),
        account: account.name.clone(),
        seen: account.version,
        form_key: form_key.as_str().to_owned(),
        idle: IDLE,
        lasts: LASTS,
    };
    if !app.parts.sessions.open_session(session).await? {
        return Err(wrong());
    }
    let key = shown.hash();
    let session = app.parts.sessions.session(&key).await?.ok_or_else(wrong)?;
    Ok((Caller::Person { session, key }, cookie(app, shown.as_str(), LASTS)?))
}

/// Whether it is the password; the same time goes by if there is none.
async fn is_password(app: &App, typed: String, hash: Option<String>) -> Result<bool, Problem> {
    let place = app.logins.places.acquire().await.map_err(|_| Problem::unexpected())?;
    let check = move || password::is_right(&typed, hash.as_deref());
    let is_right = tokio::task::spawn_blocking(check).await.map_err(|_| Problem::unexpected())?;
    drop(place);
    Ok(is_right)
}

fn wrong() -> Problem {
    Problem::unauthorized("name or password is wrong, or the account is disabled; ask an admin")
}

fn too_often(wait: Duration) -> Problem {
    let seconds = wait.as_secs().max(1);
    let detail = format!("there were too many wrong passwords; try again in {seconds} seconds");
    let title = "too many wrong passwords";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often", title, detail).retry_after(seconds)
}

pub(crate) async fn logout(call: Call) -> Answer {
    if let Caller::Person { key, .. } = &call.caller {
        call.app.parts.sessions.close_session(key).await?;
    }
    let gone = cookie(&call.app, "", Duration::ZERO)?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, gone)]).into_response())
}

fn cookie(app: &App, value: &str, lasts: Duration) -> Result<HeaderValue, Problem> {
    let path = if app.settings.base_path.is_empty() { "/" } else { &app.settings.base_path };
    let secure = if app.settings.secure { "; Secure" } else { "" };
    let lasts = lasts.as_secs();
    let text =
        format!("{SESSION}={value}; Path={path}; Max-Age={lasts}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).map_err(|_| Problem::unexpected())
}
