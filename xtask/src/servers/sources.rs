//! The mirror that this system's packages come from, read from apt's own configuration.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A Debian archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirror {
    uri: String,
    /// The file of the keys that sign it, if one is named.
    signed_by: Option<String>,
}

impl Mirror {
    /// A line for apt that names one suite of it.
    pub(super) fn line(&self, suite: &str) -> String {
        let keys = self.signed_by.as_ref().map(|it| format!("[signed-by={it}] "));
        format!("deb {}{} {suite} main\n", keys.unwrap_or_default(), self.uri)
    }
}

/// Fails if apt's configuration names no archive of Debian's releases.
pub(super) fn of_this_system() -> anyhow::Result<Mirror> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    let parts = Path::new("/etc/apt/sources.list.d").read_dir().into_iter().flatten().flatten();
    let mut parts: Vec<PathBuf> = parts.map(|it| it.path()).collect();
    parts.sort();
    files.extend(parts);
    let mirrors = files.iter().filter_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        match path.extension()?.to_str()? {
            "list" => in_lines(&text),
            "sources" => in_stanzas(&text),
            _ => None,
        }
    });
    mirrors.into_iter().next().context("apt's sources name no archive with the component `main`")
}

/// Is `suite` a whole release of Debian, and not updates to one or somebody else's archive?
fn is_release(suite: &str, components: &[&str]) -> bool {
    const RELEASES: &[&str] =
        &["oldstable", "stable", "testing", "unstable", "sid", "bookworm", "trixie", "forky"];
    components.contains(&"main") && RELEASES.contains(&suite)
}

/// The format of one line each: `deb [options] uri suite component…`.
fn in_lines(text: &str) -> Option<Mirror> {
    text.lines().find_map(|line| {
        let rest = line.split('#').next()?.trim().strip_prefix("deb ")?.trim();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(it) => it.split_once(']')?,
            None => ("", rest),
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [uri, suite, components @ ..] = words.as_slice() else { return None };
        let keys = options.split_whitespace().find_map(|it| it.strip_prefix("signed-by="));
        let mirror = Mirror { uri: (*uri).to_owned(), signed_by: keys.map(str::to_owned) };
        is_release(suite, components).then_some(mirror)
    })
}

/// The format of stanzas, `URIs: …` and so on.
fn in_stanzas(text: &str) -> Option<Mirror> {
    let lines: Vec<&str> = text.lines().filter(|it| !it.starts_with('#')).collect();
    lines.split(|it| it.trim().is_empty()).find_map(|stanza| {
        let field = |name: &str| {
            let values = stanza.iter().filter_map(|it| it.split_once(':'));
            let mut own = values.filter(|(key, _)| key.eq_ignore_ascii_case(name));
            own.next().map(|(_, value)| value.trim())
        };
        let words = |name: &str| field(name).unwrap_or_default().split_whitespace();
        let components: Vec<&str> = words("Components").collect();
        let on = field("Enabled") != Some("no") && words("Types").any(|it| it == "deb");
        let main = words("Suites").any(|it| is_release(it, &components));
        // Keys may also stand in the file itself, over several lines: then apt's own are taken.
        let keys = field("Signed-By").filter(|it| it.starts_with('/'));
        let uri = words("URIs").next()?.to_owned();
        (on && main).then(|| Mirror { uri, signed_by: keys.map(str::to_owned) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_of_the_archive_is_found_and_others_are_passed_over() {
        let text = "# a comment\n\
            Types: deb\nURIs: http://mirror.test/security\nSuites: stable-security\n\
            Components: main\n\n\
            Types: deb-src\nURIs: http://source.test/\nSuites: stable\nComponents: main\n\n\
            Types: deb\nEnabled: no\nURIs: http://off.test/\nSuites: stable\nComponents: main\n\n\
            Types: deb\nURIs: http://mirror.test/debian\n\
            Suites: stable stable-updates\nComponents: main contrib\n\
            Signed-By: /usr/share/keys.gpg\n";
        let mirror = in_stanzas(text).unwrap();
        let line = "deb [signed-by=/usr/share/keys.gpg] http://mirror.test/debian sid main\n";
        assert_eq!(mirror.line("sid"), line);
    }

    #[test]
    fn a_line_of_the_archive_is_found_and_others_are_passed_over() {
        let text = "# deb http://off.test/ stable main\n\
            deb-src http://source.test/ stable main\n\
            deb http://mirror.test/security stable-security main\n\
            deb http://tool.test/ flat/\n\
            deb http://tool.test/ nodistro main\n\
            deb [arch=amd64 signed-by=/keys.gpg] http://mirror.test/debian stable main # ours\n";
        let found = in_lines(text).unwrap();
        assert_eq!(
            found.line("sid"),
            "deb [signed-by=/keys.gpg] http://mirror.test/debian sid main\n"
        );
        let bare = in_lines("deb http://mirror.test/debian stable main contrib").unwrap();
        assert_eq!(bare.line("trixie"), "deb http://mirror.test/debian trixie main\n");
    }

    #[test]
    fn without_an_archive_there_is_none() {
        assert_eq!(in_stanzas(""), None);
        assert_eq!(in_stanzas("Types: deb\nSuites: stable\nComponents: main\n"), None);
        assert_eq!(in_lines("deb cdrom:[Debian]/ stable\n"), None);
    }
}
