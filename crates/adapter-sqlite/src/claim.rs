//! The claim: the committed statement that one run is about to send one invoice.
//!
//! This atomically, with every other writer shut out from its first read: compares the company
//! file's epoch, lets the domain claim what is stored against the version that the run has read,
//! counts and adds up the lines once more, and writes claim, state and note.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use postonce_domain::{Attempt, ClaimToken, Guard, Life, Move, NoteKind, claim_note};
use postonce_ports::error::StoreError;
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, ClaimRequest};

use crate::connection::{End, WriteError, connect, run};
use crate::error::{OpenError, Step};
use crate::rows::InvoiceRow;
use crate::schema::{postonce_claim, postonce_epoch};
use crate::{SqliteStore, invoice, note, time};

impl SqliteStore {
    pub(crate) async fn claim_invoice(
        &self,
        wish: ClaimRequest,
    ) -> Result<ClaimAnswer, StoreError> {
        let done = self.write_or_unknown(move |conn| {
            Ok(match claim(conn, &wish)? {
                Ok(attempt) => End::Keep(Ok((attempt, wish))),
                Err(refusal) => End::Undo(Err(refusal)),
            })
        });
        match done.await {
            Ok(Ok((attempt, wish))) => {
                // The commit has been answered: this is the one place that may make a token.
                let ClaimRequest { invoice, not_after, request, .. } = wish;
                let token = ClaimToken::mint(invoice, attempt, not_after, request);
                Ok(ClaimAnswer::Claimed(token))
            }
            Ok(Err(refusal)) => Ok(ClaimAnswer::Refused(refusal)),
            Err(WriteError::NotDone(error)) => Err(error),
            Err(WriteError::Unknown(error)) => Ok(ClaimAnswer::Unanswered(error)),
        }
    }

    /// Looks for a claim behind any commit that is still under way: the lock of a write is taken
    /// first, on a connection of its own.
    pub(crate) async fn read_claim_back(&self, claim: String) -> Result<bool, StoreError> {
        let path = self.inner.path.clone();
        let read = move || {
            let mut conn = connect(&path)?;
            let known = postonce_claim::table.filter(postonce_claim::id.eq(claim));
            run(&mut conn, |conn| Ok(diesel::select(diesel::dsl::exists(known)).get_result(conn)?))
                .map_err(|error| OpenError::from_step(&path, error))
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(known)) => Ok(known),
            Ok(Err(OpenError::Store(error))) => Err(error),
            Ok(Err(error)) => Err(StoreError::unavailable(error.to_string())),
            Err(error) => Err(StoreError::unavailable(error.to_string())),
        }
    }
}

fn claim(conn: &mut SqliteConnection, wish: &ClaimRequest) -> Step<Result<Attempt, ClaimRefusal>> {
    let row = invoice::get(conn, wish.invoice)?;
    if epoch(conn, &row.content.company_file)? != wish.epoch.0 {
        return Ok(Err(ClaimRefusal::Fenced));
    }
    let before = row.life()?;
    let id = wish.request.marker.claim;
    let next = match before.apply(Guard::Version(wish.version), Move::Claim(id)) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(ClaimRefusal::Moved(refusal))),
    };
    let lines = invoice::lines(conn, row.id)?;
    if row.invoice(&lines).is_err() {
        return Ok(Err(ClaimRefusal::TotalsDiffer));
    }
    let now = time::now(conn)?;
    insert(conn, wish, &row, &next, now)?;
    invoice::set_life(conn, wish.invoice, &before, &next, now)?;
    let line = note::ours(NoteKind::Claim, id, claim_note().to_owned());
    note::write(conn, wish.invoice, now, &line, Some(&wish.request.payload))?;
    Ok(Ok(next.attempt))
}

/// The epoch of a company file; zero before the first run.
fn epoch(conn: &mut SqliteConnection, company_file: &str) -> Step<i64> {
    let epoch = postonce_epoch::table.find(company_file).select(postonce_epoch::epoch);
    Ok(epoch.first(conn).optional()?.unwrap_or_default())
}

fn insert(
    conn: &mut SqliteConnection,
    wish: &ClaimRequest,
    row: &InvoiceRow,
    next: &Life,
    now: i64,
) -> Step<()> {
    use postonce_claim as claim;
    let quiet_until = time::later(now, wish.quiet);
    let request = &wish.request;
    diesel::insert_into(claim::table)
        .values((
            claim::id.eq(request.marker.claim.to_string()),
            claim::invoice_id.eq(row.id),
            claim::company_file.eq(&row.content.company_file),
            claim::attempt.eq(i64::from(next.attempt.0)),
            claim::number.eq(request.number.as_str()),
            claim::reference.eq(request.reference.as_str()),
            claim::customer_code.eq(request.customer.as_str()),
            claim::route.eq(&request.route),
            claim::payload.eq(&request.payload),
            claim::epoch.eq(wish.epoch.0),
            claim::run_id.eq(wish.run.0),
            claim::claimed_at.eq(now),
            claim::quiet_until.eq(quiet_until),
            claim::next_check.eq(quiet_until),
        ))
        .execute(conn)?;
    Ok(())
}
