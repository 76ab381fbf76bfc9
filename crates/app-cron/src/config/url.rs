//! URLs, as far as the configuration must understand them.

use std::net::IpAddr;

/// A URL taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    /// Scheme, host and port, as written.
    pub(super) origin: &'a str,
    /// From the first slash on; may be empty.
    pub(super) path: &'a str,
}

/// Takes `raw` apart, or says what is wrong with it.
pub(super) fn parse(raw: &str) -> Result<Url<'_>, &'static str> {
    let Some((scheme, rest)) = raw.split_once("://") else {
        return Err("is no URL; it begins with https://");
    };
    if scheme != "https" && scheme != "http" {
        return Err("must begin with https://");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if path.contains(['?', '#']) || raw.contains(char::is_whitespace) {
        return Err("must have no query, fragment or blank");
    }
    if authority.contains('@') {
        return Err("must have no user name or password");
    }
    let host = host(authority).ok_or("has no valid host and port")?;
    Ok(Url { scheme, host, origin: raw.strip_suffix(path).unwrap_or(raw), path })
}

fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("80"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "80")),
    };
    (!host.is_empty() && port.parse::<u16>().is_ok()).then_some(host)
}

impl Url<'_> {
    pub(super) fn is_loopback(&self) -> bool {
        let by_number = self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        by_number || self.host.eq_ignore_ascii_case("localhost")
    }
}

/// Where a browser is sent back to on this machine, so that we can listen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    /// The host, as written.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// From the first slash on, as written; may be empty.
    pub(crate) path: String,
}

/// Where `raw` is on this machine; `None` if it is elsewhere, or needs TLS.
pub(crate) fn listening(raw: &str) -> Option<Listening> {
    let url = parse(raw).ok().filter(|url| url.scheme == "http" && url.is_loopback())?;
    let authority = url.origin.strip_prefix("http://")?;
    let after = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    let port = after.split_once(':').map_or(Ok(80), |(_, port)| port.parse()).ok()?;
    Some(Listening { host: url.host.to_owned(), port, path: url.path.to_owned() })
}

/// Whether `raw` is a URL on this machine.
pub fn is_loopback(raw: &str) -> bool {
    parse(raw).is_ok_and(|url| url.is_loopback())
}

#[cfg(test)]
mod tests;
