//! A server on this machine for the one request that a browser comes back with.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use postonce_adapter_myob::{ConsentState, RedirectError, Redirected, parse_redirect};
use postonce_ports::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::config::Listening;
use crate::exit::{Exit, Failure};
use crate::output::talk;

/// The most bytes of a request's first line.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// The most bytes that are read after it: cookies of other pages on this host among them.
const REST_BYTES_MAX: usize = 1024 * 1024;

/// How long a browser may take to ask, and again to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nobody is let in after that has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Where we listen.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    host: String,
    port: u16,
    path: String,
}

impl Listener {
    /// Listens on both loopback addresses, since a browser may take either for `localhost`.
    pub(super) async fn bind(at: &Listening) -> Result<Self, Failure> {
        let Listening { host, port, path } = at;
        let (four, six) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        let mut sockets = Vec::new();
        let mut port = *port;
        for (address, must) in [(four, host != "::1"), (six, host == "::1")] {
            let is_meant = must || host.eq_ignore_ascii_case("localhost");
            if !is_meant {
                continue;
            }
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(socket) => {
                    port = socket.local_addr().map_or(port, |address| address.port());
                    sockets.push(socket);
                }
                // A machine without IPv6 has no browser that uses it.
                Err(error) if !must && error.kind() != ErrorKind::AddrInUse => {}
                Err(error) => return Err(taken(port, &error)),
            }
        }
        Ok(Self { sockets, host: host.clone(), port, path: path.clone() })
    }

    /// The address that the browser is to be sent back to: the configured one to the letter, unless
    /// the port is another.
    pub(super) fn redirect(&self, configured: &str, is_port_given: bool) -> String {
        let Self { host, port, path, .. } = self;
        if !is_port_given {
            return configured.to_owned();
        }
        let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!("http://{shown}:{port}{path}")
    }

    /// The answer to our question, whenever it comes. What is no answer to it is told off, and
    /// waited on.
    pub(super) async fn answer(
        self,
        state: &ConsentState,
        clock: &Arc<dyn Clock>,
    ) -> Result<Redirected, RedirectError> {
        let (found, mut answers) = mpsc::channel(1);
        // A browser asks for the root where the address has no path.
        let path = if self.path.is_empty() { "/".to_owned() } else { self.path };
        let asked = Arc::new((path, state.clone()));
        for socket in self.sockets {
            let (found, asked, clock) = (found.clone(), Arc::clone(&asked), Arc::clone(clock));
            tokio::spawn(async move {
                while !found.is_closed() {
                    let Ok((stream, _)) = socket.accept().await else {
                        // A connection that broke, or too many open files: neither lasts.
                        clock.sleep(PAUSE).await;
                        continue;
                    };
                    let (found, asked) = (found.clone(), Arc::clone(&asked));
                    tokio::spawn(serve(stream, asked, found));
                }
            });
        }
        drop(found);
        answers.recv().await.unwrap_or(Err(RedirectError::NoCode))
    }
}

fn taken(port: u16, error: &std::io::Error) -> Failure {
    let why = if error.kind() == ErrorKind::AddrInUse {
        "something else listens there, perhaps another `postonce connect`; end that".to_owned()
    } else {
        error.to_string()
    };
    let mend = "or take another port by `--port` that is registered for the API key";
    let message = format!("cannot listen on port {port} of this machine: {why}, {mend}");
    Failure::new(Exit::BadConfiguration, message)
}

async fn serve(
    mut stream: TcpStream,
    asked: Arc<(String, ConsentState)>,
    found: mpsc::Sender<Result<Redirected, RedirectError>>,
) {
    let line = timeout(PATIENCE, read_line(&mut stream)).await;
    let Ok(Some(line)) = line else { return };
    let (path, state) = &*asked;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if target.split('?').next() != Some(path.as_str()) {
        return say(&mut stream, "404 Not Found", "There is nothing here.").await;
    }
    if method != "GET" {
        return say(&mut stream, "405 Method Not Allowed", "There is nothing here.").await;
    }
    let answer = parse_redirect(target, state);
    match &answer {
        Ok(_) => {
            let text = "PostOnce has the answer. What came of it stands in the terminal; this page \
                        can be closed.";
            say(&mut stream, "200 OK", text).await;
        }
        Err(RedirectError::OtherState | RedirectError::NotAnAddress) => {
            talk("A browser came with the answer to another question; it was not used.");
            let text = "This is not the answer to what PostOnce asked. Open the address that the \
                        terminal shows.";
            return say(&mut stream, "400 Bad Request", text).await;
        }
        Err(RedirectError::Refused { .. } | RedirectError::NoCode) => {
            let text = "MYOB did not let PostOnce in. Why stands in the terminal; this page can be \
                        closed.";
            say(&mut stream, "200 OK", text).await;
        }
    }
    // Whoever comes second is too late.
    drop(found.try_send(answer));
}

/// The request's first line; `None` if none comes. The rest is read and not looked at: a browser
/// may not see the answer to a request that was not read.
async fn read_line(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = head.windows(2).position(|two| two == b"\r\n") {
            break end;
        }
        if head.len() > LINE_BYTES_MAX {
            say(stream, "431 Request Header Fields Too Large", "This is too long.").await;
            return None;
        }
        read_more(stream, &mut head).await?;
    };
    let line = String::from_utf8(head.get(..end)?.to_vec()).ok()?;
    let rest = async {
        let mut seen = 0;
        while !head.windows(4).any(|four| four == b"\r\n\r\n") && seen < REST_BYTES_MAX {
            // Of what was looked at, an end may go on in what follows.
            head.drain(..head.len().saturating_sub(3));
            seen += read_more(stream, &mut head).await?;
        }
        Some(())
    };
    // Whoever does not end its request has asked all the same.
    drop(timeout(PATIENCE / 2, rest).await);
    Some(line)
}

/// How many bytes came; `None` if no more do.
async fn read_more(stream: &mut TcpStream, into: &mut Vec<u8>) -> Option<usize> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
    into.extend_from_slice(chunk.get(..read)?);
    Some(read)
}

/// A page of our own words alone: nothing of the request is repeated.
async fn say(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>PostOnce</title>\
         <body style=\"font-family: sans-serif; margin: 4em\"><p>{text}</p></body></html>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        page.len()
    );
    // A browser that does not wait for it has come all the same.
    let answer = head + &page;
    let given = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    drop(timeout(PATIENCE, given).await);
}

#[cfg(test)]
mod tests;
