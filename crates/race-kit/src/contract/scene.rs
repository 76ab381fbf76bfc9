//! Invoices, claims and outcomes that the promises are tried on.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use postonce_domain::{
    BlockCode, BlockReason, ClaimId, CompanyFile, Customer, CustomerCode, Epoch, ExternalId, Guard,
    Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceState, LedgerUid, Life, Line,
    LoginName, Marker, Money, Move, NotAfter, NotSentCause, NoteKind, Outcome, Percent,
    PreparedRequest, Quantity, RunId, Side, StateName, TaxCode, Trigger, UnitPrice,
};
use postonce_ports::history::NewRun;
use postonce_ports::lock::{HeldLock, LockAnswer, RunLock};
use postonce_ports::reader::NoteRecord;
use postonce_ports::store::{Applied, Change, ClaimAnswer, ClaimRequest, Note, Recorded};

use super::fresh::fresh_claim;
use super::{EngineStore, StoreFixture};

/// So long that no test sees its end.
pub(super) const LONG: Duration = Duration::from_hours(1);

pub(super) const RUN: RunId = RunId(7);

pub(super) fn file(alias: &str) -> CompanyFile {
    CompanyFile::parse(alias).unwrap()
}

pub(super) fn shop() -> CompanyFile {
    file("shop")
}

pub(super) fn login(name: &str) -> LoginName {
    LoginName::parse(name).unwrap()
}

pub(super) fn uid(text: &str) -> LedgerUid {
    LedgerUid::parse(text).unwrap()
}

