//! The settings that every change of the engine, of a store or of the kit is tried in.

use crate::choice::{Verb, Verbs};
use crate::invariant::Invariant;
use crate::setting::{Filter, LockKind, Role, Setting};

/// A setting with a purpose.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, as the command line and plans use it.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    /// Who acts on what.
    pub setting: Setting,
    /// What may go wrong.
    pub verbs: Verbs,
    /// The invariant that it breaks, if it is here to show what nobody can prevent.
    pub expect: Option<Invariant>,
}

/// Everything that fails at the ledger, and nothing else.
const LEDGER: [Verb; 7] =
    [Verb::Unsent, Verb::Lost, Verb::Refuse, Verb::Limit, Verb::Hold, Verb::Vanish, Verb::Hide];

impl Scenario {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let mut all = doors();
        all.extend(doubts());
        all.extend(worlds());
        all.extend(limits());
        all
    }

    /// The scenario of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|it| it.name == name)
    }

    fn new(name: &'static str, about: &'static str, actors: &[Role]) -> Self {
        let setting =
            Setting { scenario: name.to_owned(), actors: actors.to_vec(), ..Setting::default() };
        Self {
            name,
            about,
            setting,
            verbs: Verbs::ALL.without(Verb::Restore).without(Verb::Elsewhere),
            expect: None,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Setting)) -> Self {
        change(&mut self.setting);
        self
    }

    fn only(mut self, verbs: &[Verb]) -> Self {
        self.verbs = Verbs::of(verbs);
        self
    }

    fn breaks(mut self, invariant: Invariant) -> Self {
        self.expect = Some(invariant);
        self
    }
}

/// Who may start a run, at once.
fn doors() -> Vec<Scenario> {
    use Role::{
        Branch, Cron, Handler, Import, LaterCron, Ordering, PersonHolds, Reprocess, SyncNow,
    };
    let new = Scenario::new;
    vec![
        new("posting", "the schedule against a button", &[Cron, SyncNow]),
        new(
            "later",
            "two runs, and the next one a quiet period later",
            &[Cron, SyncNow, LaterCron],
        )
        .with(|it| it.faults = 3),
        new(
            "doors",
            "every door at once",
            &[Cron, SyncNow, Ordering, Reprocess, Handler, LaterCron],
        )
        .with(|it| (it.invoices, it.rejected, it.faults) = (2, 1, 3)),
        new(
            "reprocess",
            "two people reprocess while a run goes on",
            &[Reprocess, Reprocess, Cron, LaterCron],
        )
        .with(|it| (it.rejected, it.faults) = (1, 3)),
        new("in-flight", "several invoices on their way at once", &[Cron, SyncNow, LaterCron])
            .with(|it| (it.invoices, it.concurrency, it.faults) = (3, 3, 3)),
        new(
            "tiny-pages",
            "pages of one while invoices leave the list",
            &[Cron, SyncNow, LaterCron],
        )
        .with(|it| (it.invoices, it.page, it.faults) = (3, 1, 3)),
        new(
            "two-files",
            "a run over one company file beside a run over both",
            &[Cron, Branch, LaterCron],
        )
        .with(|it| (it.invoices, it.files, it.faults) = (2, 2, 3)),
        new(
            "changes",
            "the platform changes invoices, and people hold them",
            &[Import, PersonHolds, Cron, LaterCron],
        )
        .with(|it| (it.invoices, it.faults) = (2, 2)),
    ]
}

