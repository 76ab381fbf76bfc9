//! By whose consent each company file lets us in.

use std::time::Duration;

use postonce_ports::access::{AccessStore, Ask, NewTokens, Turn};
use postonce_ports::connection::{
    Connected, Connection, ConnectionEvent, ConnectionNote, Connections, Consent, NewConnection,
};
use postonce_ports::registry::Registry;
use postonce_ports::token::{RefreshToken, Rotated, TokenStore};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, file, shop};

const MINUTE: Duration = Duration::from_mins(1);

/// How long the tokens of these tests last when they are given.
const LIFE: Duration = Duration::from_mins(20);

fn new(business_id: &str, name: &str) -> NewConnection {
    NewConnection {
        actor: "sam".to_owned(),
        consent: Consent {
            business_id: business_id.to_owned(),
            business_name: Some("Café & Söhne".to_owned()),
            scopes: "sme-sales".to_owned(),
            base_url: None,
        },
        time_zone: "UTC".to_owned(),
        replace: false,
        refresh: format!("refresh {name}"),
        access: format!("access {name}"),
        rest: LIFE,
    }
}

async fn connected(store: &impl Connections, business_id: &str, name: &str) -> Connected {
    store.connect(&shop(), &new(business_id, name)).await.unwrap()
}

async fn of_shop(store: &impl Connections) -> Connection {
    let all = store.connections().await.unwrap();
    let found = all.into_iter().find(|connection| connection.company_file == shop());
    found.expect("the company file is listed")
}

fn refused(text: &str) -> ConnectionNote {
    let (event, actor) = (ConnectionEvent::Refused, "cron".to_owned());
    ConnectionNote { event, actor, text: text.to_owned(), consent: None }
}

pub async fn a_consent_its_business_and_its_tokens_are_all_written(
    fixture: &impl Fixture<Adapter: Connections + TokenStore + AccessStore + Registry>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.connections().await.unwrap(), [], "nothing is there at first");
    assert_eq!(connected(&store, "one", "a").await, Connected::Done, "it is new");
    let seen = of_shop(&other).await;
    assert_eq!(seen.business_id.as_deref(), Some("one"), "the business is on record");
    assert!(seen.last_refresh.is_some(), "so is when its token was stored");
    let rest = seen.access_rest.unwrap_or_default();
    assert!(rest <= LIFE && LIFE < rest + MINUTE, "the access token lasts for {rest:?}");
    let (record, consent) = seen.consent().expect("the consent counts");
    assert_eq!(*consent, new("one", "a").consent, "it is what was consented to");
    assert_eq!(record.note.actor, "sam", "and who did");
    let known = other.company_file_settings(&shop()).await.unwrap().unwrap_or_default();
    assert_eq!(known.business_id.as_deref(), Some("one"), "the registry knows the business");
    let token = RefreshToken { secret: "refresh a".to_owned(), version: 1 };
    assert_eq!(other.token(&shop()).await.unwrap(), Some(token), "the refresh token is there");
    let ask = Ask { me: "one", enough: MINUTE, lease: LONG };
    let Turn::Fresh(access) = other.turn(&shop(), ask).await.unwrap() else {
        panic!("the access token counts")
    };
    assert_eq!(access.secret, "access a", "it is the one that came with it");
}

pub async fn a_connection_to_another_business_is_refused_and_changes_nothing(
    fixture: &impl Fixture<Adapter: Connections + TokenStore>,
) {
    let store = fixture.adapter();
    assert_eq!(connected(&store, "one", "a").await, Connected::Done, "it is new");
    let before = of_shop(&store).await;
    let other = Connected::Other { business_id: "one".to_owned() };
    assert_eq!(connected(&store, "two", "b").await, other, "the company file has a business");
    let answer = store.connect(&file("Shop"), &new("one", "c")).await.unwrap();
    assert_eq!(answer, Connected::Taken { alias: "shop".to_owned() }, "a business has one alias");
    assert_eq!(of_shop(&store).await.newest, before.newest, "no line is written");
    let token = store.token(&shop()).await.unwrap().map(|token| token.secret);
    assert_eq!(token.as_deref(), Some("refresh a"), "no token is stored");
    let replacing = NewConnection { replace: true, ..new("two", "d") };
    assert_eq!(
        store.connect(&shop(), &replacing).await.unwrap(),
        Connected::Done,
        "without a claim it may be replaced"
    );
    assert_eq!(of_shop(&store).await.business_id.as_deref(), Some("two"), "and is");
}

