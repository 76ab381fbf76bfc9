use super::*;

const SYDNEY: &str = "Australia/Sydney";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The fires from one instant to another, as the clock on the wall shows them.
fn fires(expression: &str, from: &str, to: &str) -> Vec<String> {
    let schedule = Schedule::new(expression, SYDNEY).unwrap();
    let (mut now, end) = (at(from), at(to));
    let mut forward = Vec::new();
    while let Some(next) = schedule.next(now)
        && next <= end
    {
        forward.push(next);
        now = next;
    }
    let mut backward = Vec::new();
    let mut now = end + std::time::Duration::from_micros(1);
    while let Some(last) = schedule.last(now)
        && last > at(from)
    {
        backward.push(last);
        now = last;
    }
    backward.reverse();
    assert_eq!(forward, backward, "{expression}: both ways meet the same fires");
    let shown = forward.into_iter().map(|at| schedule.show(at).at);
    shown.map(|at| at.strftime("%m-%d %H:%M %Z").to_string()).collect()
}

#[test]
fn a_day_has_one_fire_at_eight_in_the_evening_whatever_the_clocks_do() {
    let forward = fires("0 20 * * *", "2026-10-02T12:00:00Z", "2026-10-05T12:00:00Z");
    assert_eq!(forward, ["10-03 20:00 AEST", "10-04 20:00 AEDT", "10-05 20:00 AEDT"]);
    let back = fires("0 20 * * *", "2027-04-02T12:00:00Z", "2027-04-05T12:00:00Z");
    assert_eq!(back, ["04-03 20:00 AEDT", "04-04 20:00 AEST", "04-05 20:00 AEST"]);
}

#[test]
fn a_time_that_is_skipped_fires_at_the_moment_that_the_clocks_skip_to() {
    let skipped = fires("30 2 * * *", "2026-10-02T12:00:00Z", "2026-10-05T00:00:00Z");
    assert_eq!(skipped, ["10-03 02:30 AEST", "10-04 03:00 AEDT", "10-05 02:30 AEDT"]);
}

#[test]
fn a_time_that_comes_twice_fires_at_the_first() {
    let twice = fires("30 2 * * *", "2027-04-02T12:00:00Z", "2027-04-05T00:00:00Z");
    assert_eq!(twice, ["04-03 02:30 AEDT", "04-04 02:30 AEDT", "04-05 02:30 AEST"]);
}

#[test]
fn what_repeats_fires_as_the_clock_on_the_wall_shows_it() {
    let skipped = fires("30 * * * *", "2026-10-03T15:00:00Z", "2026-10-03T17:00:00Z");
    assert_eq!(skipped, ["10-04 01:30 AEST", "10-04 03:30 AEDT"]);
    let twice = fires("30 * * * *", "2027-04-03T15:00:00Z", "2027-04-03T18:00:00Z");
    assert_eq!(twice, ["04-04 02:30 AEDT", "04-04 02:30 AEST", "04-04 03:30 AEST"]);
    let left_out = fires("0 2,20 * * *", "2026-10-02T12:00:00Z", "2026-10-04T12:00:00Z");
    assert_eq!(left_out, ["10-03 02:00 AEST", "10-03 20:00 AEST", "10-04 20:00 AEDT"]);
}

#[test]
fn an_instant_within_a_second_is_before_the_next_one_and_after_its_own() {
    let schedule = Schedule::new("* * * * * *", "UTC").unwrap();
    for (now, next, last) in [
        ("2026-10-03T10:00:00Z", "2026-10-03T10:00:01Z", "2026-10-03T09:59:59Z"),
        ("2026-10-03T10:00:00.000001Z", "2026-10-03T10:00:01Z", "2026-10-03T10:00:00Z"),
        ("1969-12-31T23:59:58.5Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:58Z"),
    ] {
        assert_eq!(schedule.next(at(now)), Some(at(next)), "after {now}");
        assert_eq!(schedule.last(at(now)), Some(at(last)), "before {now}");
    }
}

#[test]
fn words_tell_expression_and_zone() {
    let words = |expression| Schedule::new(expression, SYDNEY).unwrap().words();
    assert_eq!(words("0 20 * * *"), "At 20:00, in Australia/Sydney (0 20 * * *)");
    assert_eq!(words(" 0  20 * * 1-5 "), words("0 20 * * 1-5"), "blanks make no other schedule");
    assert_eq!(words("*/5 * * * * *"), "Every 5 seconds, in Australia/Sydney (*/5 * * * * *)");
}

#[test]
fn a_note_says_what_daylight_saving_does() {
    let note = |expression, fire| {
        let schedule = Schedule::new(expression, SYDNEY).unwrap();
        schedule.show(at(fire)).note.unwrap_or_default()
    };
    assert_eq!(note("0 20 * * *", "2026-10-03T10:00:00Z"), "");
    assert!(note("0 20 * * *", "2026-10-04T09:00:00Z").contains("gone forward"));
    assert_eq!(note("0 20 * * *", "2026-10-05T09:00:00Z"), "");
    assert!(note("0 20 * * *", "2027-04-04T10:00:00Z").contains("gone back"));
    assert!(note("30 2 * * *", "2026-10-03T16:00:00Z").contains("skip"));
    assert!(note("30 2 * * *", "2027-04-03T15:30:00Z").contains("the first"));
    assert!(note("30 * * * *", "2027-04-03T16:30:00Z").contains("the second"));
}

#[test]
fn what_is_no_schedule_is_refused_with_the_mend() {
    for (expression, why) in [
        ("", "no schedule"),
        ("0 20 * *", "no schedule"),
        ("0 0 20 * * * 2026", "no schedule"),
        ("@daily", "no schedule"),
        ("0 20 * * * ; x", "no schedule"),
        ("60 * * * *", "out of bounds"),
        ("0 24 * * *", "out of bounds"),
        ("0 0 0 * *", "out of bounds"),
        ("0 20 * * 8", "out of bounds"),
        ("*/0 * * * *", "zero"),
        ("0-65535 * * * *", "65535"),
        ("0 0 99999999999999999999 * *", "99999999999999999999"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 2,4,6,9,11 *", "never fires"),
        (&"0,".repeat(60), "longer than 100"),
        (&format!("{} 20 * * *", "0,".repeat(60)), "longer than 100"),
    ] {
        let refused = parse(expression).unwrap_err();
        assert!(refused.contains(why), "{expression}: {refused}");
        assert!(refused.contains("0 20 * * *"), "no example of a good one: {refused}");
    }
    for good in ["0 20 * * *", "0 0 29 2 *", "0 8,20 * * MON-FRI", "0 0 L * *", "0 9 * * 1#1"] {
        assert!(parse(good).is_ok(), "{good}");
    }
}

#[test]
fn an_unknown_zone_is_refused() {
    assert!(Schedule::new("0 20 * * *", "Australia/Nowhere").unwrap_err().contains("Nowhere"));
}
