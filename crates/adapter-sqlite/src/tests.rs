//! What only this store promises: its file, its schema, its plans.

mod cancelled;
mod foreign;
mod lock_file;
mod opening;
mod plans;
mod schema;
mod spaced;
mod trouble;
mod whereabouts;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;
use jiff::civil::date;
use postonce_domain::{
    ClaimId, CompanyFile, Customer, CustomerCode, Epoch, ExternalId, InstallationId, Invoice,
    InvoiceId, InvoiceNumber, InvoiceParts, InvoiceState, LedgerUid, Line, Marker, Money, NotAfter,
    Outcome, Percent, PreparedRequest, Quantity, RunId, Side, StateName, TaxCode, UnitPrice,
};
use postonce_ports::clock::Ids;
use postonce_ports::doubt::DoubtStore;
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{ClaimAnswer, ClaimRequest, InvoiceStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::SqliteStore;

/// Ids that count.
pub(crate) struct Counted;

static NEXT: AtomicU64 = AtomicU64::new(1);

fn next() -> Uuid {
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

impl Ids for Counted {
    fn claim_id(&self) -> ClaimId {
        ClaimId(next())
    }

    fn installation_id(&self) -> InstallationId {
        InstallationId(next())
    }
}

/// A new database in a folder of its own.
struct Scene {
    folder: TempDir,
    store: SqliteStore,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("p.db"), &Counted).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("p.db")
    }

    /// What another application has: a connection of its own, and no settings of ours.
    fn raw(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.path().to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON").unwrap();
        conn
    }

    fn execute(&self, sql: &str) -> QueryResult<()> {
        self.raw().batch_execute(sql)
    }

    fn number(&self, sql: &str) -> i64 {
        let sql = format!("({sql})");
        let select = diesel::select(diesel::dsl::sql::<BigInt>(&sql));
        select.get_result(&mut self.raw()).unwrap()
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
                marker: Marker { installation, claim: Counted.claim_id() },
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
