//! The names are what databases, files and other programs hold: none may change unseen.

use crate::{BlockCode, NotSentCause, NoteKind, OutcomeName, RunStatus, StateName, Trigger};

/// Asserts the names of all values, and that each leads back to its value.
macro_rules! names {
    ($name:ident: $($text:literal)+) => {
        let names: Vec<&str> = $name::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(names, [$($text),+]);
        for value in $name::ALL {
            assert_eq!($name::from_name(value.as_str()), Some(value));
            assert_eq!(value.to_string(), value.as_str());
        }
        assert_eq!($name::from_name("no such name"), None);
    };
}

#[test]
fn names_that_are_stored_stay_what_they_are() {
    names!(StateName: "draft" "ready" "blocked" "claimed" "posted" "rejected" "in_doubt"
        "needs_human" "forgotten");
    names!(BlockCode: "customer_missing" "customer_in_doubt" "tax_code_missing" "item_missing"
        "account_missing" "job_missing" "item_in_doubt" "mapping_review" "totals_differ"
        "company_file_unknown" "access_denied" "before_start_date" "foreign_currency"
        "credit" "zero_total" "unreadable");
    names!(OutcomeName: "posted" "rejected" "not_sent" "in_doubt");
    names!(NotSentCause: "no_connection" "expired" "unauthorised" "rate_limited" "access_denied"
        "commit_unanswered");
    names!(NoteKind: "claim" "outcome" "inquiry" "person" "event");
    names!(Trigger: "scheduled" "manual" "automation" "reprocess");
    names!(RunStatus: "running" "completed" "completed_with_errors" "failed" "lock_lost"
        "cancelled" "abandoned");
}
