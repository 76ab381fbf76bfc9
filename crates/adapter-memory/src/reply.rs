//! What was answered to requests that carry a key.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_ports::error::StoreError;
use postonce_ports::reply::{Asked, KeyedRequest, Replies, Reply};

use crate::MemoryStore;
use crate::world::later;

#[derive(Clone)]
pub(crate) struct ReplyRow {
    digest: String,
    asked_at: Timestamp,
    reply: Option<Reply>,
}

#[async_trait]
impl Replies for MemoryStore {
    async fn ask(&self, request: KeyedRequest, keep: Duration) -> Result<Asked, StoreError> {
        let now = self.now();
        let mut world = self.world();
        world.replies.retain(|_, row| later(row.asked_at, keep) > now);
        let key = key_of(&request);
        Ok(match world.replies.get(&key) {
            Some(row) if row.digest != request.digest => Asked::Another,
            Some(ReplyRow { reply: Some(reply), .. }) => Asked::Done(reply.clone()),
            Some(_) => Asked::Doing,
            None => {
                let row = ReplyRow { digest: request.digest, asked_at: now, reply: None };
                world.replies.insert(key, row);
                Asked::New
            }
        })
    }

    async fn answer(&self, request: &KeyedRequest, reply: Reply) -> Result<(), StoreError> {
        let mut world = self.world();
        if let Some(row) = world.replies.get_mut(&key_of(request))
            && row.is_being_done(request)
        {
            row.reply = Some(reply);
        }
        Ok(())
    }

    async fn give_up(&self, request: &KeyedRequest) -> Result<(), StoreError> {
        let mut world = self.world();
        let key = key_of(request);
        if world.replies.get(&key).is_some_and(|row| row.is_being_done(request)) {
            world.replies.remove(&key);
        }
        Ok(())
    }
}

impl ReplyRow {
    fn is_being_done(&self, request: &KeyedRequest) -> bool {
        self.digest == request.digest && self.reply.is_none()
    }
}

fn key_of(request: &KeyedRequest) -> (String, String) {
    (request.sender.clone(), request.key.clone())
}
