//! Invoices as a run sees them.

use postonce_domain::{BlockCode, BlockReason, InvoiceState, Life, Version};
use postonce_ports::store::{Candidate, StoredInvoice};

use crate::rows::{InvoiceRow, LineRow};

/// What a run may do with an invoice that was read.
pub fn candidate(row: &InvoiceRow, lines: &[LineRow], doubtful_past: bool) -> Candidate {
    let life = row.life();
    let unreadable = |reason: BlockReason, life: Option<&Life>| Candidate::Unreadable {
        id: row.id(),
        version: Version(row.life.version),
        already_blocked: life.is_some_and(|life| is_blocked(life, &reason)),
        reason,
    };
    match (life, row.invoice(lines)) {
        (Err(why), _) => unreadable(BlockReason::new(BlockCode::Unreadable, why.to_string()), None),
        (Ok(life), Err(reason)) => unreadable(reason, Some(&life)),
        (Ok(life), Ok(invoice)) => Candidate::Readable(Box::new(StoredInvoice {
            id: row.id(),
            life,
            invoice,
            doubtful_past,
        })),
    }
}

/// Whether it is blocked for just this reason.
pub fn is_blocked(life: &Life, wanted: &BlockReason) -> bool {
    matches!(&life.state, InvoiceState::Blocked { reason } if reason == wanted)
}
