//! What is true of this adapter alone, on a real server.

mod cancelled;
mod cut;
mod epochs;
mod foreign;
mod imports;
mod own_claims;
mod plans;
mod proxy;
mod retries;
mod schema;
mod troubles;
mod zombies;

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use jiff::Timestamp;
use jiff::civil::date;
use postonce_adapter_host::RandomIds;
use postonce_domain::{
    ClaimId, CompanyFile, Customer, CustomerCode, Epoch, ExternalId, Invoice, InvoiceId,
    InvoiceNumber, InvoiceParts, InvoiceState, LedgerUid, Line, Marker, Money, NotAfter, Outcome,
    Percent, PreparedRequest, Quantity, RunId, Side, StateName, TaxCode, UnitPrice,
};
use postonce_ports::clock::Ids;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{ClaimAnswer, ClaimRequest, InvoiceStore};
use postonce_test_servers::{fresh_name, shared};
use secrecy::ExposeSecret as _;

use crate::session::{Target, connect};
use crate::{LockKind, LockOptions, MysqlStore, Options};

/// Longer than anything that is waited for takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A new database on the server for tests.
struct Scene {
    options: Options,
    store: MysqlStore,
    name: String,
}

/// A URL on the server for tests. Without the option the driver moves to the server's socket, past
/// any proxy.
fn options_for(database: &str) -> Options {
    let (server, options) = shared().split_once('?').unwrap_or((shared(), ""));
    let server = server.trim_end_matches('/');
    let url = format!("{server}/{database}?prefer_socket=false&{options}");
    let lock = LockOptions {
        kind: LockKind::Named,
        name: fresh_name(),
        timeout: Duration::from_secs(1_800),
        single_writer: false,
    };
    Options { url: url.trim_end_matches('&').into(), lock }
}

async fn session(options: &Options) -> AsyncMysqlConnection {
    connect(&Target::parse(options.url.expose_secret()).unwrap()).await.unwrap()
}

/// An empty database, without a schema.
async fn database() -> (Options, String) {
    let name = fresh_name();
    let mut server = session(&options_for("mysql")).await;
    server.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    (options_for(&name), name)
}

