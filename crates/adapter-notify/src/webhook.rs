//! A POST to somebody's program, signed.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::clock::Clock;
use postonce_ports::notice::{Message, Messenger, Undelivered};
use reqwest::redirect::Policy;
use reqwest::{Client, Url, retry};
use rustls::{ClientConfig, RootCertStore};

use crate::body::body;
use crate::signature::SigningKey;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long the whole of it may take.
const CALL_MAX: Duration = Duration::from_secs(20);

/// Why there is no webhook.
#[derive(Debug, thiserror::Error)]
pub enum BadWebhook {
    /// The address cannot be read.
    #[error("is no http or https address")]
    Url,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// Posts each message to one address. It follows no redirect, and tries once.
pub struct Webhook {
    client: Client,
    url: Url,
    key: SigningKey,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Webhook {
    /// A webhook to `url`.
    pub fn new(url: &str, key: SigningKey, clock: Arc<dyn Clock>) -> Result<Self, BadWebhook> {
        let url = Url::parse(url).ok();
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let url = url.filter(is_web).ok_or(BadWebhook::Url)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .http1_only()
            .redirect(Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .timeout(CALL_MAX)
            .user_agent(concat!("PostOnce/", env!("CARGO_PKG_VERSION")));
        // A proxy cannot reach our loopback.
        let client = if is_loopback(&url) { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| BadWebhook::Client(words(&error)))?;
        Ok(Self { client, url, key, clock })
    }
}

fn tls() -> Result<ClientConfig, BadWebhook> {
    // Named, since the process may have linked more than one provider and installed none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BadWebhook::Client(words(&error)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// An error's causes. The first of them may hold the address, and that a secret.
fn words(error: &dyn Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if causes.is_empty() { "the request failed".to_owned() } else { causes.join(": ") }
}

#[async_trait]
impl Messenger for Webhook {
    fn way(&self) -> String {
        "webhook".to_owned()
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let (body, second) = (body(message), self.clock.wall().as_second());
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", second.to_string())
            .header("webhook-signature", self.key.sign(&message.id, second, &body))
            .body(body);
        let answer = request.send().await.map_err(|error| {
            let late = if error.is_timeout() { "timed out: " } else { "" };
            Undelivered(format!("{late}{}", words(&error)))
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let more = if status.is_redirection() { ", and redirects are not followed" } else { "" };
        Err(Undelivered(format!("the receiver answered {}{more}", status.as_u16())))
    }
}
