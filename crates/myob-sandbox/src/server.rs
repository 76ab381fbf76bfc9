//! The sockets: one task per connection, plain HTTP/1.1.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::app::App;
use crate::control::Peer;
use crate::events::Event;
use crate::gate::Bucket;
use crate::log::LoadError;
use crate::misbehave::Disconnect;
use crate::routes::routes;
use crate::store::Store;
use crate::switches::Changes;

/// How a sandbox is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The folder that keeps the state; made if it is not there. One sandbox at a time has it.
    pub state: PathBuf,
    /// Requests per second and API key; 0 = no limit. MYOB allows 8.
    pub rate_per_second: u32,
    /// How long every request takes at least, half of it before its effect, half after.
    pub latency: Duration,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("the address {listen} is taken by another program")]
    AddressTaken {
        /// Where.
        listen: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The state folder, or a file in it, cannot be made, read or written.
    #[error("the state {path} cannot be used: {source}", path = path.display())]
    State {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another sandbox has the state folder.
    #[error("the state folder {path} is in use by another sandbox", path = path.display())]
    StateInUse {
        /// Which.
        path: PathBuf,
    },
    /// The switches cannot be written to the state.
    #[error("the switches cannot be set: {why}")]
    Switches {
        /// Why.
        why: String,
    },
    /// A line of the state is damaged.
    #[error("{path}:{line}: the state is damaged: {why}", path = path.display())]
    StateCorrupt {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// Why a sandbox stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listening socket broke.
    #[error("cannot accept connections: {0}")]
    Accept(#[source] io::Error),
}

/// A sandbox that listens, with its state loaded.
#[derive(Debug)]
pub struct Sandbox {
    listener: TcpListener,
    app: Arc<App>,
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Folder { path, source } => Self::State { path, source },
            LoadError::InUse { path } => Self::StateInUse { path },
            LoadError::Corrupt { path, line, why } => Self::StateCorrupt { path, line, why },
        }
    }
}

impl Sandbox {
    /// Takes the state folder and the address. Connections wait until [`serve`](Self::serve).
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        let Options { listen, state, rate_per_second, latency } = options;
        let store = Store::open(&state)?;
        let failed = |source: io::Error| {
            if source.kind() == io::ErrorKind::AddrInUse {
                StartError::AddressTaken { listen }
            } else {
                StartError::Listen { listen, source }
            }
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let app = App::new(store, Bucket::new(rate_per_second), latency, url);
        Ok(Self { listener, app: Arc::new(app) })
    }

    /// Sets switches, as `PUT /sandbox/switches` does.
    pub fn switch(&self, changes: Changes) -> Result<(), StartError> {
        let set = self.app.session().commit(Event::SwitchesSet(changes));
        set.map_err(|error| StartError::Switches { why: error.message })
    }

    /// Where it listens, such as `http://127.0.0.1:8080`; paths are put behind it.
    pub fn url(&self) -> String {
        self.app.url.clone()
    }

    /// Answers until `stop` resolves, then ends at once: open connections are cut, nothing takes
    /// effect any more, and the state folder is free. Dropping the future does the same.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { listener, app } = self;
        let router = routes(Arc::clone(&app));
        let _stops = StopOnDrop(app);
        accept(&listener, router, stop).await
    }
}

/// Ends all effects when the server is gone, however it went.
#[derive(Debug)]
struct StopOnDrop(Arc<App>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Runs the connections, which end with the set when this returns.
async fn accept(
    listener: &TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer.ip(), router.clone()));
                }
                // The client is gone already, or files are short until a connection ends.
                Err(error) if is_passing(&error) => tokio::task::yield_now().await,
                Err(error) => return Err(ServeError::Accept(error)),
            },
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    // EMFILE and ENFILE have no kind of their own.
    matches!(error.raw_os_error(), Some(23 | 24))
        || matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::Interrupted
        )
}

async fn connection(stream: TcpStream, peer: IpAddr, router: Router) {
    // Without it only the pace of answers suffers.
    drop(stream.set_nodelay(true));
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        Box::pin(answer(router.clone(), request))
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    // How a connection ends is its client's affair, unless a fault says so.
    let error = ended.err();
    let asked = error.as_ref().and_then(|error| error.source()?.downcast_ref::<Disconnect>());
    if asked == Some(&Disconnect::Reset) {
        // Closing without lingering resets.
        drop(stream.set_zero_linger());
    }
}

/// The service of a connection: its error closes the connection without an answer.
async fn answer(
    router: TowerToHyperService<Router>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Disconnect> {
    if let Some(uri) = without_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    let response = router.call(request).await.unwrap_or_else(|never: Infallible| match never {});
    match response.extensions().get::<Disconnect>() {
        Some(how) => Err(*how),
        None => Ok(response),
    }
}

/// The address without the slashes at the end of its path, if it has any: some clients send one.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().trim_end_matches('/');
    if path.is_empty() || path.len() == uri.path().len() {
        return None;
    }
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    text.parse().ok()
}
