//! Every metric that there is.

use std::time::Duration;

/// What a metric does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// It rises, and begins anew with the process.
    Counter,
    /// It stands where it stands.
    Gauge,
    /// Times, counted by how long they were at most.
    Histogram(&'static [Duration]),
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What it does over time.
    pub kind: Type,
    /// What it tells.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

const fn family(
    name: &'static str,
    kind: Type,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family { name, kind, help, labels }
}

const fn seconds<const N: usize>(of: [u64; N]) -> [Duration; N] {
    let mut times = [Duration::ZERO; N];
    let mut place = 0;
    while place < N {
        times[place] = Duration::from_millis(of[place]);
        place += 1;
    }
    times
}

/// MYOB answers within a second mostly, and may work on a call for two minutes.
const CALLS: &[Duration] =
    &seconds([100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 150_000]);

const RUNS: &[Duration] =
    &seconds([1_000, 10_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000, 7_200_000]);

pub(crate) const BUILD: Family =
    family("postonce_build_info", Type::Gauge, &["version"], "Always 1; the label is the version.");
pub(crate) const LOCK_HELD: Family =
    family("postonce_lock_held", Type::Gauge, &[], "Whether some process has the run lock.");
pub(crate) const INVOICES: Family =
    family("postonce_invoices", Type::Gauge, &["state"], "Invoices by state.");
pub(crate) const HELD: Family = family(
    "postonce_invoices_held",
    Type::Gauge,
    &[],
    "Invoices that a person keeps from being sent, whatever their state.",
);
pub(crate) const DOUBT_AGE: Family = family(
    "postonce_in_doubt_oldest_age_seconds",
    Type::Gauge,
    &[],
    "How long ago the oldest claim in doubt was made; 0 if none is in doubt.",
);
pub(crate) const READY_AGE: Family = family(
    "postonce_ready_oldest_age_seconds",
    Type::Gauge,
    &[],
    "For how long one of the 200 ready invoices of the lowest ids has been as it is; 0 if none is ready.",
);
pub(crate) const UNPAIRED: Family = family(
    "postonce_claims_unpaired",
    Type::Gauge,
    &["open"],
    "Claims without an outcome; those that are open are on their way or will be swept.",
);
pub(crate) const LAST_COMPLETED: Family = family(
    "postonce_last_completed_run_timestamp_seconds",
    Type::Gauge,
    &[],
    "When the last run ended that went through all that was due; absent if none of the last 200 did.",
);
pub(crate) const ACQUIRES: Family = family(
    "postonce_lock_acquire_total",
    Type::Counter,
    &["result"],
    "Tries of this process to take the run lock.",
);
pub(crate) const RUNS_ENDED: Family = family(
    "postonce_runs_total",
    Type::Counter,
    &["trigger", "status"],
    "Sync runs of this process that ended.",
);
pub(crate) const RUN_TIME: Family = family(
    "postonce_run_duration_seconds",
    Type::Histogram(RUNS),
    &[],
    "How long the sync runs of this process took.",
);
pub(crate) const CLAIMS: Family = family(
    "postonce_claims_total",
    Type::Counter,
    &["outcome"],
    "Claims of the runs of this process that ended, by outcome.",
);
pub(crate) const CALLS_MADE: Family = family(
    "postonce_ledger_calls_total",
    Type::Counter,
    &["operation", "result"],
    "Calls of this process to the ledger.",
);
pub(crate) const CALL_TIME: Family = family(
    "postonce_ledger_call_duration_seconds",
    Type::Histogram(CALLS),
    &["operation"],
    "How long the ledger took, with all waiting for its rate.",
);
pub(crate) const NOT_SENT: Family = family(
    "postonce_ledger_not_sent_total",
    Type::Counter,
    &["cause"],
    "Posts that certainly had no effect, by cause: `rate_limited` is the ledger's own limit.",
);

impl Family {
    /// Every metric, in the order in which they are shown.
    pub const ALL: [Self; 15] = [
        BUILD,
        LOCK_HELD,
        INVOICES,
        HELD,
        DOUBT_AGE,
        READY_AGE,
        UNPAIRED,
        LAST_COMPLETED,
        ACQUIRES,
        RUNS_ENDED,
        RUN_TIME,
        CLAIMS,
        CALLS_MADE,
        CALL_TIME,
        NOT_SENT,
    ];
}
