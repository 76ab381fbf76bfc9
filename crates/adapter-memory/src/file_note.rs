//! The trail of each company file.

use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::CompanyFile;
use postonce_ports::error::StoreError;
use postonce_ports::file_note::{
    CutOver, CutOverAnswer, FileNote, FileNoteRecord, FileNotes, taken_over,
};
use postonce_ports::registry::{CompanyFileSettings, Whereabouts};

use crate::MemoryStore;
use crate::world::later;

#[async_trait]
impl FileNotes for MemoryStore {
    async fn add(&self, note: FileNote) -> Result<(), StoreError> {
        let now = self.now();
        self.world().write_file_note(now, note);
        Ok(())
    }

    async fn list(
        &self,
        company_file: Option<CompanyFile>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FileNoteRecord>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let wanted = |record: &&FileNoteRecord| {
            let is_of_file = company_file.as_ref().is_none_or(|it| *it == record.note.company_file);
            record.id > after && is_of_file
        };
        Ok(self.world().file_notes.iter().filter(wanted).take(limit).cloned().collect())
    }

    async fn cut_over_noted(&self, cut: CutOver) -> Result<CutOverAnswer, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let file = cut.note.company_file.clone();
        let known = CompanyFileSettings {
            cut_over_through: world.cut_overs.get(&file).copied(),
            alarm: world.alarm_of(&file, now),
            ..CompanyFileSettings::default()
        };
        if let Some(answer) = cut.refusal(&known) {
            return Ok(answer);
        }
        let CutOver { through, note, .. } = cut;
        let ended_alarm = world.cut_over(&file, through, now);
        world.write_file_note(now, note);
        Ok(CutOverAnswer::Done { ended_alarm })
    }

    async fn take_over_noted(
        &self,
        quiet: Duration,
        actor: &str,
    ) -> Result<Whereabouts, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let (seen, files) = world.take_over(later(now, quiet));
        if let Whereabouts::Moved { from, to } = &seen {
            for file in files {
                world.write_file_note(now, taken_over(file, actor, from, to));
            }
        }
        Ok(seen)
    }
}
