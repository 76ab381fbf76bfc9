//! Where a story takes place: a store, a ledger, a clock, and an engine over them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::civil::date;
use postonce_adapter_memory::MemoryStore;
use postonce_domain::{
    CompanyFile, Customer, CustomerCode, DoubtPolicy, ExternalId, InstallationId, Invoice,
    InvoiceId, InvoiceNumber, InvoiceParts, LedgerUid, Line, Money, Percent, Quantity, RunEnd,
    RunResult, Side, StateName, StopCause, TaxCode, Trigger, UnitPrice,
};
use postonce_engine::{
    Checked, Engine, Lookup, Origin, Policy, Ports, Reprocessed, ResolveError, Resolved,
    SyncRequest, Verdict,
};
use postonce_ports::intake::{Imported, Intake as _};
use postonce_ports::reader::{Filter, InvoiceReader as _, NoteRecord, Summary};
use postonce_ports::registry::Registry as _;
use uuid::Uuid;

use super::books::Bookkeeper;
use super::ports::{Counter, Database, GoOn, ManualClock};

pub(super) const QUIET: Duration = Duration::from_secs(300);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// Longer than the send window, and than an inquiry may be old.
pub(super) const TOO_LONG: Duration = Duration::from_secs(11);
pub(super) const INSTALLATION: InstallationId = InstallationId(Uuid::from_u128(7));
const ANOTHER: InstallationId = InstallationId(Uuid::from_u128(8));

pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) ledger: Bookkeeper,
    pub(super) database: Database,
    pub(super) policy: Policy,
    ids: Arc<Counter>,
}

impl World {
    /// A world whose company file `shop` has a settled past: nothing is looked up without need.
    pub(super) fn new() -> Self {
        let world = Self::unsettled();
        world.cut_over("shop");
        world
    }

    /// A world in which every invoice is looked up before it is sent.
    pub(super) fn unsettled() -> Self {
        let clock = ManualClock::default();
        clock.pass(DAY);
        let store = MemoryStore::new(INSTALLATION, Arc::new(clock.clone()));
        let ledger = Bookkeeper::new(clock.clone());
        let database = Database::new(store, clock.clone(), ledger.clone());
        let policy = Policy {
            concurrency: NonZeroUsize::MIN,
            run_max: Duration::from_secs(3_600),
            send_window: Duration::from_secs(10),
            inquiry_max_age: Duration::from_secs(10),
            claims_per_invoice_max: 3,
            ledger_failures_max: 5,
            settle_tries_max: 3,
            page: 3,
            lookup: Lookup::InDoubt,
            doubt: DoubtPolicy { quiet: QUIET, recheck: QUIET, repost_absent: false },
        };
        Self { clock, ledger, database, policy, ids: Arc::default() }
    }

    /// Another installation over the same ledger, whose company file `shop` has a settled past.
    pub(super) fn another(&self) -> Self {
        let store = MemoryStore::new(ANOTHER, Arc::new(self.clock.clone()));
        let (clock, ledger) = (self.clock.clone(), self.ledger.clone());
        let database = Database::new(store, clock.clone(), ledger.clone());
        let another = Self { clock, ledger, database, policy: self.policy, ids: Arc::default() };
        another.cut_over("shop");
        another
    }

    pub(super) fn cut_over(&self, file: &str) {
        let file = company_file(file);
        let cut = self.database.store.cut_over(&file, Some(date(2020, 1, 1)));
        // A store in memory answers at once.
        cut.now_or_never().unwrap().unwrap();
    }

    pub(super) async fn import(&self, numbers: &[&str]) {
        self.import_into("shop", numbers).await;
    }

    pub(super) async fn import_into(&self, file: &str, numbers: &[&str]) {
        let invoices = numbers.iter().map(|number| invoice(file, number, "CUS1")).collect();
        self.import_all(invoices).await;
    }

    /// An invoice to a customer of its own.
    pub(super) async fn import_for(&self, number: &str, customer: &str) {
        self.import_all(vec![invoice("shop", number, customer)]).await;
    }

    async fn import_all(&self, invoices: Vec<Invoice>) {
        let imported = self.database.store.import(invoices).await.unwrap();
        assert!(matches!(imported, Imported::Done { .. }), "{imported:?}");
    }

