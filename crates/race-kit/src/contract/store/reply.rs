//! What was answered to requests that carry a key.

use std::time::Duration;

use postonce_ports::reply::{Asked, KeyedRequest, Replies, Reply};

use super::account::key as digest;
use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::LONG;

fn request(sender: &str, key: &str) -> KeyedRequest {
    KeyedRequest { sender: sender.to_owned(), key: key.to_owned(), digest: digest('a') }
}

fn reply(status: u16, body: &str) -> Reply {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("location", "/runs/7?a=b: c"), header("retry-after", "")];
    Reply { status, headers, body: body.to_owned() }
}

async fn ask(store: &impl Replies, request: &KeyedRequest) -> Asked {
    store.ask(request.clone(), LONG).await.unwrap()
}

pub async fn a_request_that_comes_again_gets_its_answer(fixture: &impl Fixture<Adapter: Replies>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let first = request("sam", "one");
    assert_eq!(ask(&store, &first).await, Asked::New, "it is to be done");
    assert_eq!(ask(&other, &first).await, Asked::Doing, "once");
    let answer = reply(202, "{\"run\":7}\n— é");
    store.answer(&first, answer.clone()).await.unwrap();
    assert_eq!(ask(&other, &first).await, Asked::Done(answer.clone()), "this was answered");
    store.answer(&first, reply(500, "late")).await.unwrap();
    store.give_up(&first).await.unwrap();
    assert_eq!(ask(&store, &first).await, Asked::Done(answer), "an answer stays");
    let bare = request("sam", "bare");
    assert_eq!(ask(&store, &bare).await, Asked::New, "it is to be done");
    let empty = Reply { status: 204, headers: Vec::new(), body: String::new() };
    store.answer(&bare, empty.clone()).await.unwrap();
    assert_eq!(ask(&store, &bare).await, Asked::Done(empty), "an answer may say nothing");
}

pub async fn keys_are_their_senders_own_and_differ_by_case(
    fixture: &impl Fixture<Adapter: Replies>,
) {
    let store = fixture.adapter();
    let longest = "~".repeat(255);
    for (sender, key) in [
        ("sam", "one"),
        ("ann", "one"),
        ("Sam", "one"),
        ("sam", "One"),
        ("sam", "o'ne; % \\ \"_"),
        ("sam", longest.as_str()),
        (&longest[..100], longest.as_str()),
    ] {
        assert_eq!(ask(&store, &request(sender, key)).await, Asked::New, "{sender} {key}");
    }
    assert_eq!(ask(&store, &request("sam", "one")).await, Asked::Doing, "the same one is not");
}

pub async fn a_key_that_came_with_another_request_is_told(
    fixture: &impl Fixture<Adapter: Replies>,
) {
    let store = fixture.adapter();
    let first = request("sam", "one");
    let another = KeyedRequest { digest: digest('b'), ..first.clone() };
    assert_eq!(ask(&store, &first).await, Asked::New, "it is to be done");
    assert_eq!(ask(&store, &another).await, Asked::Another, "while the first is being done");
    store.answer(&another, reply(500, "of another")).await.unwrap();
    store.give_up(&another).await.unwrap();
    assert_eq!(ask(&store, &first).await, Asked::Doing, "the other one changes nothing");
    store.answer(&first, reply(202, "")).await.unwrap();
    assert_eq!(ask(&store, &another).await, Asked::Another, "and when it was");
}

pub async fn a_request_that_was_given_up_may_be_sent_again(
    fixture: &impl Fixture<Adapter: Replies>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let first = request("sam", "one");
    store.give_up(&first).await.unwrap();
    store.answer(&first, reply(202, "")).await.unwrap();
    assert_eq!(ask(&store, &first).await, Asked::New, "what was never asked has no answer");
    other.give_up(&first).await.unwrap();
    assert_eq!(ask(&store, &first).await, Asked::New, "it is to be done again");
    assert_eq!(ask(&other, &first).await, Asked::Doing, "once");
}

pub async fn old_requests_are_forgotten(fixture: &impl Fixture<Adapter: Replies>) {
    let store = fixture.adapter();
    let (first, other) = (request("sam", "one"), request("sam", "two"));
    assert_eq!(ask(&store, &first).await, Asked::New, "it is to be done");
    assert_eq!(ask(&store, &other).await, Asked::New, "so is the other");
    store.answer(&other, reply(202, "")).await.unwrap();
    let again = store.ask(first.clone(), Duration::ZERO).await.unwrap();
    assert_eq!(again, Asked::New, "nothing is kept for no time");
    assert_eq!(ask(&store, &other).await, Asked::New, "an answer neither");
    assert_eq!(ask(&store, &first).await, Asked::Doing, "what is not old is kept");
}

pub async fn of_concurrent_requests_with_one_key_one_is_done(
    fixture: &impl Fixture<Adapter: Replies>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    for key in ["one", "two", "three"] {
        let tasks = (0..8).map(|n| {
            let store = stores[n % 2].clone();
            async move { ask(&store, &request("sam", key)).await }
        });
        let answers = at_once(fixture, tasks).await;
        let new = answers.iter().filter(|it| **it == Asked::New).count();
        let doing = answers.iter().filter(|it| **it == Asked::Doing).count();
        assert_eq!((new, doing), (1, 7), "one is told to do it: {answers:?}");
    }
}
