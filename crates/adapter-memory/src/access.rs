//! Each company file's access token, and whose turn it is to get the next one.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::CompanyFile;
use postonce_ports::access::{Access, AccessStore, Ask, NewTokens, Turn};
use postonce_ports::error::StoreError;
use postonce_ports::token::{RefreshToken, Rotated};

use crate::MemoryStore;
use crate::world::{AccessRow, later};

#[async_trait]
impl AccessStore for MemoryStore {
    async fn turn<'a>(&self, company_file: &CompanyFile, ask: Ask<'a>) -> Result<Turn, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let token = world.tokens.get(company_file).cloned();
        let row = world.access.entry(company_file.clone()).or_default();
        let version = token.as_ref().map_or(0, |token| token.version);
        if let Some((secret, end)) = &row.access
            && row.version == version
            && *end > later(now, ask.enough)
        {
            let secret = secret.clone();
            return Ok(Turn::Fresh(Access { secret, rest: rest(now, *end), version }));
        }
        let until = later(now, ask.lease);
        let theirs = row.refresher.as_ref().filter(|(refresher, _)| refresher != ask.me);
        if let Some((_, end)) = theirs
            && now < *end
            && *end <= until
        {
            return Ok(Turn::Theirs { again_in: rest(now, *end) });
        }
        let left_behind = theirs.is_some();
        row.refresher = Some((ask.me.to_owned(), until));
        Ok(Turn::Ours { token, left_behind })
    }

    async fn granted(
        &self,
        company_file: &CompanyFile,
        me: &str,
        new: &NewTokens,
    ) -> Result<Rotated, StoreError> {
        let now = self.now();
        let end = later(now, new.rest);
        let mut world = self.world();
        if let Some(known) = world.tokens.get(company_file)
            && known.version != new.version
        {
            return Ok(Rotated::Overtaken(known.clone()));
        }
        let version = new.version + 1;
        let token = RefreshToken { secret: new.refresh.clone(), version };
        world.put_token(now, company_file, token);
        let row = world.access.entry(company_file.clone()).or_default();
        row.version = version;
        row.access = Some((new.access.clone(), end));
        row.end_turn(me);
        Ok(Rotated::Stored(version))
    }

    async fn give_up(&self, company_file: &CompanyFile, me: &str) -> Result<(), StoreError> {
        if let Some(row) = self.world().access.get_mut(company_file) {
            row.end_turn(me);
        }
        Ok(())
    }

    async fn refused(&self, company_file: &CompanyFile, version: i64) -> Result<(), StoreError> {
        if let Some(row) = self.world().access.get_mut(company_file)
            && row.version == version
        {
            row.access = None;
        }
        Ok(())
    }
}

impl AccessRow {
    fn end_turn(&mut self, me: &str) {
        if self.refresher.as_ref().is_some_and(|(refresher, _)| refresher == me) {
            self.refresher = None;
        }
    }
}

pub(crate) fn rest(now: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}
