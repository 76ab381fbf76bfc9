//! What is done to the POST of an invoice: every way to leave doubt that the sandbox has.

use serde_json::{Value, json};

/// What a late effect is late by: less than the quiet period, as with MYOB.
const LATE_MS: u64 = 400;

/// Longer than [`super::POST_TIMEOUT_S`].
const TOO_LATE_MS: u64 = 2_600;

/// One kind of trouble.
pub(super) struct Kind {
    /// In the order in which POSTs of the invoice meet them: action and `delay_ms`.
    pub(super) posts: &'static [(&'static str, u64)],
    /// How many searches for the invoice fail besides.
    pub(super) failing_searches: u64,
    /// Whether the first POST has its effect.
    pub(super) arrives: bool,
}

const fn lost(posts: &'static [(&'static str, u64)]) -> Kind {
    Kind { posts, failing_searches: 0, arrives: false }
}

const fn booked(posts: &'static [(&'static str, u64)]) -> Kind {
    Kind { posts, failing_searches: 0, arrives: true }
}

const fn hard_to_find(kind: &Kind) -> Kind {
    Kind { failing_searches: 4, posts: kind.posts, arrives: kind.arrives }
}

/// Every kind. `wrong_uid` is not here: a ledger that gives one invoice the UID of another is for
/// a person, see `docs/faults.md`; nor is what is refused with certainty.
pub(super) const KINDS: [Kind; 31] = [
    lost(&[("drop", 0)]),
    lost(&[("reset", 0)]),
    lost(&[("error_500", 0)]),
    lost(&[("error_502", 0)]),
    lost(&[("gateway_timeout", 0)]),
    lost(&[("unavailable_503", 0)]),
    lost(&[("redirect_307", 0)]),
    lost(&[("html_error", 0)]),
    lost(&[("error_500", TOO_LATE_MS)]),
    lost(&[("drop", 0), ("reset", 0), ("error_500", 0)]),
    lost(&[("drop", 0), ("commit_then_drop", 0)]),
    lost(&[("unavailable_503", 0), ("late_commit", LATE_MS)]),
    hard_to_find(&lost(&[("drop", 0)])),
    booked(&[("delay", LATE_MS)]),
    booked(&[("delay", TOO_LATE_MS)]),
    booked(&[("commit_then_drop", 0)]),
    booked(&[("commit_then_drop", TOO_LATE_MS)]),
    booked(&[("late_commit", LATE_MS)]),
    booked(&[("reset_committed", 0)]),
    booked(&[("error_500_committed", 0)]),
    booked(&[("error_502_committed", 0)]),
    booked(&[("gateway_timeout_committed", 0)]),
    booked(&[("truncate_body", 0)]),
    booked(&[("trickle", 0)]),
    booked(&[("empty_201", 0)]),
    booked(&[("no_location_201", 0)]),
    booked(&[("invalid_json_201", 0)]),
    booked(&[("ok_200_without_uid", 0)]),
    booked(&[("accepted_202", LATE_MS)]),
    booked(&[("hide_from_search", LATE_MS)]),
    hard_to_find(&booked(&[("late_commit", LATE_MS)])),
];

impl Kind {
    /// What the sandbox is told, for the invoice of this number.
    pub(super) fn faults(&self, number: &str) -> Vec<Value> {
        let post = |(action, delay_ms): &(&str, u64)| {
            let matches =
                json!({"method": "POST", "path_prefix": "/Sale/Invoice", "number": number});
            json!({"action": action, "delay_ms": delay_ms, "match": matches})
        };
        let search = json!({"action": "search_error", "times": self.failing_searches,
            "match": {"number": number}});
        let searches = (self.failing_searches > 0).then_some(search);
        self.posts.iter().map(post).chain(searches).collect()
    }

    /// Its name in the document.
    pub(super) fn name(&self) -> String {
        let post = |(action, delay_ms): &(&str, u64)| match delay_ms {
            0 => format!("`{action}`"),
            _ => format!("`{action}` {delay_ms} ms"),
        };
        let posts: Vec<_> = self.posts.iter().map(post).collect();
        let searches = match self.failing_searches {
            0 => String::new(),
            count => format!(", and `search_error` {count} times"),
        };
        format!("{}{searches}", posts.join(", sent again: "))
    }
}
