//! The bare loop: what the engine sends to the database, without engine, domain and ports.
//!
//! Workers take invoices from one feed of pages. Each statement is written out; the bench fails if
//! it is not what the engine sends.

pub(crate) mod mysql;
pub(crate) mod sqlite;

use std::sync::Arc;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use postonce_adapter_host::RandomIds;
use postonce_domain::InstallationId;
use postonce_ports::clock::Ids as _;
use tokio::sync::{Mutex, Semaphore};

use crate::arena::Course;
use crate::at_once::{new_uid, payload};

/// The page size of the binary.
pub(crate) const PAGE: i64 = 200;

/// The words of a claim's note.
pub(crate) const CLAIM_WORDS: &str = "MYOB sync claim: posting invoice";

/// An invoice of a page.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct Due {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Text)]
    pub(crate) number: String,
    #[diesel(sql_type = Text)]
    pub(crate) external_id: String,
}

/// What is written before the POST.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) id: String,
    pub(crate) invoice: Due,
    pub(crate) payload: String,
}

/// What is written after it.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) claim: String,
    pub(crate) invoice: i64,
    /// What the claim has left.
    pub(crate) version: i64,
    pub(crate) uid: String,
    pub(crate) words: String,
}

/// The statements for one kind of database, each method a transaction.
#[async_trait]
pub(crate) trait Statements: Send + Sync + 'static {
    /// The invoices of a page, with what the engine reads besides.
    async fn page(&self, after: i64) -> Result<Vec<Due>>;

    async fn claim(&self, claim: Claim) -> Result<()>;

    async fn settle(&self, outcome: Outcome) -> Result<()>;
}

struct Feed {
    page: std::vec::IntoIter<Due>,
    after: i64,
    over: bool,
}

/// Sends all that is due.
pub(crate) async fn run(statements: impl Statements, course: Course) -> Result<()> {
    let statements = Arc::new(statements);
    let feed = Feed { page: Vec::new().into_iter(), after: 0, over: false };
    let feed = Arc::new(Mutex::new(feed));
    let installation = RandomIds.installation_id();
    // As the engine has it: while so many are on their way, as many are written down.
    let places = Arc::new(Semaphore::new(course.concurrency.get()));
    let workers: Vec<_> = (0..2 * course.concurrency.get())
        .map(|_| tokio::spawn(work(statements.clone(), feed.clone(), places.clone(), installation)))
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await??;
    }
    ensure!(done == course.invoices, "{done} of {} invoices", course.invoices);
    Ok(())
}

async fn work(
    statements: Arc<impl Statements>,
    feed: Arc<Mutex<Feed>>,
    places: Arc<Semaphore>,
    installation: InstallationId,
) -> Result<u32> {
    let mut done = 0;
    loop {
        let place = places.acquire().await?;
        let Some(invoice) = next(&*statements, &feed).await? else { return Ok(done) };
        let number = invoice.id;
        let id = RandomIds.claim_id().to_string();
        let memo = format!("PostOnce {installation} {id}");
        let payload = payload(&invoice.number, &invoice.external_id, &memo);
        statements.claim(Claim { id: id.clone(), invoice, payload }).await?;
        let uid = new_uid();
        drop(place);
        let words = format!("MYOB sync outcome: posted as {uid}");
        let outcome = Outcome { claim: id, invoice: number, version: 2, uid, words };
        statements.settle(outcome).await?;
        done += 1;
    }
}

async fn next(statements: &impl Statements, feed: &Mutex<Feed>) -> Result<Option<Due>> {
    let mut feed = feed.lock().await;
    if feed.page.len() == 0 && !feed.over {
        let page = statements.page(feed.after).await?;
        feed.over = page.is_empty();
        feed.after = page.last().map_or(feed.after, |last| last.id);
        feed.page = page.into_iter();
    }
    Ok(feed.page.next())
}
