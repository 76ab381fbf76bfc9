//! Bugs of writing over what another has written, and what such bugs need.

use std::sync::Mutex;

use async_trait::async_trait;
use postonce_domain::{
    ClaimId, Epoch, Guard, InvoiceId, InvoiceState, Move, NotSentCause, NoteKind, Outcome,
    StateName, Version,
};
use postonce_engine::Ports;
use postonce_ports::error::StoreError;
use postonce_ports::store::{
    Applied, Candidate, Change, ClaimAnswer, ClaimRefusal, ClaimRequest, Note, POSTONCE, Page,
    Recorded,
};
use postonce_race_kit::{Invariant, Verb};

use super::bug::{Bug, bugged, locked};
use super::{Fate, Mutant, case};

/// The same wish once more.
pub(super) fn again(wish: &ClaimRequest) -> ClaimRequest {
    ClaimRequest { request: wish.request.clone(), ..*wish }
}

/// A line for the trail that says nothing of value.
pub(super) fn note(kind: NoteKind, claim: Option<ClaimId>) -> Note {
    Note { kind, claim, actor: POSTONCE.to_owned(), text: "by a bug".to_owned() }
}

/// Makes a move whatever happened since somebody looked.
pub(super) async fn force(
    real: &Ports,
    invoice: InvoiceId,
    wanted: Move,
) -> Result<Applied, StoreError> {
    let Some(life) = real.store.life(invoice).await? else { return Ok(Applied::NotFound) };
    let guard = Guard::Version(life.version);
    let note = note(NoteKind::Event, life.state.claim());
    real.store.apply(Change { invoice, guard, wanted, note }).await
}

/// The outcome by which a claim is undone.
pub(super) fn undone() -> Outcome {
    Outcome::NotSent { cause: NotSentCause::NoConnection, reason: "by a bug".to_owned() }
}

/// Claims whatever the version and the epoch are by now.
pub(super) async fn claim_now(real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
    const EPOCHS: i64 = 9;
    let Some(life) = real.store.life(wish.invoice).await? else {
        return real.store.claim(wish).await;
    };
    for epoch in std::iter::once(wish.epoch.0).chain(0..EPOCHS) {
        let wish = ClaimRequest { version: life.version, epoch: Epoch(epoch), ..again(&wish) };
        let answer = real.store.claim(wish).await?;
        if !matches!(answer, ClaimAnswer::Refused(ClaimRefusal::Fenced)) {
            return Ok(answer);
        }
    }
    real.store.claim(wish).await
}

/// Read, then written whatever has happened since.
#[derive(Default)]
pub(super) struct UnconditionalClaim;

#[async_trait]
impl Bug for UnconditionalClaim {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let life = real.store.life(wish.invoice).await?;
        if life.is_some_and(|life| life.state.name() == StateName::Posted) {
            drop(force(real, wish.invoice, Move::Gone).await?);
        }
        claim_now(real, wish).await
    }
}

/// A message is claimed and not its invoice: whoever has the message sends the invoice.
#[derive(Default)]
pub(super) struct ClaimsTheMessage;

#[async_trait]
impl Bug for ClaimsTheMessage {
    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let life = real.store.life(wish.invoice).await?;
        if let Some(InvoiceState::Claimed { claim }) = life.map(|life| life.state) {
            let _: Recorded = real.store.settle(claim, &undone()).await?;
        }
        claim_now(real, wish).await
    }
}

/// The n-th invoice of the list is claimed, and the list is read anew.
#[derive(Default)]
pub(super) struct ClaimByPosition(Mutex<Option<(Page, Vec<InvoiceId>)>>);

#[async_trait]
impl Bug for ClaimByPosition {
    async fn page(&self, real: &Ports, page: Page) -> Result<Vec<Candidate>, StoreError> {
        let candidates = real.store.page(page.clone()).await?;
        let ids = candidates.iter().filter_map(readable).map(|(id, _)| id).collect();
        *locked(&self.0) = Some((page, ids));
        Ok(candidates)
    }

    async fn claim(&self, real: &Ports, wish: ClaimRequest) -> Result<ClaimAnswer, StoreError> {
        let list = locked(&self.0).clone();
        let Some((page, ids)) = list else { return real.store.claim(wish).await };
        let place = ids.iter().position(|id| *id == wish.invoice).unwrap_or(0);
        let now = real.store.page(page).await?;
        match now.get(place).and_then(readable) {
            Some((invoice, version)) => {
                real.store.claim(ClaimRequest { invoice, version, ..wish }).await
            }
            None => real.store.claim(wish).await,
        }
    }
}

fn readable(candidate: &Candidate) -> Option<(InvoiceId, Version)> {
    match candidate {
        Candidate::Readable(stored) => Some((stored.id, stored.life.version)),
        Candidate::Unreadable { .. } => None,
    }
}

/// The bugs of this file.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "unconditional-claim",
        about: "an invoice is read, and then claimed whatever has happened since; the run \
                    lock is the only protection",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 500 },
        cases: &[
            case("lock=useless actors=cron,sync-now", &[]),
            case("lock=run actors=cron,sync-now faults=2", &[Verb::LockLost, Verb::Pause]),
            case(
                "lock=lease actors=cron,sync-now faults=3",
                &[Verb::LockLost, Verb::Pause, Verb::TimePasses],
            ),
        ],
        put_in: bugged::<UnconditionalClaim>,
    },
    Mutant {
        name: "claims-the-message",
        about: "a message is claimed and not its invoice, so that a message that comes twice \
                    is sent twice",
        fate: Fate::Killed { by: &[Invariant::S1, Invariant::S2, Invariant::S8], cost: 5_000 },
        cases: &[
            case("lock=useless actors=handler,handler faults=2", &[Verb::Lost]),
            case("lock=useless actors=cron,sync-now invoices=2 faults=2", &[Verb::Hold]),
            case("lock=run actors=handler,cron faults=2", &[Verb::LockLost, Verb::Lost]),
        ],
        put_in: bugged::<ClaimsTheMessage>,
    },
    Mutant {
        name: "claim-by-position",
        about: "the n-th invoice of a list is claimed, and the list is read anew",
        fate: Fate::Killed { by: &[Invariant::S4], cost: 10 },
        cases: &[
            case("lock=run actors=cron invoices=3", &[]),
            case(
                "lock=useless actors=cron,sync-now,later-cron invoices=3 page=3 faults=1",
                &[Verb::Limit],
            ),
        ],
        put_in: bugged::<ClaimByPosition>,
    },
];
