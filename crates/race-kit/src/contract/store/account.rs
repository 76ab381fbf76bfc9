//! People's accounts.

use postonce_domain::{LoginName, Role};
use postonce_ports::account::{
    Account, AccountChange, AccountChanged, AccountEvent, AccountNote, Accounts, NewAccount,
    NewSession, Sessions,
};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{LONG, login};

pub(super) fn new_account(name: &str, role: Role) -> NewAccount {
    NewAccount { name: login(name), role, password: format!("$argon2id$ of {name} — é") }
}

pub(super) async fn added(store: &impl Accounts, name: &str, role: Role) -> Account {
    assert!(store.add_account(new_account(name, role), "sam").await.unwrap(), "{name} is free");
    store.account(&login(name)).await.unwrap().expect("it is on record")
}

fn role(role: Role) -> AccountChange {
    AccountChange { role: Some(role), ..AccountChange::default() }
}

fn disabled(disabled: bool) -> AccountChange {
    AccountChange { disabled: Some(disabled), ..AccountChange::default() }
}

fn line(event: AccountEvent, name: &str, actor: &str, text: &str) -> AccountNote {
    let (name, actor, text) = (login(name), actor.to_owned(), text.to_owned());
    AccountNote { event, name, actor, text }
}

pub(super) async fn trail(store: &impl Accounts) -> Vec<AccountNote> {
    let trail = store.account_notes(0, 1000).await.unwrap();
    trail.into_iter().map(|record| record.note).collect()
}

fn written(name: &LoginName) -> &str {
    name.as_str()
}

pub async fn an_account_is_made_once_whatever_the_case_of_its_name(
    fixture: &impl Fixture<Adapter: Accounts>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.account(&login("Kim")).await.unwrap(), None, "there is none at first");
    let made = added(&store, "Kim", Role::Operator).await;
    assert_eq!(made.role, Role::Operator, "it has its role");
    assert_eq!((made.version, made.disabled), (1, false), "it is the first, and lets somebody in");
    assert_eq!(made.password, "$argon2id$ of Kim — é", "the hash is kept exactly");
    assert!(!other.add_account(new_account("kIM", Role::Admin), "eve").await.unwrap(), "taken");
    let seen = other.account(&login("kim")).await.unwrap().expect("case does not count");
    assert_eq!((&seen, written(&seen.name)), (&made, "Kim"), "it is as it was made");
    let line = line(AccountEvent::Added, "Kim", "sam", "role operator");
    assert_eq!(trail(&other).await, [line], "what was not made has no line");
}

pub async fn of_concurrent_accounts_of_one_name_one_is_made(
    fixture: &impl Fixture<Adapter: Accounts>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.add_account(new_account("kim", Role::Viewer), "sam").await.unwrap() }
    });
    let made = at_once(fixture, tasks).await.into_iter().filter(|made| *made).count();
    assert_eq!((made, trail(&stores[0]).await.len()), (1, 1), "one is made, with one line");
}

pub async fn accounts_are_listed_by_name(fixture: &impl Fixture<Adapter: Accounts>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    for name in ["bob", "a_x", "Cid", "ann@example.com", "a-x", "aax"] {
        added(&store, name, Role::Viewer).await;
    }
    let all = other.accounts().await.unwrap();
    let names: Vec<_> = all.iter().map(|account| written(&account.name)).collect();
    assert_eq!(names, ["a-x", "a_x", "aax", "ann@example.com", "bob", "Cid"]);
}

pub async fn a_change_of_an_account_is_made_from_the_version_that_was_seen(
    fixture: &impl Fixture<Adapter: Accounts>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let name = login("kim");
    let change = role(Role::Operator);
    let answer = store.change_account(&name, 1, change.clone(), "sam").await.unwrap();
    assert_eq!(answer, AccountChanged::Stale, "there is no such account");
    let made = added(&store, "Kim", Role::Viewer).await;
    let answer = other.change_account(&name, 1, change, "ann").await.unwrap();
    let AccountChanged::Done(now) = answer else { panic!("it is made: {answer:?}") };
    assert_eq!((now.role, now.version), (Role::Operator, 2), "it says so, and its version rose");
    assert!(now.changed_at >= made.changed_at, "by the store's clock");
    let rest = Account { role: made.role, version: 1, changed_at: made.changed_at, ..now.clone() };
    assert_eq!((rest, written(&now.name)), (made, "Kim"), "all else stays");
    let answer = store.change_account(&name, 1, disabled(true), "eve").await.unwrap();
    assert_eq!(answer, AccountChanged::Stale, "an older version does not count");
    assert_eq!(store.account(&name).await.unwrap(), Some(now), "and changes nothing");
    let whole = AccountChange {
        role: Some(Role::Viewer),
        password: Some("$argon2id$ another".to_owned()),
        disabled: Some(true),
    };
    let answer = store.change_account(&name, 2, whole, "ann").await.unwrap();
    let AccountChanged::Done(now) = answer else { panic!("it is made: {answer:?}") };
    assert_eq!((now.role, now.disabled), (Role::Viewer, true), "all of it");
    assert_eq!(now.password, "$argon2id$ another", "the password too");
    assert_eq!(other.account(&name).await.unwrap(), Some(now), "what was answered is on record");
    let changed = |text| line(AccountEvent::Changed, "Kim", "ann", text);
    let lines = [
        line(AccountEvent::Added, "Kim", "sam", "role viewer"),
        changed("role operator"),
        changed("role viewer, a new password, disabled"),
    ];
    assert_eq!(trail(&store).await, lines, "what was refused has no line");
}

