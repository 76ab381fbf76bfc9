//! People's passwords: Argon2id, with the parameters that OWASP names first for it.
//!
//! Each call is some tens of milliseconds of work in 19 MiB of memory, so it belongs on a thread
//! that serves nobody else.

use std::io;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::key::random_bytes;

/// The fewest characters of a password. There is no other rule, but for [`MAX_BYTES`].
pub const MIN_CHARACTERS: usize = 12;

/// The most bytes of a password.
pub const MAX_BYTES: usize = 1024;

/// `m=19456,t=2,p=1`
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Stands for the hash of an account that is not there.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("a password has {MIN_CHARACTERS} characters at least")]
    TooShort,
    /// Too many bytes.
    #[error("a password has {MAX_BYTES} bytes at most")]
    TooLong,
}

/// Refuses what is too short or too long to be a new password.
pub fn check(password: &str) -> Result<(), PasswordError> {
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(PasswordError::TooShort);
    }
    Ok(())
}

/// The hash of a password, as a PHC string with a salt of its own.
pub fn hash(password: &str) -> io::Result<String> {
    let salt: [u8; 16] = random_bytes()?;
    let hash = argon2().and_then(|argon2| {
        argon2.hash_password_with_salt(password.as_bytes(), &salt).map_err(io::Error::other)
    })?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that `hash` was made of.
///
/// `None` stands for an account that is not there: no password is that one's, and finding out takes
/// as long as for any other. What is too long is nobody's.
pub fn is_right(password: &str, hash: Option<&str>) -> bool {
    if password.len() > MAX_BYTES {
        return false;
    }
    // What is no hash costs nothing, but only a broken row has one.
    let is_right = argon2().is_ok_and(|argon2| {
        argon2.verify_password(password.as_bytes(), hash.unwrap_or(NOBODY)).is_ok()
    });
    is_right && hash.is_some()
}

fn argon2() -> io::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(io::Error::other)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests;
