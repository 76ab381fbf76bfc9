//! What the suites need of an async runtime, and what they make of it.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::task::Poll;

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::{AbortHandle, Abortable, Aborted, join_all};

use super::Fixture;

/// The async runtime under a test. The kit knows none, so the caller brings it.
///
/// With tokio it is:
///
/// ```ignore
/// struct Tokio;
///
/// impl Runtime for Tokio {
///     fn run(test: impl Future<Output = ()>) {
///         let mut runtime = tokio::runtime::Builder::new_multi_thread();
///         runtime.worker_threads(2).enable_all().build().unwrap().block_on(test);
///     }
///
///     fn spawn(task: impl Future<Output = ()> + Send + 'static) {
///         drop(tokio::spawn(task));
///     }
/// }
/// ```
///
/// Panics need no care: the kit catches those of tasks, and that of `test` is the test's failure.
pub trait Runtime {
    /// Runs `test` to its end on this thread, on a runtime that no other test shares. Whatever the
    /// adapter needs, such as timers and sockets, works inside.
    fn run(test: impl Future<Output = ()>);

    /// Starts `task`, from within [`Self::run`], and does not wait for it.
    ///
    /// It goes on whether or not anybody looks at it, while the test does. Two threads at least:
    /// on one, calls meet where they await and nowhere else, and the suites see fewer races.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}

/// A future that runs by itself.
pub(super) struct Task<T> {
    end: oneshot::Receiver<Result<std::thread::Result<T>, Aborted>>,
    abort: AbortHandle,
}

/// Starts `task` on the fixture's runtime.
pub(super) fn spawn<F: Fixture, T: Send + 'static>(
    _fixture: &F,
    task: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    let (told, end) = oneshot::channel();
    let (abort, registration) = AbortHandle::new_pair();
    let guarded = Abortable::new(AssertUnwindSafe(task).catch_unwind(), registration);
    F::Runtime::spawn(async move {
        // The task and all that it held are gone before anybody is told.
        let ended = guarded.await;
        // Nobody may be waiting for it.
        drop(told.send(ended));
    });
    Task { end, abort }
}

/// Starts all `tasks` and waits for what each comes to.
pub(super) async fn at_once<F: Fixture, T: Send + 'static>(
    fixture: &F,
    tasks: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let started: Vec<_> = tasks.into_iter().map(|task| spawn(fixture, task)).collect();
    join_all(started.into_iter().map(Task::join)).await
}

impl<T> Task<T> {
    /// What it comes to; its panic is ours.
    pub(super) async fn join(self) -> T {
        match self.end().await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(Aborted) => panic!("nobody stopped the task"),
        }
    }

    /// Waits until it has panicked.
    pub(super) async fn panicked(self) -> Box<dyn Any + Send> {
        match self.end().await {
            Ok(Err(panic)) => panic,
            Ok(Ok(_)) | Err(Aborted) => panic!("the task was to panic"),
        }
    }

    /// Drops it wherever it is, and waits until it is gone.
    pub(super) async fn stop(self) {
        self.abort.abort();
        drop(self.end().await);
    }

    async fn end(self) -> Result<std::thread::Result<T>, Aborted> {
        self.end.await.expect("`Runtime::spawn` runs a task to its end")
    }
}

/// Lets the runtime run something else.
pub(super) async fn step_aside() {
    let mut aside = false;
    poll_fn(|context| {
        if aside {
            return Poll::Ready(());
        }
        aside = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
