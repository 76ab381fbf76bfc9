//! Invoices, claims and outcomes that the promises are tried on.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use postonce_adapter_host::RandomIds;
use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, Customer, CustomerCode, Epoch, ExternalId, Guard,
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceState, LedgerUid, Life, Line, Marker,
    Money, Move, NotAfter, NotSentCause, NoteKind, Outcome, Percent, PreparedRequest, Quantity,
    RunId, Side, StateName, TaxCode, Trigger, UnitPrice,
};
use postonce_ports::clock::Ids;
use postonce_ports::history::NewRun;
use postonce_ports::intake::Imported;
use postonce_ports::lock::{HeldLock, LockAnswer, RunLock};
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::{Applied, Change, ClaimAnswer, ClaimRequest, Note, Recorded};

use super::fixture::Store;

/// So long that no test sees its end.
pub(crate) const LONG: Duration = Duration::from_hours(1);

pub(crate) const RUN: RunId = RunId(7);

pub(crate) fn file(alias: &str) -> CompanyFile {
    CompanyFile::parse(alias).unwrap()
}

pub(crate) fn shop() -> CompanyFile {
    file("shop")
}

pub(crate) fn uid(text: &str) -> LedgerUid {
    LedgerUid::parse(text).unwrap()
}

pub(crate) fn line(number: u32, quantity: &str, price: &str) -> Line {
    Line {
        number,
        item: None,
        description: format!("thing {number}"),
        quantity: Quantity::parse(quantity).unwrap(),
        unit_price: UnitPrice::parse(price).unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    }
}

