//! Signatures as <https://www.standardwebhooks.com> has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// How many bytes a secret may have.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no secret of a webhook, which is `whsec_` and 24 to 64 bytes as base64; make one by \
     `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct BadSecret;

/// What a receiver knows us by. Its `Debug` form does not show it.
#[derive(Clone, Debug)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key of a secret such as `whsec_…`.
    pub fn new(secret: &SecretString) -> Result<Self, BadSecret> {
        let text = secret.expose_secret().trim().strip_prefix(PREFIX).ok_or(BadSecret)?;
        let bytes = STANDARD.decode(text).map_err(|_| BadSecret)?;
        if !BYTES.contains(&bytes.len()) {
            return Err(BadSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The header of a message of this id, sent at this second since 1970.
    pub(crate) fn sign(&self, id: &str, second: i64, body: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{id}.{second}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Result<SigningKey, BadSecret> {
        SigningKey::new(&SecretString::from(secret))
    }

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example that its reference libraries are tested with.
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed =
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_that_is_too_short_or_not_base64_is_refused() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_*", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(key(bad).unwrap_err(), BadSecret, "{bad}");
        }
        assert!(key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").is_ok(), "as it stands in a file");
    }

    #[test]
    fn the_debug_form_shows_no_secret() {
        let shown = format!("{:?}", key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert!(!shown.contains("MfKQ") && !shown.contains("49, 242"), "{shown}");
    }
}
