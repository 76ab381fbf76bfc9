//! Tests of `tokens`, against a scripted token endpoint.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::*;
use crate::http::Clients;
use crate::sealed::{SealedTokens, TokenKeys};
use crate::tests::host::{TestClock, TestTokens};
use crate::tests::server::{Reply, Seen, Server, answer};

struct World {
    tokens: Tokens,
    store: Arc<TestTokens>,
    clock: Arc<dyn Clock>,
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
    let records = Records { tokens: store.clone(), access: store.clone(), me: "me".to_owned() };
    let tokens = Tokens::new(endpoint, records, Arc::clone(&clock));
    World { tokens, store, clock, server }
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
    world.store.breaks.store(WRITES_MAX, Ordering::SeqCst);
    assert!(fresh(&world, "seed").await.is_err());
    assert!(world.tokens.at_hand(&file()).is_none());
    // Others are to wait for it.
    assert!(world.store.ours.load(Ordering::SeqCst));
    // The store is back: the token that MYOB gave is kept, not asked for again.
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.store.secret().as_deref(), Some("seedP"));
    assert_eq!(world.server.seen().len(), 1);
}

#[tokio::test]
async fn a_database_that_fails_for_a_moment_loses_no_token() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "1200"));
    world.store.breaks.store(WRITES_MAX - 1, Ordering::SeqCst);
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.clock.boot(), WRITE_PAUSE * 31);
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
        matches!(&error, LedgerError::NotAuthorised { message } if message.contains("`postonce connect main`"))
    );
    assert_eq!(world.server.seen().len(), 1);
    let error = world.tokens.fresh(&file(), None).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotAuthorised { .. }));
}

#[tokio::test]
async fn a_revoked_connection_is_not_begun_anew_with_the_configured_token() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "1200"));
    world.store.put("", 3);
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::NotAuthorised { message } if message.contains("was revoked"))
    );
    assert_eq!(world.server.seen().len(), 0);
}

#[tokio::test]
async fn a_token_sealed_with_another_key_is_no_trouble_of_the_database() {
    let mut world = world(|_| answer(500, ""));
    let key = |byte: &str| SecretString::from(byte.repeat(42) + "A=");
    let theirs = TokenKeys::new(&key("A"), None).unwrap();
    let (sealed, _) = theirs.seal_both(&file(), "a token", "").unwrap();
    world.store.put(&sealed, 3);
    let ours = TokenKeys::new(&key("B"), None).unwrap();
    let stores = SealedTokens::new(ours, world.store.clone(), world.store.clone());
    world.tokens.records.tokens = Arc::new(stores.clone());
    world.tokens.records.access = Arc::new(stores);
    let error = fresh(&world, "seed").await.unwrap_err();
    let LedgerError::NotAuthorised { message } = &error else { panic!("{error:?}") };
    for part in ["`tokens.key`", theirs.id().unwrap(), "`postonce connect main`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_not_a_persons_affair() {
    let world = world(|_| answer(503, "<html>"));
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }));
    assert_eq!(world.server.seen().len(), 3);
}

#[tokio::test]
async fn a_refresh_token_that_stays_the_same_is_on_record_with_its_access_token() {
    let world = world(|_| answer(200, "{\"access_token\":\"a\",\"expires_in\":1200}"));
    assert_eq!(fresh(&world, "seed").await.unwrap(), "a");
    assert_eq!(world.store.secret().as_deref(), Some("seed"));
}

#[tokio::test]
async fn what_another_process_has_got_is_used_and_nobody_is_asked() {
    let world = world(|_| answer(500, ""));
    let (secret, rest) = ("theirs".to_owned(), Duration::from_secs(300));
    *world.store.theirs.lock().unwrap() = Some(Access { secret, rest, version: 4 });
    assert_eq!(fresh(&world, "seed").await.unwrap(), "theirs");
    let held = world.tokens.at_hand(&file()).unwrap();
    assert_eq!((held.ends, held.version), (world.clock.boot() + rest, 4));
    assert_eq!(world.server.seen().len(), 0);
}

#[tokio::test]
async fn an_access_token_that_was_refused_is_refused_for_all() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "1200"));
    fresh(&world, "seed").await.unwrap();
    let held = world.tokens.at_hand(&file()).unwrap();
    world.tokens.forget(&file(), &held);
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seedP");
    // The store is told once, and of nothing that was replaced already.
    world.tokens.forget(&file(), &held);
    fresh(&world, "seed").await.unwrap();
    assert_eq!(*world.store.refused.lock().unwrap(), [1]);
}

#[tokio::test]
async fn another_ones_turn_is_waited_for() {
    let used = Mutex::default();
    let world = world(move |seen| rotating(seen, &used, "1200"));
    world.store.busy.store(5, Ordering::SeqCst);
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.clock.boot(), 5 * LOOK);
    assert!(world.store.ours.load(Ordering::SeqCst), "a turn that came to tokens ends with them");
}

#[tokio::test]
async fn a_turn_that_comes_to_no_end_is_trouble_and_no_refusal() {
    let world = world(|_| answer(500, ""));
    world.store.busy.store(u32::MAX, Ordering::SeqCst);
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "{error:?}");
    assert_eq!(world.clock.boot(), OTHERS_TURN_MAX);
    assert_eq!(world.server.seen().len(), 0);
}

#[tokio::test]
async fn who_fails_gives_its_turn_up() {
    let world = world(|_| answer(400, "{\"error\":\"invalid_grant\"}"));
    fresh(&world, "seed").await.unwrap_err();
    assert!(!world.store.ours.load(Ordering::SeqCst));
}

/// Whose predecessor's turn ran out waits longer for that one's record than others do.
#[tokio::test]
async fn a_refused_token_whose_last_user_said_nothing_is_waited_for() {
    for (left_behind, waited) in [(false, OTHERS_ROTATION), (true, LATE_ROTATION)] {
        let world = world(|_| answer(400, "{\"error\":\"invalid_grant\"}"));
        world.store.left_behind.store(left_behind, Ordering::SeqCst);
        fresh(&world, "seed").await.unwrap_err();
        assert_eq!(world.clock.boot(), waited);
    }
}

/// MYOB has rotated and its answer was lost: nothing of ours can bring that token back.
#[tokio::test]
async fn an_answer_that_was_lost_after_the_rotation_asks_for_a_person() {
    let used: Mutex<BTreeSet<String>> = Mutex::default();
    let world = world(move |seen| {
        let is_first = used.lock().unwrap().is_empty();
        let reply = rotating(seen, &used, "1200");
        if is_first { Reply::Close } else { reply }
    });
    let error = fresh(&world, "seed").await.unwrap_err();
    assert!(matches!(error, LedgerError::NotAuthorised { .. }), "{error:?}");
}

/// Where a used token goes on counting for a while, the second try is answered.
#[tokio::test]
async fn an_answer_that_was_lost_is_got_again_where_a_used_token_still_counts() {
    let calls = Mutex::new(0);
    let world = world(move |seen| {
        *calls.lock().unwrap() += 1;
        let reply = rotating(seen, &Mutex::default(), "1200");
        if *calls.lock().unwrap() == 1 { Reply::Close } else { reply }
    });
    assert_eq!(fresh(&world, "seed").await.unwrap(), "access-seed");
    assert_eq!(world.store.secret().as_deref(), Some("seedP"));
}
