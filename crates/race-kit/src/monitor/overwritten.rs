//! What a move of an invoice must not undo.

use postonce_domain::{InstallationId, InvoiceState, Life, Marker, NoteKind};

use super::Seen;
use crate::books::{Books, Document};
use crate::cast::Known;
use crate::invariant::{Invariant, Verdict, broken};

/// A posted invoice stays so, unless a second document or a person leads out; and its document is
/// its own: it has its number, and the marker of the installation, which is `ours`.
pub(super) fn check_posted(
    books: &Books,
    (known, ours): (&Known, Option<InstallationId>),
    (before, now): (&Life, &Seen),
) -> Verdict {
    let name = &known.number;
    let is_of = |it: &&Document| it.company_file == known.company_file && it.number == known.number;
    if let InvoiceState::Posted { uid } = &before.state {
        let by_person = now.notes.last().is_some_and(|it| it.note.kind == NoteKind::Person);
        match &now.life.state {
            InvoiceState::Posted { uid: other } if other == uid => {}
            InvoiceState::NeedsHuman { .. } => {
                if books.documents.iter().filter(is_of).count() < 2 {
                    let words = format!("{name} was posted as {uid}, and there is no other");
                    return broken(Invariant::S4, words);
                }
            }
            InvoiceState::Ready if by_person && before.version < now.life.version => {
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
    if let InvoiceState::Posted { uid } = &now.life.state {
        let Some(document) = books.documents.iter().filter(is_of).find(|it| it.uid == *uid) else {
            return broken(Invariant::S4, format!("{name} is posted as {uid}, not its document"));
        };
        let marker = Marker::find(&document.memo);
        if marker.is_none_or(|it| Some(it.installation) != ours) {
            return broken(Invariant::S4, format!("{name} is posted as {uid}, a stranger's"));
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
