use std::time::{Duration, Instant};

use super::{MAX_BYTES, MIN_CHARACTERS, NOBODY, PasswordError, check, hash, is_right};

#[test]
fn a_password_is_known_by_its_hash_and_no_other_is() {
    let stored = hash("correct horse battery").unwrap();
    assert!(is_right("correct horse battery", Some(&stored)));
    for other in ["", "correct horse batterx", "correct horse battery ", "Correct horse battery"] {
        assert!(!is_right(other, Some(&stored)), "{other:?}");
    }
}

#[test]
fn a_hash_says_how_it_was_made_and_has_a_salt_of_its_own() {
    let (one, other) = (hash("the same words").unwrap(), hash("the same words").unwrap());
    for hash in [&one, &other] {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!hash.contains("words"), "{hash}");
    }
    assert_ne!(one, other);
}

#[test]
fn nobody_has_no_password_and_a_broken_hash_has_none() {
    assert!(!is_right("correct horse battery", None));
    assert!(!is_right("", None));
    for broken in
        ["", "plain", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"]
    {
        assert!(!is_right("", Some(broken)), "{broken}");
    }
}

#[test]
fn nobody_is_asked_with_the_parameters_of_everybody() {
    let stored = hash("correct horse battery").unwrap();
    let parameters = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
    let lengths = |hash: &str| hash.split('$').map(str::len).collect::<Vec<_>>();
    assert_eq!(parameters(&stored), parameters(NOBODY));
    assert_eq!(lengths(&stored), lengths(NOBODY), "salt and hash are as long");
}

#[expect(clippy::disallowed_methods, reason = "what is measured is this machine's own time")]
fn cost(hash: Option<&str>) -> Duration {
    let began = Instant::now();
    assert!(!is_right("wrong horse battery", hash));
    began.elapsed()
}

#[test]
fn an_unknown_name_costs_as_much_as_a_known_one() {
    let stored = hash("correct horse battery").unwrap();
    // The fastest of some tries is what a busy machine disturbs least. Without the work, nobody
    // would cost a thousandth.
    let tries: Vec<_> = (0..10).map(|_| (cost(Some(&stored)), cost(None))).collect();
    let known = tries.iter().map(|(known, _)| *known).min().unwrap();
    let unknown = tries.iter().map(|(_, unknown)| *unknown).min().unwrap();
    assert!(unknown * 4 > known, "known: {known:?}, unknown: {unknown:?}");
}

#[test]
fn the_length_is_the_only_rule() {
    assert_eq!(check(&"é".repeat(MIN_CHARACTERS)), Ok(()));
    let short = check(&"é".repeat(MIN_CHARACTERS - 1));
    assert_eq!(short, Err(PasswordError::TooShort), "characters count, not bytes");
    assert_eq!(check(&" ".repeat(MIN_CHARACTERS)), Ok(()));
    assert_eq!(check(&"x".repeat(MIN_CHARACTERS - 1)), Err(PasswordError::TooShort));
    assert_eq!(check(&"x".repeat(MAX_BYTES)), Ok(()));
    assert_eq!(check(&"x".repeat(MAX_BYTES + 1)), Err(PasswordError::TooLong));
    let long = "x".repeat(MAX_BYTES + 1);
    let stored = hash(&long).unwrap();
    assert!(!is_right(&long, Some(&stored)), "nobody keeps us busy by a long one");
}
