//! Doors, and who comes to them.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use jiff::civil::date;
use postonce_adapter_host::hash_of;
use postonce_adapter_memory::MemoryStore;
use postonce_domain::{
    ClaimId, CompanyFile, Customer, CustomerCode, DoubtPolicy, ExternalId, InstallationId, Invoice,
    InvoiceNumber, InvoiceParts, Line, LoginName, Money, Percent, Quantity, Role, Side, TaxCode,
    Trigger, UnitPrice,
};
use postonce_engine::{Engine, Lookup, Origin, Policy, Ports};
use postonce_ports::account::{
    Accounts as _, Machines as _, NewAccount, NewMachine, NewSession, Sessions as _,
};
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::history::RunHistory as _;
use postonce_ports::intake::Intake as _;
use postonce_ports::lock::RunLock as _;
use postonce_ports::reader::InvoiceReader as _;
use postonce_wire::{ConnectionJson, CountsJson, LockJson, MappingRowJson, RunJson, StatusJson};
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::ledger::Empty;
use crate::{App, MappingWish, Parts, Program, Settings, Trouble, TroubleKind, router};

/// A clock that stands still, and never wakes whoever sleeps.
#[derive(Clone, Copy)]
struct Still;

#[async_trait]
impl Clock for Still {
    fn boot(&self) -> Duration {
        Duration::from_secs(1_000_000)
    }

