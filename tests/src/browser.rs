//! As much of a browser as a consent needs, and as much of a client as a look into the books.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result};

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// `GET address`, which is an http one; redirects are not followed.
pub(crate) fn get(address: &str) -> Result<Page> {
    send("GET", address, &[], "")
}

/// One request with these headers, on a connection of its own.
pub(crate) fn send(method: &str, address: &str, headers: &[String], body: &str) -> Result<Page> {
    let rest = address.strip_prefix("http://").with_context(|| format!("http: {address}"))?;
    let (host, path) = rest.split_once('/').with_context(|| format!("a path: {address}"))?;
    let mut stream = TcpStream::connect(host)?;
    let mut head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for header in headers {
        head = format!("{head}{header}\r\n");
    }
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a whole head")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    };
    Ok(Page {
        status: status.context("a status")?,
        location: head.lines().find_map(field),
        body: body.to_owned(),
    })
}
