//! What the platform's codes are in the ledger.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{CompanyFile, LedgerUid, MappingKey, MappingRow, MappingState};
use postonce_ports::error::StoreError;
use postonce_ports::mapping::{MappingChange, MappingStore, MappingWritten, WantedCode, stale};
use postonce_ports::store::POSTONCE;
use postonce_store_rows::mapping::{
    StoredMapping, WANTED, WantedRow, batches, keys_of, rows, wanted,
};

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::schema::postonce_ledger_mapping as mapping;
use crate::time::now;

#[async_trait]
impl MappingStore for SqliteStore {
    async fn rows(&self, company_file: &CompanyFile) -> Result<Vec<MappingRow>, StoreError> {
        let file = company_file.to_string();
        self.read(move |conn| {
            let query = mapping::table.filter(mapping::company_file.eq(file));
            Ok(rows(query.select(StoredMapping::as_select()).load(conn)?)?)
        })
        .await
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        keys: &[MappingKey],
    ) -> Result<Vec<MappingRow>, StoreError> {
        let (file, keys) = (company_file.clone(), keys.to_vec());
        self.read(move |conn| find(conn, &file, &keys)).await
    }

    async fn put(
        &self,
        changes: Vec<MappingChange>,
        actor: &str,
    ) -> Result<MappingWritten, StoreError> {
        let actor = actor.to_owned();
        self.write(move |conn| put(conn, &changes, &actor)).await
    }

    async fn review(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
        why: &str,
    ) -> Result<u64, StoreError> {
        let (file, uid, why) = (company_file.to_string(), uid.to_string(), why.to_owned());
        self.write(move |conn| {
            let leading_there = mapping::table
                .filter(mapping::company_file.eq(file))
                .filter(mapping::ledger_uid.eq(uid))
                .filter(mapping::state.eq(MappingState::Confirmed.as_str()));
            let now = now(conn)?;
            let changed = diesel::update(leading_there)
                .set((
                    mapping::state.eq(MappingState::Review.as_str()),
                    mapping::reason.eq(why),
                    mapping::version.eq(mapping::version + 1),
                    mapping::updated_at.eq(now),
                    mapping::updated_by.eq(POSTONCE),
                ))
                .execute(conn)?;
            Ok(End::Keep(u64::try_from(changed).unwrap_or(u64::MAX)))
        })
        .await
    }

    async fn wanted(&self, company_file: &CompanyFile) -> Result<Vec<WantedCode>, StoreError> {
        let file = company_file.to_string();
        self.read(move |conn| {
            let query = diesel::sql_query(WANTED)
                .bind::<Text, _>(&file)
                .bind::<Text, _>(&file)
                .bind::<Text, _>(&file)
                .bind::<Text, _>(&file);
            Ok(wanted(query.load::<WantedRow>(conn)?))
        })
        .await
    }
}

fn find(
    conn: &mut SqliteConnection,
    file: &CompanyFile,
    keys: &[MappingKey],
) -> Step<Vec<MappingRow>> {
    let mut found = Vec::new();
    for (kind, codes) in batches(keys) {
        let query = mapping::table
            .filter(mapping::company_file.eq(file.as_str()))
            .filter(mapping::kind.eq(kind.as_str()))
            .filter(mapping::code.eq_any(codes));
        found.extend(query.select(StoredMapping::as_select()).load(conn)?);
    }
    Ok(rows(found)?)
}

fn put(
    conn: &mut SqliteConnection,
    changes: &[MappingChange],
    actor: &str,
) -> Step<End<MappingWritten>> {
    let mut known: BTreeMap<(CompanyFile, MappingKey), MappingRow> = BTreeMap::new();
    for (file, keys) in keys_of(changes) {
        let rows = find(conn, &file, &keys)?.into_iter();
        known.extend(rows.map(|row| ((file.clone(), row.key.clone()), row)));
    }
    let row_of =
        |change: &MappingChange| known.get(&(change.company_file.clone(), change.key.clone()));
    let late = stale(changes, |change| row_of(change).map_or(0, |row| row.version));
    if !late.is_empty() {
        return Ok(End::Undo(MappingWritten::Stale(late)));
    }
    let now = now(conn)?;
    let (mut made, mut unchanged) = (0, 0);
    for change in changes {
        if row_of(change).is_some_and(|row| change.is_already(row)) {
            unchanged += 1;
            continue;
        }
        made += 1;
        let key = (
            mapping::company_file.eq(change.company_file.as_str()),
            mapping::kind.eq(change.key.kind.as_str()),
            mapping::code.eq(change.key.code.as_str()),
        );
        let values = (
            mapping::ledger_uid.eq(change.uid.as_ref().map(LedgerUid::as_str)),
            mapping::ledger_code.eq(&change.their_code),
            mapping::ledger_name.eq(&change.their_name),
            mapping::state.eq(change.state.as_str()),
            mapping::reason.eq(&change.reason),
            mapping::version.eq(change.seen + 1),
            mapping::updated_at.eq(now),
            mapping::updated_by.eq(actor),
        );
        diesel::replace_into(mapping::table).values((key, values)).execute(conn)?;
    }
    Ok(End::Keep(MappingWritten::Done { changed: made, unchanged }))
}
