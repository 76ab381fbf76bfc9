//! What is between the processes and the ledger: requests that send an invoice stay there until it
//! is decided what becomes of them; everything else goes straight through.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Sender;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::child::News;

/// The way to a ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Air {
    address: SocketAddr,
    ledger: SocketAddr,
}

/// A request that sends an invoice, in the air.
#[derive(Debug)]
pub(super) struct Flying {
    /// Until its sender gives up or is answered.
    sender: Option<TcpStream>,
    request: Vec<u8>,
    pub(super) company_file: String,
    pub(super) number: String,
    has_landed: bool,
}

impl Air {
    /// Begins to listen; it ends with this process.
    pub(super) fn start(ledger: SocketAddr, news: Sender<News>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let air = Self { address: listener.local_addr()?, ledger };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let news = news.clone();
                // A client that goes away in the middle is one that was killed.
                std::thread::spawn(move || drop(air.serve(client, &news)));
            }
        });
        Ok(air)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn serve(self, mut client: TcpStream, news: &Sender<News>) -> Result<()> {
        let (line, request) = read(&client)?;
        if line.starts_with("POST ") && line.contains("/Sale/Invoice/") {
            let flying = Flying::new(client, &line, request)?;
            return Ok(news.send(News::Arrived(flying))?);
        }
        let answer = self.forward(&request)?;
        client.write_all(&answer)?;
        Ok(client.shutdown(Shutdown::Both)?)
    }

    /// The ledger's whole answer; empty if it gives none.
    fn forward(self, request: &[u8]) -> Result<Vec<u8>> {
        let mut ledger = TcpStream::connect(self.ledger)?;
        ledger.write_all(request)?;
        let mut answer = Vec::new();
        // A ledger that breaks off has said what it says.
        drop(ledger.read_to_end(&mut answer));
        Ok(answer)
    }

    /// Lets a request land. Whoever waits for it gets the answer, if there is one.
    pub(super) fn land(self, flying: &mut Flying) -> Result<()> {
        flying.has_landed = true;
        let answer = self.forward(&flying.request)?;
        if let Some(mut sender) = flying.sender.take() {
            // It may be dead.
            drop(sender.write_all(&answer));
            drop(sender.shutdown(Shutdown::Both));
        }
        Ok(())
    }
}

impl Flying {
    fn new(sender: TcpStream, line: &str, request: Vec<u8>) -> Result<Self> {
        let mut parts = line.split('/').skip_while(|part| *part != "accountright");
        let company_file = parts.nth(1).context("no company file")?.to_owned();
        let body = request.windows(4).position(|it| it == b"\r\n\r\n").context("no body")?;
        let body: Value = serde_json::from_slice(request.get(body + 4..).unwrap_or_default())?;
        let number = body["Number"].as_str().context("no number")?.to_owned();
        let sender = Some(sender);
        Ok(Self { sender, request, company_file, number, has_landed: false })
    }

    /// Its sender waits no longer.
    pub(super) fn give_up(&mut self) {
        if let Some(sender) = self.sender.take() {
            drop(sender.shutdown(Shutdown::Both));
        }
    }

    /// Whether its sender waits.
    pub(super) fn is_awaited(&self) -> bool {
        self.sender.is_some()
    }

    pub(super) fn has_landed(&self) -> bool {
        self.has_landed
    }
}

/// One request with its first line. It is passed on with the wish that the connection be closed.
fn read(client: &TcpStream) -> Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut request = line.clone().into_bytes();
    request.extend_from_slice(b"connection: close\r\n");
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        request.extend_from_slice(header.as_bytes());
        let (name, value) = header.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.extend_from_slice(&body);
    Ok((line, request))
}
