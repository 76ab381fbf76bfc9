//! What is told to people who do not look.

use std::time::Duration;

use async_trait::async_trait;
use postonce_ports::error::StoreError;
use postonce_ports::notice::{Notice, NoticeEvent, NoticeKind, NoticeState, Notices};

use crate::MemoryStore;
use crate::world::later;

#[async_trait]
impl Notices for MemoryStore {
    async fn raise(
        &self,
        kind: NoticeKind,
        events: Vec<NoticeEvent>,
        ways: Vec<String>,
    ) -> Result<u64, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let mut new = Vec::new();
        for event in events {
            if world.told.insert(event.about) {
                new.push(event.text);
            }
        }
        if new.is_empty() {
            return Ok(0);
        }
        for way in ways {
            let id = world.notices.last().map_or(1, |notice| notice.id + 1);
            let (text, state) = (new.join("\n"), NoticeState::Waiting { due_at: now });
            let (raised_at, tries, trouble) = (now, 0, String::new());
            world.notices.push(Notice { id, kind, way, text, raised_at, tries, state, trouble });
        }
        Ok(u64::try_from(new.len()).unwrap_or(u64::MAX))
    }

    async fn take(&self, ways: Vec<String>, lease: Duration) -> Result<Option<Notice>, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let due = world.notices.iter_mut().filter_map(|notice| match notice.state {
            NoticeState::Waiting { due_at } if due_at <= now && ways.contains(&notice.way) => {
                Some((due_at, notice))
            }
            NoticeState::Waiting { .. } | NoticeState::Delivered { .. } | NoticeState::Parked => {
                None
            }
        });
        let Some((_, notice)) = due.min_by_key(|(due_at, notice)| (*due_at, notice.id)) else {
            return Ok(None);
        };
        notice.tries += 1;
        notice.state = NoticeState::Waiting { due_at: later(now, lease) };
        Ok(Some(notice.clone()))
    }

    async fn delivered(&self, notice: i64) -> Result<(), StoreError> {
        let at = self.now();
        let mut world = self.world();
        let known = world.notices.iter_mut().find(|known| known.id == notice);
        if let Some(known) = known {
            known.state = NoticeState::Delivered { at };
            known.trouble.clear();
        }
        Ok(())
    }

    async fn failed(
        &self,
        notice: i64,
        why: &str,
        again_in: Option<Duration>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut world = self.world();
        let is_open = |known: &&mut Notice| {
            known.id == notice && !matches!(known.state, NoticeState::Delivered { .. })
        };
        if let Some(known) = world.notices.iter_mut().find(is_open) {
            let waiting = |time| NoticeState::Waiting { due_at: later(now, time) };
            known.state = again_in.map_or(NoticeState::Parked, waiting);
            why.clone_into(&mut known.trouble);
        }
        Ok(())
    }

    async fn notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.world().notices.iter().rev().take(limit).cloned().collect())
    }
}
