//! Rust source as the checks read it: without comments and literals, with or without tests.
//!
//! This is a scanner and no parser: it knows comments, literals, brackets and `#[cfg(test)]`.
//! What it takes out it replaces by blanks, so that line numbers stay true.

use std::collections::BTreeSet;

/// One Rust file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    /// The text without comments and without what stands in literals.
    pub(super) masked: String,
    /// The same without tests, and with every group of paths written out: `a::{b, c}` also
    /// holds `a::b` and `a::c`. Empty if the whole file is test code.
    pub(super) code: String,
    /// How many lines are not tests.
    pub(super) lines: usize,
}

/// Reads all files together, since a file is test code if another one declares it so.
pub(super) fn read<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut test_modules = BTreeSet::new();
    for (path, text) in files {
        let masked = masked(text);
        let (code, tests) = without_tests(&masked);
        test_modules
            .extend(tests.modules.iter().map(|module| format!("{}/{module}", folder_of(path))));
        let lines = text.lines().count().saturating_sub(tests.lines);
        sources.push(Source {
            path: path.to_owned(),
            masked,
            code: groups_written_out(&code),
            lines,
        });
    }
    for source in &mut sources {
        let stem = source.path.trim_end_matches(".rs").to_owned();
        let ancestors = stem.match_indices('/').map(|(end, _)| &stem[..end]).chain([&*stem]);
        let declared = ancestors.into_iter().any(|it| test_modules.contains(it));
        let whole = source.masked.contains("#![cfg(test)]");
        if declared || whole || is_test_path(&source.path) {
            source.code.clear();
            source.lines = 0;
        }
    }
    sources
}

/// Test code by its place: the package `tests`, a crate's `tests/`, and every `tests.rs`.
fn is_test_path(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Where the modules declared in `path` live.
fn folder_of(path: &str) -> &str {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if matches!(file, "lib.rs" | "main.rs") { folder } else { path.trim_end_matches(".rs") }
}

/// Blanks comments, and what stands between the quotes of literals.
pub(super) fn masked(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut at = 0;
    while at < out.len() {
        let (from, to) = hidden(text, at);
        for byte in &mut out[from..to] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = to.max(at + 1);
    }
    String::from_utf8(out).expect("whole characters were replaced by blanks")
}

/// What to hide of the token at `at`; an empty range if nothing. Scanning goes on at its end.
fn hidden(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    let end = |needle: &str, from: usize| {
        text.get(from..).and_then(|it| it.find(needle)).map_or(text.len(), |it| from + it)
    };
    match rest {
        [b'/', b'/', ..] => (at, end("\n", at)),
        [b'/', b'*', ..] => (at, block_comment_end(bytes, at)),
        [b'"', ..] => (at + 1, string_end(bytes, at + 1)),
        [b'r', b'#' | b'"', ..] if !continues_word(bytes, at) => {
            let hashes = rest[1..].iter().take_while(|it| **it == b'#').count();
            let open = at + 1 + hashes;
            if bytes.get(open) != Some(&b'"') {
                return (at, at); // `r#word`
            }
            let close = format!("\"{}", "#".repeat(hashes));
            (open + 1, (end(&close, open + 1) + close.len()).min(text.len()))
        }
        [b'\'', b'\\', ..] => (at + 1, (end("'", at + 3) + 1).min(text.len())),
        [b'\'', ..] => {
            let width = text[at + 1..].chars().next().map_or(0, char::len_utf8);
            let close = at + 1 + width;
            // Without a closing quote it is a lifetime.
            if bytes.get(close) == Some(&b'\'') { (at + 1, close + 1) } else { (at, at) }
        }
        _ => (at, at),
    }
}

/// Does the byte before `at` belong to the same word? `b` and `c` may stand before a raw string.
fn continues_word(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|it| bytes.get(it)).copied();
    match before(1) {
        Some(b'b' | b'c') => before(2).is_some_and(is_word_byte),
        other => other.is_some_and(is_word_byte),
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Past the closing quote of the string whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// Past the end of the comment that begins at `at`; comments nest.
fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The items of a file that are compiled for tests only.
#[derive(Default)]
struct TestItems {
    lines: usize,
    /// The modules among them that are files.
    modules: Vec<String>,
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(masked: &str) -> (String, TestItems) {
    let mut out = masked.to_owned();
    let mut tests = TestItems::default();
    let mut from = 0;
    while let Some(start) = next_test(masked, from) {
        let end = item_end(masked, start);
        let item = &masked[start..end];
        if let Some((_, name)) = item.trim_end_matches(';').rsplit_once("mod ")
            && item.ends_with(';')
        {
            tests.modules.push(name.trim().to_owned());
        }
        let blank: String = item.chars().map(|it| if it == '\n' { '\n' } else { ' ' }).collect();
        // A character may be wider than the blank in its place: put the text together anew.
        out = [&out[..out.len() - (masked.len() - start)], &blank, &masked[end..]].concat();
        tests.lines += item.lines().count();
        from = end;
    }
    (out, tests)
}

fn next_test(masked: &str, from: usize) -> Option<usize> {
    let places = ["#[cfg(test)]", "#[cfg(all(test"].map(|it| masked[from..].find(it));
    places.into_iter().flatten().min().map(|it| from + it)
}

/// Past the item whose attributes begin at `start`: its block, or its semicolon.
fn item_end(masked: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut braces = 0_usize;
    let mut block_ended = None;
    for (at, it) in masked[start..].char_indices().map(|(at, it)| (start + at, it)) {
        if let Some(end) = block_ended
            && !it.is_whitespace()
        {
            // `use a::{b};` ends with its semicolon, everything else with its block.
            return if it == ';' { at + 1 } else { end };
        }
        match it {
            '(' | '[' => depth += 1,
            ')' | ']' if depth == 0 => return at,
            ')' | ']' => depth -= 1,
            '{' => braces += 1,
            '}' if braces == 0 => return at,
            '}' => {
                braces -= 1;
                if braces == 0 && depth == 0 {
                    block_ended = Some(at + 1);
                }
            }
            ';' if depth == 0 && braces == 0 => return at + 1,
            _ => {}
        }
    }
    block_ended.unwrap_or(masked.len())
}

/// Writes every path of a group in full: `std::{fs, net}` becomes `std::{std::fs, std::net}`.
fn groups_written_out(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut groups: Vec<String> = Vec::new();
    let mut begins = false;
    for it in code.chars() {
        match it {
            '{' => {
                let prefix = if out.ends_with("::") { last_path(&out) } else { "" };
                groups.push(prefix.to_owned());
                begins = true;
            }
            '}' => {
                groups.pop();
                begins = false;
            }
            ',' => begins = true,
            word if begins && !word.is_whitespace() => {
                out.push_str(groups.last().map_or("", String::as_str));
                begins = false;
            }
            _ => {}
        }
        out.push(it);
    }
    out
}

fn last_path(text: &str) -> &str {
    let path = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
    &text[text.trim_end_matches(path).len()..]
}

/// The line of every place where `word` stands in `code` as a word of its own.
pub(super) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let left_open = !word.starts_with(is_word);
    let right_open = !word.ends_with(is_word);
    let places = code.match_indices(word).map(|(at, _)| at).filter(|at| {
        let left = code[..*at].ends_with(is_word);
        let right = code[at + word.len()..].starts_with(is_word);
        (left_open || !left) && (right_open || !right)
    });
    places.map(|at| code[..at].matches('\n').count() + 1).collect()
}

#[cfg(test)]
mod tests;
