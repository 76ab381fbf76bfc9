//! What can go wrong with a server, in words that name it and the mend.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DriverError};
use postonce_ports::error::{BoxError, StoreError};

use crate::session::Target;

/// The result of a step inside a transaction.
pub(crate) type Step<T> = Result<T, StepError>;

/// Why a step inside a transaction failed; it is rolled back.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The server said no, or nothing.
    Driver(DriverError),
    /// A row is not what it must be.
    Store(StoreError),
    /// Another transaction has written what this one had read as absent: it begins anew.
    Overtaken(DriverError),
}

impl From<DriverError> for StepError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StepError {
    /// As the ports say it.
    pub(crate) fn into_store_error(self, target: &Target) -> StoreError {
        match self {
            Self::Driver(error) | Self::Overtaken(error) => unavailable(target, error),
            Self::Store(error) => error,
        }
    }
}

/// What kind of trouble an error of the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 1213: two transactions wait for each other, or a cluster has another winner. The
    /// transaction is rolled back.
    Deadlock,
    /// 1205: a row stayed locked for too long.
    LockWait,
    /// 1020: the row is not what the transaction's snapshot shows.
    Conflict,
    /// The connection is gone, and the session with it.
    Lost,
    /// 1062: a unique key has this value already.
    Duplicate,
    /// What is to be written is more than the server or a column takes.
    TooLarge,
    /// The server or the transaction takes no writes.
    ReadOnly,
    /// 1047, 1180: a node of a cluster that has no majority, or is not ready yet.
    NotReady,
    /// 1142, 1143: the user has not been granted what is asked.
    Denied,
    /// 1452, 1048, 3819, 4025: a constraint does not let a row in.
    Constraint,
    /// Anything else.
    Other,
}

/// Words of servers and driver, and what they tell. The driver keeps no error number.
const WORDS: [(&str, Trouble); 29] = [
    // Some of these come as errors of input and output, so they are first.
    ("packet too large", Trouble::TooLarge),
    ("max_allowed_packet", Trouble::TooLarge),
    ("Data too long", Trouble::TooLarge),
    // Words of clusters by Percona, and of Group Replication, for a transaction that lost.
    ("WSREP detected deadlock", Trouble::Deadlock),
    ("Plugin instructed the server to rollback", Trouble::Deadlock),
    // The schema was changed beside us: a new session prepares anew.
    ("needs to be re-prepared", Trouble::Lost),
    ("Deadlock found", Trouble::Deadlock),
    ("Lock wait timeout exceeded", Trouble::LockWait),
    ("could not be acquired immediately and NOWAIT is set", Trouble::LockWait),
    ("Record has changed since last read", Trouble::Conflict),
    ("WSREP has not yet prepared node", Trouble::NotReady),
    ("streaming replication fragment", Trouble::NotReady),
    ("Not connected to Primary Component", Trouble::NotReady),
    ("read-only option", Trouble::ReadOnly),
    ("read_only option", Trouble::ReadOnly),
    ("super-read-only", Trouble::ReadOnly),
    ("READ ONLY transaction", Trouble::ReadOnly),
    ("CONSTRAINT `", Trouble::Constraint),
    ("command denied to user", Trouble::Denied),
    ("Input/output error", Trouble::Lost),
    ("Connection to the server is closed", Trouble::Lost),
    ("Connection was killed", Trouble::Lost),
    ("closed by server", Trouble::Lost),
    ("Packet out of order", Trouble::Lost),
    ("can't parse", Trouble::Lost),
    ("gone away", Trouble::Lost),
    ("Lost connection", Trouble::Lost),
    ("shutdown in progress", Trouble::Lost),
    ("disconnected by the server", Trouble::Lost),
];

/// Whether no COMMIT is answered like this, so that it is a statement before it that was not done.
pub(crate) fn is_of_a_statement(error: &DriverError) -> bool {
    matches!(
        classify(error),
        Trouble::TooLarge | Trouble::Duplicate | Trouble::Constraint | Trouble::Denied
    )
}

/// What kind of trouble `error` is, by its words.
pub(crate) fn classify(error: &DriverError) -> Trouble {
    let DriverError::DatabaseError(kind, _) = error else { return Trouble::Other };
    // The few kinds that the driver tells apart; of all others it keeps the words alone.
    if let DatabaseErrorKind::UniqueViolation = kind {
        return Trouble::Duplicate;
    }
    if let DatabaseErrorKind::ForeignKeyViolation
    | DatabaseErrorKind::NotNullViolation
    | DatabaseErrorKind::CheckViolation = kind
    {
        return Trouble::Constraint;
    }
    if let DatabaseErrorKind::ReadOnlyTransaction = kind {
        return Trouble::ReadOnly;
    }
    if !matches!(kind, DatabaseErrorKind::Unknown) {
        return Trouble::Other;
    }
    let words = error.to_string();
    let known = WORDS.iter().find(|(known, _)| words.contains(known));
    known.map_or(Trouble::Other, |(_, trouble)| *trouble)
}

