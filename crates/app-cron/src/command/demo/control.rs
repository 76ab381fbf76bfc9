//! The sandbox's control API, by HTTP/1.1 with one request per connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::unexpected;
use crate::exit::Failure;

/// What the sandbox has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Books {
    /// Invoices in its books.
    pub(super) invoices: usize,
    /// Requests that were to post one.
    pub(super) posts_received: u64,
    /// Numbers that are there more than once.
    pub(super) duplicates: usize,
}

/// A sandbox on this machine.
pub(super) struct Control {
    url: String,
}

impl Control {
    pub(super) fn new(url: String) -> Self {
        Self { url }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What arrived so far.
    pub(super) async fn books(&self) -> Result<Books, Failure> {
        let answer = self.call("GET", "/sandbox/ledger", String::new()).await?;
        let length = |key: &str| answer[key].as_array().map(Vec::len);
        match (length("invoices"), answer["posts_received"].as_u64(), length("duplicates")) {
            (Some(invoices), Some(posts_received), Some(duplicates)) => {
                Ok(Books { invoices, posts_received, duplicates })
            }
            _ => Err(unexpected("the sandbox's ledger cannot be read")),
        }
    }

    /// Makes answers go wrong.
    pub(super) async fn fault(&self, fault: &Value) -> Result<(), Failure> {
        self.call("POST", "/sandbox/faults", fault.to_string()).await.map(drop)
    }

    /// Makes them go right again.
    pub(super) async fn clear_faults(&self) -> Result<(), Failure> {
        self.call("DELETE", "/sandbox/faults", String::new()).await.map(drop)
    }

    async fn call(&self, method: &str, path: &str, body: String) -> Result<Value, Failure> {
        let host = self.url.trim_start_matches("http://").to_owned();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let place = format!("{method} {path}");
        let answer = tokio::task::spawn_blocking(move || exchange(&host, &request)).await;
        let failed = |why: &str| unexpected(&format!("{place}: {why}"));
        let answer = answer.map_err(|error| failed(&error.to_string()))?;
        let answer = answer.map_err(|error| failed(&error.to_string()))?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| failed("no answer"))?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            return Err(failed(&format!("status {status}: {body}")));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(body).map_err(|error| failed(&error.to_string()))
    }
}

fn exchange(host: &str, request: &str) -> std::io::Result<String> {
    let patience = Some(Duration::from_secs(10));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
