//! One number for a state, the same in every process.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A hasher without a seed: FNV-1a over words, with a last mix. Schedules are compared within one
/// search only, and nobody chooses their content to collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(u64);

pub(crate) fn hasher() -> KeyHasher {
    KeyHasher(0xcbf2_9ce4_8422_2325)
}

/// The key of one value.
pub(crate) fn key_of(value: impl Hash) -> u64 {
    let mut hasher = hasher();
    value.hash(&mut hasher);
    hasher.finish()
}

impl KeyHasher {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            if let Some(start) = word.get_mut(..chunk.len()) {
                start.copy_from_slice(chunk);
            }
            self.word(u64::from_le_bytes(word));
        }
        self.word(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn finish(&self) -> u64 {
        let mut hash = self.0;
        hash ^= hash >> 32;
        hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^ (hash >> 32)
    }
}

/// Hashes what is written to it: the key of anything that is `Debug`.
struct Written<'a>(&'a mut KeyHasher);

impl fmt::Write for Written<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// The key of a value by how it is shown.
pub(crate) fn key_of_shown(value: &dyn fmt::Debug) -> u64 {
    let mut hasher = hasher();
    let written = fmt::write(&mut Written(&mut hasher), format_args!("{value:?}"));
    debug_assert!(written.is_ok(), "writing to a hasher does not fail");
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn like_values_have_one_key_and_others_another() {
        assert_eq!(key_of((1, "a", [2_u64, 3])), key_of((1, "a", [2_u64, 3])));
        let keys: BTreeSet<u64> =
            (0..10_000_u64).flat_map(|n| [key_of(n), key_of([n, n])]).collect();
        assert_eq!(keys.len(), 20_000);
        assert_ne!(key_of(("ab", "c")), key_of(("a", "bc")));
        assert_ne!(key_of(["", "a"]), key_of(["a", ""]));
    }

    #[test]
    fn what_is_shown_differently_has_another_key() {
        assert_eq!(key_of_shown(&Some(1)), key_of_shown(&Some(1)));
        assert_ne!(key_of_shown(&Some(1)), key_of_shown(&None::<u8>));
        assert_ne!(key_of_shown(&(1, 23)), key_of_shown(&(12, 3)));
    }
}
