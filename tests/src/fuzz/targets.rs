//! What reads what comes from outside, and what each must keep whatever it reads.

mod domain;
mod files;
mod myob;

/// What was made of an input, in few words; or the promise that was broken.
pub type Verdict = Result<String, String>;

/// One reader.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As the command line names it, and the folder of its corpus.
    pub name: &'static str,
    /// Words that it knows.
    pub words: &'static [&'static [u8]],
    /// Reads one input.
    pub read: fn(&[u8]) -> Verdict,
}

/// Every target.
pub const TARGETS: [Target; 13] = [
    Target { name: "post", words: myob::WORDS, read: myob::post },
    Target { name: "page", words: myob::WORDS, read: myob::page },
    Target { name: "document", words: myob::WORDS, read: myob::document },
    Target { name: "company-file", words: myob::WORDS, read: myob::company_file },
    Target { name: "error", words: myob::WORDS, read: myob::error },
    Target { name: "oauth", words: myob::WORDS, read: myob::oauth },
    Target { name: "csv", words: files::WORDS, read: files::csv },
    Target { name: "json", words: files::WORDS, read: files::json },
    Target { name: "ndjson", words: files::WORDS, read: files::ndjson },
    Target { name: "config", words: files::KEYS, read: files::config },
    Target { name: "marker", words: domain::WORDS, read: domain::marker },
    Target { name: "number", words: domain::WORDS, read: domain::number },
    Target { name: "plan", words: domain::PLAN, read: domain::plan },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// How long something is, in few words.
fn size(length: usize) -> u32 {
    usize::BITS - length.leading_zeros()
}

/// Breaks a promise unless `holds`.
fn ensure(holds: bool, promise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(promise()) }
}
