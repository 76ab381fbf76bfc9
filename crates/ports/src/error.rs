//! The trouble that any store can have.

/// Any error, as the cause of one of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, is full, or may not be written.
    #[error("the database is unavailable: {message}")]
    Unavailable {
        /// What failed, and the mend where there is one.
        message: String,
        /// The driver's words.
        #[source]
        source: Option<BoxError>,
    },
    /// The database refuses this one step, and may well do others: somebody else keeps its rows
    /// locked, or it is larger than a statement may be.
    #[error("the database refused: {message}")]
    Refused {
        /// What was refused, and the mend where there is one.
        message: String,
    },
    /// A stored row is not what it must be.
    #[error("row {key} of {table} cannot be read: {why}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    /// Trouble without a cause of its own.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), source: None }
    }
}