    pub(super) fn engine(&self) -> Engine {
        Engine::new(self.ports(), self.policy)
    }

    pub(super) fn ports(&self) -> Ports {
        let store = Arc::new(self.database.store.clone());
        Ports {
            store: Arc::new(self.database.clone()),
            doubts: store.clone(),
            lock: Arc::new(self.database.clone()),
            history: store.clone(),
            flags: store,
            registry: Arc::new(self.database.clone()),
            ledger: Arc::new(self.ledger.clone()),
            clock: Arc::new(self.clock.clone()),
            ids: self.ids.clone(),
        }
    }

    /// A run over all that is due.
    pub(super) async fn sync(&self) -> RunEnd {
        self.sync_by(&request()).await
    }

    pub(super) async fn sync_by(&self, request: &SyncRequest) -> RunEnd {
        let result = self.engine().sync(request, &GoOn).await.unwrap();
        let RunResult::Ran(end) = result else { panic!("skipped: {result:?}") };
        let counts = end.counts;
        let ended = counts.posted + counts.rejected + counts.not_sent + counts.in_doubt;
        assert_eq!(counts.claimed, ended, "every claim has one outcome: {end:?}");
        end
    }

    pub(super) async fn check(&self, number: &str) -> Checked {
        let id = self.id(number).await;
        self.engine().check(&[id]).await.unwrap().pop().unwrap()
    }

    pub(super) async fn reprocess(&self, numbers: &[&str]) -> Reprocessed {
        let mut ids = Vec::new();
        for number in numbers {
            ids.push(self.id(number).await);
        }
        self.engine().reprocess(&ids, "mended", &request(), &GoOn).await.unwrap()
    }

    pub(super) async fn resolve(
        &self,
        number: &str,
        verdict: Verdict,
    ) -> Result<Resolved, ResolveError> {
        let id = self.id(number).await;
        self.engine().resolve(id, verdict, "grace", "I have looked").await
    }

    /// The words by which a verdict is refused; nothing has changed then.
    pub(super) async fn refusal(&self, number: &str, verdict: Verdict) -> String {
        let before = self.summary(number).await;
        let answer = self.resolve(number, verdict).await;
        let Err(ResolveError::Refused(words)) = answer else { panic!("not refused: {answer:?}") };
        assert_eq!(self.summary(number).await, before);
        words
    }

    pub(super) async fn summary(&self, number: &str) -> Summary {
        let filter = Filter { limit: 1_000, ..Filter::default() };
        let all = self.database.store.list(filter).await.unwrap();
        all.into_iter().find(|summary| summary.number.as_str() == number).unwrap()
    }

    pub(super) async fn id(&self, number: &str) -> InvoiceId {
        self.summary(number).await.id
    }

    pub(super) async fn state(&self, number: &str) -> StateName {
        self.summary(number).await.state
    }

    pub(super) async fn uid(&self, number: &str) -> LedgerUid {
        self.summary(number).await.ledger_uid.unwrap()
    }

    pub(super) async fn trail(&self, number: &str) -> Vec<NoteRecord> {
        let id = self.id(number).await;
        self.database.store.notes(Some(id), 0, 1_000).await.unwrap()
    }
}

pub(super) fn request() -> SyncRequest {
    let origin = Origin {
        trigger: Trigger::Manual,
        actor: "grace".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        boot_id: "boot".to_owned(),
    };
    SyncRequest { origin, company_file: None, limit: None, wait: Duration::ZERO }
}

pub(super) fn company_file(alias: &str) -> CompanyFile {
    CompanyFile::parse(alias).unwrap()
}

/// What stopped a run.
pub(super) fn cause(end: &RunEnd) -> Option<StopCause> {
    end.stopped.as_ref().map(|(cause, _)| *cause)
}

fn invoice(file: &str, number: &str, customer: &str) -> Invoice {
    let line = Line {
        number: 1,
        item: None,
        description: "a thing".to_owned(),
        quantity: Quantity::parse("1").unwrap(),
        unit_price: UnitPrice::parse("1").unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    };
    Invoice::new(InvoiceParts {
        company_file: company_file(file),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order {number}")).unwrap(),
        number: InvoiceNumber::parse(number).unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse(customer).unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![line],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}
