//! What adapters promise, as suites of tests that any crate can run on its own.
//!
//! Each sentence of a port's doc is a promise, and each promise is one test, whose name says it.
//! Somebody who has written an adapter implements [`Fixture`] for it, and what goes with it, and
//! names it to a macro:
//!
//! | macro | what it tries | the fixture is a |
//! |---|---|---|
//! | [`store_contract!`](crate::store_contract) | every port of a store but the lock | [`StoreFixture`] |
//! | [`lock_contract!`](crate::lock_contract) | `RunLock` and `HeldLock` | [`LockFixture`] |
//! | [`keyed_contract!`](crate::keyed_contract) | `KeyedLock` and `HeldKey` | [`Fixture`] |
//! | [`ledger_contract!`](crate::ledger_contract) | `Ledger` | [`LedgerFixture`] |
//!
//! Reading order: [`Runtime`], [`Fixture`], then the promises themselves in [`store`], [`lock`]
//! and [`ledger`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this is test code, though other crates call it: a panic is how a test fails"
)]

mod fixture;
mod fresh;
mod runtime;
mod scene;

pub mod ledger;
pub mod lock;
pub mod store;

pub use fixture::{
    EngineStore, Fixture, IntakeFixture, LockFixture, ReaderFixture, StoreFixture, put, trail,
};
pub use fresh::FreshIds;
pub use ledger::{Booked, LedgerFixture, NextPost, Received};
pub use runtime::Runtime;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Tries one promise on a fixture of its own. For the macros.
#[doc(hidden)]
pub fn keep<F: Fixture>(port: &'static str, name: &'static str, promise: impl AsyncFnOnce(&F)) {
    let mut is_over = false;
    F::Runtime::run(async {
        let fixture = F::new().await;
        let told = IfBroken { port, name };
        promise(&fixture).await;
        drop(told);
        is_over = true;
    });
    assert!(is_over, "`Runtime::run` runs a test to its end");
}

/// Tries one promise on a fixture of its own: what was seen if it is broken, `None` if it is kept.
///
/// For whoever builds a mistake into an adapter, to see that the suites find it:
///
/// ```ignore
/// let seen = contract::broken::<Faulty>(contract::store::claim::a_claim_id_counts_once);
/// assert!(seen.is_some());
/// ```
pub fn broken<F: Fixture>(promise: impl AsyncFnOnce(&F)) -> Option<String> {
    let mut is_made = false;
    let run = AssertUnwindSafe(|| {
        F::Runtime::run(async {
            let fixture = F::new().await;
            is_made = true;
            promise(&fixture).await;
        });
    });
    let panic = catch_unwind(run).err()?;
    if !is_made {
        resume_unwind(panic);
    }
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    Some(words.unwrap_or("a panic without words").to_owned())
}

/// Says which promise it was, if a test panics.
struct IfBroken {
    port: &'static str,
    name: &'static str,
}

impl Drop for IfBroken {
    #[expect(clippy::print_stderr, reason = "the test harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("broken promise of `{}`: {}", self.port, self.name.replace('_', " "));
        }
    }
}

/// One test for each promise of an area. For the macros.
#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    ($fixture:path; $suite:ident; $($area:ident of $port:literal: [$($name:ident),+ $(,)?];)+) => {
        $($(
            #[test]
            fn $name() {
                let promise = $crate::contract::$suite::$area::$name;
                $crate::contract::keep::<$fixture>($port, stringify!($name), promise);
            }
        )+)+
    };
}
