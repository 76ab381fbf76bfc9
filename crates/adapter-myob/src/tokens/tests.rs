//! Tests of `tokens`, against a scripted token endpoint.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::*;
use crate::http::Clients;
use crate::tests::host::{TestClock, TestTokens};
use crate::tests::server::{Reply, Seen, Server, answer};

struct World {
    tokens: Tokens,
    store: Arc<TestTokens>,
    server: Server,
}

fn world(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> World {
    let server = Server::start(script);
    let url: reqwest::Url = server.url.parse().unwrap();
    let clients = Clients::new(&url, Duration::from_secs(20)).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let store = Arc::new(TestTokens::default());
    let endpoint = TokenEndpoint {
        client: clients.reader,
        url,
        key: "key".into(),
        secret: "secret".into(),
        clock: Arc::clone(&clock),
    };
    let tokens = Tokens::new(endpoint, store.clone(), clock);
    World { tokens, store, server }
}

/// Gives out `access-X` and `X+` for the refresh token `X`, which is good once.
fn rotating(seen: &Seen, used: &Mutex<BTreeSet<String>>, expires_in: &str) -> Reply {
    let token = token_of(seen);
    if !used.lock().unwrap().insert(token.clone()) {
        return answer(400, "{\"error\":\"invalid_grant\"}");
    }
    answer(
        200,
        &format!(
            "{{\"access_token\":\"access-{token}\",\"expires_in\":{expires_in},\
             \"refresh_token\":\"{token}P\"}}"
        ),
    )
}

fn token_of(seen: &Seen) -> String {
    let field = seen.body.split('&').find_map(|field| field.strip_prefix("refresh_token="));
    field.unwrap_or_default().to_owned()
}

fn file() -> CompanyFile {
    CompanyFile::parse("main").unwrap()
}

async fn fresh(world: &World, seed: &str) -> Result<String, LedgerError> {
    let seed = SecretString::from(seed);
    let token = world.tokens.fresh(&file(), Some(&seed)).await?;
    Ok(token.secret.expose_secret().to_owned())
}

#[tokio::test]
async fn the_rotated_token_is_on_record_and_used_next() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "1200"));
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.store.secret().as_deref(), Some("seedP"));
    let held = world.tokens.at_hand(&file()).unwrap();
    world.tokens.forget(&file(), &held);
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seedP");
    let form = world.server.seen().first().unwrap().body.clone();
    let expected = "client_id=key&client_secret=secret&refresh_token=seed&grant_type=refresh_token";
    assert_eq!(form, expected);
}

#[tokio::test]
async fn a_token_that_is_not_on_record_is_not_used() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "\"1200\""));
    world.store.broken.store(true, Ordering::SeqCst);
    assert!(fresh(&world, "seed").await.is_err());
    assert!(world.tokens.at_hand(&file()).is_none());
    // The store is back: the token that MYOB gave is kept, not asked for again.
    world.store.broken.store(false, Ordering::SeqCst);
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.store.secret().as_deref(), Some("seedP"));
    assert_eq!(world.server.seen().len(), 1);
}

#[tokio::test]
async fn a_faster_process_wins() {
    let store: Arc<Mutex<Option<Arc<TestTokens>>>> = Arc::default();
    let (theirs, used) = (Arc::clone(&store), Mutex::default());
    let world = world(move |seen| {
        // Between our call and our record, somebody else rotates.
        if token_of(seen) == "seed" {
            theirs.lock().unwrap().as_ref().unwrap().put("theirs", 7);
        }
        rotating(seen, &used, "1200")
    });
    *store.lock().unwrap() = Some(Arc::clone(&world.store));
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-theirs");
    assert_eq!(world.store.secret().as_deref(), Some("theirsP"));
}

#[tokio::test]
async fn a_dead_token_is_looked_for_in_the_store_again() {
    let store: Arc<Mutex<Option<Arc<TestTokens>>>> = Arc::default();
    let theirs = Arc::clone(&store);
    let used = Mutex::new(BTreeSet::from(["old".to_owned()]));
    let world = world(move |seen| {
        if token_of(seen) == "old" {
            theirs.lock().unwrap().as_ref().unwrap().put("new", 2);
        }
        rotating(seen, &used, "1200")
    });
    world.store.put("old", 1);
    *store.lock().unwrap() = Some(Arc::clone(&world.store));
    assert_eq!(fresh(&world, "old").await.unwrap(), "access-new");
}

#[tokio::test]
async fn a_new_configured_token_replaces_a_dead_one() {
    let used = Mutex::new(BTreeSet::from(["dead".to_owned()]));
    let world = world(move |seen| rotating(seen, &used, "1200"));
    world.store.put("dead", 3);
    assert_eq!(fresh(&world, "reconnected").await.unwrap(), "access-reconnected");
    assert_eq!(world.store.secret().as_deref(), Some("reconnectedP"));
}

#[tokio::test]
async fn without_a_living_token_a_person_must_connect() {
    let world = world(|_| answer(400, "{\"error\":\"invalid_grant\"}"));
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotAuthorised { message } if message.contains("ledger.refresh_token"))
    );
    assert_eq!(world.server.seen().len(), 1);
    let error = world.tokens.fresh(&file(), None).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotAuthorised { .. }));
}

#[tokio::test]
async fn an_endpoint_that_fails_is_not_a_persons_affair() {
    let world = world(|_| answer(503, "<html>"));
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }));
    assert_eq!(world.server.seen().len(), 3);
}

#[tokio::test]
async fn a_refresh_token_that_stays_the_same_needs_no_record() {
    let world = world(|_| answer(200, "{\"access_token\":\"a\",\"expires_in\":1200}"));
    assert_eq!(fresh(&world, "seed").await.unwrap(), "a");
    assert_eq!(world.store.secret(), None);
}
