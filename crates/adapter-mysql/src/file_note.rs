//! The trail of each company file.

use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{
    CutOver, CutOverAnswer, FileNote, FileNoteRecord, FileNotes, taken_over,
};
use postonce_ports::registry::Whereabouts;
use postonce_store_rows::file_note::FileNoteRow;
use postonce_store_rows::rows::parsed;
use postonce_store_rows::schema::{postonce_company_file as file, postonce_file_note as note};

use crate::MysqlStore;
use crate::error::Step;
use crate::registry::file::{cut_over, settings};
use crate::registry::whereabouts;
use crate::statement::{Statement, statement};
use crate::transaction::{Conn, End};

#[async_trait]
impl FileNotes for MysqlStore {
    async fn add(&self, note: FileNote) -> Result<(), StoreError> {
        self.write(note, |conn, note| {
            Box::pin(async {
                insert(note).execute(conn).await?;
                Ok(End::Keep(()))
            })
        })
        .await
    }

    async fn list(
        &self,
        company_file: Option<CompanyFile>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FileNoteRecord>, StoreError> {
        self.read((company_file, after, limit), |conn, (file, after, limit)| {
            Box::pin(list(conn, file.as_ref(), *after, *limit))
        })
        .await
    }

    async fn cut_over_noted(&self, cut: CutOver) -> Result<CutOverAnswer, StoreError> {
        self.write(cut, |conn, cut| Box::pin(settle_past(conn, cut))).await
    }

    async fn take_over_noted(
        &self,
        quiet: Duration,
        actor: &str,
    ) -> Result<Whereabouts, StoreError> {
        self.write_at_length((quiet, actor.to_owned()), |conn, (quiet, actor)| {
            Box::pin(take_over(conn, *quiet, actor))
        })
        .await
    }
}

/// Writes a line, as part of the transaction that it tells of, at the server's time.
fn insert(line: &FileNote) -> Statement {
    const INSERT: &str =
        "INSERT INTO postonce_file_note (company_file, kind, actor, text) VALUES (?, ?, ?, ?)";
    statement(INSERT)
        .text(line.company_file.as_str())
        .text(line.kind.as_str())
        .text(line.actor.as_str())
        .text(line.text.as_str())
}

async fn list(
    conn: &mut Conn,
    company_file: Option<&CompanyFile>,
    after: i64,
    limit: u32,
) -> Step<Vec<FileNoteRecord>> {
    let mut query = note::table
        .filter(note::id.gt(after))
        .order(note::id)
        .limit(i64::from(limit))
        .select(FileNoteRow::as_select())
        .into_boxed();
    if let Some(file) = company_file {
        query = query.filter(note::company_file.eq(file.to_string()));
    }
    let rows: Vec<FileNoteRow> = query.load(conn).await?;
    Ok(rows.into_iter().map(FileNoteRow::record).collect::<Result<_, _>>()?)
}

/// With the row in hand, nobody else decides at the same time.
const HOLD_ROW: &str =
    "INSERT INTO postonce_company_file (alias) VALUES (?) ON DUPLICATE KEY UPDATE alias = ?";

async fn settle_past(conn: &mut Conn, cut: &CutOver) -> Step<End<CutOverAnswer>> {
    let file = &cut.note.company_file;
    let hold = statement(HOLD_ROW).text(file.as_str()).text(file.as_str());
    hold.execute(conn).await?;
    if let Some(answer) = cut.refusal(&settings(conn, file).await?.unwrap_or_default()) {
        return Ok(End::Undo(answer));
    }
    let ended_alarm = cut_over(conn, file, cut.through).await?;
    insert(&cut.note).execute(conn).await?;
    Ok(End::Keep(CutOverAnswer::Done { ended_alarm }))
}

async fn take_over(conn: &mut Conn, quiet: Duration, actor: &str) -> Step<End<Whereabouts>> {
    let seen = whereabouts::take_over(conn, quiet).await?;
    if let Whereabouts::Moved { from, to } = &seen {
        // Each of them has an alarm by now, and so a row.
        let files: Vec<String> = file::table.select(file::alias).load(conn).await?;
        for alias in files {
            let file = parsed("postonce_company_file", &alias, CompanyFile::parse(&alias))?;
            insert(&taken_over(file, actor, from, to)).execute(conn).await?;
        }
    }
    Ok(End::Keep(seen))
}