/// The error of a server that does not do what it is asked.
pub(crate) fn unavailable(target: &Target, error: DriverError) -> StoreError {
    let mend = match classify(&error) {
        Trouble::Deadlock | Trouble::LockWait | Trouble::Conflict => {
            let message =
                format!("{target}: others had its rows for too long; try again ({error})");
            return StoreError::Refused { message };
        }
        Trouble::TooLarge => {
            let message = format!("{target}: more than it takes in one piece ({error})");
            return StoreError::Refused { message };
        }
        Trouble::Lost => "the connection was lost; check server and network",
        Trouble::ReadOnly => "it takes no writes; connect to the primary",
        Trouble::NotReady => "this node of the cluster is not ready, or has no majority",
        Trouble::Denied => {
            "this user lacks a grant; `postonce doctor` names those that are missing"
        }
        Trouble::Duplicate | Trouble::Constraint | Trouble::Other => {
            "the server refused a statement"
        }
    };
    StoreError::Unavailable {
        message: format!("{target}: {mend} ({error})"),
        source: Some(Box::new(error)),
    }
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error(
        "the database URL cannot be used: {why}; \
         its form is mysql://USER:PASSWORD@HOST:3306/DATABASE"
    )]
    Url {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server cannot be reached, or lets us not in.
    #[error("{target}: {mend} ({source})")]
    Connect {
        /// Which server and database.
        target: String,
        /// What to do about it.
        mend: &'static str,
        /// What driver or server said.
        source: BoxError,
    },
    /// It does not answer.
    #[error(
        "{target}: no answer within {} s; check host, port and firewall", .limit.as_secs()
    )]
    Slow {
        /// Which server and database.
        target: String,
        /// For how long it was waited.
        limit: Duration,
    },
    /// The schema lacks something that this program needs.
    #[error("{target}: its schema lacks migration {missing}; run `postonce migrate`")]
    OlderSchema {
        /// Which server and database.
        target: String,
        /// The first one.
        missing: i64,
    },
    /// It was written by a newer program.
    #[error("{target}: its schema is {found} and this program knows {known}; use a newer program")]
    NewerSchema {
        /// Which server and database.
        target: String,
        /// The newest migration applied.
        found: i64,
        /// The newest migration known.
        known: i64,
    },
    /// Another process has been changing the schema all the time.
    #[error("{target}: another process has been migrating it for {} s; try again", .limit.as_secs())]
    Migrating {
        /// Which server and database.
        target: String,
        /// For how long it was waited.
        limit: Duration,
    },
    /// It opens, and does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Words of a refused connection, and the mend.
const MENDS: [(&str, &str); 9] = [
    (
        "invalid peer certificate",
        "its certificate is not trusted; check its name, and name its authority by ssl_ca",
    ),
    ("failed to lookup address", "there is no such host; check its name"),
    ("No such file or directory", "check the paths of ssl_ca and socket"),
    ("Access denied", "user and password are not accepted, or may not use this database"),
    ("Unknown database", "there is no such database; create it and grant it to this user"),
    ("Connection refused", "nothing listens there; check host and port, and whether it runs"),
    ("Too many connections", "the server has no connection left; raise max_connections"),
    (
        "Client asked for SSL",
        "the server offers no encryption; set it up there, or leave require_ssl out of the URL",
    ),
    (
        "TLS",
        "no encrypted connection can be made; check require_ssl, verify_ca and the certificate",
    ),
];

impl OpenError {
    pub(crate) fn connect(target: &Target, source: BoxError) -> Self {
        let words = source.to_string();
        let known = MENDS.iter().find(|(known, _)| words.contains(known));
        let mend = known.map_or("it cannot be connected to", |(_, mend)| mend);
        Self::Connect { target: target.to_string(), mend, source }
    }

    pub(crate) fn slow(target: &Target, limit: Duration) -> Self {
        Self::Slow { target: target.to_string(), limit }
    }

    pub(crate) fn driver(target: &Target, error: DriverError) -> Self {
        Self::Store(unavailable(target, error))
    }

    /// As the ports say it.
    pub(crate) fn into_store_error(self) -> StoreError {
        if let Self::Store(error) = self {
            return error;
        }
        StoreError::Unavailable { message: self.to_string(), source: Some(Box::new(self)) }
    }
}
