//! Writing down what became of a claim, whatever it takes.

use std::time::Duration;

use postonce_domain::{ClaimId, Outcome, StateName, StopCause};
use postonce_ports::store::Recorded;

use crate::run::Run;

impl Run<'_> {
    /// Records `outcome`, within the bound of tries; after that the run claims nothing more, and
    /// keeps the outcome for a last try at its end.
    pub(crate) async fn record(&self, claim: ClaimId, outcome: Outcome) {
        let name = outcome.name();
        match self.try_record(claim, &outcome).await {
            Ok(recorded) => {
                self.tally.ended(name);
                if recorded == Recorded::Moved(StateName::NeedsHuman) {
                    self.tally.count(|counts| counts.needs_human += 1);
                }
            }
            Err(words) => {
                let words = format!("the outcome of claim {claim} could not be written: {words}");
                self.tally.halt(StopCause::DatabaseUnavailable, words);
                self.tally.keep_unrecorded(claim, outcome);
            }
        }
    }

    /// Before the run's end: what could not be recorded is tried once more, and claims that have
    /// no outcome are put in doubt.
    pub(crate) async fn settle_the_rest(&self) {
        for (claim, outcome) in self.tally.take_unrecorded() {
            if self.try_record(claim, &outcome).await.is_ok() {
                self.tally.ended(outcome.name());
            }
        }
        let open = match self.engine.ports.store.open_claims(self.id).await {
            Ok(open) => open,
            Err(error) => {
                self.tally.halt(StopCause::DatabaseUnavailable, error.to_string());
                Vec::new()
            }
        };
        for claim in open {
            let reason = "the run ended without learning its outcome".to_owned();
            if let Err(words) = self.try_record(claim, &Outcome::InDoubt { reason }).await {
                self.tally.halt(StopCause::DatabaseUnavailable, words);
            }
        }
        self.tally.count_the_rest_in_doubt();
    }

    async fn try_record(&self, claim: ClaimId, outcome: &Outcome) -> Result<Recorded, String> {
        const FIRST_PAUSE: Duration = Duration::from_millis(50);
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            match self.engine.ports.store.settle(claim, outcome).await {
                Ok(recorded) => return Ok(recorded),
                Err(error) if tries >= self.engine.policy.settle_tries_max => {
                    return Err(error.to_string());
                }
                Err(_) => {
                    self.engine.ports.clock.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    tries += 1;
                }
            }
        }
    }
}
