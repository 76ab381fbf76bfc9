//! Each company file's access token, and whose turn it is to get the next one.

use std::time::Duration;

use postonce_ports::access::{AccessStore, Ask, NewTokens, Turn};
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, file, shop};

const MINUTE: Duration = Duration::from_mins(1);

/// How long the tokens of these tests last when they are given.
const LIFE: Duration = Duration::from_mins(20);

async fn ask(store: &impl AccessStore, me: &str, lease: Duration) -> Turn {
    store.turn(&shop(), Ask { me, enough: MINUTE, lease }).await.unwrap()
}

async fn take(store: &impl AccessStore, me: &str) {
    let turn = ask(store, me, LONG).await;
    assert!(matches!(turn, Turn::Ours { .. }), "nobody has the turn: {turn:?}");
}

async fn granted(store: &impl AccessStore, me: &str, version: i64, name: &str) -> Rotated {
    let new = NewTokens {
        version,
        refresh: format!("refresh {name}"),
        access: format!("access {name}"),
        rest: LIFE,
    };
    store.granted(&shop(), me, &new).await.unwrap()
}

fn refresh(name: &str, version: i64) -> RefreshToken {
    RefreshToken { secret: format!("refresh {name}"), version }
}

/// The access token that `turn` gives, which lasts for about as long as it was given for.
fn fresh(turn: Turn) -> (String, i64) {
    let Turn::Fresh(access) = turn else { panic!("there is an access token that lasts: {turn:?}") };
    assert!(access.rest <= LIFE && LIFE < access.rest + MINUTE, "it lasts for {:?}", access.rest);
    (access.secret, access.version)
}

fn is_theirs(turn: &Turn) -> bool {
    matches!(turn, Turn::Theirs { again_in } if *again_in <= LONG && LONG < *again_in + MINUTE)
}

pub async fn one_has_the_turn_and_all_take_what_it_got(
    fixture: &impl Fixture<Adapter: AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let ours = Turn::Ours { token: None, left_behind: false };
    assert_eq!(ask(&store, "one", LONG).await, ours, "nobody had it");
    assert_eq!(ask(&store, "one", LONG).await, ours, "who has it may ask again");
    let theirs = ask(&other, "two", LONG).await;
    assert!(is_theirs(&theirs), "the other one waits for as long as the lease lasts: {theirs:?}");
    assert_eq!(granted(&store, "one", 0, "a").await, Rotated::Stored(1), "the first is 1");
    for (store, me) in [(&store, "one"), (&other, "two")] {
        let seen = fresh(ask(store, me, LONG).await);
        assert_eq!(seen, ("access a".to_owned(), 1), "both take what it got");
    }
    let longer = Ask { me: "two", enough: LIFE, lease: LONG };
    assert_eq!(
        other.turn(&shop(), longer).await.unwrap(),
        Turn::Ours { token: Some(refresh("a", 1)), left_behind: false },
        "a token that does not last is of no use, and its getter's turn is over"
    );
}

pub async fn of_concurrent_asks_one_has_the_turn(fixture: &impl Fixture<Adapter: AccessStore>) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { ask(&store, &n.to_string(), LONG).await }
    });
    let turns = at_once(fixture, tasks).await;
    let ours = turns.iter().filter(|it| matches!(it, Turn::Ours { left_behind: false, .. }));
    let theirs = turns.iter().filter(|it| is_theirs(it));
    assert_eq!((ours.count(), theirs.count()), (1, 7), "one asks, and all others wait: {turns:?}");
}

