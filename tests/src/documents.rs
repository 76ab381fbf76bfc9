//! Documents that tests write: each fails if the file does not say what was seen.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// Where a document is.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// The text of a document.
pub(crate) fn text(name: &str) -> Result<String> {
    std::fs::read_to_string(path(name)).with_context(|| format!("docs/{name} is missing"))
}

/// Sees that a document says `text`, or writes it anew with `UPDATE_DOCS=1`.
pub(crate) fn says(name: &str, wanted: &str) -> Result<()> {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(name), wanted)?;
    }
    let known = text(name)?;
    let is_so = known == wanted;
    ensure!(is_so, "docs/{name}: write it anew with UPDATE_DOCS=1; what was seen:\n{wanted}");
    Ok(())
}