/// What the ledger and its answers do.
fn doubts() -> Vec<Scenario> {
    use Role::{Check, Cron, LaterCron, PersonAbsent, PersonForgets, PersonPosted, Reprocess};
    let new = Scenario::new;
    vec![
        new(
            "lost-answers",
            "answers are lost, and what is absent is sent again",
            &[Cron, LaterCron, Check],
        )
        .with(|it| (it.invoices, it.repost_absent, it.faults) = (2, true, 4))
        .only(&LEDGER),
        new(
            "late-arrival",
            "requests land long after their senders have died",
            &[Cron, LaterCron, LaterCron],
        )
        .with(|it| (it.invoices, it.repost_absent, it.faults) = (2, true, 4))
        .only(&[Verb::Hold, Verb::Hide, Verb::Crash, Verb::Pause, Verb::TimePasses]),
        new(
            "late-outcome",
            "an answer comes when others have long acted on its absence",
            &[Cron, LaterCron, Check],
        )
        .with(|it| (it.lock, it.repost_absent, it.faults) = (LockKind::Useless, true, 4))
        .only(&[Verb::Lost, Verb::Hold, Verb::Pause, Verb::TimePasses, Verb::LockLost]),
        new("blind-filter", "searches find nothing, whatever is there", &[Cron, LaterCron, Check])
            .with(|it| (it.invoices, it.repost_absent, it.filter) = (2, true, Filter::Blind))
            .with(|it| it.faults = 3),
        new("loose-filter", "searches find what is not meant", &[Cron, LaterCron, Check])
            .with(|it| (it.invoices, it.repost_absent, it.filter) = (2, true, Filter::Loose))
            .with(|it| it.faults = 3),
        new(
            "people",
            "people act on pages that are old by then",
            &[PersonAbsent, PersonPosted, PersonForgets, Cron, LaterCron],
        )
        .with(|it| it.faults = 3),
        new("rejected", "one invoice is refused, the others go on", &[Cron, Reprocess, LaterCron])
            .with(|it| (it.invoices, it.faults) = (3, 3))
            .only(&[Verb::Refuse, Verb::Limit, Verb::Unsent, Verb::Crash]),
    ]
}

/// What locks, hosts and databases do.
fn worlds() -> Vec<Scenario> {
    use Role::{Cron, Handler, LaterCron, SyncNow};
    let new = Scenario::new;
    let mut restored =
        new("restored", "the database goes back to a backup", &[Cron, SyncNow, LaterCron])
            .with(|it| (it.invoices, it.faults) = (2, 3));
    restored.verbs = Verbs::ALL;
    vec![
        new("lost-lock", "the run lock keeps nobody out", &[Cron, SyncNow, LaterCron])
            .with(|it| (it.lock, it.faults) = (LockKind::Useless, 3)),
        new("lease", "the run lock is a lease that runs out", &[Cron, SyncNow, LaterCron])
            .with(|it| (it.lock, it.faults) = (LockKind::Lease, 3)),
        new(
            "dead-hosts",
            "hosts go, clocks are set, the database restarts",
            &[Cron, Handler, LaterCron],
        )
        .with(|it| it.faults = 3)
        .only(&[
            Verb::HostLoss,
            Verb::Zombie,
            Verb::DbRestart,
            Verb::ClockBack,
            Verb::ClockAhead,
            Verb::Freeze,
            Verb::Pause,
            Verb::TimePasses,
            Verb::LockLost,
        ]),
        restored,
        new(
            "two-installations",
            "another installation has posted the first invoice",
            &[Cron, SyncNow, LaterCron],
        )
        .with(|it| (it.invoices, it.stranger, it.faults) = (2, true, 2)),
    ]
}

/// What no client can prevent: these are here to be broken.
fn limits() -> Vec<Scenario> {
    let new = Scenario::new;
    let late = |it: &mut Setting| (it.invoices, it.late_unbounded, it.faults) = (2, true, 2);
    vec![
        new(
            "stall-before-the-wire",
            "the clock is looked at, and the sender stands still",
            &[Role::Cron, Role::LaterCron, Role::LaterCron, Role::LaterCron],
        )
        .with(|it| (it.two_steps, it.invoices, it.repost_absent) = (true, 2, true))
        .with(|it| (it.lock, it.faults) = (LockKind::Useless, 1))
        .only(&[Verb::Stall])
        .breaks(Invariant::S1),
        new(
            "late-for-ever-kept",
            "requests may land at any time; a person decides",
            &[Role::Cron, Role::LaterCron, Role::LaterCron, Role::LaterCron],
        )
        .with(late)
        .only(&[Verb::Hold, Verb::TimePasses]),
        new(
            "late-for-ever-resent",
            "requests may land at any time; they are sent again",
            &[Role::Cron, Role::LaterCron, Role::LaterCron, Role::LaterCron],
        )
        .with(late)
        .with(|it| it.repost_absent = true)
        .only(&[Verb::Hold, Verb::TimePasses])
        .breaks(Invariant::S1),
    ]
}
