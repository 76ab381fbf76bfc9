//! The task that keeps a hold: it proves it again and again, and does what its holder asks.
//!
//! The task owns the connection. Whoever holds the lock has only [`Kept`], so that a dropped
//! future of theirs never breaks off a statement by accident, and a dropped hold ends the task.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postonce_domain::{CompanyFile, Epoch};
use postonce_ports::keyed::HeldKey;
use postonce_ports::lock::{HeldLock, LockError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::local::Reserved;
use super::unavailable;
use super::watch::Watch;

/// How often an epoch is tried to be raised while others are in the way.
const TRIES: u32 = 3;

/// What holds a lock, on a server.
#[async_trait]
pub(super) trait Hold: Send + 'static {
    /// Proves that the lock is held, and prolongs it where it would run out.
    ///
    /// [`LockError::Lost`] ends it; any other error leaves it open, to be tried again.
    async fn prove(&mut self) -> Result<(), LockError>;

    /// Raises an epoch in a transaction of its own that changes nothing unless the lock is held.
    async fn raise_epoch(&mut self, company_file: &CompanyFile) -> Result<Raised, LockError>;

    /// Frees the lock.
    async fn free(&mut self) -> Result<(), LockError>;

    /// A statement was broken off; whether the hold can go on.
    fn broken_off(&mut self) -> bool;

    /// Nobody needs it any more; nobody waits for this either.
    fn abandon(self);
}

/// What one try to raise an epoch did.
pub(super) enum Raised {
    /// It is this now.
    To(Epoch),
    /// Others were in the way; to be tried again if the lock is held still.
    Blocked(LockError),
}

/// A hold is proven at least as often as this, so that a run learns soon that its session was
/// ended, and not only in time.
const PROVEN_EVERY: Duration = Duration::from_secs(2);

enum Order {
    Prove(oneshot::Sender<Result<(), LockError>>),
    RaiseEpoch(CompanyFile, oneshot::Sender<Result<Epoch, LockError>>),
    Free(oneshot::Sender<Result<(), LockError>>),
}

/// A lock that a task keeps. Dropping it ends the task.
pub(crate) struct Kept {
    orders: mpsc::UnboundedSender<Order>,
    /// The task learns from its end that nobody is here any more.
    _here: oneshot::Sender<()>,
    watch: Arc<Watch>,
    owner: String,
    connection_id: Option<u64>,
}

impl Kept {
    /// Starts the task for a lock that was taken.
    pub(super) fn keep(
        hold: impl Hold,
        watch: Watch,
        reserved: Option<Reserved>,
        owner: String,
        connection_id: Option<u64>,
    ) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let (here, gone) = oneshot::channel();
        let watch = Arc::new(watch);
        let watched = Watched(watch.clone());
        let keeper = Keeper { hold, reserved, orders: received, gone, watch: watched };
        drop(tokio::spawn(keeper.run()));
        Self { orders, _here: here, watch, owner, connection_id }
    }

    async fn ask<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, LockError>>) -> Order,
    ) -> Result<T, LockError> {
        if self.watch.is_lost() {
            return Err(LockError::Lost);
        }
        let (answer, told) = oneshot::channel();
        // A task that is gone has lost the lock.
        self.orders.send(order(answer)).map_err(|_gone| LockError::Lost)?;
        told.await.map_err(|_gone| LockError::Lost)?
    }
}

#[async_trait]
impl HeldLock for Kept {
    fn owner(&self) -> String {
        self.owner.clone()
    }

    fn connection_id(&self) -> Option<u64> {
        self.connection_id
    }

    async fn raise_epoch(&self, company_file: &CompanyFile) -> Result<Epoch, LockError> {
        let epoch = self.ask(|answer| Order::RaiseEpoch(company_file.clone(), answer)).await?;
        if self.watch.is_lost() { Err(LockError::Lost) } else { Ok(epoch) }
    }

    fn is_lost(&self) -> bool {
        self.watch.is_lost()
    }

    async fn prove(&self) -> Result<(), LockError> {
        self.ask(Order::Prove).await?;
        if self.watch.is_lost() { Err(LockError::Lost) } else { Ok(()) }
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        self.ask(Order::Free).await
    }
}

#[async_trait]
impl HeldKey for Kept {
    fn is_lost(&self) -> bool {
        self.watch.is_lost()
    }

    async fn release(self: Box<Self>) -> Result<(), LockError> {
        self.ask(Order::Free).await
    }
}