/// Drops a database; it is left behind by a test that fails.
async fn discard(name: &str) {
    let mut server = session(&options_for("mysql")).await;
    server.batch_execute(&format!("DROP DATABASE {name}")).await.unwrap();
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

async fn number_on(conn: &mut AsyncMysqlConnection, sql: &str) -> i64 {
    let sql = format!("SELECT CAST(({sql}) AS SIGNED) AS number");
    let row: Number = diesel::sql_query(sql).get_result(conn).await.unwrap();
    row.number.unwrap()
}

impl Scene {
    async fn new() -> Self {
        let (options, name) = database().await;
        let migrated = MysqlStore::migrate(&options, &RandomIds).await.unwrap();
        assert_eq!((migrated.from, migrated.to), (0, MysqlStore::SCHEMA_VERSION));
        let store = MysqlStore::open(&options).await.unwrap();
        Self { options, store, name }
    }

    /// What another application has: a session of its own.
    async fn raw(&self) -> AsyncMysqlConnection {
        session(&self.options).await
    }

    async fn sql(&self, sql: &str) -> QueryResult<()> {
        self.raw().await.batch_execute(sql).await
    }

    async fn number(&self, sql: &str) -> i64 {
        number_on(&mut self.raw().await, sql).await
    }

    /// Waits until this is a number other than zero. What is waited for is an event of the server.
    async fn until(&self, sql: &str) {
        let mut conn = self.raw().await;
        let came = async { while number_on(&mut conn, sql).await == 0 {} };
        tokio::time::timeout(PATIENCE, came).await.unwrap_or_else(|_| panic!("never: {sql}"));
    }

    /// How many sessions of this database are at a statement that begins so.
    fn waiting(&self, begins: &str) -> String {
        format!(
            "SELECT count(*) FROM information_schema.processlist \
             WHERE db = '{}' AND info LIKE '{begins}%'",
            self.name
        )
    }

    /// Waits until a session of this database waits in a statement that begins so.
    async fn until_waiting(&self, begins: &str) {
        self.until(&self.waiting(begins)).await;
    }

    async fn end(self) {
        discard(&self.name).await;
    }

    async fn ready(&self, n: u32) -> InvoiceId {
        let imported = self.store.import(vec![invoice(n)]).await.unwrap();
        assert!(matches!(imported, Imported::Done { .. }), "{imported:?}");
        let number = &invoice(n).parts().number.clone();
        self.store.find(&shop(), number).await.unwrap().unwrap()
    }

    async fn wish(&self, id: InvoiceId) -> ClaimRequest {
        let stored = self.store.dossier(id).await.unwrap().unwrap().stored;
        let parts = stored.invoice.parts();
        let installation = self.store.installation().await.unwrap();
        ClaimRequest {
            invoice: id,
            version: stored.life.version,
            epoch: Epoch(0),
            run: RunId(1),
            request: PreparedRequest {
                company_file: parts.company_file.clone(),
                marker: Marker { installation, claim: RandomIds.claim_id() },
                number: parts.number.clone(),
                reference: parts.external_id.clone(),
                customer: parts.customer.code.clone(),
                route: "/Sale/Invoice/Item".to_owned(),
                payload: "{}".to_owned(),
            },
            not_after: NotAfter { boot: Duration::MAX, wall: Timestamp::MAX },
            quiet: Duration::ZERO,
        }
    }

    async fn claimed(&self, n: u32) -> (InvoiceId, ClaimId) {
        let id = self.ready(n).await;
        let answer = self.store.claim(self.wish(id).await).await.unwrap();
        let ClaimAnswer::Claimed(token) = answer else { panic!("not claimed: {answer:?}") };
        (id, token.id())
    }

    async fn settled(&self, n: u32, outcome: &Outcome) -> (InvoiceId, ClaimId) {
        let (id, claim) = self.claimed(n).await;
        self.store.settle(claim, outcome).await.map(drop).unwrap();
        (id, claim)
    }

    async fn state(&self, id: InvoiceId) -> StateName {
        self.store.summary(id).await.unwrap().unwrap().state
    }
}

fn shop() -> CompanyFile {
    CompanyFile::parse("shop").unwrap()
}

fn doubt() -> Outcome {
    Outcome::InDoubt { reason: "no answer".to_owned() }
}

fn posted_as(uid: &str) -> Outcome {
    Outcome::Posted { uid: LedgerUid::parse(uid).unwrap() }
}

fn invoice(n: u32) -> Invoice {
    let line = Line {
        number: 1,
        item: None,
        description: "a thing".to_owned(),
        quantity: Quantity::parse("3").unwrap(),
        unit_price: UnitPrice::parse("0.99").unwrap(),
        discount: Percent::default(),
        tax_code: TaxCode::parse("GST").unwrap(),
    };
    Invoice::new(InvoiceParts {
        company_file: shop(),
        side: Side::Platform,
        external_id: ExternalId::parse(&format!("order {n}")).unwrap(),
        number: InvoiceNumber::parse(&format!("INV-{n}")).unwrap(),
        date: date(2026, 3, 1),
        customer: Customer {
            code: CustomerCode::parse("CUS1").unwrap(),
            name: "Ada".to_owned(),
            email: String::new(),
        },
        lines: vec![Line { number: 2, ..line.clone() }, Line { number: 3, ..line }],
        freight: Money::ZERO,
        tax_inclusive: true,
        memo: String::new(),
    })
    .unwrap()
}

/// Whether an invoice, its claim and its trail say the same of a claim.
async fn whole(scene: &Scene, id: InvoiceId, claim: ClaimId) -> bool {
    // A write whose caller went away may commit between two of the readings, and then they agree
    // the next time. What is half done never does.
    for _ in 0..200 {
        let known = scene.store.read_back(claim).await.unwrap();
        let state = scene.store.dossier(id).await.unwrap().unwrap().stored.life.state;
        let trail = scene.store.notes(Some(id), 0, 10).await.unwrap();
        let noted = trail.iter().any(|record| record.note.claim == Some(claim));
        if known == (state == InvoiceState::Claimed { claim }) && known == noted {
            return true;
        }
    }
    false
}
