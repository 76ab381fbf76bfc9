//! Keys that browsers show, and what a store keeps of them.

use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// 256 random bits, in hex.
pub(crate) fn new_key() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Problem::unexpected())?;
    Ok(hex(&bytes))
}

/// The SHA-256 of a text, in hex.
pub(crate) fn digest(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text))
}

/// Whether two texts are the same, without telling by the time where they differ.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
