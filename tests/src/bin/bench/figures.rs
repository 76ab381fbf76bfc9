//! Times and ratios as whole numbers.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// From beginning to end.
    pub(crate) wall: Duration,
    /// Processor time of this process, all its threads together.
    pub(crate) cpu: Duration,
}

/// A measurement that has begun.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    begun: Instant,
    cpu: Duration,
}

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now(), cpu: cpu() }
    }

    pub(crate) fn stop(&self) -> Took {
        Took { wall: self.begun.elapsed(), cpu: cpu().saturating_sub(self.cpu) }
    }
}

fn cpu() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap_or_default())
}

/// The middle one; of an even number the greater of the two in the middle.
pub(crate) fn median<T: Copy + Ord + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// `part` as a percentage of `whole`.
pub(crate) fn percent(part: Duration, whole: Duration) -> u128 {
    part.as_nanos() * 100 / whole.as_nanos().max(1)
}

/// How many of `count` there were in a second.
pub(crate) fn per_second(count: u32, took: Duration) -> u128 {
    u128::from(count) * 1_000_000_000 / took.as_nanos().max(1)
}

/// Microseconds for each of `count`.
pub(crate) fn micros_each(count: u32, took: Duration) -> u128 {
    took.as_micros() / u128::from(count.max(1))
}

/// Hundredths as a number with two places.
pub(crate) fn hundredths(value: u128) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}
