//! The claim: the committed statement that one run is about to send one invoice.
//!
//! Three round trips. One SELECT reads where the invoice stands, what its lines come to, and the
//! company file's epoch under a share lock, so that a newer run's raise waits until this claim
//! counts or does not. The domain claims what was read; the UPDATE writes over that version alone,
//! so of two claims the second finds no row. Then one text: the claim with its payload, its note,
//! and COMMIT. After an earlier attempt one more UPDATE says what it means for the claims before.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use postonce_domain::{Attempt, ClaimId, ClaimToken, Guard, Life, Move, NoteKind, claim_note};
use postonce_ports::error::StoreError;
use postonce_ports::store::{ClaimAnswer, ClaimRefusal, ClaimRequest};
use postonce_store_rows::declared::{AmountRow, DeclaredRow};
use postonce_store_rows::life::LifeRow;
use postonce_store_rows::note::ours;
use postonce_store_rows::rows::{INVOICE, corrupt};
use postonce_store_rows::time::micros;

use crate::error::{OpenError, Step, unavailable};
use crate::invoice::{Written, changed, set_life};
use crate::session::connect;
use crate::statement::{Statement, statement};
use crate::time::{later_sql, now_sql};
use crate::transaction::{Conn, End, WriteError};
use crate::{MysqlStore, invoice, note};

impl MysqlStore {
    pub(crate) async fn claim_invoice(
        &self,
        wish: ClaimRequest,
    ) -> Result<ClaimAnswer, StoreError> {
        let (invoice, id) = (wish.invoice, wish.request.marker.claim);
        let done = self.write_or_unknown(wish, |conn, wish| Box::pin(claim(conn, wish)));
        match done.await {
            Ok((Ok(life), wish)) => {
                // The commit has been answered: this is the one place that may make a token.
                let ClaimRequest { not_after, request, .. } = wish;
                let attempt = life.attempt;
                self.inner.own_claims.put(id, (invoice, life));
                let token = ClaimToken::mint(invoice, attempt, not_after, request);
                Ok(ClaimAnswer::Claimed(token))
            }
            Ok((Err(refusal), _)) => Ok(ClaimAnswer::Refused(refusal)),
            Err(WriteError::NotDone(error)) => Err(error),
            Err(WriteError::Unknown(error)) => {
                self.inner.own_claims.put_unanswered(id, invoice);
                Ok(ClaimAnswer::Unanswered(error))
            }
        }
    }

    /// Looks for a claim on a new session. The transaction that makes it has had its invoice's row
    /// since before the claim was sent, so whoever gets that row first waits for a commit that is
    /// still under way; one that does not end is an error, not an answer.
    pub(crate) async fn read_claim_back(&self, claim: ClaimId) -> Result<bool, StoreError> {
        const LIMIT: Duration = Duration::from_secs(30);
        const READ_BACK: &str = "SELECT seq FROM postonce_claim WHERE id = ? FOR UPDATE";
        let target = self.inner.target.clone();
        let invoice = self.inner.own_claims.unanswered(claim);
        let reading = async move {
            let mut session = connect(&target).await.map_err(OpenError::into_store_error)?;
            if let Some(invoice) = invoice {
                let waited = invoice::lock(&mut session, invoice).await;
                waited.map_err(|error| error.into_store_error(&target))?;
            }
            let found = statement(READ_BACK).text(claim.to_string()).load::<Seq>(&mut session);
            let found = found.await.map_err(|error| unavailable(&target, error))?;
            Ok(!found.is_empty())
        };
        let answer = tokio::spawn(tokio::time::timeout(LIMIT, reading)).await;
        let answer = answer.map(|in_time| {
            in_time.unwrap_or_else(|_| {
                let words =
                    format!("{}: no answer within {} s", self.inner.target, LIMIT.as_secs());
                Err(StoreError::unavailable(words))
            })
        });
        answer.unwrap_or_else(|gone| Err(StoreError::unavailable(gone.to_string())))
    }
}

#[derive(QueryableByName)]
struct Seq {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "that there is a row is the answer")]
    seq: i64,
}

