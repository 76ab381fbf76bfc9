//! People's sessions.

use std::time::Duration;

use postonce_domain::Role;
use postonce_ports::account::{
    AccountChange, AccountChanged, AccountEvent, Accounts, NewSession, Sessions,
};

use super::account::{added, key, new_session, trail};
use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, login};

pub async fn a_session_is_known_until_it_is_closed(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.session(&key('1')).await.unwrap(), None, "there is none at first");
    let kim = added(&store, "Kim", Role::Operator).await;
    assert!(store.open_session(new_session("kim", 1, '1')).await.unwrap(), "she comes in");
    assert!(store.open_session(new_session("kim", 1, '2')).await.unwrap(), "twice");
    let seen = other.session(&key('1')).await.unwrap().expect("another process knows it");
    assert_eq!((&seen.account, seen.form_key.as_str()), (&kim, "form 1"), "with its account");
    assert!(seen.over_at > kim.changed_at, "it lasts");
    other.close_session(&key('1')).await.unwrap();
    assert_eq!(store.session(&key('1')).await.unwrap(), None, "it is over");
    other.close_session(&key('1')).await.unwrap();
    assert!(store.session(&key('2')).await.unwrap().is_some(), "the other one goes on");
    let events: Vec<_> = trail(&store).await.into_iter().map(|note| note.event).collect();
    let came_in = AccountEvent::SignedIn;
    assert_eq!(events, [AccountEvent::Added, came_in, came_in], "each sign-in has a line");
}

pub async fn a_session_needs_an_account_as_it_was_seen(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let store = fixture.adapter();
    assert!(!store.open_session(new_session("kim", 1, '1')).await.unwrap(), "there is no account");
    added(&store, "kim", Role::Viewer).await;
    assert!(!store.open_session(new_session("kim", 2, '1')).await.unwrap(), "another version");
    let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let answer = store.change_account(&login("kim"), 1, disabled, "sam").await.unwrap();
    assert!(matches!(answer, AccountChanged::Done(_)), "it is disabled: {answer:?}");
    for seen in [1, 2] {
        let opened = store.open_session(new_session("kim", seen, '1')).await.unwrap();
        assert!(!opened, "nobody gets in by a disabled one");
    }
    assert_eq!(store.session(&key('1')).await.unwrap(), None, "no session is written");
    assert_eq!(trail(&store).await.len(), 2, "and no line but those of the account");
}

pub async fn of_a_session_and_a_change_of_its_account_the_change_wins(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    for digit in "01234567".chars() {
        let name = format!("kim{digit}");
        added(&stores[0], &name, Role::Viewer).await;
        let tasks = (0..2).map(|n| {
            let (store, name) = (stores[n].clone(), name.clone());
            async move {
                if n == 0 {
                    return store.open_session(new_session(&name, 1, digit)).await.unwrap();
                }
                let password = Some("$new".to_owned());
                let change = AccountChange { password, ..AccountChange::default() };
                let changed = store.change_account(&login(&name), 1, change, "sam").await.unwrap();
                matches!(changed, AccountChanged::Done(_))
            }
        });
        let answers = at_once(fixture, tasks).await;
        assert!(answers[1], "the change is made");
        let left = stores[0].session(&key(digit)).await.unwrap();
        assert_eq!(left, None, "no session of the old password is left");
    }
}

pub async fn a_session_is_over_after_its_time(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let store = fixture.adapter();
    added(&store, "kim", Role::Viewer).await;
    let new = |digit, idle, lasts| NewSession { idle, lasts, ..new_session("kim", 1, digit) };
    for session in [new('1', Duration::ZERO, LONG), new('2', LONG, Duration::ZERO)] {
        assert!(store.open_session(session.clone()).await.unwrap(), "it is opened");
        assert_eq!(store.session(&session.key).await.unwrap(), None, "it lasts for no time");
    }
    // A key whose session was forgotten is free; the first opening forgets all that are over.
    assert!(store.open_session(new('3', LONG, LONG)).await.unwrap(), "this one lasts");
    for digit in ['1', '2'] {
        assert!(store.open_session(new(digit, LONG, LONG)).await.unwrap(), "it was forgotten");
    }
    assert!(store.session(&key('3')).await.unwrap().is_some(), "what lasts is not forgotten");
}

pub async fn a_session_that_is_used_lasts_longer(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let store = fixture.adapter();
    let (idle, eighth) = (Duration::from_secs(8), Duration::from_secs(1));
    let kim = added(&store, "kim", Role::Viewer).await;
    let new = |digit, lasts| NewSession { idle, lasts, ..new_session("kim", 1, digit) };
    assert!(store.open_session(new('1', LONG)).await.unwrap(), "it is opened");
    assert!(store.open_session(new('2', idle)).await.unwrap(), "it is opened");
    let look = async |digit| {
        let session = store.session(&key(digit)).await.unwrap();
        session.expect("it is used all the time").over_at
    };
    let (first, fixed) = (look('1').await, look('2').await);
    // A clock that stands still never comes so far.
    for n in 0..2000 {
        let (seen, end) = (look('1').await, look('2').await);
        let now = added(&store, &format!("clock{n}"), Role::Viewer).await.changed_at;
        assert!(seen >= first && seen <= now + idle, "never longer than unused from now");
        assert_eq!(end, fixed, "nothing lasts longer than it was to at most");
        if now > kim.changed_at + idle / 4 {
            let seen = look('1').await;
            assert!(seen > first + eighth, "it began anew: {first}, {seen}");
            break;
        }
    }
}
