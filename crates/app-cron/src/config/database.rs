//! Which database a URL names, and how the URL is shown without its password.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

/// Which database.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A MySQL or MariaDB server, by its URL, which may hold a password.
    Mysql(SecretString),
}

/// Without its password.
impl fmt::Display for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Mysql(url) => f.write_str(&redacted(url.expose_secret())),
        }
    }
}

/// What a parameter of a server's URL takes.
#[derive(Clone, Copy)]
enum Takes {
    TrueOrFalse,
    /// A path that is taken as it is written.
    File,
    /// A path that the driver decodes.
    Socket,
}

/// The parameters of a server's URL. Others of the driver would undo what the store relies on, and
/// those of other programs' drivers mean nothing to ours.
const PARAMETERS: [(&str, Takes); 7] = [
    ("require_ssl", Takes::TrueOrFalse),
    ("verify_ca", Takes::TrueOrFalse),
    ("verify_identity", Takes::TrueOrFalse),
    ("built_in_roots", Takes::TrueOrFalse),
    ("ssl_ca", Takes::File),
    ("prefer_socket", Takes::TrueOrFalse),
    ("socket", Takes::Socket),
];

const OWN_URL: &str = "if the URL is another program's, give PostOnce its own in \
                       POSTONCE_DATABASE__URL";

/// Reads a URL, or says what is wrong with it. Never says what stands in it for a password.
pub(super) fn parse(text: &str) -> Result<DatabaseConfig, String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        return sqlite(path.strip_prefix("//").unwrap_or(path));
    }
    if text.starts_with("mysql://") {
        server(text)?;
        return Ok(DatabaseConfig::Mysql(SecretString::from(text)));
    }
    let scheme = text.split(':').next().unwrap_or_default();
    if scheme.contains("mysql") || scheme.contains("mariadb") || text.starts_with("jdbc:m") {
        return Err("must begin with mysql://, for MySQL and for MariaDB".to_owned());
    }
    Err(format!("must be sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE; {OWN_URL}"))
}

fn sqlite(path: &str) -> Result<DatabaseConfig, String> {
    if path.is_empty() {
        return Err("has no path; write one such as sqlite:postonce.db".to_owned());
    }
    if path.starts_with(":memory:") || path.contains('?') {
        return Err("must be a plain file, since runs are processes of their own; write one such \
                    as sqlite:postonce.db"
            .to_owned());
    }
    Ok(DatabaseConfig::Sqlite(PathBuf::from(path)))
}

/// A server's URL taken apart.
struct Server<'a> {
    user: &'a str,
    password: Option<&'a str>,
    /// Host, port, database and parameters, as written.
    rest: &'a str,
}

fn server(text: &str) -> Result<Server<'_>, String> {
    let after_scheme = text.strip_prefix("mysql://").ok_or("must begin with mysql://")?;
    let (authority, path) = after_scheme.split_once('/').unwrap_or((after_scheme, ""));
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("holds a blank; write %20".to_owned());
    }
    if path.contains(['@', '#']) || authority.contains(['?', '#']) {
        // Most likely the password was taken for path or parameters.
        return Err(
            "cannot be read; in a password write %2F for /, %3F for ?, %23 for #, %40 for @ \
                    and %25 for %, and then name a database behind the host"
                .to_owned(),
        );
    }
    let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    if user.is_empty() {
        return Err("names no user; write mysql://USER:PASSWORD@HOST/DATABASE".to_owned());
    }
    check_host(host)?;
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    if name.is_empty() || name.contains('/') {
        return Err("must name one database behind the host: mysql://USER:PASSWORD@HOST/DATABASE"
            .to_owned());
    }
    check_parameters(query)?;
    let rest = after_scheme.get(login.len() + 1..).unwrap_or_default();
    Ok(Server { user, password, rest })
}

fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, port)) => (name, port.strip_prefix(':').or(port.is_empty().then_some("3306"))),
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, Some("3306")),
        },
    };
    let port = port.and_then(|port| port.parse::<u16>().ok()).filter(|port| *port > 0);
    if name.is_empty() || port.is_none() {
        return Err(
            "has no valid host and port; write mysql://USER:PASSWORD@HOST:3306/DATABASE".to_owned()
        );
    }
    Ok(())
}

fn check_parameters(query: &str) -> Result<(), String> {
    let mut unknown = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let good = match PARAMETERS.iter().find(|(known, _)| *known == name) {
            None => {
                unknown.push(format!("`{name}`"));
                true
            }
            Some((_, Takes::TrueOrFalse)) => matches!(value, "true" | "false"),
            Some((_, Takes::File)) => value.starts_with('/') && !value.contains('%'),
            Some((_, Takes::Socket)) => value.starts_with('/') || value.starts_with("%2F"),
        };
        if !good {
            let wanted = "must be true or false, or the whole path of a file";
            return Err(format!("has a parameter `{name}` that means nothing: it {wanted}"));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = PARAMETERS.iter().map(|(name, _)| *name).collect();
    Err(format!(
        "has parameters that PostOnce does not know: {}; it knows {}. Take them out; {OWN_URL}",
        unknown.join(", "),
        known.join(", ")
    ))
}

/// The URL as it may be shown to anybody.
pub(super) fn redacted(text: &str) -> String {
    let is_path = text.starts_with("sqlite:") || !text.contains([':', '@']);
    if is_path {
        return text.to_owned();
    }
    match server(text) {
        Ok(Server { user, password: None, rest }) => format!("mysql://{user}@{rest}"),
        Ok(Server { user, password: Some(_), rest }) => format!("mysql://{user}:***@{rest}"),
        // What cannot be read may hold a password anywhere.
        Err(_) => match text.split_once("://") {
            Some((scheme, _)) if scheme.chars().all(char::is_alphanumeric) => {
                format!("{scheme}://***")
            }
            Some(_) | None => "***".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
