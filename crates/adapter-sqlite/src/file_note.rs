//! The trail of each company file.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{
    CutOver, CutOverAnswer, FileNote, FileNoteRecord, FileNotes, taken_over,
};
use postonce_ports::registry::Whereabouts;
use postonce_store_rows::file_note::FileNoteRow;

use crate::SqliteStore;
use crate::connection::End;
use crate::error::Step;
use crate::registry::{self, settings};
use crate::rows::parsed;
use crate::schema::postonce_file_note as note;
use crate::time;

#[async_trait]
impl FileNotes for SqliteStore {
    async fn add(&self, note: FileNote) -> Result<(), StoreError> {
        self.write(move |conn| Ok(End::Keep(insert(conn, &note)?))).await
    }

    async fn list(
        &self,
        company_file: Option<CompanyFile>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FileNoteRecord>, StoreError> {
        self.read(move |conn| {
            let mut query = note::table
                .filter(note::id.gt(after))
                .order(note::id)
                .limit(i64::from(limit))
                .select(FileNoteRow::as_select())
                .into_boxed();
            if let Some(file) = company_file {
                query = query.filter(note::company_file.eq(file.to_string()));
            }
            let rows: Vec<FileNoteRow> = query.load(conn)?;
            Ok(rows.into_iter().map(FileNoteRow::record).collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn cut_over_noted(&self, cut: CutOver) -> Result<CutOverAnswer, StoreError> {
        self.write(move |conn| {
            let file = &cut.note.company_file;
            if let Some(answer) = cut.refusal(&settings(conn, file)?.unwrap_or_default()) {
                return Ok(End::Undo(answer));
            }
            let ended_alarm = registry::cut_over(conn, file, cut.through)?;
            insert(conn, &cut.note)?;
            Ok(End::Keep(CutOverAnswer::Done { ended_alarm }))
        })
        .await
    }

    async fn take_over_noted(
        &self,
        quiet: Duration,
        actor: &str,
    ) -> Result<Whereabouts, StoreError> {
        let (here, actor) = (self.identity()?, actor.to_owned());
        self.write(move |conn| {
            let (seen, files) = registry::take_over(conn, here, quiet)?;
            if let Whereabouts::Moved { from, to } = &seen {
                for alias in files {
                    let file = parsed("postonce_company_file", &alias, CompanyFile::parse(&alias))?;
                    insert(conn, &taken_over(file, &actor, from, to))?;
                }
            }
            Ok(End::Keep(seen))
        })
        .await
    }
}

/// Writes a line, as part of the transaction that it tells of.
fn insert(conn: &mut SqliteConnection, line: &FileNote) -> Step<()> {
    let created_at = time::now(conn)?;
    diesel::insert_into(note::table)
        .values((
            note::company_file.eq(line.company_file.as_str()),
            note::kind.eq(line.kind.as_str()),
            note::actor.eq(&line.actor),
            note::text.eq(&line.text),
            note::created_at.eq(created_at),
        ))
        .execute(conn)?;
    Ok(())
}
