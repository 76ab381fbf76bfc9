//! What a move of an invoice must not undo.

use postonce_domain::{InvoiceState, Life, NoteKind};
use postonce_ports::reader::NoteRecord;

use super::{Seen, Verdict, broken};
use crate::books::Books;
use crate::cast::Known;
use crate::invariant::Invariant;

/// A posted invoice stays so, unless a second document or a person leads out; and its document is
/// its own.
pub(super) fn is_posted_for_good(
    books: &Books,
    known: &Known,
    (before, now): (&Life, &Life),
    notes: &[NoteRecord],
) -> Verdict {
    let name = &known.number;
    if let InvoiceState::Posted { uid } = &before.state {
        let by_person = notes.last().is_some_and(|it| it.note.kind == NoteKind::Person);
        match &now.state {
            InvoiceState::Posted { uid: other } if other == uid => {}
            InvoiceState::NeedsHuman { .. } => {}
            InvoiceState::Ready if by_person && before.version < now.version => {
                // Proven gone; whether it is, the books say.
                if books.documents.iter().any(|it| it.uid == *uid) {
                    return broken(Invariant::S4, format!("{name} was posted as {uid}"));
                }
            }
            other => {
                let to = other.name();
                return broken(Invariant::S4, format!("{name} was posted as {uid}, and is {to}"));
            }
        }
    }
    if let InvoiceState::Posted { uid } = &now.state {
        let document = books.documents.iter().find(|it| it.uid == *uid);
        let own = document
            .is_some_and(|it| it.company_file == known.company_file && it.number == known.number);
        if !own {
            return broken(Invariant::S4, format!("{name} is posted as {uid}, not its document"));
        }
    }
    Ok(())
}

/// Whether a settled claim has moved an invoice that carries another.
pub(super) fn is_overwritten(before: &Seen, now: &Seen) -> bool {
    let settled = now.notes.last().filter(|it| it.note.kind == NoteKind::Outcome);
    let older = settled.is_some_and(|it| it.note.claim != before.life.state.claim());
    let led_out =
        matches!(now.life.state, InvoiceState::Posted { .. } | InvoiceState::NeedsHuman { .. });
    older && !led_out
}
