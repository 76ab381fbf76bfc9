//! One sync run: `one-sync DATABASE BASE_URL`, where the address is that of a sandbox of MYOB.
//!
//! The database is what `postonce import` has filled; it is made if it is not there.

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postonce::domain::{DoubtPolicy, QuietParts, RunResult, Trigger};
use postonce::engine::{Engine, Lookup, Origin, Policy, Ports, SyncRequest};
use postonce::host::{HostClock, Process, RandomIds, StopFlag};
use postonce::myob::{self, Layout, Missing, MyobLedger, SealedTokens, TokenKeys, Unusual};
use postonce::ports::ledger::Ledger;
use postonce::secrecy::SecretString;
use postonce::sqlite::SqliteStore;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How long an invoice's answer is waited for: longer than MYOB works on a call.
const POST_TIMEOUT: Duration = Duration::from_secs(150);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(base_url)) = (arguments.next(), arguments.next()) else {
        return Err("usage: one-sync DATABASE http://127.0.0.1:8080/accountright".into());
    };
    let store = Arc::new(SqliteStore::open(Path::new(&database), &RandomIds)?);
    println!("{}", sync(&store, &base_url).await?);
    Ok(())
}

/// Posts what is due, and says what came of it.
async fn sync(store: &Arc<SqliteStore>, base_url: &str) -> Result<String> {
    let ports = Ports {
        store: store.clone(),
        doubts: store.clone(),
        lock: store.clone(),
        history: store.clone(),
        registry: store.clone(),
        flags: store.clone(),
        ledger: ledger(store, base_url)?,
        clock: Arc::new(HostClock),
        ids: Arc::new(RandomIds),
    };
    let Process { host, pid, boot_id } = Process::current();
    let (trigger, actor) = (Trigger::Manual, "one-sync".to_owned());
    let origin = Origin { trigger, actor, host, pid, boot_id };
    let request = SyncRequest { origin, company_file: None, limit: None, wait: Duration::ZERO };
    // A program that runs for long raises the flag at SIGTERM, and waits for the run to end.
    let stop = StopFlag::default();
    let result = Box::pin(Engine::new(ports, policy()).sync(&request, &stop)).await?;
    Ok(match result {
        RunResult::Ran(end) => format!("run {}: {:?}, {:?}", end.run, end.status(), end.counts),
        RunResult::Skipped(holder) => format!("another sync run is in progress: {holder:?}"),
    })
}

/// MYOB, or what stands in for it. On this machine an alias is its own business.
fn ledger(store: &Arc<SqliteStore>, base_url: &str) -> Result<Arc<dyn Ledger>> {
    let origin = base_url.trim_end_matches("/accountright");
    // Against MYOB itself tokens are sealed: `TokenKeys::new`.
    let sealed = Arc::new(SealedTokens::new(TokenKeys::default(), store.clone(), store.clone()));
    let ports = myob::Ports {
        clock: Arc::new(HostClock),
        ids: Arc::new(RandomIds),
        tokens: sealed.clone(),
        access: sealed,
        creations: store.clone(),
        mappings: store.clone(),
    };
    let options = myob::Options {
        base_url: base_url.to_owned(),
        token_url: format!("{origin}/oauth2/v1/authorize"),
        api_key: SecretString::from("sandbox"),
        api_secret: SecretString::from("sandbox"),
        refresh_token: Some(SecretString::from("sandbox")),
        layout: Layout::Service,
        default_account: Some("4-1000".to_owned()),
        missing_customer: Missing::Create,
        missing_item: Missing::Block,
        credits: Unusual::Post,
        zero_totals: Unusual::Post,
        rate_per_second: 8,
        rate_share_percent: 100,
        post_timeout: POST_TIMEOUT,
        rate_limit_is_not_sent: true,
        quiet: quiet(),
        recheck: quiet(),
        start_date: None,
    };
    Ok(Arc::new(MyobLedger::new(options, BTreeMap::new(), true, ports)?))
}

/// How long a request without an answer may still take effect or stay unseen.
fn quiet() -> Duration {
    let parts = QuietParts {
        send_window: QuietParts::SEND_WINDOW,
        post_timeout: POST_TIMEOUT,
        longest_call: Duration::from_secs(120),
        visibility: QuietParts::VISIBILITY,
    };
    parts.least()
}

fn policy() -> Policy {
    Policy {
        concurrency: NonZeroUsize::MIN,
        run_max: Duration::from_hours(1),
        send_window: QuietParts::SEND_WINDOW,
        inquiry_max_age: Duration::from_secs(10),
        claims_per_invoice_max: 3,
        ledger_failures_max: 5,
        settle_tries_max: 8,
        page: 200,
        lookup: Lookup::InDoubt,
        doubt: DoubtPolicy { quiet: quiet(), recheck: quiet(), repost_absent: false },
    }
}

#[cfg(test)]
mod tests;