pub(crate) const READ: &str = "\
    SELECT i.company_file, i.state, i.version, i.held, i.attempt, i.claim_id, i.ledger_uid, \
    i.state_code, i.state_reason, i.state_uids, i.absent_confirmed_at, i.freight_minor, \
    i.line_count, i.total_minor, l.quantity_e4, l.unit_price_e4, l.discount_e2, \
    (SELECT e.epoch FROM postonce_epoch AS e WHERE e.company_file = i.company_file \
    LOCK IN SHARE MODE) AS epoch \
    FROM postonce_invoice AS i LEFT JOIN postonce_invoice_line AS l ON l.invoice_id = i.id \
    WHERE i.id = ?";

/// An invoice with one of its lines, if it has any.
#[derive(QueryableByName)]
struct ReadRow {
    #[diesel(sql_type = Text)]
    company_file: String,
    #[diesel(embed)]
    life: LifeRow,
    #[diesel(embed)]
    declared: DeclaredRow,
    #[diesel(sql_type = Nullable<BigInt>)]
    quantity_e4: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    unit_price_e4: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    discount_e2: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    epoch: Option<i64>,
}

impl ReadRow {
    fn line(&self) -> Option<AmountRow> {
        Some(AmountRow {
            quantity_e4: self.quantity_e4?,
            unit_price_e4: self.unit_price_e4?,
            discount_e2: self.discount_e2?,
        })
    }
}

async fn claim(conn: &mut Conn, wish: &ClaimRequest) -> Step<End<Result<Life, ClaimRefusal>>> {
    let refused = |refusal| Ok(End::Undo(Err(refusal)));
    let rows: Vec<ReadRow> = statement(READ).int(wish.invoice.0).load(conn).await?;
    let [first, ..] = rows.as_slice() else {
        return Err(corrupt(INVOICE, wish.invoice, "there is no such invoice").into());
    };
    // Before the first run the epoch is zero.
    if first.epoch.unwrap_or_default() != wish.epoch.0 {
        return refused(ClaimRefusal::Fenced);
    }
    let before = first.life.parse().map_err(|why| corrupt(INVOICE, wish.invoice, why))?;
    let (guard, wanted) = (Guard::Version(wish.version), Move::Claim(wish.request.marker.claim));
    let next = match before.apply(guard, wanted.clone()) {
        Ok(next) => next,
        Err(refusal) => return refused(ClaimRefusal::Moved(refusal)),
    };
    let lines: Vec<AmountRow> = rows.iter().filter_map(ReadRow::line).collect();
    if !first.declared.agrees(&lines) {
        return refused(ClaimRefusal::TotalsDiffer);
    }
    if set_life(conn, wish.invoice, (&before, &next), None).await? != Written::Yes {
        // Another was faster. What it did is committed, or its row could not have been read over.
        let now = invoice::head(conn, wish.invoice).await?;
        return match now.map(|(_, life)| life.apply(guard, wanted)) {
            Some(Err(refusal)) => refused(ClaimRefusal::Moved(refusal)),
            Some(Ok(_)) | None => Err(changed(wish.invoice)),
        };
    }
    let claim = insert(wish, &first.company_file, next.attempt);
    let line = ours(NoteKind::Claim, wish.request.marker.claim, claim_note().to_owned());
    let note = note::insert(wish.invoice, &line, Some(&wish.request.payload));
    Ok(End::KeepWith(vec![claim, note], Ok(next)))
}

const INSERT: &str = concat!(
    "INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
     customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, next_check) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ",
    now_sql!(),
    ", ",
    later_sql!(),
    ", ",
    later_sql!(),
    ")"
);

fn insert(wish: &ClaimRequest, company_file: &str, attempt: Attempt) -> Statement {
    let request = &wish.request;
    let quiet = micros(wish.quiet);
    statement(INSERT)
        .text(request.marker.claim.to_string())
        .int(wish.invoice.0)
        .text(company_file)
        .int(i64::from(attempt.0))
        .text(request.number.as_str())
        .text(request.reference.as_str())
        .text(request.customer.as_str())
        .text(request.route.as_str())
        .text(request.payload.as_str())
        .int(wish.epoch.0)
        .int(wish.run.0)
        .int(quiet)
        .int(quiet)
}
