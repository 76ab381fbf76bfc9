//! The names that a run lock may have.

/// As long as a name may be without a company file's part.
const LONGEST: usize = 47;

/// Hex digits of a company file's part.
const DIGITS: usize = 16;

/// Checks a run lock's name: `[a-z0-9_]`, 1 to 47 of them, and perhaps `:` with 16 hex digits.
///
/// Such a name means the same on every server: short enough for each, and without letters that
/// some of them take for others.
pub(crate) fn check(name: &str) -> Result<(), String> {
    let (base, part) = match name.split_once(':') {
        Some((base, part)) => (base, Some(part)),
        None => (name, None),
    };
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    let hex = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    let base_fits = (1..=LONGEST).contains(&base.len()) && base.bytes().all(plain);
    let part_fits = part.is_none_or(|part| part.len() == DIGITS && part.bytes().all(hex));
    if base_fits && part_fits {
        return Ok(());
    }
    Err(format!(
        "the lock's name {name:?} is not made of 1 to {LONGEST} small letters, digits and \
         underscores; correct `lock.name`"
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_that_mean_the_same_on_every_server_are_taken() {
        for name in ["a", "fts_myob_invoice_sync", &"x".repeat(47), "sync:0123456789abcdef"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn all_others_are_refused() {
        let long = "x".repeat(48);
        for name in
            ["", "Sync", "a-b", "é", "a b", "a\0", &long, ":0123456789abcdef", "a:0123456789ABCDEF"]
        {
            assert!(check(name).is_err(), "{name}");
        }
        for name in ["a:0123456789abcde", "a:0123456789abcdef0", "a:", "a:b:0123456789abcdef"] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
