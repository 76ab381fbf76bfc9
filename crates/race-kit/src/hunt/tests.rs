//! How a search tells whether new states still come.

use super::Growth;
use crate::coverage::Coverage;

/// What is seen of a search that knows so many states after each schedule.
fn seen(runs: u64, states: impl Fn(u64) -> u64) -> Coverage {
    let mut growth = Growth::default();
    for run in 1..=runs {
        growth.after(run, usize::try_from(states(run)).unwrap());
    }
    Coverage { growth: growth.samples, ..Coverage::default() }
}

#[test]
fn a_search_of_any_length_has_ten_to_twenty_equal_parts() {
    for runs in [10, 19, 20, 21, 1_000, 12_345] {
        let parts = seen(runs, |run| run).growth;
        assert!((10..20).contains(&parts.len()), "{runs}: {parts:?}");
        let part = parts[0];
        assert!(parts.iter().zip(1..).all(|(states, nth)| *states == part * nth), "{parts:?}");
        // What is left over is less than a part.
        assert!(usize::try_from(runs).unwrap() - parts.last().unwrap() < part, "{parts:?}");
    }
}

#[test]
fn a_search_is_steep_until_no_new_states_come() {
    for runs in [10, 100, 5_000] {
        assert!(seen(runs, |run| run).is_steep(), "{runs}");
        assert!(!seen(runs, |_| 70).is_steep(), "{runs}");
        // Most came early, and one in a hundred comes in the end.
        assert!(!seen(runs, |run| 1_000 + run.saturating_mul(100).div_ceil(runs)).is_steep());
    }
    // Who has hardly begun knows nothing.
    assert!(seen(1, |_| 70).is_steep());
}
