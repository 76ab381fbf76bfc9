//! After the chaos: nothing breaks any more, everybody who is gone is replaced, and three runs go
//! through. Then all must be settled.

use std::time::Duration;

use super::Player;
use crate::choice::{Object, Verb};
use crate::invariant::{Invariant, Verdict, broken};
use crate::record::Lane;
use crate::setting::Role;

/// Longer than any time between two inquiries.
const DAY: Duration = Duration::from_secs(90_000);

/// Runs that must be enough.
const RUNS: u32 = 3;

impl Player<'_> {
    /// What comes after the chaos depends on where it ended and on nothing else, so an end that was
    /// seen to settle need not be played again.
    pub(super) fn calm(&mut self) -> Verdict {
        let end = if self.options.record { None } else { self.end_key() };
        let settled = &self.stage.settled;
        let seen = |it: &u64| settled.lock().is_ok_and(|known| known.contains(it));
        if end.as_ref().is_some_and(seen) {
            return Ok(());
        }
        self.three_runs()?;
        if let (Some(end), Ok(mut known)) = (end, settled.lock()) {
            known.insert(end);
        }
        Ok(())
    }

    /// One number for all that the calm runs depend on; `None` if it cannot be told.
    fn end_key(&self) -> Option<u64> {
        let world = self.world.fingerprint()?;
        let state = self.sim.state();
        if state.left_behind.iter().any(|it| it.effect.is_some()) {
            return None;
        }
        let requests: Vec<_> = state
            .books
            .requests
            .iter()
            .map(|it| (it.invoice, it.attempt, it.flight, it.sent_at, it.claim()))
            .collect();
        let documents: Vec<_> =
            state.books.documents.iter().map(|it| (&it.uid, &it.memo, it.visible_at)).collect();
        let kept: Vec<_> = state.holds.iter().map(|it| (it.inner.is_some(), it.orphaned)).collect();
        let actors = state.actors.len();
        let seen = self.monitor.end_key();
        Some(crate::key::key_of((world, requests, documents, kept, (state.now, actors, seen))))
    }

    fn three_runs(&mut self) -> Verdict {
        self.write(Lane::World, || "all is calm from here on".to_owned());
        self.faults_left = 0;
        self.is_calm = true;
        for actor in 0..self.tasks.len() {
            if self.tasks.get(actor).is_some_and(|task| task.work.is_some()) {
                self.kill(actor, true);
            }
        }
        let left = self.sim.state().left_behind.len();
        for n in 0..left {
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            self.apply(crate::choice::Choice { verb: Verb::Switch, object: Object::Zombie(n) })?;
            self.settle()?;
        }
        for _ in 0..RUNS {
            self.write(Lane::World, || "time passes: a day".to_owned());
            self.pass(DAY);
            self.settle()?;
            self.one_run(Role::Cron)?;
            self.one_run(Role::Check)?;
        }
        if self.land_at_last() {
            self.settle()?;
            self.write(Lane::World, || "time passes: a day".to_owned());
            self.pass(DAY);
            self.one_run(Role::Cron)?;
        }
        self.monitor.at_rest(&*self.world, &self.sim)?;
        self.monitor.at_the_end(&*self.world, &self.sim)
    }

    /// What may be in the air for ever lands in the end. Whether anything did.
    fn land_at_last(&mut self) -> bool {
        let held: Vec<usize> = {
            let state = self.sim.state();
            let requests = state.books.requests.iter().enumerate();
            requests.filter(|(_, it)| it.flight.is_in_the_air()).map(|(n, _)| n).collect()
        };
        for n in &held {
            self.request(*n, Verb::Switch);
        }
        !held.is_empty()
    }

    /// Somebody new goes through from the first call to the last.
    fn one_run(&mut self, role: Role) -> Verdict {
        self.turned_away = false;
        self.enter(role);
        let actor = self.tasks.len() - 1;
        self.current = actor;
        for _ in 0..super::STEPS_MAX {
            self.settle()?;
            if self.tasks.iter().all(|task| task.work.is_none()) {
                if self.turned_away {
                    return broken(Invariant::L3, "a calm run finds the lock taken");
                }
                return Ok(());
            }
            if !self.fill_menu() {
                return self.deadlock();
            }
            let Some(choice) = self.choices.first().copied() else { return self.deadlock() };
            self.sim.state().record.step += 1;
            self.apply(choice)?;
            self.note_holder();
        }
        broken(Invariant::L4, "a calm run does not end")
    }
}
