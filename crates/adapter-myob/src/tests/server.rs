//! A server over raw sockets: every connection carries one request and one scripted answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it arrived, whole or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, with blanks and quotes unescaped.
    pub(crate) target: String,
    /// The head in lower case.
    pub(crate) head: String,
    /// As much of the body as arrived.
    pub(crate) body: String,
}

/// What to do to a request.
pub(crate) enum Reply {
    /// Send these bytes, then close.
    Bytes(Vec<u8>),
    /// Close without a byte.
    Close,
    /// Say nothing for as long as the server lives.
    Hang,
}

/// A server that lives as long as the process.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers by `script`, which gets the request.
    pub(crate) fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (script, kept) = (Arc::new(script), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                std::thread::spawn(move || converse(stream.unwrap(), &*script, &kept));
            }
        });
        Self { url, seen }
    }

    /// The requests so far; one for every connection that has ended or got its answer.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests had this method and a target with this in it.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        let of = |seen: &&Seen| seen.method == method && seen.target.contains(part);
        self.seen().iter().filter(of).count()
    }
}

fn converse(mut stream: TcpStream, script: &dyn Fn(&Seen) -> Reply, kept: &Mutex<Vec<Seen>>) {
    let (request, whole) = read_request(&mut stream);
    kept.lock().unwrap().push(request.clone());
    if !whole {
        return;
    }
    match script(&request) {
        // The client may be gone already, which is its affair.
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Reply::Close => {}
        Reply::Hang => loop {
            std::thread::park();
        },
    }
}

fn read_request(stream: &mut TcpStream) -> (Seen, bool) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // The first byte of TLS: not spoken here.
        if bytes.first() == Some(&22) {
            return (Seen::default(), false);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            let whole = body.len() >= length;
            if whole {
                return (seen(head, body), true);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => {
                let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
                return (seen(head, body), false);
            }
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn seen(head: &str, body: &str) -> Seen {
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let target = target.replace("%20", " ").replace("%27", "'");
    Seen { method, target, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// An answer with further header lines, each ending in `\r\n`.
pub(crate) fn answer_with(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(
        format!(
            "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes(),
    )
}

/// An answer.
pub(crate) fn answer(status: u16, body: &str) -> Reply {
    answer_with(status, "", body)
}

/// A page with these items.
pub(crate) fn page(items: &str) -> Reply {
    answer(200, &format!("{{\"Items\":[{items}],\"NextPageLink\":null,\"Count\":1}}"))
}
