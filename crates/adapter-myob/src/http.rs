//! The two HTTP clients and the reading of answers.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::{LOCATION, RETRY_AFTER};
use postonce_domain::NotAfter;
use postonce_ports::clock::Clock;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url, retry};
use rustls::{ClientConfig, RootCertStore};

use crate::gate::{Gate, GatedBody, Passage};
use crate::options::SetupError;

/// The most bytes of an answer that are read: a page of 1,000 invoices fits.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long one read may take.
const READ_MAX: Duration = Duration::from_secs(60);

/// How long sent bytes may stay unacknowledged: what a dead process has left in its socket is not
/// delivered later.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);

/// An answer of the server, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Where the new record is.
    pub(crate) location: Option<String>,
    /// What MYOB calls the request, for its support.
    pub(crate) request_id: Option<String>,
    /// How long the server asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The whole body, or how it broke.
    pub(crate) body: Result<String, String>,
}

/// What became of a request that is sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// No connection was made, and nothing was handed over.
    NoConnection {
        /// What the client saw.
        why: String,
    },
    /// Its time had passed, and nothing was handed over.
    Expired,
    /// It may have arrived, and there is no answer.
    Lost {
        /// What the client saw.
        why: String,
    },
    /// There is an answer.
    Answered(Answer),
}

/// One client for what must happen at most once, one for what may be asked again.
#[derive(Debug)]
pub(crate) struct Clients {
    /// Keeps no connections: a request on a connection that has died would look like a lost one.
    pub(crate) poster: Client,
    /// Reads and asks for tokens.
    pub(crate) reader: Client,
}

impl Clients {
    /// Neither client follows redirects or sends anything twice by itself; both speak HTTP/1.1.
    pub(crate) fn new(base: &Url, post_timeout: Duration) -> Result<Self, SetupError> {
        let poster = builder(base)?.pool_max_idle_per_host(0).timeout(post_timeout);
        #[cfg(target_os = "linux")]
        let poster = poster.tcp_user_timeout(UNACKNOWLEDGED_MAX);
        let reader = builder(base)?.timeout(post_timeout.min(READ_MAX));
        Ok(Self { poster: build(poster)?, reader: build(reader)? })
    }
}

fn build(builder: ClientBuilder) -> Result<Client, SetupError> {
    builder.build().map_err(|error| SetupError::Client(error.into()))
}

fn builder(base: &Url) -> Result<ClientBuilder, SetupError> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .http1_only()
        .redirect(Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(CONNECT_MAX)
        .user_agent(concat!("PostOnce/", env!("CARGO_PKG_VERSION")));
    // The environment's proxy settings are read even so; a proxy cannot reach our loopback.
    Ok(if is_loopback(base) { builder.no_proxy() } else { builder })
}

fn tls() -> Result<ClientConfig, SetupError> {
    // Named, since the process may have linked more than one provider and installed none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.into()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Whether the address is this host's own.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Sends `payload` with `request`, once, if its time has not passed when the connection stands.
pub(crate) async fn send_once(
    request: RequestBuilder,
    payload: String,
    not_after: NotAfter,
    clock: &Arc<dyn Clock>,
) -> Sent {
    let gate = Arc::new(Gate::default());
    let body = GatedBody::new(payload, Arc::clone(&gate), not_after, Arc::clone(clock));
    let error = match request.body(reqwest::Body::wrap(body)).send().await {
        Ok(response) => return Sent::Answered(read(response).await),
        Err(error) => error,
    };
    // The client may still hold the body in a task of its own: only a closed gate is proof.
    let passage = gate.close();
    let late = not_after.has_passed(clock.boot(), clock.wall());
    match passage {
        Passage::Refused => Sent::Expired,
        Passage::Unused if error.is_connect() => Sent::NoConnection { why: describe(&error) },
        Passage::Unused if late => Sent::Expired,
        Passage::Unused | Passage::Passed => Sent::Lost { why: describe(&error) },
    }
}

/// Reads an answer to its end.
pub(crate) async fn read(response: Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        location: header(response.headers(), LOCATION.as_str()),
        request_id: header(response.headers(), "x-myobapi-requestid"),
        // The form with a date is for caches; a wait that cannot be read is none.
        retry_after: header(response.headers(), RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        body: read_body(response).await,
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn read_body(mut response: Response) -> Result<String, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_BYTES_MAX => {
                return Err(format!("it has more than {BODY_BYTES_MAX} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(describe(&error)),
        }
    }
    String::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())
}

/// An error with its causes, without the address.
pub(crate) fn describe(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        let separator = if text.is_empty() { "" } else { ": " };
        write!(text, "{separator}{error}").expect("writing to a string cannot fail");
        cause = error.source();
    }
    if text.is_empty() { "the request failed".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
