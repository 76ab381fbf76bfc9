//! The one way in which a transaction is run.
//!
//! It runs in a task of its own to its end, whoever waits for it. No BEGIN is sent: autocommit is
//! off, and the first statement begins it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use diesel::result::Error as DriverError;
use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection};
use postonce_ports::error::{BoxError, StoreError};

use crate::MysqlStore;
use crate::error::{OpenError, Step, StepError, Trouble, classify, is_of_a_statement};
use crate::open::Inner;
use crate::pool::Seat;
use crate::retry::{TRIES, was_refused};
use crate::statement::{Statement, text_of};

/// A session of the server, in a transaction.
pub(crate) type Conn = AsyncMysqlConnection;

/// What a transaction does. It may be begun anew, so it changes nothing but the database.
pub(crate) type Working<'a, T> = Pin<Box<dyn Future<Output = Step<T>> + Send + 'a>>;

/// How long the work of one try may take before its session counts as lost; no statement of it
/// waits for a row longer than 5 s.
const WORK_LIMIT: Duration = Duration::from_secs(60);

/// The same for work on as many rows as a caller likes.
const LONG_WORK_LIMIT: Duration = Duration::from_secs(600);

/// How long COMMIT or ROLLBACK may take.
const END_LIMIT: Duration = Duration::from_secs(60);

/// How the work of a transaction ends that did not fail.
pub(crate) enum End<T> {
    /// What was changed counts.
    Keep(T),
    /// What was changed counts together with what these statements change, in order. They go with
    /// COMMIT in one text, which the server works through even for a client that has died: none of
    /// them may wait for a row of another.
    KeepWith(Vec<Statement>, T),
    /// Nothing was changed, or nothing is to count.
    Undo(T),
}

/// Why a transaction did not answer.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// Nothing was changed.
    NotDone(StoreError),
    /// Nobody knows whether it counts: COMMIT was sent, and its answer proves nothing.
    Unknown(BoxError),
}

impl MysqlStore {
    /// Runs `work` on `input` in a transaction and keeps or undoes what it did. Gives `input` back.
    pub(crate) async fn write_or_unknown<I, T, F>(
        &self,
        input: I,
        work: F,
    ) -> Result<(T, I), WriteError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>> + Send + Sync + 'static,
    {
        self.run(WORK_LIMIT, input, work).await
    }

    async fn run<I, T, F>(&self, limit: Duration, input: I, work: F) -> Result<(T, I), WriteError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>> + Send + Sync + 'static,
    {
        let task = Task { inner: self.inner.clone(), limit, input, work };
        // A task that did not answer panicked, or its runtime is going down: it proves nothing.
        let task = tokio::spawn(task.run());
        task.await.unwrap_or_else(|gone| Err(WriteError::Unknown(Box::new(gone))))
    }

    /// The same for callers that may simply try again: what they write twice counts once.
    pub(crate) async fn write<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>> + Send + Sync + 'static,
    {
        self.known(self.write_or_unknown(input, work).await)
    }

    /// The same for work on as many rows as a caller likes.
    pub(crate) async fn write_at_length<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>> + Send + Sync + 'static,
    {
        self.known(self.run(LONG_WORK_LIMIT, input, work).await)
    }

    fn known<T, I>(&self, done: Result<(T, I), WriteError>) -> Result<T, StoreError> {
        match done {
            Ok((answer, _)) => Ok(answer),
            Err(WriteError::NotDone(error)) => Err(error),
            Err(WriteError::Unknown(source)) => Err(StoreError::Unavailable {
                message: format!(
                    "{}: it is not known whether a change was kept: {source}",
                    self.inner.target
                ),
                source: Some(source),
            }),
        }
    }

    /// Runs `work`, which only reads; each of its statements sees what is committed by then.
    pub(crate) async fn read<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, T> + Send + Sync + 'static,
    {
        self.write(input, move |conn, input| {
            let work = work(conn, input);
            Box::pin(async move { work.await.map(End::Undo) })
        })
        .await
    }
}

/// Makes all statements of the transaction that begins next see the database as the first does.
pub(crate) async fn one_snapshot(conn: &mut Conn) -> Step<()> {
    Ok(conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?)
}

