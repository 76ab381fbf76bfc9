//! By whose consent we are let into a company file, and what came of it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::CompanyFile;

use crate::error::StoreError;
use crate::registry::is_same_business;

/// What a line about a connection tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionEvent {
    /// A person consented, and the ledger gave tokens.
    Connected,
    /// The company file answered when it was asked whether it lets us in.
    Reached,
    /// The ledger did not let us in.
    Refused,
    /// A person took the connection away; its tokens are forgotten.
    Revoked,
}

impl ConnectionEvent {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::Connected, Self::Reached, Self::Refused, Self::Revoked];

    /// As stores spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Reached => "reached",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }

    /// The event of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// What was consented to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The ledger's id of the business.
    pub business_id: String,
    /// What the ledger calls it.
    pub business_name: Option<String>,
    /// What we may do there.
    pub scopes: String,
    /// Where its books are, if not where all are.
    pub base_url: Option<String>,
}

/// A line about a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionNote {
    /// What it tells.
    pub event: ConnectionEvent,
    /// Who did it.
    pub actor: String,
    /// Why, or what the ledger said.
    pub text: String,
    /// Of [`ConnectionEvent::Connected`].
    pub consent: Option<Consent>,
}

/// A line on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRecord {
    /// Its place: rises with time.
    pub id: i64,
    /// When it was written, by the store's clock.
    pub at: Timestamp,
    /// What it says.
    pub note: ConnectionNote,
}

/// What is on record of the way into one company file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The company file.
    pub company_file: CompanyFile,
    /// Its business.
    pub business_id: Option<String>,
    /// When the refresh token on record was stored, if there is one.
    pub last_refresh: Option<Timestamp>,
    /// How long the access token on record still lasts, if it counts.
    pub access_rest: Option<Duration>,
    /// The newest line of each event, by rising id.
    pub newest: Vec<ConnectionRecord>,
}

impl Connection {
    /// The newest line of this event.
    pub fn newest(&self, event: ConnectionEvent) -> Option<&ConnectionRecord> {
        self.newest.iter().find(|record| record.note.event == event)
    }

    /// The consent that counts: none after a revocation.
    pub fn consent(&self) -> Option<(&ConnectionRecord, &Consent)> {
        let given = self.newest(ConnectionEvent::Connected)?;
        let revoked = self.newest(ConnectionEvent::Revoked);
        let stands = revoked.is_none_or(|revoked| revoked.id < given.id);
        given.note.consent.as_ref().filter(|_| stands).map(|consent| (given, consent))
    }

    /// The last refusal, unless the company file let us in afterwards.
    pub fn last_error(&self) -> Option<&ConnectionRecord> {
        let refused = self.newest(ConnectionEvent::Refused)?;
        let well = [ConnectionEvent::Connected, ConnectionEvent::Reached];
        let later = |event| self.newest(event).is_some_and(|record| record.id > refused.id);
        (!well.into_iter().any(later)).then_some(refused)
    }
}

/// A consent with the tokens that came of it. Its `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct NewConnection {
    /// Who consented.
    pub actor: String,
    /// To what.
    pub consent: Consent,
    /// The company's time zone.
    pub time_zone: String,
    /// Whether it may take the place of another business.
    pub replace: bool,
    /// The refresh token.
    pub refresh: String,
    /// The access token.
    pub access: String,
    /// How long the access token still lasts.
    pub rest: Duration,
}

impl fmt::Debug for NewConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewConnection")
            .field("actor", &self.actor)
            .field("consent", &self.consent)
            .finish_non_exhaustive()
    }
}

impl NewConnection {
    /// The line that tells of it.
    pub fn note(&self) -> ConnectionNote {
        let (actor, consent) = (self.actor.clone(), Some(self.consent.clone()));
        let event = ConnectionEvent::Connected;
        ConnectionNote { event, actor, text: String::new(), consent }
    }

    /// Why it is not to be made if the company file has this business. One rule for every store.
    pub fn refusal(&self, known: Option<String>) -> Option<Connected> {
        let theirs = &self.consent.business_id;
        let other = known.filter(|known| !is_same_business(known, theirs) && !self.replace)?;
        Some(Connected::Other { business_id: other })
    }
}

/// What became of a new connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Connected {
    /// It is on record.
    Done,
    /// The company file has another business, and was not to be given a new one.
    Other {
        /// The business.
        business_id: String,
    },
    /// Invoices were claimed for this business or are in its books already, and an alias stays with
    /// its business.
    Fixed {
        /// The business.
        business_id: String,
    },
    /// Another alias has the business.
    Taken {
        /// The alias.
        alias: String,
    },
}

/// Keeps by whose consent each company file lets us in. Lines are written, and never changed.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Connections: Send + Sync {
    /// Writes business, tokens and a line, all of it or nothing.
    ///
    /// The rules of [`Registry::set_company_file`](crate::registry::Registry::set_company_file)
    /// hold for the business, and one that differs from the one on record is refused unless it is
    /// to be replaced. The tokens take the place of those on record, whatever those are: who is
    /// refreshing them is overtaken.
    async fn connect(
        &self,
        company_file: &CompanyFile,
        new: &NewConnection,
    ) -> Result<Connected, StoreError>;

    /// Every company file that has a business, a token or a line, by name.
    async fn connections(&self) -> Result<Vec<Connection>, StoreError>;

    /// Writes one line.
    async fn add(
        &self,
        company_file: &CompanyFile,
        note: &ConnectionNote,
    ) -> Result<(), StoreError>;

    /// Forgets both tokens and writes a line, both or neither; whether there was a token.
    ///
    /// The refresh token on record is empty from then on, under a version of its own: what others
    /// come with afterwards is overtaken. The business stays.
    async fn revoke(
        &self,
        company_file: &CompanyFile,
        actor: &str,
        reason: &str,
    ) -> Result<bool, StoreError>;
}
