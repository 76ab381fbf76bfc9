//! What a look at a database's health finds.

use async_trait::async_trait;

/// How grave a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// The promise holds, but something costs comfort, speed or a margin of safety.
    Warning,
    /// PostOnce must not run like this.
    Failure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in snake case, the same in every release.
    pub name: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What was seen.
    pub value: String,
    /// What that means.
    pub meaning: String,
    /// What to do about it; empty if it is fine.
    pub mend: String,
}

/// Looks at a database without changing anything that lasts.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Checkup: Send + Sync {
    /// All that there is to say of the database. Not to reach it is a finding like any other.
    async fn checkup(&self) -> Vec<Finding>;
}
