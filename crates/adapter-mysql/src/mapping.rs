//! What the platform's codes are in the ledger.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::{CompanyFile, LedgerUid, MappingKey, MappingRow, MappingState};
use postonce_ports::error::StoreError;
use postonce_ports::mapping::{MappingChange, MappingStore, MappingWritten, WantedCode, stale};
use postonce_ports::store::POSTONCE;
use postonce_store_rows::mapping::{
    StoredMapping, WANTED, WantedRow, batches, keys_of, rows, wanted,
};
use postonce_store_rows::schema::postonce_ledger_mapping as mapping;

use crate::MysqlStore;
use crate::error::{Step, StepError, Trouble, classify};
use crate::statement::statement;
use crate::time::{now, now_sql};
use crate::transaction::{Conn, End};

#[async_trait]
impl MappingStore for MysqlStore {
    async fn rows(&self, company_file: &CompanyFile) -> Result<Vec<MappingRow>, StoreError> {
        self.read(company_file.to_string(), |conn, file| {
            Box::pin(async move {
                let query = mapping::table.filter(mapping::company_file.eq(file));
                Ok(rows(query.select(StoredMapping::as_select()).load(conn).await?)?)
            })
        })
        .await
    }

    async fn find(
        &self,
        company_file: &CompanyFile,
        keys: &[MappingKey],
    ) -> Result<Vec<MappingRow>, StoreError> {
        self.read((company_file.clone(), keys.to_vec()), |conn, (file, keys)| {
            Box::pin(find(conn, file, keys))
        })
        .await
    }

    async fn put(
        &self,
        changes: Vec<MappingChange>,
        actor: &str,
    ) -> Result<MappingWritten, StoreError> {
        self.write_at_length((changes, actor.to_owned()), |conn, (changes, actor)| {
            Box::pin(put(conn, changes, actor))
        })
        .await
    }

    async fn review(
        &self,
        company_file: &CompanyFile,
        uid: &LedgerUid,
        why: &str,
    ) -> Result<u64, StoreError> {
        let input = (company_file.to_string(), uid.to_string(), why.to_owned());
        self.write(input, |conn, (file, uid, why)| {
            Box::pin(async move {
                let update = statement(REVIEW)
                    .text(MappingState::Review.as_str())
                    .text(why.as_str())
                    .text(POSTONCE)
                    .text(file.as_str())
                    .text(uid.as_str())
                    .text(MappingState::Confirmed.as_str());
                let changed = update.execute(conn).await?;
                Ok(End::Keep(u64::try_from(changed).unwrap_or(u64::MAX)))
            })
        })
        .await
    }

    async fn wanted(&self, company_file: &CompanyFile) -> Result<Vec<WantedCode>, StoreError> {
        self.write_at_length(company_file.to_string(), |conn, file| {
            Box::pin(async move {
                let query = (0..4).fold(statement(WANTED), |query, _| query.text(file.as_str()));
                let rows: Vec<WantedRow> = query.load(conn).await?;
                Ok(End::Undo(wanted(rows)))
            })
        })
        .await
    }
}

const REVIEW: &str = concat!(
    "UPDATE postonce_ledger_mapping \
     SET state = ?, reason = ?, version = version + 1, updated_by = ?, updated_at = ",
    now_sql!(),
    " WHERE company_file = ? AND ledger_uid = ? AND state = ?"
);

async fn find(conn: &mut Conn, file: &CompanyFile, keys: &[MappingKey]) -> Step<Vec<MappingRow>> {
    let mut found = Vec::new();
    for (kind, codes) in batches(keys) {
        let query = mapping::table
            .filter(mapping::company_file.eq(file.as_str()))
            .filter(mapping::kind.eq(kind.as_str()))
            .filter(mapping::code.eq_any(codes));
        found.extend(query.select(StoredMapping::as_select()).load(conn).await?);
    }
    Ok(rows(found)?)
}

/// The same; nobody else changes what is found before this transaction ends.
async fn held(conn: &mut Conn, file: &CompanyFile, keys: &[MappingKey]) -> Step<Vec<MappingRow>> {
    let mut found = Vec::new();
    for (kind, codes) in batches(keys) {
        let query = mapping::table
            .filter(mapping::company_file.eq(file.as_str()))
            .filter(mapping::kind.eq(kind.as_str()))
            .filter(mapping::code.eq_any(codes))
            .select(StoredMapping::as_select())
            .for_update();
        found.extend(query.load(conn).await?);
    }
    Ok(rows(found)?)
}

async fn put(conn: &mut Conn, changes: &[MappingChange], actor: &str) -> Step<End<MappingWritten>> {
    let mut known: BTreeMap<(CompanyFile, MappingKey), MappingRow> = BTreeMap::new();
    for (file, keys) in keys_of(changes) {
        let rows = held(conn, &file, &keys).await?.into_iter();
        known.extend(rows.map(|row| ((file.clone(), row.key.clone()), row)));
    }
    let row_of =
        |change: &MappingChange| known.get(&(change.company_file.clone(), change.key.clone()));
    let late = stale(changes, |change| row_of(change).map_or(0, |row| row.version));
    if !late.is_empty() {
        return Ok(End::Undo(MappingWritten::Stale(late)));
    }
    let now = now(conn).await?;
    let (mut made, mut unchanged) = (0, 0);
    for change in changes {
        let row = row_of(change);
        if row.is_some_and(|row| change.is_already(row)) {
            unchanged += 1;
            continue;
        }
        made += 1;
        write(conn, change, row.is_none(), (now, actor)).await?;
    }
    Ok(End::Keep(MappingWritten::Done { changed: made, unchanged }))
}

async fn write(
    conn: &mut Conn,
    change: &MappingChange,
    is_new: bool,
    (now, actor): (i64, &str),
) -> Step<()> {
    let key = (change.company_file.as_str(), change.key.kind.as_str(), change.key.code.as_str());
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
    let written = if is_new {
        let (file, kind, code) = key;
        let key = (mapping::company_file.eq(file), mapping::kind.eq(kind), mapping::code.eq(code));
        diesel::insert_into(mapping::table).values((key, values)).execute(conn).await
    } else {
        diesel::update(mapping::table.find(key)).set(values).execute(conn).await
    };
    match written {
        Ok(_) => Ok(()),
        // Two had read that there is none.
        Err(error) if classify(&error) == Trouble::Duplicate => Err(StepError::Overtaken(error)),
        Err(error) => Err(error.into()),
    }
}
