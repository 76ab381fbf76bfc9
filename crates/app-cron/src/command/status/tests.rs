use jiff::Timestamp;

use super::*;

fn state(of: &[(StateName, u64)]) -> State {
    let by_state = StateName::ALL.map(|state| {
        (state, of.iter().find(|(name, _)| *name == state).map_or(0, |(_, count)| *count))
    });
    State {
        lock: LockState::Free,
        counts: StateCounts { by_state: by_state.to_vec(), held: 5 },
        last: None,
        alarms: Vec::new(),
        whereabouts: Whereabouts::Same,
    }
}

fn alarm(quiet_over: bool) -> Standing {
    let quiet_until = Timestamp::from_second(1_800_000_000).unwrap();
    (CompanyFile::parse("books").unwrap(), Alarm { quiet_until, quiet_over })
}

fn moved() -> Whereabouts {
    Whereabouts::Moved { from: "server a".to_owned(), to: "server b".to_owned() }
}

#[test]
fn what_stands_is_told_by_the_code() {
    let check = |of: &[(StateName, u64)]| state(of).standing().code();
    assert_eq!(check(&[(StateName::Ready, 9), (StateName::Posted, 9)]), 0);
    assert_eq!(check(&[(StateName::Blocked, 1)]), 65);
    assert_eq!(check(&[(StateName::Rejected, 1)]), 65);
    assert_eq!(check(&[(StateName::Rejected, 1), (StateName::InDoubt, 1)]), 10);
    assert_eq!(check(&[(StateName::NeedsHuman, 1)]), 10);
    assert_eq!(check(&[(StateName::Claimed, 1)]), 10);
    let running = State { lock: LockState::Held(None), ..state(&[(StateName::Claimed, 1)]) };
    assert_eq!(running.standing().code(), 0);
}

#[test]
fn an_alarm_counts_while_it_is_quiet_and_a_moved_database_until_it_is_taken_over() {
    let alarms = |quiet_over| State { alarms: vec![alarm(quiet_over)], ..state(&[]) };
    assert_eq!(alarms(false).standing().code(), 10);
    assert_eq!(alarms(true).standing().code(), 0);
    assert_eq!(State { whereabouts: moved(), ..state(&[]) }.standing().code(), 10);
}

#[test]
fn alarms_and_a_moved_database_are_shown() {
    let all = State { alarms: vec![alarm(false)], whereabouts: moved(), ..state(&[]) };
    let text = all.text();
    assert!(text.contains("alarm: books: nothing is sent before 2027-01-15 08:00:00Z"), "{text}");
    assert!(text.contains("moved: the database was server a and is server b"), "{text}");
    let json = serde_json::to_value(all.json()).unwrap();
    let wanted = serde_json::json!([
        { "company_file": "books", "quiet_until": "2027-01-15T08:00:00Z" }
    ]);
    assert_eq!(json["alarms"], wanted);
    assert_eq!(json["moved"], serde_json::json!({ "from": "server a", "to": "server b" }));
    let json = serde_json::to_value(state(&[]).json()).unwrap();
    assert_eq!(json["alarms"], serde_json::json!([]));
    assert_eq!(json["moved"], serde_json::Value::Null);
}
