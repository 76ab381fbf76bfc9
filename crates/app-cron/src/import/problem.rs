//! What is wrong with a file, by line.

use serde::Serialize;

/// One bad value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The physical line, the first one being 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// What is wrong, and the mend.
    pub message: String,
}

/// All bad values of a file, up to a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    is_full: bool,
}

impl Problems {
    /// So many are kept; then reading stops.
    pub const MAX: usize = 100_000;

    /// Adds one. Returns false once no more are kept.
    pub fn push(&mut self, line: u64, column: &str, message: impl Into<String>) -> bool {
        if self.list.len() < Self::MAX {
            self.list.push(Problem { line, column: column.to_owned(), message: message.into() });
        } else {
            self.is_full = true;
        }
        !self.is_full
    }

    /// What there is.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Whether reading stopped because there were too many.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Puts them in the order of the file.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|problem| problem.line);
    }
}
