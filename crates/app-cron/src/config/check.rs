//! What each key's value must be.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use postonce_adapter_notify::mailboxes;
use postonce_domain::CompanyFile;

use super::key::{Kind, company_file, find};
use super::layers::Entry;
use super::{database, url};
use crate::schedule;

/// Values that are what their keys want.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) entries: BTreeMap<String, Entry>,
    /// Keys whose value was refused; they are shown, and used by nobody.
    pub(super) refused: BTreeMap<String, Entry>,
}

impl Values {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(|entry| entry.text.as_str())
    }

    /// A whole number; zero if the key has none, which a default rules out.
    pub(super) fn whole(&self, key: &str) -> u64 {
        self.whole_if_set(key).unwrap_or_default()
    }

    pub(super) fn whole_if_set(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    pub(super) fn is_on(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    pub(super) fn is(&self, key: &str, word: &str) -> bool {
        self.text(key) == Some(word)
    }

    /// A problem of `key`, with its value and source.
    pub(super) fn problem(&self, key: &str, why: &str) -> String {
        let entry = self.entries.get(key).or_else(|| self.refused.get(key));
        match entry {
            Some(entry) => problem(key, entry, why),
            None => format!("`{key}` is not set: {why}"),
        }
    }
}

fn problem(key: &str, entry: &Entry, why: &str) -> String {
    let value = showable(find(key).map(|key| key.kind), &entry.text);
    format!("`{key}` = `{value}` ({}) {why}", entry.source)
}

/// A value as it may be shown to anybody.
pub(super) fn showable(kind: Option<Kind>, text: &str) -> String {
    match kind {
        Some(Kind::Secret) => "***".to_owned(),
        Some(Kind::Database) => database::redacted(text),
        Some(Kind::Mailboxes) => text.to_owned(),
        // A URL that is none of ours may hold a password.
        _ if text.contains('@') => "***".to_owned(),
        _ => text.to_owned(),
    }
}

/// Sorts good values from bad ones.
pub(super) fn check(entries: BTreeMap<String, Entry>, problems: &mut Vec<String>) -> Values {
    let mut values = Values::default();
    for (name, entry) in entries {
        let Some(key) = find(&name) else { continue };
        let alias = company_file(&name).map_or(Ok(()), |(alias, _)| check_alias(alias));
        match alias.and_then(|()| check_value(key.kind, &entry.text)) {
            Ok(()) => drop(values.entries.insert(name, entry)),
            Err(why) => {
                problems.push(problem(&name, &entry, &why));
                values.refused.insert(name, entry);
            }
        }
    }
    values
}

fn check_alias(alias: &str) -> Result<(), String> {
    CompanyFile::parse(alias).map(drop).map_err(|error| {
        format!("stands under an alias that {error}; an alias is letters, digits, `_`, `-`, `.`")
    })
}

fn check_value(kind: Kind, text: &str) -> Result<(), String> {
    let wanted = |is_so: bool, why: &str| if is_so { Ok(()) } else { Err(why.to_owned()) };
    match kind {
        Kind::Text => wanted(!text.trim().is_empty(), "is empty; take it out or fill it in"),
        Kind::Secret => {
            let clean = !text.trim().is_empty() && text.trim() == text;
            wanted(clean, "is empty or begins or ends with a blank; copy it again")
        }
        Kind::Whole(least, most) => {
            let within = text.parse::<u64>().is_ok_and(|value| (least..=most).contains(&value));
            wanted(within, &format!("must be a whole number from {least} to {most}"))
        }
        Kind::Switch => wanted(matches!(text, "true" | "false"), "must be true or false"),
        Kind::OneOf(words) => {
            let list = words.join("` or `");
            wanted(words.contains(&text), &format!("must be `{list}`"))
        }
        Kind::Date => wanted(text.parse::<Date>().is_ok(), "must be a date such as 2026-07-01"),
        Kind::Zone => {
            let known = TimeZone::get(text).is_ok();
            wanted(known, "is no known time zone; write one such as Australia/Sydney")
        }
        Kind::BaseUrl => base_url(text),
        Kind::TokenUrl => safe_url(text).map(drop),
        Kind::Redirect => url::parse(text).map(drop).map_err(str::to_owned),
        Kind::Database => database::parse(text).map(drop),
        Kind::LockName => {
            let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
            let good = (1..=47).contains(&text.len()) && text.bytes().all(allowed);
            wanted(good, "must be 1 to 47 of a–z, 0–9 and _")
        }
        Kind::Schedule => schedule::parse(text).map(drop),
        Kind::Listen => {
            let good = text.parse::<SocketAddr>().is_ok();
            wanted(good, "must be an address and a port, such as 127.0.0.1:8480")
        }
        Kind::BasePath => {
            let good = text.starts_with('/')
                && text
                    .split('/')
                    .skip(1)
                    .all(|part| !part.is_empty() && part.chars().all(in_path));
            wanted(good, "must be a path such as /postonce, without a slash at its end")
        }
        Kind::Origin => {
            let url = url::parse(text).map_err(str::to_owned)?;
            let wants = "must be scheme and host only, such as https://books.example.com; the \
                         path belongs into http.base_path";
            wanted(matches!(url.path, "" | "/"), wants)
        }
        Kind::Addresses => {
            let good = text.split(',').all(|part| part.trim().parse::<IpAddr>().is_ok());
            wanted(good, "must be addresses such as 10.0.0.1,10.0.0.2")
        }
        Kind::Mailboxes => {
            mailboxes(text).map(drop).map_err(|error| format!("cannot be used: {error}"))
        }
        Kind::BusinessId => {
            let allowed =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let good = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
            wanted(
                good,
                "must be the business id that MYOB shows, such as d2014f64-ffdf-487b-8d12-67a20976aca6",
            )
        }
    }
}

/// What a path is made of that needs no escape.
fn in_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')
}

/// A URL that secrets may be sent to.
fn safe_url(text: &str) -> Result<url::Url<'_>, String> {
    let url = url::parse(text)?;
    if url.scheme == "http" && !url.is_loopback() {
        return Err("would send secrets in clear text; write https://".to_owned());
    }
    Ok(url)
}

fn base_url(text: &str) -> Result<(), String> {
    let url = safe_url(text)?;
    if url.path.trim_end_matches('/').ends_with("/accountright") {
        Ok(())
    } else {
        Err("must end in /accountright".to_owned())
    }
}