pub async fn a_turn_that_ran_out_is_taken_over_and_loses_no_token(
    fixture: &impl Fixture<Adapter: AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let ours = |left_behind| Turn::Ours { token: None, left_behind };
    assert_eq!(ask(&store, "one", Duration::ZERO).await, ours(false), "nobody had it");
    assert_eq!(
        ask(&other, "two", LONG).await,
        ours(true),
        "the lease is over, and what came of it is not known"
    );
    assert_eq!(
        granted(&store, "one", 0, "late").await,
        Rotated::Stored(1),
        "nobody was faster, so the late one counts"
    );
    let seen = fresh(ask(&other, "two", LONG).await);
    assert_eq!(seen, ("access late".to_owned(), 1), "who has the turn takes it too");
    assert_eq!(
        granted(&other, "two", 0, "b").await,
        Rotated::Overtaken(refresh("late", 1)),
        "what came of an older token is overtaken"
    );
    let seen = fresh(ask(&store, "one", LONG).await);
    assert_eq!(seen, ("access late".to_owned(), 1), "neither of its two tokens is stored");
}

pub async fn a_turn_of_a_clock_that_was_set_back_is_taken_over(
    fixture: &impl Fixture<Adapter: AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    take(&store, "one").await;
    assert_eq!(
        ask(&other, "two", MINUTE).await,
        Turn::Ours { token: None, left_behind: true },
        "no lease of a minute ends in an hour"
    );
}

pub async fn a_turn_that_is_given_up_is_free(fixture: &impl Fixture<Adapter: AccessStore>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    store.give_up(&shop(), "one").await.unwrap();
    take(&store, "one").await;
    other.give_up(&shop(), "two").await.unwrap();
    let theirs = ask(&other, "two", LONG).await;
    assert!(is_theirs(&theirs), "nobody gives up what another has: {theirs:?}");
    store.give_up(&shop(), "one").await.unwrap();
    assert_eq!(
        ask(&other, "two", LONG).await,
        Turn::Ours { token: None, left_behind: false },
        "it is free, and nothing is left behind"
    );
}

pub async fn a_refused_access_token_is_forgotten_and_a_newer_one_stays(
    fixture: &impl Fixture<Adapter: AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    store.refused(&shop(), 1).await.unwrap();
    assert_eq!(granted(&store, "one", 0, "a").await, Rotated::Stored(1), "the first is 1");
    other.refused(&shop(), 1).await.unwrap();
    assert_eq!(
        ask(&store, "one", LONG).await,
        Turn::Ours { token: Some(refresh("a", 1)), left_behind: false },
        "the access token is gone, and the refresh token stays"
    );
    assert_eq!(granted(&store, "one", 1, "b").await, Rotated::Stored(2), "it grows by one");
    other.refused(&shop(), 1).await.unwrap();
    let seen = fresh(ask(&other, "two", LONG).await);
    assert_eq!(seen, ("access b".to_owned(), 2), "late word of an older one changes nothing");
}

pub async fn an_access_token_counts_beside_its_refresh_token_alone(
    fixture: &impl Fixture<Adapter: AccessStore + TokenStore>,
) {
    let store = fixture.adapter();
    assert_eq!(granted(&store, "one", 0, "a").await, Rotated::Stored(1), "the first is 1");
    assert_eq!(
        store.token(&shop()).await.unwrap(),
        Some(refresh("a", 1)),
        "both ports have one refresh token"
    );
    assert_eq!(
        store.rotate(&shop(), 1, "refresh b").await.unwrap(),
        Rotated::Stored(2),
        "another way in is put on record"
    );
    assert_eq!(
        ask(&store, "one", LONG).await,
        Turn::Ours { token: Some(refresh("b", 2)), left_behind: false },
        "the access token of the old one does not count"
    );
}

pub async fn access_tokens_are_kept_by_company_file(fixture: &impl Fixture<Adapter: AccessStore>) {
    let store = fixture.adapter();
    assert_eq!(granted(&store, "one", 0, "a").await, Rotated::Stored(1), "the first is 1");
    let ask = Ask { me: "one", enough: MINUTE, lease: LONG };
    assert_eq!(
        store.turn(&file("Shop"), ask).await.unwrap(),
        Turn::Ours { token: None, left_behind: false },
        "aliases of company files differ by case"
    );
}
