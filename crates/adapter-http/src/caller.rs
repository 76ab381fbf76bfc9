//! Who comes in: a person by a session's cookie, a machine by its token.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use postonce_adapter_host::hash_of;
use postonce_domain::{Role, Side};
use postonce_ports::account::{Machine, Session};

use crate::app::App;
use crate::problem::Problem;

/// The cookie that a browser is known by.
pub(crate) const SESSION: &str = "postonce_session";

/// Who comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody that we know.
    Nobody,
    /// A person.
    Person {
        /// The session.
        session: Session,
        /// What the store knows the session by.
        key: String,
    },
    /// A machine.
    Machine(Machine),
}

impl Caller {
    /// Who shows these headers. A token that is shown and not known is an error; a session that is
    /// over is nobody.
    pub(crate) async fn of(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(token) = bearer(headers)? {
            let machine = app.parts.machines.machine(&hash_of(token)).await?;
            let detail = "the bearer token is not known, or was taken away; `postonce machines` \
                          makes another";
            return machine.map(Self::Machine).ok_or_else(|| Problem::unauthorized(detail));
        }
        let Some(shown) = cookie(headers, SESSION) else { return Ok(Self::Nobody) };
        let key = hash_of(shown);
        let session = app.parts.sessions.session(&key).await?;
        Ok(session.map_or(Self::Nobody, |session| Self::Person { session, key }))
    }

    /// As the trail and the log name them.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Person { session, .. } => session.account.name.to_string(),
            Self::Machine(machine) => format!("machine:{}", machine.name),
        }
    }

    /// What they may do.
    pub(crate) fn role(&self) -> Option<Role> {
        match self {
            Self::Nobody => None,
            Self::Person { session, .. } => Some(session.account.role),
            Self::Machine(machine) => Some(machine.role),
        }
    }

    /// The one side that they may start runs on; both if `None`.
    pub(crate) fn side(&self) -> Option<Side> {
        match self {
            Self::Machine(machine) => machine.side,
            Self::Nobody | Self::Person { .. } => None,
        }
    }

    /// What their forms carry.
    pub(crate) fn form_key(&self) -> Option<&str> {
        match self {
            Self::Person { session, .. } => Some(&session.form_key),
            Self::Nobody | Self::Machine(_) => None,
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let token =
        value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, rest)| {
            scheme.eq_ignore_ascii_case("bearer") && !rest.trim().is_empty()
        });
    let detail = "the Authorization header is not understood; write `Authorization: Bearer TOKEN`";
    token.map(|(_, token)| Some(token.trim())).ok_or_else(|| Problem::unauthorized(detail))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}
