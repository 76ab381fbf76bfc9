//! Doing the same for many, a few at a time: most of it is waiting.

use std::panic::resume_unwind;

/// What `each` makes of every one of `all`, in their order, so many at once.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    at_once: usize,
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let mut done = Vec::new();
    for some in all.chunks(at_once) {
        std::thread::scope(|scope| {
            let started: Vec<_> = some.iter().map(|one| scope.spawn(|| each(one))).collect();
            for one in started {
                done.push(one.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
    }
    done
}
