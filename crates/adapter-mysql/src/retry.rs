//! How often and how soon a transaction that others were in the way of is tried again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::result::Error as DriverError;

use crate::error::{Trouble, classify};

/// How often one transaction is tried in all. A deadlock is over once its other side is; five in a
/// row mean that something is wrong. With lock waits of 5 s each this also bounds the whole: a claim
/// that took longer than the send window is worth nothing.
pub(crate) const TRIES: u32 = 5;

/// The pause before the second try; each further one is four times as long, 850 ms in all. A
/// transaction takes about a millisecond, so the first is for one to end, the last for a load to
/// pass.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Counts the transactions that were tried again.
#[derive(Debug, Default)]
pub(crate) struct Retries(AtomicU64);

impl Retries {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits before the try that follows the `failed`-th.
    #[expect(clippy::disallowed_methods, reason = "a pause of the driver, too short to be of use")]
    pub(crate) async fn pause(&self, failed: u32) {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        let pause = FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(failed.saturating_sub(1)));
        // Two that were in each other's way do not begin anew at the same moment.
        let apart = Duration::from_millis(before % 8);
        tokio::time::sleep(pause.saturating_add(apart)).await;
    }
}

/// Whether the server has said that the transaction does not count because others were in its way;
/// as an answer to COMMIT too.
pub(crate) fn was_refused(error: &DriverError) -> bool {
    matches!(classify(error), Trouble::Deadlock | Trouble::LockWait | Trouble::Conflict)
}
