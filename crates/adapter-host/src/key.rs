//! What browsers and machines show to be known: random keys, of which a store keeps the hash alone.

use std::fmt;
use std::io;

use sha2::{Digest as _, Sha256};

/// What a key is for, which its text begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A machine's token.
    Machine,
    /// A browser's session.
    Session,
    /// The forms of a session.
    Form,
}

impl KeyKind {
    /// How the text of such a key begins, so that one that has leaked is recognised.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Machine => "postonce_machine_",
            Self::Session => "postonce_session_",
            Self::Form => "postonce_form_",
        }
    }
}

/// 256 random bits as text. Its `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A new one, by the operating system's randomness.
    pub fn random(kind: KeyKind) -> io::Result<Self> {
        let bits: [u8; 32] = random_bytes()?;
        Ok(Self(format!("{}{}", kind.prefix(), hex(&bits))))
    }

    /// What is shown: once, to whom it is for.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a store keeps.
    pub fn hash(&self) -> String {
        hash_of(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").finish_non_exhaustive()
    }
}

/// What a store keeps of a key that somebody shows: its SHA-256, in small hex digits.
///
/// Looking that up takes no longer the more of a key is right.
pub fn hash_of(shown: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(shown))
}

pub(crate) fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests;
