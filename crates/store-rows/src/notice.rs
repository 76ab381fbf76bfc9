//! Notices as rows.

use diesel::prelude::*;
use postonce_ports::error::StoreError;
use postonce_ports::notice::{Notice, NoticeKind, NoticeState};

use crate::rows::corrupt;
use crate::schema::postonce_notice;
use crate::time::timestamp;

const TABLE: &str = "postonce_notice";

/// A notice on record.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = postonce_notice)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct NoticeRow {
    pub id: i64,
    pub way: String,
    pub kind: String,
    pub text: String,
    pub raised_at: i64,
    pub tries: i64,
    pub due_at: Option<i64>,
    pub delivered_at: Option<i64>,
    pub trouble: String,
}

impl NoticeRow {
    /// The notice that the row tells of.
    pub fn notice(self) -> Result<Notice, StoreError> {
        let id = self.id;
        let kind = NoticeKind::from_name(&self.kind)
            .ok_or_else(|| corrupt(TABLE, id, format!("`{}` is no kind", self.kind)))?;
        let state = match (self.delivered_at, self.due_at) {
            (Some(at), _) => NoticeState::Delivered { at: timestamp(TABLE, id, at)? },
            (None, Some(due_at)) => NoticeState::Waiting { due_at: timestamp(TABLE, id, due_at)? },
            (None, None) => NoticeState::Parked,
        };
        Ok(Notice {
            id,
            kind,
            way: self.way,
            text: self.text,
            raised_at: timestamp(TABLE, id, self.raised_at)?,
            tries: u32::try_from(self.tries)
                .map_err(|_| corrupt(TABLE, id, format!("{} tries", self.tries)))?,
            state,
            trouble: self.trouble,
        })
    }
}
