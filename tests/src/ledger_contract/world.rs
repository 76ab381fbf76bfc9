//! A ledger and a sandbox of its own, in this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use postonce_adapter_host::{HostClock, RandomIds};
use postonce_adapter_memory::MemoryStore;
use postonce_adapter_myob::{Layout, Missing, MyobLedger, Options, Ports, Unusual};
use postonce_domain::{
    Attempt, ClaimToken, CompanyFile, Customer, CustomerCode, ExternalId, InstallationId, Invoice,
    InvoiceId, InvoiceNumber, InvoiceParts, Line, Marker, Money, NotAfter, Outcome, Percent,
    PreparedRequest, Quantity, Side, TaxCode, UnitPrice,
};
use postonce_myob_sandbox::Sandbox;
use postonce_ports::clock::{Clock, Ids};
use postonce_ports::ledger::Ledger;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// The host's clock, which a test may set forward.
#[derive(Debug, Default)]
pub(super) struct SetClock(Mutex<Duration>);

impl SetClock {
    pub(super) fn forward(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

#[async_trait]
impl Clock for SetClock {
    fn boot(&self) -> Duration {
        HostClock.boot() + *self.0.lock().unwrap()
    }

    fn wall(&self) -> Timestamp {
        HostClock.wall() + SignedDuration::try_from(*self.0.lock().unwrap()).unwrap()
    }

    async fn sleep(&self, time: Duration) {
        self.forward(time);
        tokio::task::yield_now().await;
    }
}

pub(super) struct World {
    pub(super) ledger: Arc<MyobLedger>,
    /// The same books by another way, as another process has them.
    pub(super) other: Arc<MyobLedger>,
    pub(super) clock: Arc<SetClock>,
    url: String,
    http: reqwest::Client,
    server: JoinHandle<()>,
    _state: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(0, |_| {}).await
    }

    /// A sandbox with this rate, and a ledger with changed options. The customer `C-1` is there.
    pub(super) async fn with(rate_per_second: u32, change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(SetClock::default());
        Self::on(clock.clone(), clock, rate_per_second, change).await
    }

    /// The same, with the adapter's time by the host's clock.
    pub(super) async fn in_real_time(
        rate_per_second: u32,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        Self::on(Arc::new(HostClock), Arc::default(), rate_per_second, change).await
    }

    async fn on(
        clock: Arc<dyn Clock>,
        set: Arc<SetClock>,
        rate_per_second: u32,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let state = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::bind(postonce_myob_sandbox::Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            state: state.path().join("state"),
            rate_per_second,
            latency: Duration::ZERO,
        });
        let sandbox = sandbox.await.unwrap();
        let url = sandbox.url();
        let server = tokio::spawn(async move {
            sandbox.serve(std::future::pending()).await.unwrap();
        });
        let mut options = options(&url);
        change(&mut options);
        let [ledger, other] = [&options; 2].map(|options| Arc::new(adapter(options, &clock)));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let world = Self { ledger, other, clock: set, url, http, server, _state: state };
        world.create_customer().await;
        world
    }

    async fn create_customer(&self) {
        self.create("Contact/Customer", json!({"CompanyName": "Ann", "DisplayID": "C-1"})).await;
    }

    /// Empties the sandbox's books; the customer is there again, under another UID.
    pub(super) async fn reset(&self) {
        let url = format!("{}/sandbox/reset", self.url);
        let response = self.http.post(url).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
        self.create_customer().await;
    }

    /// Creates a record as another client of MYOB would.
    pub(super) async fn create(&self, path: &str, body: Value) {
        let url = format!("{}/accountright/main/{path}", self.url);
        let response = self.authorised(self.http.post(url)).await.json(&body).send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
    }

