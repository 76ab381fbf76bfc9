//! Lines of a company file's trail.
//!
//! The fields are the columns; the migrations say what they hold.

#![expect(missing_docs, reason = "each field is the column of its name")]

use diesel::prelude::*;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{FileNote, FileNoteKind, FileNoteRecord};

use crate::rows::{corrupt, parsed};
use crate::schema::postonce_file_note;
use crate::time::timestamp;

const TABLE: &str = "postonce_file_note";

/// A line on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_file_note)]
pub struct FileNoteRow {
    pub id: i64,
    pub company_file: String,
    pub kind: String,
    pub actor: String,
    pub text: String,
    pub created_at: i64,
}

impl FileNoteRow {
    /// The line that the row tells of.
    pub fn record(self) -> Result<FileNoteRecord, StoreError> {
        let kind = FileNoteKind::from_name(&self.kind)
            .ok_or_else(|| corrupt(TABLE, self.id, "its kind is unknown"))?;
        let company_file = parsed(TABLE, self.id, CompanyFile::parse(&self.company_file))?;
        Ok(FileNoteRecord {
            id: self.id,
            at: timestamp(TABLE, self.id, self.created_at)?,
            note: FileNote { company_file, kind, actor: self.actor, text: self.text },
        })
    }
}
