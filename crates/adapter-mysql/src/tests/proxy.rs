//! Something between client and server that cuts a connection at a chosen request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Options;
use crate::lock::tests::proxy::host;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The request does not reach the server.
    Request,
    /// The server does it, and its answer is lost.
    Answer,
}

#[derive(Default)]
struct Plan {
    /// How many requests pass before the cut; negative when none is planned.
    left: AtomicI64,
    answer: AtomicI64,
    /// Requests that came.
    seen: AtomicI64,
}

/// In front of the server of a test; what it does is the same for all its connections.
pub(crate) struct Proxy {
    options: Options,
    plan: Arc<Plan>,
    listening: tokio::task::AbortHandle,
}

impl Proxy {
    pub(crate) async fn before(options: &Options) -> Self {
        let url = options.url.expose_secret();
        let server = host(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let through = url.replace(&server, &address);
        let plan = Arc::new(Plan { left: AtomicI64::new(-1), ..Plan::default() });
        let planned = plan.clone();
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, server, planned.clone()));
            }
        });
        let options = Options { url: through.into(), lock: options.lock.clone() };
        Self { options, plan, listening: listening.abort_handle() }
    }

    /// The options that lead through it.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Cuts the connection of the request that comes after `passing` others, and no other.
    pub(crate) fn cut(&self, passing: i64, cut: Cut) {
        self.plan.answer.store(i64::from(cut == Cut::Answer), Ordering::SeqCst);
        self.plan.left.store(passing, Ordering::SeqCst);
    }

    /// How many requests came since this was asked last.
    pub(crate) fn requests(&self) -> i64 {
        self.plan.seen.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, plan: Arc<Plan>) {
    // Small packets must not wait for each other.
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let mut up = vec![0; 1 << 20];
    let mut down = vec![0; 1 << 20];
    loop {
        tokio::select! {
            biased;
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&down[..count]).await.is_err() { return }
            }
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                plan.seen.fetch_add(1, Ordering::SeqCst);
                let now = plan.left.fetch_sub(1, Ordering::SeqCst) == 0;
                if now && plan.answer.load(Ordering::SeqCst) == 0 { return }
                if server.write_all(&up[..count]).await.is_err() { return }
                if now {
                    // The server is at it when an answer begins; who looks then waits for the rest.
                    drop(server.read(&mut down).await);
                    return;
                }
            }
        }
    }
}
