//! What is measured, for whoever collects measurements.

use async_trait::async_trait;

use crate::error::StoreError;

/// Tells what is measured.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Scrape: Send + Sync {
    /// Everything, in the text format of Prometheus (`text/plain; version=0.0.4`).
    async fn text(&self) -> Result<String, StoreError>;
}