pub(super) fn line(number: u32, quantity: &str, price: &str) -> Line {
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

pub(super) fn parts(n: u32) -> InvoiceParts {
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

pub(super) fn invoice(n: u32) -> Invoice {
    Invoice::new(parts(n)).unwrap()
}

/// The invoice `n` after `change`.
pub(super) fn invoice_with(n: u32, change: impl FnOnce(&mut InvoiceParts)) -> Invoice {
    let mut parts = parts(n);
    change(&mut parts);
    Invoice::new(parts).unwrap()
}

/// Puts an invoice in, and says under which id it is.
pub(super) async fn import_one(fixture: &impl StoreFixture, invoice: Invoice) -> InvoiceId {
    let ids = fixture.put(vec![invoice]).await;
    let [id] = ids.as_slice() else { panic!("one id for one invoice: {ids:?}") };
    *id
}

pub(super) async fn ready(fixture: &impl StoreFixture, n: u32) -> InvoiceId {
    import_one(fixture, invoice(n)).await
}

pub(super) async fn life(store: &impl EngineStore, id: InvoiceId) -> Life {
    store.dossier(id).await.unwrap().unwrap().stored.life
}

pub(super) async fn state(store: &impl EngineStore, id: InvoiceId) -> StateName {
    life(store, id).await.state.name()
}

pub(super) async fn acquire(store: &impl RunLock) -> Box<dyn HeldLock> {
    match store.try_acquire().await.unwrap() {
        LockAnswer::Acquired(lock) => lock,
        LockAnswer::Busy(holder) => panic!("the lock is busy: {holder:?}"),
    }
}

/// Raises the epoch of a company file, as a run does.
pub(super) async fn raise(store: &impl RunLock, file: &CompanyFile) -> Epoch {
    let lock = acquire(store).await;
    let epoch = lock.raise_epoch(file).await.unwrap();
    lock.release().await.unwrap();
    epoch
}

/// The wish to claim an invoice as it is now.
pub(super) async fn wish(store: &impl EngineStore, id: InvoiceId, epoch: Epoch) -> ClaimRequest {
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
            marker: Marker { installation, claim: fresh_claim() },
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

pub(super) async fn granted(store: &impl EngineStore, wish: ClaimRequest) -> ClaimId {
    let answer = store.claim(wish).await.unwrap();
    let ClaimAnswer::Claimed(token) = answer else { panic!("not claimed: {answer:?}") };
    token.id()
}

/// Claims an invoice in a new epoch, with a quiet period that is over at once.
pub(super) async fn claim(store: &impl EngineStore, id: InvoiceId) -> ClaimId {
    claim_quiet(store, id, Duration::ZERO).await
}

pub(super) async fn claim_quiet(
    store: &impl EngineStore,
    id: InvoiceId,
    quiet: Duration,
) -> ClaimId {
    let stored = store.dossier(id).await.unwrap().unwrap().stored;
    let epoch = raise(store, &stored.invoice.parts().company_file).await;
    let mut wish = wish(store, id, epoch).await;
    wish.quiet = quiet;
    granted(store, wish).await
}

pub(super) async fn claimed(fixture: &impl StoreFixture, n: u32) -> (InvoiceId, ClaimId) {
    let id = ready(fixture, n).await;
    let claim = claim(&fixture.adapter(), id).await;
    (id, claim)
}

pub(super) async fn settle(store: &impl EngineStore, claim: ClaimId, outcome: &Outcome) {
    let recorded = store.settle(claim, outcome).await.unwrap();
    assert!(
        matches!(recorded, Recorded::Moved(_)),
        "the outcome of an open claim moves its invoice: {recorded:?}"
    );
}

pub(super) fn posted_as(text: &str) -> Outcome {
    Outcome::Posted { uid: uid(text) }
}

pub(super) fn rejected() -> Outcome {
    Outcome::Rejected { code: Some("4033".to_owned()), reason: "no such tax code".to_owned() }
}

pub(super) fn not_sent() -> Outcome {
    Outcome::NotSent { cause: NotSentCause::NoConnection, reason: "refused".to_owned() }
}

pub(super) fn doubt() -> Outcome {
    Outcome::InDoubt { reason: "no answer".to_owned() }
}

/// An invoice whose claim has this outcome.
pub(super) async fn settled(
    fixture: &impl StoreFixture,
    n: u32,
    outcome: &Outcome,
) -> (InvoiceId, ClaimId) {
    let (id, claim) = claimed(fixture, n).await;
    settle(&fixture.adapter(), claim, outcome).await;
    (id, claim)
}

pub(super) fn note(kind: NoteKind, text: &str) -> Note {
    Note { kind, claim: None, actor: "grace".to_owned(), text: text.to_owned() }
}

/// A move of an invoice as it is now.
pub(super) async fn change(store: &impl EngineStore, id: InvoiceId, wanted: Move) -> Change {
    let guard = Guard::Version(life(store, id).await.version);
    Change { invoice: id, guard, wanted, note: note(NoteKind::Person, "because") }
}

pub(super) async fn apply(store: &impl EngineStore, id: InvoiceId, wanted: Move) -> Life {
    let change = change(store, id, wanted).await;
    let applied = store.apply(change).await.unwrap();
    let Applied::Moved(life) = applied else { panic!("not moved: {applied:?}") };
    life
}

pub(super) fn block() -> Move {
    Move::Block(BlockReason::new(BlockCode::CustomerMissing, "there is no CUS1"))
}

pub(super) fn alarm(uids: &[&str]) -> Move {
    let uids = uids.iter().map(|text| uid(text)).collect();
    Move::Alarm { uids, reason: "not ours".to_owned() }
}

/// One invoice in each state that the ports lead to.
pub(super) async fn one_in_each_state(
    fixture: &impl StoreFixture,
) -> Vec<(StateName, u32, InvoiceId)> {
    let blocked = ready(fixture, 2).await;
    apply(&fixture.adapter(), blocked, block()).await;
    let needs_human = ready(fixture, 7).await;
    apply(&fixture.adapter(), needs_human, alarm(&["x", "y"])).await;
    let (forgotten, _) = settled(fixture, 8, &doubt()).await;
    apply(&fixture.adapter(), forgotten, Move::ResolveForgotten).await;
    vec![
        (StateName::Ready, 1, ready(fixture, 1).await),
        (StateName::Blocked, 2, blocked),
        (StateName::Claimed, 3, claimed(fixture, 3).await.0),
        (StateName::Posted, 4, settled(fixture, 4, &posted_as("uid-4")).await.0),
        (StateName::Rejected, 5, settled(fixture, 5, &rejected()).await.0),
        (StateName::InDoubt, 6, settled(fixture, 6, &doubt()).await.0),
        (StateName::NeedsHuman, 7, needs_human),
        (StateName::Forgotten, 8, forgotten),
    ]
}

pub(super) async fn last_note(fixture: &impl StoreFixture, id: InvoiceId) -> NoteRecord {
    fixture.trail(id).await.pop().expect("whatever moves an invoice writes a note")
}

/// How many notes of a kind the invoice has.
pub(super) async fn notes_of(fixture: &impl StoreFixture, id: InvoiceId, kind: NoteKind) -> usize {
    fixture.trail(id).await.iter().filter(|record| record.note.kind == kind).count()
}

pub(super) fn is_doubtful(life: &Life, claim: ClaimId) -> bool {
    matches!(life.state, InvoiceState::InDoubt { claim: carried, .. } if carried == claim)
}

pub(super) fn new_run(lock_owner: &str) -> NewRun {
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
