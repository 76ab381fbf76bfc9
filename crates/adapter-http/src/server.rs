//! Connections: taken up to a bound, with TLS if that is configured, and let end.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use futures::future::{Either, select};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::app::App;
use crate::guard::Peer;
use crate::router::router;

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 1_024;

/// How long a client may take for the head of a request, and for its part of the handshake.
const HEAD_WITHIN: Duration = Duration::from_secs(20);

/// How long nothing is accepted after the host could not.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// A certificate and its key, as files in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate, and those that it stands on.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Why nobody listens.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be had.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// Which.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be read, or holds something else.
    #[error("{path} is no {what} in PEM: {why}", path = path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Certificate and key do not go together.
    #[error("certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// An address that is listened on.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

/// Takes the address. Connections wait until [`Listening::serve`].
pub async fn listen(listen: SocketAddr, tls: Option<&Tls>) -> Result<Listening, ListenError> {
    let failed = |source| ListenError::Listen { listen, source };
    let tls = tls.map(config).transpose()?.map(Arc::new);
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listening { listener, address, tls })
}

fn config(tls: &Tls) -> Result<ServerConfig, ListenError> {
    let bad = |path: &Path, what, why: &dyn std::fmt::Display| ListenError::Pem {
        path: path.to_owned(),
        what,
        why: why.to_string(),
    };
    let of_certificate = |why: &dyn std::fmt::Display| bad(&tls.certificate, "certificate", why);
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of_certificate(&error))?;
    if chain.is_empty() {
        return Err(of_certificate(&"there is none in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| bad(&tls.key, "private key", &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Listening {
    /// Where it listens, such as `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers until the program is asked to end, then takes no more connections, and returns when
    /// what was asked is answered.
    pub async fn serve(self, app: App) {
        let Self { listener, tls, .. } = self;
        let router = router(app.clone());
        let tls = tls.map(TlsAcceptor::from);
        let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let ending = GracefulShutdown::new();
        loop {
            let Ok(place) = open.clone().acquire_owned().await else { break };
            let stopped = std::pin::pin!(app.stopping().cancelled());
            let accepted = match select(std::pin::pin!(listener.accept()), stopped).await {
                Either::Left((accepted, _)) => accepted,
                Either::Right(_) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    app.parts.clock.sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let (router, tls) = (router.clone().layer(Extension(Peer(peer))), tls.clone());
            let (watcher, app) = (ending.watcher(), app.clone());
            tokio::spawn(async move {
                connection(&app, stream, tls, (router, watcher)).await;
                drop(place);
            });
        }
        drop(listener);
        ending.shutdown().await;
    }
}

async fn connection(
    app: &App,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    served: (Router, Watcher),
) {
    // Small answers are not to wait for each other.
    drop(stream.set_nodelay(true));
    let Some(tls) = tls else { return talk(stream, served).await };
    let handshake = tls.accept(stream);
    let in_time = std::pin::pin!(app.parts.clock.sleep(HEAD_WITHIN));
    if let Either::Left((Ok(stream), _)) = select(handshake, in_time).await {
        talk(stream, served).await;
    }
}

async fn talk<S>(stream: S, (router, watcher): (Router, Watcher))
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A client that goes away is no trouble of ours.
    drop(watcher.watch(connection).await);
}
