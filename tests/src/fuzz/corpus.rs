//! Inputs that are kept: a folder for each target.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of a target's inputs.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// Every input of a target with its file's name, in the order of the names.
pub fn inputs(target: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = folder(target);
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut inputs = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        inputs.push((name, fs::read(entry.path())?));
    }
    inputs.sort();
    Ok(inputs)
}

/// Keeps an input under a name that says what it holds.
pub fn keep(target: &str, prefix: &str, input: &[u8]) -> Result<PathBuf> {
    let folder = folder(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{prefix}-{:016x}", sum(input)));
    fs::write(&path, input).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// FNV-1a.
pub fn sum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}
