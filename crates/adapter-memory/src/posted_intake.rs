//! How invoices come in that another integration has posted.

use async_trait::async_trait;
use postonce_domain::TakenOver;
use postonce_ports::error::StoreError;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, PostedIntake, PostedInvoice};

use crate::MemoryStore;
use crate::intake::Batch;
use crate::world::World;

#[async_trait]
impl PostedIntake for MemoryStore {
    async fn import_posted(&self, invoices: Vec<PostedInvoice>) -> Result<Imported, StoreError> {
        let now = self.now();
        let mut world = self.world();
        let mut batch = Batch::new(&world, now);
        let mut refusals = Vec::new();
        for (index, posted) in invoices.iter().enumerate() {
            let problems = batch.take(posted.invoice.clone());
            refusals.extend(problems.into_iter().map(|problem| ImportRefusal { index, problem }));
        }
        if !refusals.is_empty() {
            return Ok(Imported::Refused(refusals));
        }
        let created = batch.created;
        let mut next = World { invoices: batch.rows, ..world.clone() };
        let mut moved = 0;
        for (index, posted) in invoices.iter().enumerate() {
            match take_over(&mut next, posted, now) {
                Ok(true) => moved += 1,
                Ok(false) => {}
                Err(problem) => refusals.push(ImportRefusal { index, problem }),
            }
        }
        if !refusals.is_empty() {
            return Ok(Imported::Refused(refusals));
        }
        *world = next;
        let all = u64::try_from(invoices.len()).unwrap_or(u64::MAX);
        Ok(Imported::Done { created, replaced: moved - created, unchanged: all - moved })
    }
}

/// Whether it moved.
fn take_over(
    world: &mut World,
    posted: &PostedInvoice,
    now: jiff::Timestamp,
) -> Result<bool, ImportProblem> {
    let parts = posted.invoice.parts();
    let mut rows = world.invoices.iter();
    let found = rows.find(|(_, row)| {
        let known = row.invoice.parts();
        known.company_file == parts.company_file && known.external_id == parts.external_id
    });
    // It was taken in just now.
    let Some((id, row)) = found.map(|(id, row)| (*id, row)) else { return Ok(false) };
    let state = |state| ImportProblem::NotTakenOver { state };
    let Some(next) = row.life.taken_over(&posted.past).map_err(state)? else { return Ok(false) };
    if let TakenOver::Posted(uid) = &posted.past
        && let Some(other) = world.owner_of(&parts.company_file, uid)
    {
        let other = world.invoices.get(&other).map(|row| row.invoice.parts().number.to_string());
        return Err(ImportProblem::UidTaken { uid: uid.clone(), other: other.unwrap_or_default() });
    }
    world.set_life(id, next, now);
    world.write_note(id, now, posted.note.clone(), None);
    Ok(true)
}
