//! The suites find what is wrong: for each mistake the promise that it breaks.

use postonce_domain::{Invoice, InvoiceId};
use postonce_ports::reader::NoteRecord;
use postonce_race_kit::contract::lock::run;
use postonce_race_kit::contract::store::{apply, claim, misses, settle};
use postonce_race_kit::contract::{Fixture, LockFixture, StoreFixture, broken};

use super::contract::InAFolder;
use super::faults::{
    ClaimIgnoresTheEpoch, ClaimIgnoresTheVersion, ClaimIsNeverRefused, ClaimTrustsTheReader,
    EpochGoesBack, Faulty, LockIsTakenTwice, MissCountsTooEarly, Mistake, MoveWithoutANote,
    OldOutcomeOverwrites, OutcomeIsWrittenTwice, Right,
};
use super::host::Tokio;

/// A journal in a folder, with a mistake between it and the test.
struct Spoilt<M> {
    right: InAFolder,
    store: Faulty<M>,
}

impl<M: Mistake> Fixture for Spoilt<M> {
    type Adapter = Faulty<M>;
    type Runtime = Tokio;

    async fn new() -> Self {
        let right = InAFolder::new().await;
        let store = Faulty::new(right.adapter());
        Self { right, store }
    }

    fn adapter(&self) -> Faulty<M> {
        self.store.clone()
    }

    fn other(&self) -> Faulty<M> {
        Faulty::new(self.right.other())
    }
}

impl<M: Mistake> StoreFixture for Spoilt<M> {
    async fn put(&self, invoices: Vec<Invoice>) -> Vec<InvoiceId> {
        self.right.put(invoices).await
    }

    async fn trail(&self, invoice: InvoiceId) -> Vec<NoteRecord> {
        self.right.trail(invoice).await
    }
}

impl<M: Mistake> LockFixture for Spoilt<M> {}

/// One test for each mistake: the store without it keeps the promise, and with it breaks it, by
/// these words.
macro_rules! caught {
    ($($test:ident: $mistake:ty, $area:ident::$promise:ident, $words:literal;)+) => { $(
        #[test]
        fn $test() {
            assert_eq!(broken::<Spoilt<Right>>($area::$promise), None);
            let seen = broken::<Spoilt<$mistake>>($area::$promise).unwrap();
            assert!(seen.contains($words), "{seen}");
        }
    )+ };
}

caught! {
    a_claim_that_ignores_the_version: ClaimIgnoresTheVersion,
        claim::a_claim_of_an_older_version_is_refused, "not refused";
    a_claim_that_ignores_the_epoch: ClaimIgnoresTheEpoch,
        claim::a_claim_of_another_epoch_is_fenced, "not refused";
    a_claim_that_trusts_the_reader: ClaimTrustsTheReader,
        claim::an_invoice_that_is_not_ready_is_not_claimed, "not refused";
    a_claim_that_is_granted_to_everybody_who_asks: ClaimIsNeverRefused,
        claim::concurrent_claims_of_many_invoices_are_granted_once_each,
        "each invoice is claimed exactly once";
    a_move_whose_note_is_lost: MoveWithoutANote,
        apply::a_move_and_its_note_are_both_written, "a move writes one note";
    an_outcome_that_is_written_twice: OutcomeIsWrittenTwice,
        settle::the_same_outcome_twice_is_written_once, "the same outcome is on record already";
    an_old_outcome_that_overwrites: OldOutcomeOverwrites,
        settle::other_late_outcomes_are_kept_as_notes, "a late outcome that is only kept changes nothing else";
    a_miss_that_counts_too_early: MissCountsTooEarly,
        misses::a_miss_in_the_quiet_period_proves_nothing, "finding nothing proves nothing";
    a_lock_that_is_taken_twice: LockIsTakenTwice,
        run::a_held_lock_is_busy_for_everybody_else, "a held lock is given to nobody";
    an_epoch_that_goes_back: EpochGoesBack,
        run::an_epoch_is_greater_than_every_one_before, "each epoch is greater than those before";
}
