//! A program between PostOnce and the sandbox, that plays a trick on the first POST of an invoice.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context as _, Result};

/// What it does.
#[derive(Clone, Copy)]
pub(super) enum Trick {
    /// It hands on all there is.
    Nothing,
    /// The first POST gets this answer.
    Answer(&'static str),
    /// So does the first POST, and from then on every request for the company file itself.
    ShutOut(&'static str),
    /// The first POST gets no answer.
    Silence,
    /// Nobody listens any more when the POST comes.
    Refused,
    /// It is asked for by a name that nobody has.
    NoName,
    /// It is asked for by `https`.
    NoTls,
}

/// The running program; it ends with the test's process.
pub(super) struct Between {
    address: SocketAddr,
    sandbox: String,
    trick: Trick,
    before_the_post: Arc<AtomicUsize>,
}

/// What each connection knows.
struct Script {
    sandbox: String,
    trick: Trick,
    /// Whether the trick was played.
    played: AtomicBool,
}

impl Between {
    /// Starts it. After the request number `last_request` nobody listens any more.
    pub(super) fn start(sandbox: &str, trick: &Trick, last_request: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let sandbox = sandbox.strip_prefix("http://").context("the sandbox speaks http")?;
        let played = AtomicBool::new(false);
        let script = Arc::new(Script { sandbox: sandbox.to_owned(), trick: *trick, played });
        let before_the_post = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&before_the_post);
        std::thread::spawn(move || {
            let mut listener = Some(listener);
            let mut requests = 0;
            while let Some(open) = &listener {
                let Ok((stream, _)) = open.accept() else { return };
                requests += 1;
                if requests == last_request {
                    // Whoever comes after this one finds nobody.
                    listener = None;
                }
                let (script, counted) = (Arc::clone(&script), Arc::clone(&counted));
                std::thread::spawn(move || {
                    // A client that goes away is what some tricks are about.
                    drop(script.answer(stream, requests, &counted));
                });
            }
        });
        Ok(Self { address, sandbox: sandbox.to_owned(), trick: *trick, before_the_post })
    }

    /// Where PostOnce is to find it.
    pub(super) fn url(&self) -> String {
        match self.trick {
            Trick::NoName => "https://ledger.invalid".to_owned(),
            Trick::NoTls => format!("https://{}", self.sandbox),
            Trick::Nothing
            | Trick::Answer(_)
            | Trick::ShutOut(_)
            | Trick::Silence
            | Trick::Refused => format!("http://{}", self.address),
        }
    }

    /// How many requests came before the first POST of an invoice.
    pub(super) fn before_the_post(&self) -> usize {
        self.before_the_post.load(Ordering::SeqCst)
    }
}

impl Script {
    fn answer(&self, mut stream: TcpStream, request: usize, counted: &AtomicUsize) -> Result<()> {
        let (head, body) = read_request(&mut stream)?;
        let first_line = head.lines().next().unwrap_or_default();
        let is_post = first_line.starts_with("POST ") && first_line.contains("/Sale/Invoice/");
        if is_post && !self.played.swap(true, Ordering::SeqCst) {
            counted.store(request - 1, Ordering::SeqCst);
            if let Trick::Answer(raw) | Trick::ShutOut(raw) = self.trick {
                return Ok(stream.write_all(raw.as_bytes())?);
            }
            if let Trick::Silence = self.trick {
                // Until the client has had enough.
                stream.read_to_end(&mut Vec::new())?;
                return Ok(());
            }
        }
        let is_file = first_line.split(' ').nth(1).is_some_and(|path| path.ends_with("/books"));
        if let Trick::ShutOut(raw) = self.trick
            && is_file
        {
            return Ok(stream.write_all(raw.as_bytes())?);
        }
        let mut onward = TcpStream::connect(&self.sandbox)?;
        let lines = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
        let head: String = lines.flat_map(|line| [line, "\r\n"]).collect();
        onward.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
        onward.write_all(&body)?;
        std::io::copy(&mut onward, &mut stream)?;
        Ok(())
    }
}

/// The head of a request without its empty line, and the body.
fn read_request(stream: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head)?.trim_end().to_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}
