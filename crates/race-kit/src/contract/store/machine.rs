//! Machines' tokens.

use postonce_domain::{Role, Side};
use postonce_ports::account::{AccountEvent, AccountNote, Accounts, Machine, Machines, NewMachine};

use super::account::{key, trail};
use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::login;

fn new(name: &str, side: Option<Side>, digit: char) -> NewMachine {
    NewMachine { name: login(name), side, role: Role::Operator, key: key(digit) }
}

fn line(event: AccountEvent, name: &str, text: &str) -> AccountNote {
    AccountNote { event, name: login(name), actor: "sam".to_owned(), text: text.to_owned() }
}

fn names(machines: &[Machine]) -> Vec<&str> {
    machines.iter().map(|machine| machine.name.as_str()).collect()
}

pub async fn a_machine_is_known_by_its_token(fixture: &impl Fixture<Adapter: Machines + Accounts>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.machine(&key('1')).await.unwrap(), None, "there is none at first");
    assert!(store.add_machine(new("Shop", Some(Side::Ordering), '1'), "sam").await.unwrap());
    assert!(store.add_machine(new("a.till", None, '2'), "sam").await.unwrap());
    let seen = other.machine(&key('1')).await.unwrap().expect("another process knows it");
    assert_eq!((seen.name.as_str(), seen.role), ("Shop", Role::Operator), "its name and role");
    assert_eq!((seen.side, seen.revoked_at), (Some(Side::Ordering), None), "its side");
    let till = store.machine(&key('2')).await.unwrap().expect("it is known");
    assert_eq!(till.side, None, "or both");
    assert!(!other.add_machine(new("shop", None, '3'), "sam").await.unwrap(), "a name is taken");
    assert_eq!(store.machine(&key('3')).await.unwrap(), None, "what was not made is not known");
    assert_eq!(names(&other.machines().await.unwrap()), ["a.till", "Shop"], "they are by name");
    let added = |name, text| line(AccountEvent::MachineAdded, name, text);
    let lines = [
        added("Shop", "role operator, side ordering"),
        added("a.till", "role operator, both sides"),
    ];
    assert_eq!(trail(&store).await, lines, "each has a line");
}

pub async fn a_token_that_was_taken_away_lets_nobody_in(
    fixture: &impl Fixture<Adapter: Machines + Accounts>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert!(!store.revoke_machine(&login("shop"), "sam").await.unwrap(), "there is none");
    for (name, digit) in [("shop", '1'), ("till", '2')] {
        assert!(store.add_machine(new(name, None, digit), "sam").await.unwrap(), "it is new");
    }
    assert!(other.revoke_machine(&login("SHOP"), "sam").await.unwrap(), "it is taken away");
    assert_eq!(store.machine(&key('1')).await.unwrap(), None, "it counts no more");
    let first = store.machines().await.unwrap();
    assert!(store.revoke_machine(&login("shop"), "eve").await.unwrap(), "twice is success");
    let seen = other.machines().await.unwrap();
    assert_eq!((names(&seen), &seen), (vec!["shop", "till"], &first), "it is listed as it was");
    assert!(seen[0].revoked_at >= Some(seen[0].made_at), "with the time");
    assert_eq!(seen[1].revoked_at, None, "the other one is not touched");
    assert!(!store.add_machine(new("shop", None, '3'), "sam").await.unwrap(), "its name is taken");
    assert!(store.machine(&key('2')).await.unwrap().is_some(), "the other one gets in");
    let lines = trail(&store).await;
    assert_eq!(lines.len(), 3, "the second time left no line: {lines:?}");
    assert_eq!(lines[2], line(AccountEvent::MachineRevoked, "shop", ""), "the first did");
}

pub async fn of_concurrent_machines_of_one_name_one_is_made(
    fixture: &impl Fixture<Adapter: Machines + Accounts>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = "01234567".chars().enumerate().map(|(n, digit)| {
        let store = stores[n % 2].clone();
        async move { store.add_machine(new("shop", None, digit), "sam").await.unwrap() }
    });
    let made = at_once(fixture, tasks).await.into_iter().filter(|made| *made).count();
    assert_eq!((made, trail(&stores[0]).await.len()), (1, 1), "one is made, with one line");
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.revoke_machine(&login("shop"), "sam").await.unwrap() }
    });
    assert!(at_once(fixture, tasks).await.into_iter().all(|done| done), "each is success");
    assert_eq!(trail(&stores[0]).await.len(), 2, "it is taken away once");
}
