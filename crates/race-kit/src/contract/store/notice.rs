//! What is told to people who do not look.

use std::time::Duration;

use postonce_ports::notice::{Notice, NoticeEvent, NoticeKind, NoticeState, Notices};

use crate::contract::Fixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::LONG;

const NOW: Duration = Duration::ZERO;

fn events(abouts: &[&str]) -> Vec<NoticeEvent> {
    let event = |about: &&str| NoticeEvent {
        about: (*about).to_owned(),
        text: format!("what {about} is — é"),
    };
    abouts.iter().map(event).collect()
}

fn ways(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn raise(store: &impl Notices, abouts: &[&str]) -> u64 {
    store.raise(NoticeKind::InDoubt, events(abouts), ways(&["mail"])).await.unwrap()
}

async fn take(store: &impl Notices, lease: Duration) -> Option<Notice> {
    store.take(ways(&["mail"]), lease).await.unwrap()
}

async fn newest(store: &impl Notices) -> Notice {
    store.notices(1).await.unwrap().pop().expect("there is a notice")
}

pub async fn an_event_is_told_once_whoever_comes_with_it(fixture: &impl Fixture<Adapter: Notices>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(raise(&store, &["one", "two"]).await, 2);
    assert_eq!(raise(&other, &["two", "One", "three"]).await, 2, "they differ by case");
    assert_eq!(raise(&store, &["three"]).await, 0);
    let notices = other.notices(10).await.unwrap();
    let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
    let [both, first] = ["what One is — é\nwhat three is — é", "what one is — é\nwhat two is — é"];
    assert_eq!(texts, [both, first], "newest first, with a line for each event that is new");
    let notice = &notices[0];
    assert_eq!((notice.kind, notice.way.as_str()), (NoticeKind::InDoubt, "mail"));
    assert_eq!((notice.tries, notice.trouble.as_str()), (0, ""));
    assert_eq!(notice.state, NoticeState::Waiting { due_at: notice.raised_at }, "due at once");
    assert_eq!(store.notices(1).await.unwrap().len(), 1, "a list has a limit");
}

pub async fn an_event_twice_in_one_list_is_told_once(fixture: &impl Fixture<Adapter: Notices>) {
    let store = fixture.adapter();
    assert_eq!(raise(&store, &["one", "one"]).await, 1);
    assert_eq!(newest(&store).await.text, "what one is — é");
}

pub async fn every_kind_of_notice_survives_storage(fixture: &impl Fixture<Adapter: Notices>) {
    let store = fixture.adapter();
    for kind in NoticeKind::ALL {
        store.raise(kind, events(&[kind.as_str()]), ways(&["webhook"])).await.unwrap();
        assert_eq!(newest(&store).await.kind, kind);
    }
}

pub async fn each_way_has_a_notice_of_its_own(fixture: &impl Fixture<Adapter: Notices>) {
    let store = fixture.adapter();
    let both = ways(&["webhook", "mail"]);
    store.raise(NoticeKind::RunFailed, events(&["run 1"]), both.clone()).await.unwrap();
    let mail = take(&store, LONG).await.expect("the notice of that way");
    assert_eq!(mail.way, "mail");
    store.delivered(mail.id).await.unwrap();
    assert_eq!(take(&store, LONG).await, None, "the other one is of another way");
    let rest = store.take(both, LONG).await.unwrap().expect("it still is to be delivered");
    assert_eq!((rest.way.as_str(), rest.text), ("webhook", mail.text));
}

pub async fn a_notice_is_handed_over_once_until_its_lease_has_passed(
    fixture: &impl Fixture<Adapter: Notices>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    raise(&store, &["one"]).await;
    let first = take(&store, NOW).await.expect("it is due");
    let again = take(&other, LONG).await.expect("the lease has passed");
    assert_eq!((first.id, first.tries, again.id, again.tries), (again.id, 1, first.id, 2));
    assert_eq!(take(&store, LONG).await, None, "another one has it");
}

pub async fn what_has_been_due_for_longest_is_handed_over_first(
    fixture: &impl Fixture<Adapter: Notices>,
) {
    let store = fixture.adapter();
    raise(&store, &["one"]).await;
    raise(&store, &["two"]).await;
    let first = take(&store, LONG).await.expect("both are due");
    let second = take(&store, LONG).await.expect("one is due");
    assert!(first.text.contains("one") && second.text.contains("two"), "{first:?}, {second:?}");
}

pub async fn of_concurrent_tellers_one_tells_each_event(fixture: &impl Fixture<Adapter: Notices>) {
    let tasks = (0..8).map(|_| {
        let store = fixture.other();
        async move { raise(&store, &["one", "two"]).await }
    });
    let new: u64 = at_once(fixture, tasks).await.into_iter().sum();
    assert_eq!(new, 2, "each of the events is new once");
}

pub async fn of_concurrent_takers_each_is_handed_another_notice(
    fixture: &impl Fixture<Adapter: Notices>,
) {
    let store = fixture.adapter();
    for about in ["one", "two", "three"] {
        raise(&store, &[about]).await;
    }
    let tasks = (0..6).map(|_| {
        let store = fixture.other();
        async move { take(&store, LONG).await.map(|notice| notice.id) }
    });
    let mut taken: Vec<i64> = at_once(fixture, tasks).await.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken.len(), 3, "every notice has one who delivers it: {taken:?}");
    taken.dedup();
    assert_eq!(taken.len(), 3, "and no more than one");
}

pub async fn a_delivered_notice_is_never_handed_over_again(
    fixture: &impl Fixture<Adapter: Notices>,
) {
    let store = fixture.adapter();
    raise(&store, &["one"]).await;
    let notice = take(&store, NOW).await.expect("it is due");
    store.failed(notice.id, "no answer", Some(NOW)).await.unwrap();
    store.delivered(notice.id).await.unwrap();
    let known = newest(&store).await;
    assert!(matches!(known.state, NoticeState::Delivered { .. }), "{known:?}");
    assert_eq!(known.trouble, "", "nothing is wrong with it any more");
    store.failed(notice.id, "a late word of another process", Some(NOW)).await.unwrap();
    assert_eq!(newest(&store).await, known, "it stays delivered");
    assert_eq!(take(&store, NOW).await, None);
}

pub async fn a_failed_notice_waits_for_its_time_and_a_parked_one_for_nothing(
    fixture: &impl Fixture<Adapter: Notices>,
) {
    let store = fixture.adapter();
    raise(&store, &["one"]).await;
    let notice = take(&store, NOW).await.expect("it is due");
    store.failed(notice.id, "refused — é", Some(LONG)).await.unwrap();
    assert_eq!(take(&store, NOW).await, None, "its time has not come");
    let known = newest(&store).await;
    assert_eq!((known.tries, known.trouble.as_str()), (1, "refused — é"));
    let NoticeState::Waiting { due_at } = known.state else { panic!("it waits: {known:?}") };
    assert!(due_at > known.raised_at);
    store.failed(notice.id, "once more", Some(NOW)).await.unwrap();
    assert!(take(&store, NOW).await.is_some(), "its time has come");
    store.failed(notice.id, "too often", None).await.unwrap();
    assert_eq!(take(&store, NOW).await, None);
    let known = newest(&store).await;
    assert_eq!((known.state, known.trouble.as_str()), (NoticeState::Parked, "too often"));
}
