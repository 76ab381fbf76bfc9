//! What every lock promises: the run lock, which every door shares, and the lock per key.

#![expect(missing_docs, reason = "a promise is called by its sentence")]

pub mod keyed;
pub mod run;

/// One test for each promise of a run lock. The fixture is a
/// [`LockFixture`](crate::contract::LockFixture).
///
/// ```ignore
/// postonce_race_kit::lock_contract! {
///     my_store: crate::MyFixture;
/// }
/// ```
#[macro_export]
macro_rules! lock_contract {
    ($($lock:ident: $fixture:path;)+) => { $(mod $lock { $crate::promises! { $fixture; lock;
        run of "RunLock": [
            a_held_lock_is_busy_for_everybody_else,
            of_concurrent_calls_one_acquires,
            a_released_lock_is_free,
            a_dropped_lock_is_free_at_once,
            every_hold_has_an_owner_of_its_own,
            the_running_run_of_the_hold_is_named,
            a_run_that_does_not_hold_it_is_not_named,
            asking_for_the_state_does_not_take_the_lock,
            an_epoch_is_greater_than_every_one_before,
            a_lock_that_is_held_is_not_lost,
        ];
    } })+ };
}

/// One test for each promise of a lock per key. The fixture is a
/// [`Fixture`](crate::contract::Fixture) whose adapter is a `KeyedLock`.
///
/// ```ignore
/// postonce_race_kit::keyed_contract! {
///     my_lock: crate::MyFixture;
/// }
/// ```
#[macro_export]
macro_rules! keyed_contract {
    ($($lock:ident: $fixture:path;)+) => { $(mod $lock { $crate::promises! { $fixture; lock;
        keyed of "KeyedLock": [
            a_held_key_is_given_to_nobody_else,
            different_keys_do_not_touch,
            keys_are_compared_byte_for_byte,
            a_waiter_is_woken_when_the_key_is_released,
            a_waiter_is_woken_when_the_key_is_dropped,
            who_waits_for_too_long_is_told_so,
            who_does_not_wait_is_told_at_once,
            a_waiter_that_goes_away_leaves_the_key_to_others,
            twenty_at_once_run_one_after_another,
            a_panic_frees_the_key,
            a_key_that_is_held_is_not_lost,
        ];
    } })+ };
}
