//! By whose consent each company file lets us in.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use postonce_domain::CompanyFile;
use postonce_ports::connection::{
    Connected, Connection, ConnectionEvent, ConnectionNote, ConnectionRecord, Connections,
    NewConnection,
};
use postonce_ports::error::StoreError;
use postonce_ports::registry::CompanyFileWritten;
use postonce_ports::token::RefreshToken;

use crate::MemoryStore;
use crate::access::rest;
use crate::world::{AccessRow, World, later};

#[async_trait]
impl Connections for MemoryStore {
    async fn connect(
        &self,
        company_file: &CompanyFile,
        new: &NewConnection,
    ) -> Result<Connected, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let known = world.company_files.get(company_file).map(|business| business.id.clone());
        if let Some(refusal) = new.refusal(known) {
            return Ok(refusal);
        }
        match world.set_company_file(company_file, &new.consent.business_id, &new.time_zone) {
            CompanyFileWritten::Written => {}
            CompanyFileWritten::Fixed { business_id } => {
                return Ok(Connected::Fixed { business_id });
            }
            CompanyFileWritten::Taken { alias } => return Ok(Connected::Taken { alias }),
        }
        let access = (new.access.clone(), later(now, new.rest));
        world.replace_tokens(now, company_file, &new.refresh, Some(access));
        world.write_connection_note(now, company_file, new.note());
        Ok(Connected::Done)
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let now = self.now();
        let world = self.world();
        let noted = world.connection_notes.iter().map(|(file, _)| file);
        let files = world.company_files.keys().chain(world.tokens.keys()).chain(noted);
        let files: BTreeSet<_> = files.collect();
        Ok(files.into_iter().map(|file| world.connection(file, now)).collect())
    }

    async fn add(
        &self,
        company_file: &CompanyFile,
        note: &ConnectionNote,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.world().write_connection_note(now, company_file, note.clone());
        Ok(())
    }

    async fn revoke(
        &self,
        company_file: &CompanyFile,
        actor: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let had = world.replace_tokens(now, company_file, "", None);
        let (event, actor, text) = (ConnectionEvent::Revoked, actor.to_owned(), reason.to_owned());
        let note = ConnectionNote { event, actor, text, consent: None };
        world.write_connection_note(now, company_file, note);
        Ok(had)
    }
}

impl World {
    /// Puts tokens in the place of those on record, whichever those are; whether there was one.
    fn replace_tokens(
        &mut self,
        now: Timestamp,
        file: &CompanyFile,
        refresh: &str,
        access: Option<(String, Timestamp)>,
    ) -> bool {
        let known = self.tokens.get(file);
        let had = known.is_some_and(|known| !known.secret.is_empty());
        let version = known.map_or(0, |known| known.version) + 1;
        let token = RefreshToken { secret: refresh.to_owned(), version };
        self.put_token(now, file, token);
        self.access.insert(file.clone(), AccessRow { version, access, refresher: None });
        had
    }

    fn write_connection_note(&mut self, at: Timestamp, file: &CompanyFile, note: ConnectionNote) {
        let last = self.connection_notes.last().map_or(0, |(_, record)| record.id);
        self.connection_notes.push((file.clone(), ConnectionRecord { id: last + 1, at, note }));
    }

    fn connection(&self, file: &CompanyFile, now: Timestamp) -> Connection {
        let token = self.tokens.get(file);
        let version = token.map(|token| token.version);
        let access = self.access.get(file).filter(|row| Some(row.version) == version);
        let ends = access.and_then(|row| row.access.as_ref()).map(|(_, end)| *end);
        let of = |event| {
            let mut lines = self.connection_notes.iter().rev();
            let (_, record) =
                lines.find(|(of, record)| of == file && record.note.event == event)?;
            Some(record.clone())
        };
        let mut newest: Vec<_> = ConnectionEvent::ALL.into_iter().filter_map(of).collect();
        newest.sort_by_key(|record| record.id);
        let has_token = token.is_some_and(|token| !token.secret.is_empty());
        Connection {
            company_file: file.clone(),
            business_id: self.company_files.get(file).map(|business| business.id.clone()),
            last_refresh: self.token_times.get(file).copied().filter(|_| has_token),
            access_rest: ends.filter(|end| *end > now).map(|end| rest(now, end)),
            newest,
        }
    }
}
