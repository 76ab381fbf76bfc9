//! How pages and API are served.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::check::Values;
use super::url;

/// How pages and API are served.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where they are listened for.
    pub listen: SocketAddr,
    /// What stands before every path; may be empty.
    pub base_path: String,
    /// Scheme, host and port as browsers see them, if they are told.
    pub public_origin: Option<String>,
    /// Whether a proxy takes the connections, and speaks TLS with browsers.
    pub behind_proxy: bool,
    /// Whose word on a client's address is taken; nobody's without a proxy.
    pub trusted_proxies: Vec<IpAddr>,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The most bytes of a body.
    pub body_max: usize,
    /// How long an answer may take.
    pub answer_within: Duration,
    /// How long runs may take to end when the process is asked to.
    pub stop_within: Duration,
}

/// How the log is written.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// One JSON object per line, instead of text.
    pub json: bool,
    /// From which gravity on.
    pub level: LogLevel,
}

/// How grave a line of the log is at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// And what is odd.
    Warn,
    /// And each request and run.
    Info,
}

/// What a run needs beyond the longest answer, to write down what became of it.
const TO_SETTLE: Duration = Duration::from_secs(30);

impl HttpConfig {
    /// Whether browsers reach us by HTTPS only.
    pub fn is_secure(&self) -> bool {
        let told = self.public_origin.as_deref();
        self.tls.is_some() || told.is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Why nothing may be served there; passwords and tokens would go over the network in clear
    /// text.
    pub fn refusal(&self, listen: SocketAddr) -> Option<&'static str> {
        let is_safe = listen.ip().is_loopback() || self.tls.is_some() || self.behind_proxy;
        (!is_safe).then_some(
            "would send passwords in clear text over the network; set http.tls_cert and \
             http.tls_key, or let a proxy speak TLS and set http.behind_proxy = true, or listen on \
             127.0.0.1",
        )
    }
}

pub(super) fn log(values: &Values) -> LogConfig {
    let level = match values.text("log.level") {
        Some("error") => LogLevel::Error,
        Some("warn") => LogLevel::Warn,
        Some(_) | None => LogLevel::Info,
    };
    LogConfig { json: values.is("log.format", "json"), level }
}

pub(super) fn http(values: &Values, problems: &mut Vec<String>) -> Option<HttpConfig> {
    let file = |key| values.text(key).map(PathBuf::from);
    let tls = match (file("http.tls_cert"), file("http.tls_key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            let why = "is a certificate without its key; set http.tls_key beside it";
            problems.push(values.problem("http.tls_cert", why));
            None
        }
        (None, Some(_)) => {
            let why = "is a key without its certificate; set http.tls_cert beside it";
            problems.push(values.problem("http.tls_key", why));
            None
        }
    };
    let behind_proxy = values.is_on("http.behind_proxy");
    let public = values.text("http.public_url").and_then(|text| url::parse(text).ok());
    if behind_proxy && public.is_none() {
        let why = "needs http.public_url, such as https://books.example.com: by what browsers see, \
                   their cookies are kept to HTTPS";
        problems.push(values.problem("http.behind_proxy", why));
    }
    let proxies = values.text("http.trusted_proxies").filter(|_| behind_proxy).unwrap_or_default();
    let proxies = proxies.split(',').filter_map(|part| part.trim().parse().ok());
    let post_timeout = Duration::from_secs(values.whole("ledger.post_timeout_seconds"));
    let stop_within = values.whole_if_set("http.stop_within_seconds").map(Duration::from_secs);
    let config = HttpConfig {
        listen: values.text("http.listen")?.parse().ok()?,
        base_path: values.text("http.base_path").unwrap_or_default().to_owned(),
        public_origin: public.map(|url| url.origin.to_owned()),
        behind_proxy,
        trusted_proxies: proxies.collect(),
        tls,
        body_max: usize::try_from(values.whole("http.body_max_bytes")).ok()?,
        answer_within: Duration::from_secs(values.whole("http.answer_within_seconds")),
        stop_within: stop_within.unwrap_or(post_timeout + TO_SETTLE),
    };
    if let Some(why) = config.refusal(config.listen) {
        problems.push(values.problem("http.listen", why));
    }
    Some(config)
}
