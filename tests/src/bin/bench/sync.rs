//! The engine, in this process, over a store and the ledger that answers at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use postonce_adapter_host::{HostClock, Process, RandomIds, StopFlag};
use postonce_domain::{CompanyFile, DoubtPolicy, RunResult, RunStatus, Trigger};
use postonce_engine::{Engine, Lookup, Origin, Policy, Ports, SyncRequest};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::flag::Flags;
use postonce_ports::history::RunHistory;
use postonce_ports::lock::RunLock;
use postonce_ports::registry::Registry;
use postonce_ports::store::InvoiceStore;

use crate::at_once::AtOnce;
use crate::fill::{FILE, SETTLED_THROUGH};

/// Every port of the engine that a store serves.
pub(crate) trait Store:
    InvoiceStore + DoubtStore + RunLock + RunHistory + Registry + Flags + Clone + 'static
{
}

impl<S> Store for S where
    S: InvoiceStore + DoubtStore + RunLock + RunHistory + Registry + Flags + Clone + 'static
{
}

/// The company file.
pub(crate) fn file() -> Result<CompanyFile> {
    CompanyFile::parse(FILE).map_err(|why| anyhow::anyhow!("{why}"))
}

/// Settles the past of the company file, so that nothing is looked up before it is sent.
pub(crate) async fn cut_over(store: &impl Store) -> Result<()> {
    Ok(store.cut_over(&file()?, Some(SETTLED_THROUGH)).await?)
}

/// One run, which must post so many invoices.
pub(crate) async fn sync(
    store: &impl Store,
    concurrency: NonZeroUsize,
    invoices: u32,
) -> Result<()> {
    let ports = Ports {
        store: Arc::new(store.clone()),
        doubts: Arc::new(store.clone()),
        lock: Arc::new(store.clone()),
        history: Arc::new(store.clone()),
        registry: Arc::new(store.clone()),
        flags: Arc::new(store.clone()),
        ledger: Arc::new(AtOnce),
        clock: Arc::new(HostClock),
        ids: Arc::new(RandomIds),
    };
    let engine = Engine::new(ports, policy(concurrency));
    let Process { host, pid, boot_id } = Process::current();
    let (trigger, actor) = (Trigger::Manual, "bench".to_owned());
    let request = SyncRequest {
        origin: Origin { trigger, actor, host, pid, boot_id },
        company_file: None,
        limit: None,
        wait: Duration::ZERO,
    };
    // On a thread of the runtime, as the bare loop is.
    let run = async move { engine.sync(&request, &StopFlag::default()).await };
    let end = match tokio::spawn(Box::pin(run)).await?? {
        RunResult::Ran(end) => end,
        RunResult::Skipped(holder) => bail!("the run lock is held by {holder:?}"),
    };
    ensure!(end.status() == RunStatus::Completed, "the run did not complete: {end:?}");
    ensure!(end.counts.posted == u64::from(invoices), "not all were posted: {end:?}");
    Ok(())
}

/// The bounds of the binary.
fn policy(concurrency: NonZeroUsize) -> Policy {
    Policy {
        concurrency,
        run_max: Duration::from_secs(3_600),
        send_window: Duration::from_secs(10),
        inquiry_max_age: Duration::from_secs(10),
        claims_per_invoice_max: 3,
        ledger_failures_max: 5,
        settle_tries_max: 8,
        page: 200,
        lookup: Lookup::InDoubt,
        doubt: DoubtPolicy {
            quiet: Duration::from_secs(300),
            recheck: Duration::from_secs(300),
            repost_absent: false,
        },
    }
}
