//! How the end of a run is told, for every command that runs.

use postonce_domain::{RunCounts, RunEnd, RunResult};
use postonce_ports::lock::{Holder, RunHolder, SessionHolder};

use crate::exit::Exit;
use crate::output::talk;
use crate::table::{plain, time};

/// The exit code of a run or of its being turned away, and what a person reads about it on stderr.
pub(super) fn tell(result: &RunResult<Holder>) -> Exit {
    match result {
        RunResult::Ran(end) => {
            if let Some((_, why)) = &end.stopped {
                talk(&format!("The run stopped before it was through: {}.", plain(why)));
            }
            advise(&end.counts);
            Exit::of_run(end)
        }
        RunResult::Skipped(holder) => {
            talk(&busy(holder.as_ref()));
            Exit::LockBusy
        }
    }
}

fn advise(counts: &RunCounts) {
    if counts.in_doubt > 0 || counts.needs_human > 0 {
        talk(
            "Some invoices may be in MYOB already: do not enter them by hand. See `postonce in-doubt list` and `postonce invoices --state needs_human`.",
        );
    }
    if counts.rejected > 0 || counts.blocked > 0 {
        talk(
            "Some invoices were refused. See `postonce invoices --state rejected --state blocked`.",
        );
    }
}

/// What a run did, in one line.
pub(super) fn summary(end: &RunEnd) -> String {
    let RunCounts { claimed, posted, rejected, not_sent, in_doubt, blocked, needs_human, adopted } =
        end.counts;
    let mut text = format!("run {}: {claimed} claimed, {posted} posted", end.run);
    let others = [
        (rejected, "rejected"),
        (not_sent, "not sent"),
        (in_doubt, "in doubt"),
        (blocked, "blocked"),
        (needs_human, "in need of a person"),
        (adopted, "found in MYOB"),
    ];
    for (count, words) in others.into_iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}, {count} {words}");
    }
    format!("{text}, in {} ms", end.duration_ms)
}

/// Who has the lock, and what to do about it.
pub(super) fn busy(holder: Option<&Holder>) -> String {
    let who = holder.map_or_else(|| "who runs it is not known".to_owned(), describe);
    format!(
        "another sync run is currently in progress: {who}. Nothing was sent; try again later, \
         or wait with --wait 5m"
    )
}

/// A holder in words.
pub(super) fn describe(holder: &Holder) -> String {
    let run = match holder {
        Holder::Run(run) => run,
        Holder::Session(session) => return describe_session(session),
    };
    let RunHolder { run, trigger, actor, host, pid, since, done, total, connection_id } = run;
    let connection = connection_id.map(|id| format!(", connection {id}")).unwrap_or_default();
    format!(
        "run {run} ({trigger}, by {}) on {} as process {pid}{connection}, since {}, {done} of \
         {total} done",
        plain(actor),
        plain(host),
        time(*since)
    )
}

fn describe_session(session: &SessionHolder) -> String {
    let of = |part: &Option<String>| plain(part.as_deref().unwrap_or("unknown"));
    format!(
        "connection {} of the database server (user {}, host {}), of which no run is on record, or not \
         yet",
        session.connection_id,
        of(&session.user),
        of(&session.host)
    )
}