struct Keeper<H> {
    hold: H,
    /// Goes with the hold: only then may another in this process have the name.
    reserved: Option<Reserved>,
    orders: mpsc::UnboundedReceiver<Order>,
    gone: oneshot::Receiver<()>,
    watch: Watched,
}

/// The watch of a hold that is lost when its task ends, also with its runtime.
struct Watched(Arc<Watch>);

impl Deref for Watched {
    type Target = Watch;

    fn deref(&self) -> &Watch {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.lose();
    }
}

/// How a piece of work on the server ended.
enum Work<T> {
    Answered(Result<T, LockError>),
    TooLong,
    HolderGone,
}

impl<H: Hold> Keeper<H> {
    async fn run(mut self) {
        while !self.watch.is_lost() {
            let goes_on = match timeout(self.pause(), self.orders.recv()).await {
                Err(_due) => !matches!(self.prove().await, Err(LockError::Lost)),
                Ok(Some(Order::Prove(answer))) => {
                    let proven = self.prove().await;
                    let goes_on = !matches!(proven, Err(LockError::Lost));
                    if !goes_on {
                        self.watch.lose();
                    }
                    drop(answer.send(proven));
                    goes_on
                }
                Ok(Some(Order::RaiseEpoch(file, answer))) => {
                    let raised = self.raise(&file).await;
                    let goes_on = !matches!(raised, Err(LockError::Lost));
                    if !goes_on {
                        // Whoever reads the answer must see the loss.
                        self.watch.lose();
                    }
                    drop(answer.send(raised));
                    goes_on
                }
                Ok(Some(Order::Free(answer))) => {
                    let freed = self.free().await;
                    self.reserved = None;
                    drop(answer.send(freed));
                    false
                }
                Ok(None) => false,
            };
            if !goes_on {
                break;
            }
        }
        drop(self.watch);
        self.hold.abandon();
    }

    /// Until the next proof is due: a third of the time after the last one at the latest, and soon
    /// after one that failed.
    fn pause(&self) -> Duration {
        let timeout = self.watch.timeout();
        let due = self.watch.left().saturating_sub(timeout * 2 / 3).min(PROVEN_EVERY);
        due.max(timeout / 12)
    }

    /// Proves the hold. It goes on unless it is lost.
    async fn prove(&mut self) -> Result<(), LockError> {
        let limit = self.watch.left().min(self.watch.timeout() / 3);
        let sent = self.watch.now();
        match bounded(limit, &mut self.gone, self.hold.prove()).await {
            Work::Answered(proven) => {
                if proven.is_ok() {
                    self.watch.proven(sent);
                }
                proven
            }
            Work::TooLong if self.hold.broken_off() => {
                Err(unavailable("the server took too long to say who has the lock"))
            }
            Work::TooLong => Err(LockError::Lost),
            Work::HolderGone => {
                self.hold.broken_off();
                Err(LockError::Lost)
            }
        }
    }

    async fn raise(&mut self, file: &CompanyFile) -> Result<Epoch, LockError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (limit, sent) = (self.watch.left(), self.watch.now());
            match bounded(limit, &mut self.gone, self.hold.raise_epoch(file)).await {
                Work::Answered(Ok(Raised::To(epoch))) => {
                    self.watch.proven(sent);
                    return Ok(epoch);
                }
                Work::Answered(Ok(Raised::Blocked(error))) => {
                    if let Err(LockError::Lost) = self.prove().await {
                        return Err(LockError::Lost);
                    }
                    if tries == TRIES {
                        return Err(error);
                    }
                }
                Work::Answered(Err(error)) => return Err(error),
                Work::HolderGone => {
                    self.hold.broken_off();
                    return Err(LockError::Lost);
                }
                Work::TooLong => {
                    let goes_on = self.hold.broken_off();
                    let error = || unavailable("the server took too long to raise an epoch");
                    return Err(if goes_on { error() } else { LockError::Lost });
                }
            }
        }
    }

    async fn free(&mut self) -> Result<(), LockError> {
        match bounded(self.watch.left(), &mut self.gone, self.hold.free()).await {
            Work::Answered(answer) => answer,
            Work::HolderGone | Work::TooLong => {
                self.hold.broken_off();
                Err(LockError::Lost)
            }
        }
    }
}

async fn bounded<T>(
    limit: Duration,
    gone: &mut oneshot::Receiver<()>,
    work: impl Future<Output = Result<T, LockError>>,
) -> Work<T> {
    tokio::select! {
        biased;
        answer = timeout(limit, work) => answer.map_or(Work::TooLong, Work::Answered),
        _ = gone => Work::HolderGone,
    }
}