pub async fn a_change_of_an_account_ends_its_sessions(
    fixture: &impl Fixture<Adapter: Accounts + Sessions>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    for (name, digit) in [("kim", '1'), ("ann", '2')] {
        added(&store, name, Role::Admin).await;
        assert!(store.open_session(new_session(name, 1, digit)).await.unwrap(), "{name} is in");
    }
    let name = login("KIM");
    let answer = other.change_account(&name, 9, disabled(true), "sam").await.unwrap();
    assert_eq!(answer, AccountChanged::Stale, "it is made from another version");
    assert!(store.session(&key('1')).await.unwrap().is_some(), "so it ends no session");
    let answer = other.change_account(&name, 1, role(Role::Viewer), "sam").await.unwrap();
    assert!(matches!(answer, AccountChanged::Done(_)), "it is made: {answer:?}");
    assert_eq!(store.session(&key('1')).await.unwrap(), None, "the session is over");
    assert!(store.session(&key('2')).await.unwrap().is_some(), "that of another is not");
}

pub async fn of_concurrent_changes_of_an_account_one_is_made(
    fixture: &impl Fixture<Adapter: Accounts>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    added(&stores[0], "kim", Role::Viewer).await;
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        let change = role(Role::Operator);
        async move { store.change_account(&login("kim"), 1, change, "sam").await.unwrap() }
    });
    let answers = at_once(fixture, tasks).await;
    let done = answers.iter().filter(|it| matches!(it, AccountChanged::Done(_))).count();
    let stale = answers.iter().filter(|it| **it == AccountChanged::Stale).count();
    assert_eq!((done, stale), (1, 7), "one is made, and all others come too late");
}

pub async fn the_last_admin_stays(fixture: &impl Fixture<Adapter: Accounts>) {
    let store = fixture.adapter();
    for (name, role) in [("kim", Role::Admin), ("ann", Role::Admin), ("bob", Role::Operator)] {
        added(&store, name, role).await;
    }
    let change = |name, seen, change| {
        let store = store.clone();
        async move { store.change_account(&login(name), seen, change, "sam").await.unwrap() }
    };
    let done = |answer: &AccountChanged| matches!(answer, AccountChanged::Done(_));
    assert!(done(&change("ann", 1, disabled(true)).await), "kim is left");
    for wanted in [role(Role::Operator), disabled(true)] {
        let answer = change("kim", 1, wanted).await;
        assert_eq!(answer, AccountChanged::LastAdmin, "a disabled admin is none");
    }
    let kim = store.account(&login("kim")).await.unwrap().expect("it is there");
    assert_eq!((kim.role, kim.disabled, kim.version), (Role::Admin, false, 1), "nothing changed");
    let password = AccountChange { password: Some("$new".to_owned()), ..AccountChange::default() };
    assert!(done(&change("kim", 1, password).await), "any other change may be made");
    assert!(done(&change("bob", 1, disabled(true)).await), "of others, any");
    assert!(done(&change("ann", 2, disabled(false)).await), "ann is back");
    assert!(done(&change("kim", 2, role(Role::Viewer)).await), "so kim may go");
}

pub async fn of_concurrent_changes_that_leave_no_admin_one_is_refused(
    fixture: &impl Fixture<Adapter: Accounts>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    for name in ["kim", "ann"] {
        added(&stores[0], name, Role::Admin).await;
    }
    for _ in 0..4 {
        let known = stores[0].accounts().await.unwrap().into_iter().enumerate();
        let tasks =
            known.map(|(n, known)| {
                let store = stores[n].clone();
                let change = disabled(true);
                async move {
                    store.change_account(&known.name, known.version, change, "sam").await.unwrap()
                }
            });
        let answers = at_once(fixture, tasks).await;
        let refused = answers.iter().filter(|it| **it == AccountChanged::LastAdmin).count();
        let gone = answers.into_iter().filter_map(|answer| match answer {
            AccountChanged::Done(gone) => Some(gone),
            AccountChanged::Stale | AccountChanged::LastAdmin => None,
        });
        let gone: Vec<_> = gone.collect();
        let [gone] = gone.as_slice() else { panic!("one is disabled: {gone:?}") };
        assert_eq!(refused, 1, "and the other one stays");
        let back = stores[0].change_account(&gone.name, gone.version, disabled(false), "sam");
        assert!(matches!(back.await.unwrap(), AccountChanged::Done(_)), "both are admins again");
    }
}

pub async fn the_trail_of_accounts_is_read_by_rising_id(fixture: &impl Fixture<Adapter: Accounts>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    for name in ["one", "two", "three"] {
        added(&store, name, Role::Viewer).await;
    }
    let all = other.account_notes(0, 100).await.unwrap();
    let names: Vec<_> = all.iter().map(|record| written(&record.note.name)).collect();
    assert_eq!(names, ["one", "two", "three"], "in the order in which it was written");
    assert!(all.is_sorted_by(|one, next| one.id < next.id), "ids rise");
    assert!(all.is_sorted_by_key(|record| record.at), "so do the times");
    let rest = store.account_notes(all[0].id, 1).await.unwrap();
    assert_eq!(rest, [all[1].clone()], "a list goes on after an id, and has a limit");
}

pub(super) fn key(digit: char) -> String {
    digit.to_string().repeat(64)
}

pub(super) fn new_session(account: &str, seen: i64, digit: char) -> NewSession {
    NewSession {
        key: key(digit),
        account: login(account),
        seen,
        form_key: format!("form {digit}"),
        idle: LONG,
        lasts: LONG,
    }
}
