//! Something between client and server that can fail.

use std::net::SocketAddr;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::Options;

/// What a proxy does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    /// Passes everything on.
    Passing,
    /// Passes nothing on any more; all connections stay open.
    Frozen,
    /// Passes on what holds these words, once, and closes both sides instead of bringing the
    /// answer.
    Losing(&'static str),
    /// Passes on what holds these words, and brings the answer but for its end, and then nothing.
    Breaking(String),
    /// Passes on what holds these words, and then passes nothing on that connection any more.
    Freezing(&'static str),
}

/// How long the last packet of an answer is.
const END: usize = 9;

/// Listens on a port of its own, until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    lost: mpsc::UnboundedReceiver<()>,
    listening: tokio::task::AbortHandle,
}

impl Proxy {
    /// In front of these servers, `host:port`: each connection goes to the next one.
    pub(crate) async fn start(servers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, modes) = watch::channel(Mode::Passing);
        let healing = mode.clone();
        let (losing, lost) = mpsc::unbounded_channel();
        let listening = tokio::spawn(async move {
            let mut servers = servers.iter().cycle();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(servers.next().unwrap()).await.unwrap();
                let modes = (modes.clone(), healing.clone());
                tokio::spawn(carry(client, server, modes, losing.clone()));
            }
        });
        Self { address, mode, lost, listening: listening.abort_handle() }
    }

    /// In front of the server of `options`.
    pub(crate) async fn before(options: &Options) -> Self {
        Self::start(vec![host(options.url.expose_secret())]).await
    }

    /// The options that lead through it.
    pub(crate) fn lead(&self, options: &Options) -> Options {
        let url = options.url.expose_secret();
        let url = url.replace(&host(url), &self.address.to_string());
        Options { url: url.into(), lock: options.lock.clone() }
    }

    /// From now on nothing passes in either direction, and nobody is told.
    pub(crate) fn freeze(&self) {
        self.mode.send(Mode::Frozen).unwrap();
    }

    /// The answer to the next statement with these words is lost with its connection.
    pub(crate) fn lose_answer_to(&self, words: &'static str) {
        self.mode.send(Mode::Losing(words)).unwrap();
    }

    /// The answer to the next statement with these words breaks off, and nothing comes any more.
    pub(crate) fn break_answer_to(&self, words: &str) {
        self.mode.send(Mode::Breaking(words.to_owned())).unwrap();
    }

    /// The connection with the next statement with these words is frozen after it.
    pub(crate) fn freeze_after(&self, words: &'static str) {
        self.mode.send(Mode::Freezing(words)).unwrap();
    }

    /// Waits until an answer was lost, or broke off.
    pub(crate) async fn lost(&mut self) {
        self.lost.recv().await.unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Host and port of a URL.
pub(crate) fn host(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    let authority = rest.split('/').next().unwrap();
    authority.rsplit('@').next().unwrap().to_owned()
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    (mut modes, mode): (watch::Receiver<Mode>, watch::Sender<Mode>),
    losing: mpsc::UnboundedSender<()>,
) {
    let mut up = vec![0; 65_536];
    let mut down = vec![0; 65_536];
    let (mut breaks, mut is_mute) = (false, false);
    loop {
        let now = modes.borrow_and_update().clone();
        tokio::select! {
            biased;
            changed = modes.changed() => if changed.is_err() { return },
            read = client.read(&mut up), if now != Mode::Frozen => {
                let Ok(count @ 1..) = read else { return };
                if server.write_all(&up[..count]).await.is_err() { return }
                if let Mode::Breaking(words) = &now && holds(&up[..count], words) {
                    breaks = true;
                }
                if let Mode::Freezing(words) = now && holds(&up[..count], words) {
                    mode.send_replace(Mode::Passing);
                    losing.send(()).unwrap();
                    return std::future::pending().await;
                }
                if let Mode::Losing(words) = now && holds(&up[..count], words) {
                    // The server has worked on it when its answer is there.
                    drop(server.read(&mut down).await);
                    mode.send_replace(Mode::Passing);
                    losing.send(()).unwrap();
                    return;
                }
            }
            read = server.read(&mut down), if now != Mode::Frozen => {
                let Ok(count @ 1..) = read else { return };
                if is_mute {
                    continue;
                }
                let count = if breaks { count - END } else { count };
                if client.write_all(&down[..count]).await.is_err() { return }
                if breaks {
                    is_mute = true;
                    mode.send_replace(Mode::Passing);
                    losing.send(()).unwrap();
                }
            }
        }
    }
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
