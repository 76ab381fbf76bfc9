//! Each company file's refresh token.

use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{file, shop};

fn token(secret: &str, version: i64) -> RefreshToken {
    RefreshToken { secret: secret.to_owned(), version }
}

pub async fn a_token_is_replaced_by_whoever_read_it(fixture: &impl Fixture<Adapter: TokenStore>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.token(&shop()).await.unwrap(), None, "there is none at first");
    assert_eq!(
        store.rotate(&shop(), 0, "one").await.unwrap(),
        Rotated::Stored(1),
        "version 0 stands for none, and the first one is 1"
    );
    assert_eq!(
        other.token(&shop()).await.unwrap(),
        Some(token("one", 1)),
        "another process reads it"
    );
    assert_eq!(
        other.rotate(&shop(), 1, "two").await.unwrap(),
        Rotated::Stored(2),
        "who has read it may replace it"
    );
    let overtaken = Rotated::Overtaken(token("two", 2));
    assert_eq!(
        store.rotate(&shop(), 1, "late").await.unwrap(),
        overtaken,
        "an older version is overtaken, and gets the token on record"
    );
    assert_eq!(store.rotate(&shop(), 0, "seed").await.unwrap(), overtaken, "so is who saw none");
    assert_eq!(
        store.token(&shop()).await.unwrap(),
        Some(token("two", 2)),
        "what was overtaken is not stored"
    );
}

pub async fn of_concurrent_rotations_one_is_stored(fixture: &impl Fixture<Adapter: TokenStore>) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.rotate(&shop(), 0, &n.to_string()).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let won = answers.iter().filter(|it| **it == Rotated::Stored(1)).count();
    let kept = stores[0].token(&shop()).await.unwrap().unwrap();
    let overtaken = answers.iter().filter(|it| **it == Rotated::Overtaken(kept.clone())).count();
    assert_eq!((won, overtaken), (1, 7), "one is stored, and all others get that one");
}

pub async fn tokens_are_kept_by_company_file(fixture: &impl Fixture<Adapter: TokenStore>) {
    let store = fixture.adapter();
    store.rotate(&shop(), 0, "one").await.map(drop).unwrap();
    assert_eq!(
        store.token(&file("Shop")).await.unwrap(),
        None,
        "aliases of company files differ by case"
    );
    assert_eq!(
        store.rotate(&file("Shop"), 0, "other").await.unwrap(),
        Rotated::Stored(1),
        "each company file counts for itself"
    );
    assert_eq!(
        store.token(&shop()).await.unwrap(),
        Some(token("one", 1)),
        "the other one is left alone"
    );
}