    fn wall(&self) -> Timestamp {
        "2026-07-01T00:00:00Z".parse().unwrap()
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

#[derive(Default)]
struct Counter(std::sync::atomic::AtomicU64);

impl Counter {
    fn next(&self) -> uuid::Uuid {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        uuid::Uuid::from_u128(u128::from(number) + 100)
    }
}

impl Ids for Counter {
    fn claim_id(&self) -> ClaimId {
        ClaimId(self.next())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(self.next())
    }
}

struct Small {
    store: MemoryStore,
    ledger: Empty,
    ids: Arc<Counter>,
}

impl Small {
    fn all(&self) -> Ports {
        let store = Arc::new(self.store.clone());
        Ports {
            store: store.clone(),
            doubts: store.clone(),
            lock: store.clone(),
            history: store.clone(),
            registry: store.clone(),
            flags: store,
            ledger: Arc::new(self.ledger.clone()),
            clock: Arc::new(Still),
            ids: self.ids.clone(),
        }
    }
}

#[async_trait]
impl Program for Small {
    async fn ports(&self, _: &str) -> Result<Ports, Trouble> {
        Ok(self.all())
    }

    fn ports_without_ledger(&self) -> Ports {
        self.all()
    }

    fn engine(&self, ports: Ports) -> Engine {
        let minute = Duration::from_secs(60);
        let policy = Policy {
            concurrency: NonZeroUsize::MIN,
            run_max: 60 * minute,
            send_window: minute,
            inquiry_max_age: minute,
            claims_per_invoice_max: 3,
            ledger_failures_max: 5,
            settle_tries_max: 3,
            page: 100,
            lookup: Lookup::InDoubt,
            doubt: DoubtPolicy { quiet: minute, recheck: minute, repost_absent: false },
        };
        Engine::new(ports, policy)
    }

    fn origin(&self, trigger: Trigger, actor: &str) -> Origin {
        let (host, boot_id) = ("host".to_owned(), "boot".to_owned());
        Origin { trigger, actor: actor.to_owned(), host, pid: 1, boot_id }
    }

    async fn status(&self) -> Result<StatusJson, Trouble> {
        let last = self.store.runs(1).await?;
        Ok(StatusJson {
            lock: LockJson { state: "free", holder: None },
            invoices: CountsJson(self.store.counts().await?),
            last_run: last.first().map(RunJson::new),
            alarms: Vec::new(),
            moved: None,
        })
    }

    async fn connections(&self) -> Result<Vec<ConnectionJson>, Trouble> {
        Ok(Vec::new())
    }

    async fn knows(&self, company_file: &CompanyFile) -> Result<bool, Trouble> {
        Ok(company_file.as_str() == "shop")
    }

    async fn set_mapping(&self, _: MappingWish, _: &str) -> Result<MappingRowJson, Trouble> {
        let words = "there is no ledger here".to_owned();
        Err(Trouble { kind: TroubleKind::Ledger, words })
    }
}

/// Who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    Nobody,
    /// By a session, without the form key.
    Session(Role),
    /// By a session, with it.
    Person(Role),
    /// By a token of both sides.
    Machine(Role),
    /// By an operator's token of one side.
    OneSided(Side),
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answered {
    pub(super) fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().trim_start_matches("urn:postonce:")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

pub(super) struct World {
    pub(super) store: MemoryStore,
    pub(super) app: App,
    /// What lets the ledger answer.
    pub(super) answers: Arc<Semaphore>,
    router: Router,
}

/// Made once: it takes long.
static HASH: LazyLock<String> =
    LazyLock::new(|| postonce_adapter_host::password::hash(PASSWORD).unwrap());

/// As many answers as any test needs.
pub(super) const PERMITS: usize = 10_000;

/// Everybody's.
pub(super) const PASSWORD: &str = "correct horse battery";

pub(super) fn name(text: &str) -> LoginName {
    LoginName::parse(text).unwrap()
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let installation = InstallationId(uuid::Uuid::from_u128(7));
        let store = MemoryStore::new(installation, Arc::new(Still));
        let answers = Arc::new(Semaphore::new(PERMITS));
        let ledger = Empty(answers.clone());
        let program = Small { store: store.clone(), ledger, ids: Arc::default() };
        let port = Arc::new(store.clone());
        let parts = Parts {
            program: Arc::new(program),
            reader: port.clone(),
            notes: port.clone(),
            mappings: port.clone(),
            creations: port.clone(),
            accounts: port.clone(),
            sessions: port.clone(),
            machines: port.clone(),
            replies: port,
            clock: Arc::new(Still),
        };
        let mut settings = Settings {
            base_path: String::new(),
            public_origin: None,
            secure: false,
            trusted_proxies: Vec::new(),
            body_max: 10_000,
            answer_within: Duration::from_secs(60),
        };
        change(&mut settings);
        let app = App::new(parts, settings);
        let world = Self { store, answers, router: router(app.clone()), app };
        for role in Role::ALL {
            world.admit(role).await;
        }
        for side in [Side::Platform, Side::Ordering] {
            let key = hash_of(side.as_str());
            let (name, role) = (name(side.as_str()), Role::Operator);
            let machine = NewMachine { name, side: Some(side), role, key };
            assert!(world.store.add_machine(machine, "test").await.unwrap());
        }
        world
    }

    /// A person and a machine of this role.
    async fn admit(&self, role: Role) {
        let account = name(role.as_str());
        let password = HASH.clone();
        let new = NewAccount { name: account.clone(), role, password };
        assert!(self.store.add_account(new, "test").await.unwrap());
        let session = NewSession {
            key: hash_of(role.as_str()),
            account: account.clone(),
            seen: 1,
            form_key: format!("form-{role}"),
            idle: Duration::from_secs(3_600),
            lasts: Duration::from_secs(3_600),
        };
        assert!(self.store.open_session(session).await.unwrap());
        let key = hash_of(format!("token-{role}"));
        let machine = NewMachine { name: name(&format!("m-{role}")), side: None, role, key };
        assert!(self.store.add_machine(machine, "test").await.unwrap());
    }

    /// Imports invoices into `shop`; their ids.
    pub(super) async fn import(&self, numbers: &[&str]) -> Vec<i64> {
        let invoices = numbers.iter().map(|number| invoice(number)).collect();
        let _imported = self.store.import(invoices).await.unwrap();
        let file = CompanyFile::parse("shop").unwrap();
        let mut ids = Vec::new();
        for number in numbers {
            let number = InvoiceNumber::parse(number).unwrap();
            ids.push(self.store.find(&file, &number).await.unwrap().unwrap().0);
        }
        ids
    }

    /// Another run, as far as the doors can tell.
    pub(super) async fn held(&self) -> Box<dyn postonce_ports::lock::HeldLock> {
        match self.store.try_acquire().await.unwrap() {
            postonce_ports::lock::LockAnswer::Acquired(lock) => lock,
            postonce_ports::lock::LockAnswer::Busy(_) => panic!("the lock is held"),
        }
    }

    pub(super) async fn get(&self, path: &str, who: As) -> Answered {
        self.send(request("GET", path, who, None)).await
    }

    pub(super) async fn post(&self, path: &str, who: As, body: Value) -> Answered {
        self.send(request("POST", path, who, Some(body))).await
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answered { status: head.status, headers: head.headers, body }
    }
}

pub(super) fn request(method: &str, path: &str, who: As, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    request = match who {
        As::Nobody => request,
        As::Session(role) => request.header(COOKIE, format!("postonce_session={role}")),
        As::Person(role) => request
            .header(COOKIE, format!("other=1; postonce_session={role}"))
            .header("x-postonce-form-key", format!("form-{role}")),
        As::Machine(role) => request.header(AUTHORIZATION, format!("Bearer token-{role}")),
        As::OneSided(side) => request.header(AUTHORIZATION, format!("bearer {}", side.as_str())),
    };
    match body {
        Some(body) => {
            let request = request.header(CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_string())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

fn invoice(number: &str) -> Invoice {
    let line = Line {
        number: 1,
        item: None,
        description: "a thing".to_owned(),
        quantity: Quantity::parse("1").unwrap(),
        unit_price: UnitPrice::parse("1").unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    };
    let customer = Customer {
        code: CustomerCode::parse("CUS1").unwrap(),
        name: "Ada".to_owned(),
        email: String::new(),
    };
    Invoice::new(InvoiceParts {
        company_file: CompanyFile::parse("shop").unwrap(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order {number}")).unwrap(),
        number: InvoiceNumber::parse(number).unwrap(),
        date: date(2026, 3, 1),
        customer,
        lines: vec![line],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}
