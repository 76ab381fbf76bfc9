//! What may befall a round.

use std::fmt;

/// One misfortune.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// SIGKILL to the sync that has the lock.
    ProcessKilled,
    /// SIGSTOP to the sync that has the lock, SIGCONT when its lock and its answer are gone.
    ProcessStopped,
    /// The same until its right to send is gone too, over several rounds.
    ProcessAsleep,
    /// `KILL` of the connection that has the lock.
    ConnectionKilled,
    /// SIGKILL to the database server, and a restart.
    ServerRestarted,
    /// An invoice is booked, and the answer does not come.
    AnswerDropped,
    /// A request does not arrive, and there is no answer.
    RequestDropped,
    /// An invoice is booked at once, and the answer comes when nobody waits for it any more.
    AnswerLate,
    /// An invoice is booked when nobody waits for it any more.
    BookedLate,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::ProcessKilled,
        Self::ProcessStopped,
        Self::ProcessAsleep,
        Self::ConnectionKilled,
        Self::ServerRestarted,
        Self::AnswerDropped,
        Self::RequestDropped,
        Self::AnswerLate,
        Self::BookedLate,
    ];

    /// The sandbox's action for it, if it is one of the ledger's.
    pub(super) fn action(self) -> Option<(&'static str, u32)> {
        match self {
            Self::AnswerDropped => Some(("commit_then_drop", 0)),
            Self::RequestDropped => Some(("drop", 0)),
            Self::AnswerLate => Some(("commit_then_drop", 3_000)),
            Self::BookedLate => Some(("late_commit", 3_000)),
            Self::ProcessKilled
            | Self::ProcessStopped
            | Self::ProcessAsleep
            | Self::ConnectionKilled
            | Self::ServerRestarted => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProcessKilled => "process killed",
            Self::ProcessStopped => "process stopped past the timeouts",
            Self::ProcessAsleep => "process stopped past the send window",
            Self::ConnectionKilled => "lock connection killed",
            Self::ServerRestarted => "server killed and restarted",
            Self::AnswerDropped => "answer dropped",
            Self::RequestDropped => "request dropped",
            Self::AnswerLate => "answer late",
            Self::BookedLate => "booked late",
        })
    }
}