/// What became of one try.
enum Tried<T> {
    Done(T),
    /// Nothing was changed, and it may be tried again, on a new session if this one is lost.
    Again {
        error: StepError,
        lost: bool,
    },
    Failed(WriteError),
}

/// One transaction with all that it needs.
struct Task<I, F> {
    inner: Arc<Inner>,
    limit: Duration,
    input: I,
    work: F,
}

impl<I, F> Task<I, F> {
    async fn run<T>(self) -> Result<(T, I), WriteError>
    where
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>>,
    {
        let inner = &self.inner;
        let seat = inner.pool.seat().await;
        let mut lost_one = false;
        let mut failed = 0;
        loop {
            let session = if lost_one { seat.fresh_session().await } else { seat.session().await };
            let session = session.map_err(|error| WriteError::NotDone(error.into_store_error()))?;
            failed += 1;
            match self.attempt(&seat, session).await {
                Tried::Done(answer) => {
                    drop(seat);
                    return Ok((answer, self.input));
                }
                Tried::Failed(error) => return Err(error),
                Tried::Again { lost, .. } if failed < TRIES => {
                    lost_one = lost;
                    inner.retries.pause(failed).await;
                }
                Tried::Again { error, .. } => return Err(not_done(inner, error)),
            }
        }
    }

    async fn attempt<T>(&self, seat: &Seat<'_>, mut session: Conn) -> Tried<T>
    where
        F: for<'a> Fn(&'a mut Conn, &'a I) -> Working<'a, End<T>>,
    {
        let work = tokio::time::timeout(self.limit, (self.work)(&mut session, &self.input)).await;
        let Ok(worked) = work else {
            let slow = OpenError::slow(&self.inner.target, self.limit);
            return Tried::Failed(WriteError::NotDone(slow.into_store_error()));
        };
        match worked {
            Ok(End::Keep(answer)) => self.commit(seat, session, "COMMIT", answer).await,
            Ok(End::KeepWith(last, answer)) => {
                // If one of them fails, the server does not come to COMMIT.
                self.commit(seat, session, &text_of(&last, "COMMIT"), answer).await
            }
            Ok(End::Undo(answer)) => {
                roll_back(seat, session).await;
                Tried::Done(answer)
            }
            // COMMIT was not sent, so nothing happened: the server undoes what has no session.
            Err(StepError::Driver(error)) if classify(&error) == Trouble::Lost => {
                Tried::Again { error: error.into(), lost: true }
            }
            Err(error) => {
                roll_back(seat, session).await;
                match &error {
                    StepError::Overtaken(_) => Tried::Again { error, lost: false },
                    StepError::Driver(driver) if was_refused(driver) => {
                        Tried::Again { error, lost: false }
                    }
                    StepError::Driver(_) | StepError::Store(_) => {
                        Tried::Failed(not_done(&self.inner, error))
                    }
                }
            }
        }
    }

    async fn commit<T>(
        &self,
        seat: &Seat<'_>,
        mut session: Conn,
        words: &str,
        answer: T,
    ) -> Tried<T> {
        match end(&mut session, words).await {
            Ok(()) => {
                seat.keep(session);
                Tried::Done(answer)
            }
            Err(error) if was_refused(&error) => {
                roll_back(seat, session).await;
                Tried::Again { error: error.into(), lost: false }
            }
            // In a text of several statements the server did not come to COMMIT.
            Err(error) if is_of_a_statement(&error) => {
                roll_back(seat, session).await;
                Tried::Failed(not_done(&self.inner, error.into()))
            }
            Err(error) => Tried::Failed(WriteError::Unknown(Box::new(error))),
        }
    }
}

fn not_done(inner: &Inner, error: StepError) -> WriteError {
    WriteError::NotDone(error.into_store_error(&inner.target))
}

/// Ends the transaction; the session is kept if the server says that it did.
async fn roll_back(seat: &Seat<'_>, mut session: Conn) {
    if end(&mut session, "ROLLBACK").await.is_ok() {
        seat.keep(session);
    }
}

async fn end(session: &mut Conn, words: &str) -> Result<(), DriverError> {
    let ended = tokio::time::timeout(END_LIMIT, session.batch_execute(words)).await;
    ended.unwrap_or_else(|_| {
        let words = format!("no answer within {} s", END_LIMIT.as_secs());
        Err(DriverError::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, Box::new(words)))
    })
}
