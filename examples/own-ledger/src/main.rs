//! Two doors of one program start a sync at once: one runs, the other is told who does.

mod cash_book;

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postonce::domain::{
    CompanyFile, Customer, CustomerCode, DoubtPolicy, ExternalId, Invoice, InvoiceNumber,
    InvoiceParts, Line, Money, Percent, Quantity, QuietParts, RunResult, Side, TaxCode, Trigger,
    UnitPrice,
};
use postonce::engine::{Engine, Lookup, Origin, Policy, Ports, SyncRequest};
use postonce::host::{HostClock, Process, RandomIds, StopFlag};
use postonce::jiff::civil::date;
use postonce::ports::intake::{Imported, Intake as _};
use postonce::ports::ledger::Ledger;
use postonce::ports::lock::Holder;
use postonce::sqlite::SqliteStore;

use crate::cash_book::CashBook;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let book = Arc::new(CashBook::new(Duration::from_secs(1)));
    for line in two_doors(&folder.path().join("own.db"), book.clone()).await? {
        println!("{line}");
    }
    println!("the book has {} entries", book.entries().len());
    Ok(())
}

/// Takes three invoices in, presses two buttons at once, and tells what each one answered.
async fn two_doors(path: &Path, ledger: Arc<dyn Ledger>) -> Result<Vec<String>> {
    let store = Arc::new(SqliteStore::open(path, &RandomIds)?);
    let invoices = ["R-1", "R-2", "R-3"].map(invoice).into_iter().collect::<Result<_>>()?;
    if let Imported::Refused(why) = store.import(invoices).await? {
        return Err(why.iter().map(|it| it.problem.to_string()).collect::<String>().into());
    }
    let engine = engine(store, ledger);
    let [night, button] = [request("the night shift"), request("Ada's button")];
    let stop = StopFlag::default();
    let answers = tokio::join!(engine.sync(&night, &stop), engine.sync(&button, &stop));
    Ok(vec![told(&night, answers.0?), told(&button, answers.1?)])
}

/// One store behind every port of the engine, and a ledger of one's own.
fn engine(store: Arc<SqliteStore>, ledger: Arc<dyn Ledger>) -> Engine {
    let ports = Ports {
        doubts: store.clone(),
        lock: store.clone(),
        history: store.clone(),
        registry: store.clone(),
        flags: store.clone(),
        store,
        ledger,
        clock: Arc::new(HostClock),
        ids: Arc::new(RandomIds),
    };
    Engine::new(ports, policy())
}

/// The bounds that fit this ledger: it answers within seconds, and shows at once what it has.
fn policy() -> Policy {
    let quiet = QuietParts {
        send_window: QuietParts::SEND_WINDOW,
        post_timeout: Duration::from_secs(5),
        longest_call: Duration::from_secs(5),
        visibility: Duration::ZERO,
    };
    let quiet = quiet.least();
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
        doubt: DoubtPolicy { quiet, recheck: quiet, repost_absent: false },
    }
}

/// The wish of one door.
fn request(actor: &str) -> SyncRequest {
    let Process { host, pid, boot_id } = Process::current();
    let (trigger, actor) = (Trigger::Manual, actor.to_owned());
    let origin = Origin { trigger, actor, host, pid, boot_id };
    SyncRequest { origin, company_file: None, limit: None, wait: Duration::ZERO }
}

fn invoice(number: &str) -> Result<Invoice> {
    let customer = CustomerCode::parse("C-1")?;
    Ok(Invoice::new(InvoiceParts {
        company_file: CompanyFile::parse("shop")?,
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order of {number}"))?,
        number: InvoiceNumber::parse(number)?,
        date: date(2026, 3, 1),
        customer: Customer { code: customer, name: "Grace".to_owned(), email: String::new() },
        lines: vec![Line {
            number: 1,
            item: None,
            description: "Freight to the pass".to_owned(),
            quantity: Quantity::parse("2")?,
            unit_price: UnitPrice::parse("19.95")?,
            discount: Percent::default(),
            tax_code: TaxCode::parse("GST")?,
        }],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })?)
}

fn told(request: &SyncRequest, result: RunResult<Holder>) -> String {
    let actor = &request.origin.actor;
    match result {
        RunResult::Ran(end) => format!("{actor}: posted {} invoices", end.counts.posted),
        RunResult::Skipped(Some(Holder::Run(run))) => {
            format!("{actor}: busy; {} has run {} since {}", run.actor, run.run, run.since)
        }
        // Between the lock and the run's row nobody can tell yet who it is.
        RunResult::Skipped(_) => format!("{actor}: busy; another sync run is in progress"),
    }
}

#[cfg(test)]
mod tests;
