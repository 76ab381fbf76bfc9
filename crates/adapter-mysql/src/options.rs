//! What a store is opened with.

use std::time::Duration;

use secrecy::SecretString;

/// Where the database is, and how runs exclude each other there.
#[derive(Clone, Debug)]
pub struct Options {
    /// `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, with the driver's options, such as
    /// `?require_ssl=true`, and `ssl_ca=PATH`, a file of authorities that may sign the server's
    /// certificate, which asks for TLS.
    pub url: SecretString,
    /// The run lock.
    pub lock: LockOptions,
}

/// How runs exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// By what.
    pub kind: LockKind,
    /// The lock's name, byte for byte.
    pub name: String,
    /// After how long without a sign of life a holder counts as gone.
    pub timeout: Duration,
    /// Whether somebody vouches that all processes use one server of a cluster, so that a named
    /// lock excludes there too.
    pub single_writer: bool,
}

/// By what runs exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// A lock of the server, `GET_LOCK`, that dies with its session.
    Named,
    /// A row that its holder renews, by the server's clock.
    Lease,
}
