//! One session with the server, and how each is set up.

use std::fmt;
use std::time::Duration;

use diesel_async::AsyncMysqlConnection;
use mysql_async::{Conn, Opts};

use crate::error::OpenError;
use crate::tls;

/// How long a connection may take to be made and set up.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// After how many milliseconds of silence the host asks whether the server is still there.
const KEEPALIVE_MS: u32 = 20_000;

/// What every session has, whatever the server's own settings are.
///
/// - The driver keeps no error numbers, so messages are read, and they must be English.
/// - READ COMMITTED: a statement sees what is committed when it begins, and locks no gaps.
/// - Who waits for a row for five seconds starts anew; the default is 50 s, longer than a claim
///   may take.
/// - So does who waits for a table that somebody changes or dumps; there the default is a day.
/// - Strict: what does not fit is refused, not cut.
/// - A client that is stopped in the middle of a transaction keeps its row locks no longer than a
///   minute, half of one where the server can tell. The default is eight hours.
/// - On a node of a cluster each statement sees what any node has committed before it.
const SETTINGS: &str = "SET \
    time_zone = '+00:00', \
    lc_messages = 'en_US', \
    innodb_lock_wait_timeout = 5, \
    lock_wait_timeout = 5, \
    wait_timeout = 60, \
    /*M! idle_transaction_timeout = 30, */ \
    /*M! wsrep_sync_wait = 3, */ \
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION'";
const ISOLATION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// Where a database is: a URL that was checked. Shows neither user nor password.
#[derive(Clone)]
pub(crate) struct Target {
    opts: Opts,
}

impl Target {
    /// Checks a `mysql://` URL. The error does not repeat it, since it may hold a password.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        if !url.starts_with("mysql://") {
            return Err(OpenError::Url { why: "it does not begin with mysql://" });
        }
        // The driver's words would quote a part of the URL, and that may be of the password.
        let (url, authority) = tls::take_authority(url);
        let opts = Opts::from_url(&url).map_err(|_| OpenError::Url {
            why: "the driver does not understand it; characters other than letters and digits in \
                  the password are written %40 and so on",
        })?;
        if opts.db_name().is_none_or(str::is_empty) {
            return Err(OpenError::Url { why: "it names no database" });
        }
        let opts = tls::trust(opts, authority)
            // Statements are kept by diesel's own cache.
            .stmt_cache_size(0)
            // An UPDATE answers how many rows its WHERE found.
            .client_found_rows(true)
            .tcp_keepalive(Some(KEEPALIVE_MS))
            .init(vec![SETTINGS.to_owned(), ISOLATION.to_owned()]);
        Ok(Self { opts: opts.into() })
    }

    /// Whether the server is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.opts.ip_or_hostname().trim_matches(['[', ']']);
        let address = host.parse::<std::net::IpAddr>();
        self.opts.socket().is_some()
            || host == "localhost"
            || address.is_ok_and(|address| address.is_loopback())
    }

    /// The database's name.
    pub(crate) fn database(&self) -> &str {
        self.opts.db_name().unwrap_or_default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.opts.socket() {
            Some(socket) => write!(f, "mysql:{socket}")?,
            None => write!(f, "mysql://{}:{}", self.opts.ip_or_hostname(), self.opts.tcp_port())?,
        }
        write!(f, "/{}", self.database())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// A new session with `target`, set up, with autocommit on.
pub(crate) async fn connect(target: &Target) -> Result<AsyncMysqlConnection, OpenError> {
    let failed = |source| OpenError::connect(target, source);
    let session = async {
        let conn = Conn::new(target.opts.clone()).await.map_err(|error| failed(error.into()))?;
        AsyncMysqlConnection::try_from(conn).await.map_err(|error| failed(error.into()))
    };
    let limit = tokio::time::timeout(CONNECT_LIMIT, session);
    limit.await.unwrap_or_else(|_| Err(OpenError::slow(target, CONNECT_LIMIT)))
}
