//! Writing down what became of a claim, whatever it takes.

use std::time::Duration;

use postonce_domain::{ClaimId, CompanyFile, NotSentCause, Outcome, StateName, StopCause};
use postonce_ports::store::Recorded;

use crate::run::Run;

/// Why an outcome is not on record.
enum NotRecorded {
    /// The database has no such claim.
    UnknownClaim,
    /// It did not take it.
    Trouble(String),
}

impl NotRecorded {
    fn words(&self) -> &str {
        match self {
            Self::UnknownClaim => "the database does not know the claim",
            Self::Trouble(words) => words,
        }
    }
}

impl Run<'_> {
    /// Records `outcome`, within the bound of tries; after that the run claims nothing more, and
    /// keeps the outcome for a last try at its end.
    pub(crate) async fn record(&self, file: &CompanyFile, claim: ClaimId, outcome: Outcome) {
        match self.try_record(claim, &outcome).await {
            Ok(()) => {}
            Err(NotRecorded::UnknownClaim) => self.went_back(file, claim, &outcome).await,
            Err(NotRecorded::Trouble(words)) => {
                self.not_written(claim, &outcome, &words);
                self.tally.keep_unrecorded(file, claim, outcome);
            }
        }
    }

    /// The database has lost a claim whose commit it had answered: it went back while this run was
    /// at work. What became of the claim can only be told to people, and the next runs must look
    /// before they send.
    async fn went_back(&self, file: &CompanyFile, claim: ClaimId, outcome: &Outcome) {
        self.not_written(claim, outcome, "the database does not know the claim any more");
        match self.engine.ports.registry.alarm(file, self.engine.policy.doubt.quiet).await {
            Ok(_) => {
                let words = format!(
                    "company file {file}: the database went back: it does not know claim {claim} \
                     any more ({outcome}); nothing more is sent there for a while, and then only \
                     what the ledger does not have"
                );
                self.tally.stop_file(file, StopCause::Alarm, words);
            }
            Err(error) => self.halt(&error),
        }
    }

    /// Before the run's end: what could not be recorded is tried once more, and claims that have
    /// no outcome are put in doubt.
    pub(crate) async fn settle_the_rest(&self) {
        let unrecorded = self.tally.take_unrecorded();
        for (file, claim, outcome) in &unrecorded {
            match self.try_record(*claim, outcome).await {
                Ok(()) => {}
                Err(NotRecorded::UnknownClaim) => self.went_back(file, *claim, outcome).await,
                Err(NotRecorded::Trouble(words)) => self.not_written(*claim, outcome, &words),
            }
        }
        let mut all_have_outcomes = true;
        let open = match self.engine.ports.store.open_claims(self.id).await {
            Ok(open) => open,
            Err(error) => {
                all_have_outcomes = false;
                self.halt(&error);
                Vec::new()
            }
        };
        for claim in open {
            let known = unrecorded.iter().find(|(_, id, _)| *id == claim);
            let reason = known.map_or_else(
                || "the run ended without learning its outcome".to_owned(),
                |(_, _, outcome)| format!("the outcome could not be written: {outcome}"),
            );
            let outcome = Outcome::InDoubt { reason };
            if let Err(error) = self.try_record(claim, &outcome).await {
                all_have_outcomes = false;
                self.not_written(claim, &outcome, error.words());
            }
        }
        self.tally.count_the_rest(all_have_outcomes);
    }

    fn not_written(&self, claim: ClaimId, outcome: &Outcome, words: &str) {
        let words = format!("the outcome of claim {claim} ({outcome}) was not written: {words}");
        self.tally.halt(StopCause::DatabaseUnavailable, words);
    }

    async fn try_record(&self, claim: ClaimId, outcome: &Outcome) -> Result<(), NotRecorded> {
        const FIRST_PAUSE: Duration = Duration::from_millis(50);
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            match self.engine.ports.store.settle(claim, outcome).await {
                Ok(recorded) => return self.count(outcome, recorded),
                Err(error) if tries >= self.engine.policy.settle_tries_max => {
                    return Err(NotRecorded::Trouble(error.to_string()));
                }
                Err(_) => {
                    self.engine.ports.clock.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    tries += 1;
                }
            }
        }
    }

    fn count(&self, outcome: &Outcome, recorded: Recorded) -> Result<(), NotRecorded> {
        match recorded {
            // A commit without an answer did not happen: there was no claim.
            Recorded::UnknownClaim
                if matches!(
                    outcome,
                    Outcome::NotSent { cause: NotSentCause::CommitUnanswered, .. }
                ) =>
            {
                self.tally.give_back_claim();
                return Ok(());
            }
            Recorded::UnknownClaim => return Err(NotRecorded::UnknownClaim),
            Recorded::Moved(StateName::NeedsHuman) => {
                self.tally.count(|counts| counts.needs_human += 1);
            }
            Recorded::Moved(_) | Recorded::Already | Recorded::Noted => {}
        }
        self.tally.ended(outcome.name());
        Ok(())
    }
}
