//! What is counted and shown, without a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use jiff::Timestamp;
use postonce_domain::{
    Attempt, ClaimId, ClaimToken, CompanyFile, CustomerCode, ExternalId, InstallationId, InvoiceId,
    InvoiceNumber, Marker, NotAfter, NotSentCause, Outcome, PreparedRequest, SearchKey,
};
use postonce_ports::clock::Clock;
use postonce_ports::ledger::{LedgerError, MockLedger};
use postonce_ports::lock::{LockAnswer, LockError, MockHeldLock, MockRunLock};
use uuid::Uuid;

use crate::page::{Gauges, page};
use crate::{Family, Meter, Type};

/// A clock that moves when it is looked at: each look is 400 ms after the one before.
#[derive(Default)]
struct Ticking(AtomicU64);

#[async_trait]
impl Clock for Ticking {
    fn boot(&self) -> Duration {
        Duration::from_millis(400 * self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

fn meter() -> Meter {
    Meter::new(Arc::new(Ticking::default()))
}

/// The lines of a metric, without what tells of it.
fn lines(meter: &Meter, name: &str) -> Vec<String> {
    let text = page(&Gauges::new(), &meter.counted());
    text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
}

fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("a mock answers at once")
}

#[test]
fn tries_to_take_the_lock_are_counted_by_what_came_of_them() {
    let mut answers = 0;
    let mut lock = MockRunLock::new();
    lock.expect_try_acquire().times(4).returning(move || {
        answers += 1;
        match answers {
            1 => Ok(LockAnswer::Acquired(Box::new(MockHeldLock::new()))),
            2 | 3 => Ok(LockAnswer::Busy(None)),
            _ => Err(LockError::Unavailable { message: "no answer".to_owned(), source: None }),
        }
    });
    let meter = meter();
    let lock = meter.lock(Arc::new(lock));
    assert!(matches!(now(lock.try_acquire()), Ok(LockAnswer::Acquired(_))));
    assert!(matches!(now(lock.try_acquire()), Ok(LockAnswer::Busy(None))));
    assert!(matches!(now(lock.try_acquire()), Ok(LockAnswer::Busy(None))));
    assert!(matches!(now(lock.try_acquire()), Err(LockError::Unavailable { .. })));
    assert_eq!(
        lines(&meter, "postonce_lock_acquire_total"),
        [
            "postonce_lock_acquire_total{result=\"acquired\"} 1",
            "postonce_lock_acquire_total{result=\"busy\"} 2",
            "postonce_lock_acquire_total{result=\"error\"} 1",
        ]
    );
}

fn token() -> ClaimToken {
    let request = PreparedRequest {
        company_file: CompanyFile::parse("shop").unwrap(),
        marker: Marker { installation: InstallationId(Uuid::nil()), claim: ClaimId(Uuid::nil()) },
        number: InvoiceNumber::parse("A-1").unwrap(),
        reference: ExternalId::parse("order").unwrap(),
        customer: CustomerCode::parse("C-1").unwrap(),
        route: String::new(),
        payload: String::new(),
    };
    let not_after = NotAfter { boot: Duration::MAX, wall: Timestamp::MAX };
    ClaimToken::mint(InvoiceId(1), Attempt(1), not_after, request)
}

#[test]
fn calls_to_the_ledger_are_counted_and_timed_and_its_limit_is_seen() {
    let mut ledger = MockLedger::new();
    let cause = NotSentCause::RateLimited;
    let limited = Outcome::NotSent { cause, reason: "too many".to_owned() };
    let answer = limited.clone();
    ledger.expect_post().times(1).return_once(move |_| answer.into());
    let refused = || LedgerError::NotAuthorised { message: "no".to_owned() };
    ledger.expect_search().times(2).returning(move |_, _| Err(refused()));
    let meter = meter();
    let ledger = meter.ledger(Arc::new(ledger));
    assert_eq!(now(ledger.post(token())).outcome, limited, "the answer is handed on");
    let file = CompanyFile::parse("shop").unwrap();
    let key = SearchKey::Number(InvoiceNumber::parse("A-1").unwrap());
    for _ in 0..2 {
        let answer = now(ledger.search(&file, &key));
        assert!(matches!(answer, Err(LedgerError::NotAuthorised { .. })), "{answer:?}");
    }
    assert_eq!(
        lines(&meter, "postonce_ledger_calls_total"),
        [
            "postonce_ledger_calls_total{operation=\"post\",result=\"not_sent\"} 1",
            "postonce_ledger_calls_total{operation=\"search\",result=\"not_authorised\"} 2",
        ]
    );
    assert_eq!(
        lines(&meter, "postonce_ledger_not_sent_total"),
        ["postonce_ledger_not_sent_total{cause=\"rate_limited\"} 1"]
    );
    let times = lines(&meter, "postonce_ledger_call_duration_seconds");
    let search: Vec<&str> =
        times.iter().map(String::as_str).filter(|line| line.contains("search")).collect();
    let name = "postonce_ledger_call_duration_seconds";
    assert_eq!(search.len(), 14);
    assert_eq!(search[1], format!("{name}_bucket{{operation=\"search\",le=\"0.25\"}} 0"));
    assert_eq!(search[2], format!("{name}_bucket{{operation=\"search\",le=\"0.5\"}} 2"));
    assert_eq!(search[11], format!("{name}_bucket{{operation=\"search\",le=\"+Inf\"}} 2"));
    assert_eq!(search[12], format!("{name}_sum{{operation=\"search\"}} 0.8"));
    assert_eq!(search[13], format!("{name}_count{{operation=\"search\"}} 2"));
}

#[test]
fn a_time_beyond_every_bound_is_counted_among_all() {
    let meter = meter();
    // The clock stands at more than an hour by now.
    for _ in 0..20_000 {
        meter.clock.boot();
    }
    meter.took(&crate::family::RUN_TIME, &[], Duration::ZERO);
    let times = lines(&meter, "postonce_run_duration_seconds");
    assert_eq!(times[7], "postonce_run_duration_seconds_bucket{le=\"7200\"} 0");
    assert_eq!(times[8], "postonce_run_duration_seconds_bucket{le=\"+Inf\"} 1");
}

#[test]
fn names_and_labels_are_what_collectors_want() {
    let mut names = std::collections::BTreeSet::new();
    for family in Family::ALL {
        let Family { name, kind, help, labels } = family;
        assert!(names.insert(name), "{name} is there twice");
        let is_word = |text: &str| text.bytes().all(|it| matches!(it, b'a'..=b'z' | b'_'));
        assert!(name.starts_with("postonce_") && is_word(name), "{name}");
        assert_eq!(name.ends_with("_total"), kind == Type::Counter, "{name}");
        assert!(!matches!(kind, Type::Histogram(_)) || name.ends_with("_seconds"), "{name}");
        assert!(help.ends_with('.') && !help.contains('\n'), "{name}: {help}");
        assert!(labels.iter().all(|label| is_word(label) && *label != "le"), "{name}");
    }
}