    /// Books an invoice under a number that the domain would not give.
    pub(super) async fn create_padded(&self, number: &str) {
        let uid = |path: &'static str| async move {
            let url = format!("{}/accountright/main/{path}", self.url);
            let page = self.authorised(self.http.get(url)).await.send().await.unwrap();
            let page: Value = page.json().await.unwrap();
            page["Items"][0]["UID"].clone()
        };
        let tax_code = json!({"UID": uid("GeneralLedger/TaxCode").await});
        let account = json!({"UID": uid("GeneralLedger/Account").await});
        let line = json!({
            "Type": "Transaction", "Account": account, "TaxCode": tax_code, "UnitCount": 1,
            "UnitPrice": 1, "Total": 1,
        });
        let invoice = json!({
            "Number": number, "Date": "2026-02-03T00:00:00", "IsTaxInclusive": true,
            "Customer": {"UID": uid("Contact/Customer").await}, "Lines": [line],
        });
        self.create("Sale/Invoice/Service", invoice).await;
    }

    /// Deletes a record likewise.
    pub(super) async fn delete(&self, path: &str) {
        let url = format!("{}/accountright/main/{path}", self.url);
        let response = self.authorised(self.http.delete(url)).await.send().await.unwrap();
        assert_eq!(response.status(), 200);
    }

    async fn authorised(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let form = [
            ("client_id", "sandbox"),
            ("client_secret", "sandbox"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "sandbox"),
        ];
        let url = format!("{}/oauth2/v1/authorize", self.url);
        let tokens = self.http.post(url).form(&form).send().await.unwrap();
        let tokens: Value = tokens.json().await.unwrap();
        let request = request.bearer_auth(tokens["access_token"].as_str().unwrap());
        request.header("x-myobapi-key", "sandbox").header("x-myobapi-version", "v2")
    }

    pub(super) async fn control(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/{path}", self.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub(super) async fn fault(&self, fault: Value) {
        let url = format!("{}/sandbox/faults", self.url);
        let response = self.http.post(url).json(&json!([fault])).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    }

    /// The invoices in the books.
    pub(super) async fn books(&self) -> Vec<Value> {
        self.control("ledger").await["invoices"].as_array().unwrap().clone()
    }

    pub(super) async fn prepared(&self, invoice: &Invoice) -> PreparedRequest {
        self.ledger.prepare(invoice, marker()).await.unwrap()
    }

    /// The token of a claim that is made now.
    pub(super) fn claim(&self, request: PreparedRequest) -> ClaimToken {
        let window = Duration::from_secs(10);
        let not_after = NotAfter {
            boot: self.clock.boot() + window,
            wall: self.clock.wall() + SignedDuration::try_from(window).unwrap(),
        };
        ClaimToken::mint(InvoiceId(1), Attempt(1), not_after, request)
    }

    pub(super) async fn post(&self, invoice: &Invoice) -> Outcome {
        let request = self.prepared(invoice).await;
        self.ledger.post(self.claim(request)).await.outcome
    }
}

/// An adapter with a store of its own.
fn adapter(options: &Options, clock: &Arc<dyn Clock>) -> MyobLedger {
    let store = MemoryStore::new(InstallationId(Uuid::from_u128(1)), Arc::clone(clock));
    let ports = Ports {
        clock: Arc::clone(clock),
        ids: Arc::new(RandomIds),
        tokens: Arc::new(store.clone()),
        access: Arc::new(store.clone()),
        creations: Arc::new(store.clone()),
        mappings: Arc::new(store),
    };
    MyobLedger::new(options.clone(), BTreeMap::new(), true, ports).unwrap()
}

fn options(url: &str) -> Options {
    Options {
        base_url: format!("{url}/accountright"),
        token_url: format!("{url}/oauth2/v1/authorize"),
        api_key: "sandbox".into(),
        api_secret: "sandbox".into(),
        refresh_token: Some("sandbox".into()),
        layout: Layout::Service,
        default_account: Some("4-1000".to_owned()),
        missing_customer: Missing::Block,
        missing_item: Missing::Block,
        credits: Unusual::Post,
        zero_totals: Unusual::Post,
        rate_per_second: 0,
        rate_share_percent: 100,
        post_timeout: Duration::from_secs(30),
        rate_limit_is_not_sent: true,
        quiet: Duration::from_secs(300),
        recheck: Duration::from_secs(300),
        start_date: None,
    }
}

pub(super) fn file() -> CompanyFile {
    CompanyFile::parse("main").unwrap()
}

/// A marker with a claim of its own.
pub(super) fn marker() -> Marker {
    Marker { installation: InstallationId(Uuid::from_u128(1)), claim: RandomIds.claim_id() }
}

pub(super) fn line() -> Line {
    Line {
        number: 1,
        item: None,
        description: "Work".to_owned(),
        quantity: Quantity::parse("1.5").unwrap(),
        unit_price: UnitPrice::parse("9.99").unwrap(),
        discount: Percent::parse("10").unwrap(),
        tax_code: TaxCode::parse("GST").unwrap(),
    }
}

pub(super) fn parts(number: &str) -> InvoiceParts {
    InvoiceParts {
        company_file: file(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("ref {number} 'q' & ü")).unwrap(),
        number: InvoiceNumber::parse(number).unwrap(),
        date: jiff::civil::date(2026, 2, 3),
        customer: Customer {
            code: CustomerCode::parse("C-1").unwrap(),
            name: "Ann".to_owned(),
            email: "ann@example.com".to_owned(),
        },
        lines: vec![line()],
        freight: Money::parse("5.50").unwrap(),
        tax_inclusive: true,
        memo: "thanks".to_owned(),
    }
}

pub(super) fn invoice(number: &str) -> Invoice {
    Invoice::new(parts(number)).unwrap()
}
