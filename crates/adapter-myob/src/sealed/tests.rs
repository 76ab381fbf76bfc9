//! Tests of `sealed`.

use super::*;
use crate::tests::host::TestTokens;

fn key(byte: u8) -> SecretString {
    STANDARD.encode([byte; KEY_BYTES]).into()
}

fn keys(byte: u8, old: Option<u8>) -> TokenKeys {
    TokenKeys::new(&key(byte), old.map(key).as_ref()).unwrap()
}

fn file(alias: &str) -> CompanyFile {
    CompanyFile::parse(alias).unwrap()
}

#[test]
fn what_is_sealed_is_opened_in_its_place_alone() {
    let (keys, main, other) = (keys(1, None), file("main"), file("other"));
    let sealed = keys.seal((&main, REFRESH), "a token").unwrap();
    assert!(sealed.starts_with(&format!("s1:{}:", keys.id().unwrap())), "{sealed}");
    assert_eq!(keys.open((&main, REFRESH), &sealed).unwrap(), "a token");
    for place in [(&main, ACCESS), (&other, REFRESH)] {
        let company_file = place.0.clone();
        assert_eq!(keys.open(place, &sealed), Err(SealError::Changed { company_file }));
    }
    assert_ne!(keys.seal((&main, REFRESH), "a token").unwrap(), sealed, "each has its own nonce");
}

#[test]
fn a_changed_value_is_not_opened() {
    let (keys, main) = (keys(1, None), file("main"));
    let sealed = keys.seal((&main, REFRESH), "a token").unwrap();
    let (head, text) = sealed.rsplit_once(':').unwrap();
    let bytes = STANDARD.decode(text).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed = format!("{head}:{}", STANDARD.encode(changed));
        assert!(keys.open((&main, REFRESH), &changed).is_err(), "byte {at}");
    }
    for odd in [head.to_owned(), format!("{head}:"), format!("{head}:?"), "s1:".to_owned()] {
        assert!(keys.open((&main, REFRESH), &odd).is_err(), "{odd}");
    }
}

#[test]
fn another_key_is_named_and_an_old_one_opens() {
    let main = file("main");
    let sealed = keys(1, None).seal((&main, REFRESH), "a token").unwrap();
    let id = keys(1, None).id().unwrap().to_owned();
    for without in [keys(2, None), TokenKeys::default()] {
        let error = without.check(&main, &sealed).unwrap_err();
        assert_eq!(error, SealError::OtherKey { company_file: main.clone(), id: id.clone() });
        assert!(error.to_string().contains("tokens.old_key"), "{error}");
    }
    let both = keys(2, Some(1));
    assert_eq!(both.open((&main, REFRESH), &sealed).unwrap(), "a token");
    let anew = both.seal((&main, REFRESH), "a token").unwrap();
    assert_eq!(keys(2, None).open((&main, REFRESH), &anew).unwrap(), "a token");
}

#[test]
fn only_32_bytes_are_a_key() {
    for bad in ["", "sandbox", "c2hvcnQ=", &STANDARD.encode([1; 33]), &"a".repeat(44)] {
        assert_eq!(TokenKeys::new(&bad.into(), None).err(), Some(BadKey), "{bad}");
    }
    assert!(TokenKeys::new(&format!("{}\n", key(1).expose_secret()).into(), None).is_ok());
}

#[tokio::test]
async fn the_store_never_sees_a_token_and_what_was_plain_is_sealed_by_its_rotation() {
    let (store, main) = (Arc::new(TestTokens::default()), file("main"));
    store.put("plain", 1);
    let sealed = SealedTokens::new(keys(1, None), store.clone(), store.clone());
    assert_eq!(sealed.token(&main).await.unwrap().unwrap().secret, "plain");
    let rest = std::time::Duration::from_secs(60);
    let new = NewTokens { version: 1, refresh: "next".into(), access: "access".into(), rest };
    assert_eq!(sealed.granted(&main, "me", &new).await.unwrap(), Rotated::Stored(2));
    assert!(store.secret().unwrap().starts_with(PREFIX));
    assert!(store.kept.lock().unwrap().starts_with(PREFIX));
    let token = RefreshToken { secret: "next".to_owned(), version: 2 };
    let ask = Ask { me: "me", enough: rest, lease: rest };
    let turn = sealed.turn(&main, ask).await.unwrap();
    assert_eq!(turn, Turn::Ours { token: Some(token.clone()), left_behind: false });
    // Who is overtaken gets a token that it can use.
    let overtaken = Rotated::Overtaken(token);
    assert_eq!(sealed.granted(&main, "me", &new).await.unwrap(), overtaken);
    assert_eq!(sealed.rotate(&main, 1, "late").await.unwrap(), overtaken);
    assert_eq!(sealed.rotate(&main, 2, "third").await.unwrap(), Rotated::Stored(3));
    assert!(!store.secret().unwrap().contains("third"));
}
