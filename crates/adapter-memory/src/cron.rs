//! Fires of schedules.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_ports::cron::{CronFires, Fire, FireEnd, FireState, Planned, Take, Taker};
use postonce_ports::error::StoreError;

use crate::MemoryStore;
use crate::world::{FireRow, World, later};

#[async_trait]
impl CronFires for MemoryStore {
    async fn take(
        &self,
        fire: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<Take, StoreError> {
        let now = self.now();
        let lease_until = later(now, lease);
        let mut world = self.world();
        let first =
            FireRow { taker: taker.clone(), takes: 1, taken_at: now, lease_until, end: None };
        let row = match world.fires.entry(fire.clone()) {
            Entry::Vacant(free) => {
                free.insert(first);
                return Ok(Take::Ours { takes: 1 });
            }
            Entry::Occupied(row) => row.into_mut(),
        };
        if row.end.is_some() {
            return Ok(Take::Over);
        }
        if row.taker.name != taker.name {
            if !row.is_left(now, lease) {
                return Ok(Take::Theirs);
            }
            row.takes += 1;
            row.taken_at = now;
        }
        row.taker = taker.clone();
        row.lease_until = lease_until;
        Ok(Take::Ours { takes: row.takes })
    }

    async fn keep(
        &self,
        fire: &Planned,
        taker: &Taker,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let lease_until = later(self.now(), lease);
        let mut world = self.world();
        let row = world.fire_of(fire, taker);
        Ok(row.map(|row| row.lease_until = lease_until).is_some())
    }

    async fn end(&self, fire: &Planned, taker: &Taker, end: FireEnd) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let row = world.fire_of(fire, taker);
        Ok(row.map(|row| row.end = Some((end, now))).is_some())
    }

    async fn missed(&self, fires: &[Planned], by: &Taker, reason: &str) -> Result<(), StoreError> {
        let now = self.now();
        let mut world = self.world();
        for fire in fires {
            let end = FireEnd::Missed { reason: reason.to_owned() };
            world.fires.entry(fire.clone()).or_insert_with(|| FireRow {
                taker: by.clone(),
                takes: 0,
                taken_at: now,
                lease_until: now,
                end: Some((end, now)),
            });
        }
        Ok(())
    }

    async fn newest(&self, schedule: &str) -> Result<Option<Fire>, StoreError> {
        let now = self.now();
        let world = self.world();
        let newest = world.fires.iter().rfind(|(fire, _)| fire.schedule == schedule);
        Ok(newest.map(|(fire, row)| row.fire(fire, now)))
    }

    async fn left(&self, schedule: &str, lease: Duration) -> Result<Vec<Fire>, StoreError> {
        let now = self.now();
        let world = self.world();
        let of_schedule = world.fires.iter().filter(|(fire, _)| fire.schedule == schedule);
        let left = of_schedule.filter(|(_, row)| row.end.is_none() && row.is_left(now, lease));
        Ok(left.map(|(fire, row)| row.fire(fire, now)).collect())
    }

    async fn fires(&self, limit: u32) -> Result<Vec<Fire>, StoreError> {
        let now = self.now();
        let world = self.world();
        let mut fires: Vec<Fire> =
            world.fires.iter().map(|(fire, row)| row.fire(fire, now)).collect();
        fires.sort_by_key(|fire| Reverse(fire.planned.at));
        fires.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(fires)
    }
}

impl World {
    /// The fire, while `taker` has it.
    fn fire_of(&mut self, fire: &Planned, taker: &Taker) -> Option<&mut FireRow> {
        let row = self.fires.get_mut(fire)?;
        (row.end.is_none() && row.taker.name == taker.name).then_some(row)
    }
}

impl FireRow {
    fn is_left(&self, now: Timestamp, lease: Duration) -> bool {
        self.lease_until <= now || self.lease_until > later(now, lease)
    }

    fn fire(&self, planned: &Planned, now: Timestamp) -> Fire {
        let state = match &self.end {
            Some((end, _)) => FireState::Ended(end.clone()),
            None if self.lease_until <= now => FireState::Left,
            None => FireState::Taken,
        };
        Fire {
            planned: planned.clone(),
            taker: self.taker.clone(),
            takes: self.takes,
            taken_at: self.taken_at,
            ended_at: self.end.as_ref().map(|(_, at)| *at),
            state,
        }
    }
}
