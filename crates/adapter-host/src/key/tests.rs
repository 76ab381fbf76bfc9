use std::collections::BTreeSet;

use super::{Key, KeyKind, hash_of};

#[test]
fn a_key_is_its_prefix_and_256_random_bits() {
    for kind in [KeyKind::Machine, KeyKind::Session, KeyKind::Form] {
        let keys: BTreeSet<String> =
            (0..100).map(|_| Key::random(kind).unwrap().as_str().to_owned()).collect();
        assert_eq!(keys.len(), 100, "no two are alike");
        for key in keys {
            let bits = key.strip_prefix(kind.prefix()).unwrap();
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(bits.len() == 64 && bits.bytes().all(is_hex), "{key}");
        }
    }
}

#[test]
fn a_store_keeps_the_sha_256_of_all_that_is_shown() {
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hash_of("abc"), of_abc);
    let key = Key::random(KeyKind::Machine).unwrap();
    assert_eq!(key.hash(), hash_of(key.as_str()));
    assert_ne!(key.hash(), hash_of(key.as_str().strip_prefix("postonce_").unwrap()));
}

#[test]
fn a_key_is_not_shown_by_accident() {
    let key = Key::random(KeyKind::Session).unwrap();
    assert!(!format!("{key:?}").contains("postonce_session_"), "{key:?}");
}