pub async fn who_refreshes_while_a_person_consents_is_overtaken(
    fixture: &impl Fixture<Adapter: Connections + AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(connected(&store, "one", "a").await, Connected::Done, "it is new");
    assert_eq!(connected(&store, "one", "b").await, Connected::Done, "a person may consent again");
    let (refresh, access) = ("refresh late".to_owned(), "access late".to_owned());
    let late = NewTokens { version: 1, refresh, access, rest: LIFE };
    let theirs = RefreshToken { secret: "refresh b".to_owned(), version: 2 };
    assert_eq!(
        other.granted(&shop(), "one", &late).await.unwrap(),
        Rotated::Overtaken(theirs),
        "what came of the older token does not count"
    );
}

pub async fn a_revoked_connection_has_no_token_until_somebody_consents_again(
    fixture: &impl Fixture<Adapter: Connections + TokenStore + AccessStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert!(!store.revoke(&shop(), "kim", "none yet").await.unwrap(), "there was no token");
    assert_eq!(connected(&store, "one", "a").await, Connected::Done, "it is new");
    assert!(other.revoke(&shop(), "kim", "left us").await.unwrap(), "there was a token");
    let seen = of_shop(&store).await;
    assert_eq!((seen.last_refresh, seen.access_rest), (None, None), "both tokens are forgotten");
    assert_eq!(seen.consent(), None, "the consent does not count any more");
    assert_eq!(seen.business_id.as_deref(), Some("one"), "the business stays");
    let line = seen.newest(ConnectionEvent::Revoked).map(|record| record.note.clone());
    let line = line.expect("there is a line");
    assert_eq!((line.actor.as_str(), line.text.as_str()), ("kim", "left us"), "who and why");
    let empty = RefreshToken { secret: String::new(), version: 3 };
    assert_eq!(store.token(&shop()).await.unwrap(), Some(empty.clone()), "an empty one is kept");
    let (refresh, access) = ("refresh late".to_owned(), "access late".to_owned());
    let late = NewTokens { version: 2, refresh, access, rest: LIFE };
    assert_eq!(
        other.granted(&shop(), "one", &late).await.unwrap(),
        Rotated::Overtaken(empty),
        "what others come with is overtaken"
    );
    assert_eq!(connected(&store, "one", "b").await, Connected::Done, "somebody consents again");
    assert!(of_shop(&other).await.consent().is_some(), "and that counts");
}

pub async fn of_each_event_the_newest_line_is_shown(fixture: &impl Fixture<Adapter: Connections>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    for text in ["one", "two — é"] {
        store.add(&shop(), &refused(text)).await.unwrap();
    }
    store.add(&file("Shop"), &refused("another's")).await.unwrap();
    let seen = of_shop(&other).await;
    let texts: Vec<_> = seen.newest.iter().map(|record| record.note.text.as_str()).collect();
    assert_eq!(texts, ["two — é"], "aliases of company files differ by case");
    assert_eq!(seen.last_error().map(|record| record.note.clone()), Some(refused("two — é")));
    let reached = ConnectionNote { event: ConnectionEvent::Reached, ..refused("") };
    other.add(&shop(), &reached).await.unwrap();
    let seen = of_shop(&store).await;
    assert_eq!(seen.newest.len(), 2, "one of each");
    assert!(seen.newest.is_sorted_by(|one, next| one.id < next.id), "by rising id");
    assert_eq!(seen.last_error(), None, "it was let in afterwards");
    let names: Vec<_> = store.connections().await.unwrap();
    let names: Vec<_> = names.iter().map(|it| it.company_file.to_string()).collect();
    assert_eq!(names, ["Shop", "shop"], "the list is by name");
}

pub async fn of_concurrent_connections_one_counts_whole(
    fixture: &impl Fixture<Adapter: Connections + TokenStore>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..4).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.connect(&shop(), &new("one", &n.to_string())).await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    assert!(answers.iter().all(|it| *it == Connected::Done), "each is a consent: {answers:?}");
    let token = stores[0].token(&shop()).await.unwrap().expect("one is kept");
    assert_eq!(token.version, 4, "none of them was lost on the way");
}