pub(crate) fn parts(n: u32) -> InvoiceParts {
    InvoiceParts {
        company_file: shop(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order {n}")).unwrap(),
        number: InvoiceNumber::parse(&format!("INV-{n}")).unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("CUS1").unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![line(1, "3", "0.99"), line(2, "1", "10")],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    }
}

pub(crate) fn invoice(n: u32) -> Invoice {
    Invoice::new(parts(n)).unwrap()
}

/// The invoice `n` after `change`.
pub(crate) fn invoice_with(n: u32, change: impl FnOnce(&mut InvoiceParts)) -> Invoice {
    let mut parts = parts(n);
    change(&mut parts);
    Invoice::new(parts).unwrap()
}

pub(crate) async fn import(store: &impl Store, invoices: Vec<Invoice>) {
    let imported = store.import(invoices).await.unwrap();
    assert!(matches!(imported, Imported::Done { .. }), "{imported:?}");
}

/// Imports an invoice, and says under which id it is.
pub(crate) async fn import_one(store: &impl Store, invoice: Invoice) -> InvoiceId {
    let parts = invoice.parts().clone();
    import(store, vec![invoice]).await;
    store.find(&parts.company_file, &parts.number).await.unwrap().unwrap()
}

pub(crate) async fn ready(store: &impl Store, n: u32) -> InvoiceId {
    import_one(store, invoice(n)).await
}

pub(crate) async fn life(store: &impl Store, id: InvoiceId) -> Life {
    store.dossier(id).await.unwrap().unwrap().stored.life
}

pub(crate) async fn state(store: &impl Store, id: InvoiceId) -> StateName {
    life(store, id).await.state.name()
}

pub(crate) async fn acquire(store: &impl RunLock) -> Box<dyn HeldLock> {
    match store.try_acquire().await.unwrap() {
        LockAnswer::Acquired(lock) => lock,
        LockAnswer::Busy(holder) => panic!("the lock is busy: {holder:?}"),
    }
}

/// Raises the epoch of a company file, as a run does.
pub(crate) async fn raise(store: &impl Store, file: &CompanyFile) -> Epoch {
    let lock = acquire(store).await;
    let epoch = lock.raise_epoch(file).await.unwrap();
    lock.release().await.unwrap();
    epoch
}

/// The wish to claim an invoice as it is now.
pub(crate) async fn wish(store: &impl Store, id: InvoiceId, epoch: Epoch) -> ClaimRequest {
    let stored = store.dossier(id).await.unwrap().unwrap().stored;
    let parts = stored.invoice.parts();
    let installation = store.installation().await.unwrap();
    ClaimRequest {
        invoice: id,
        version: stored.life.version,
        epoch,
        run: RUN,
        request: PreparedRequest {
            company_file: parts.company_file.clone(),
            marker: Marker { installation, claim: RandomIds.claim_id() },
            number: parts.number.clone(),
            reference: parts.external_id.clone(),
            customer: parts.customer.code.clone(),
            route: "/Sale/Invoice/Item".to_owned(),
            payload: format!("{{\"Number\":\"{}\"}}", parts.number),
        },
        not_after: NotAfter { boot: LONG, wall: Timestamp::MAX },
        quiet: Duration::ZERO,
    }
}

pub(crate) async fn granted(store: &impl Store, wish: ClaimRequest) -> ClaimId {
    let answer = store.claim(wish).await.unwrap();
    let ClaimAnswer::Claimed(token) = answer else { panic!("not claimed: {answer:?}") };
    token.id()
}

/// Claims an invoice in a new epoch, with a quiet period that is over at once.
pub(crate) async fn claim(store: &impl Store, id: InvoiceId) -> ClaimId {
    claim_quiet(store, id, Duration::ZERO).await
}

pub(crate) async fn claim_quiet(store: &impl Store, id: InvoiceId, quiet: Duration) -> ClaimId {
    let stored = store.dossier(id).await.unwrap().unwrap().stored;
    let epoch = raise(store, &stored.invoice.parts().company_file).await;
    let mut wish = wish(store, id, epoch).await;
    wish.quiet = quiet;
    granted(store, wish).await
}

pub(crate) async fn claimed(store: &impl Store, n: u32) -> (InvoiceId, ClaimId) {
    let id = ready(store, n).await;
    let claim = claim(store, id).await;
    (id, claim)
}

pub(crate) async fn settle(store: &impl Store, claim: ClaimId, outcome: &Outcome) {
    let recorded = store.settle(claim, outcome).await.unwrap();
    assert!(matches!(recorded, Recorded::Moved(_)), "{recorded:?}");
}

pub(crate) fn posted_as(text: &str) -> Outcome {
    Outcome::Posted { uid: uid(text) }
}

pub(crate) fn rejected() -> Outcome {
    Outcome::Rejected { code: Some("4033".to_owned()), reason: "no such tax code".to_owned() }
}

pub(crate) fn not_sent() -> Outcome {
    Outcome::NotSent { cause: NotSentCause::NoConnection, reason: "refused".to_owned() }
}

pub(crate) fn doubt() -> Outcome {
    Outcome::InDoubt { reason: "no answer".to_owned() }
}

/// An invoice whose claim has this outcome.
pub(crate) async fn settled(store: &impl Store, n: u32, outcome: &Outcome) -> (InvoiceId, ClaimId) {
    let (id, claim) = claimed(store, n).await;
    settle(store, claim, outcome).await;
    (id, claim)
}

pub(crate) fn note(kind: NoteKind, text: &str) -> Note {
    Note { kind, claim: None, actor: "grace".to_owned(), text: text.to_owned() }
}

/// A move of an invoice as it is now.
pub(crate) async fn change(store: &impl Store, id: InvoiceId, wanted: Move) -> Change {
    let guard = Guard::Version(life(store, id).await.version);
    Change { invoice: id, guard, wanted, note: note(NoteKind::Person, "because") }
}

pub(crate) async fn apply(store: &impl Store, id: InvoiceId, wanted: Move) -> Life {
    let change = change(store, id, wanted).await;
    let applied = store.apply(change).await.unwrap();
    let Applied::Moved(life) = applied else { panic!("not moved: {applied:?}") };
    life
}

pub(crate) fn block() -> Move {
    Move::Block(BlockReason::new(BlockCode::CustomerMissing, "there is no CUS1"))
}

pub(crate) fn alarm(uids: &[&str]) -> Move {
    let uids = uids.iter().map(|text| uid(text)).collect();
    Move::Alarm { uids, reason: "not ours".to_owned() }
}

/// One invoice in each state that the ports lead to.
pub(crate) async fn one_in_each_state(store: &impl Store) -> Vec<(StateName, u32, InvoiceId)> {
    let blocked = ready(store, 2).await;
    apply(store, blocked, block()).await;
    let needs_human = ready(store, 7).await;
    apply(store, needs_human, alarm(&["x", "y"])).await;
    let (forgotten, _) = settled(store, 8, &doubt()).await;
    apply(store, forgotten, Move::ResolveForgotten).await;
    vec![
        (StateName::Ready, 1, ready(store, 1).await),
        (StateName::Blocked, 2, blocked),
        (StateName::Claimed, 3, claimed(store, 3).await.0),
        (StateName::Posted, 4, settled(store, 4, &posted_as("uid-4")).await.0),
        (StateName::Rejected, 5, settled(store, 5, &rejected()).await.0),
        (StateName::InDoubt, 6, settled(store, 6, &doubt()).await.0),
        (StateName::NeedsHuman, 7, needs_human),
        (StateName::Forgotten, 8, forgotten),
    ]
}

pub(crate) async fn trail(store: &impl Store, id: InvoiceId) -> Vec<NoteRecord> {
    store.notes(Some(id), 0, 1_000).await.unwrap()
}

/// How many notes of a kind the invoice has.
pub(crate) async fn notes_of(store: &impl Store, id: InvoiceId, kind: NoteKind) -> usize {
    trail(store, id).await.iter().filter(|record| record.note.kind == kind).count()
}

pub(crate) fn is_doubtful(life: &Life, claim: ClaimId) -> bool {
    matches!(life.state, InvoiceState::InDoubt { claim: carried, .. } if carried == claim)
}

pub(crate) fn new_run(lock_owner: &str) -> NewRun {
    NewRun {
        trigger: Trigger::Manual,
        actor: "grace".to_owned(),
        host: "ledger-host".to_owned(),
        pid: 4_242,
        boot_id: "boot".to_owned(),
        lock_owner: lock_owner.to_owned(),
        connection_id: None,
    }
}
