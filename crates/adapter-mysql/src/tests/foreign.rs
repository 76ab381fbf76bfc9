//! Rows that another application has written.

use diesel::QueryResult;
use postonce_domain::{BlockCode, InvoiceId, StateName};
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::reader::InvoiceReader;
use postonce_ports::store::{
    Candidate, ClaimAnswer, ClaimRefusal, ClaimRequest, InvoiceStore, Page, Wanted,
};

use super::{Scene, invoice, shop};

impl Scene {
    async fn insert(&self, n: u32, set: &[(&str, &str)]) -> QueryResult<()> {
        let (number, external_id) = (format!("'INV-{n}'"), format!("'order {n}'"));
        let defaults = [
            ("company_file", "'shop'"),
            ("side", "'platform'"),
            ("external_id", external_id.as_str()),
            ("number", number.as_str()),
            ("invoice_date", "'2026-03-01'"),
            ("customer_code", "'CUS1'"),
            ("customer_name", "'Ada'"),
            ("tax_inclusive", "1"),
            ("line_count", "2"),
            ("total_minor", "594"),
        ];
        let value = |(column, default): (&str, &str)| {
            let set = set.iter().find(|(name, _)| *name == column);
            set.map_or(default.to_owned(), |(_, value)| (*value).to_owned())
        };
        let columns = defaults.map(|(column, _)| column).join(", ");
        let values = defaults.map(value).join(", ");
        self.sql(&format!("INSERT INTO postonce_invoice ({columns}) VALUES ({values})")).await
    }

    async fn insert_lines(&self, n: u32, quantity: i64) {
        for line in [2, 3] {
            let sql = format!(
                "INSERT INTO postonce_invoice_line (invoice_id, line_number, description, \
                 quantity_e4, unit_price_e4, tax_code) SELECT id, {line}, 'a thing', {quantity}, \
                 9900, 'GST' FROM postonce_invoice WHERE number = 'INV-{n}'"
            );
            self.sql(&sql).await.unwrap();
        }
    }

    async fn page(&self) -> Vec<Candidate> {
        let page =
            Page { company_file: shop(), after: None, wanted: Wanted::ReadyOrBlocked, limit: 100 };
        self.store.page(page).await.unwrap()
    }
}

fn reason(candidate: &Candidate) -> (InvoiceId, BlockCode) {
    match candidate {
        Candidate::Unreadable { id, reason, .. } => (*id, reason.code),
        Candidate::Readable(stored) => panic!("readable: {stored:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_of_the_content_alone_is_a_ready_invoice() {
    let scene = Scene::new().await;
    scene.insert(1, &[]).await.unwrap();
    scene.insert_lines(1, 30_000).await;
    let page = scene.page().await;
    let [Candidate::Readable(stored)] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!(stored.invoice, invoice(1));
    assert_eq!((stored.life.state.name(), stored.life.version.0), (StateName::Ready, 1));
    assert_eq!((stored.life.attempt.0, stored.life.held), (0, false));
    let unchanged = Imported::Done { created: 0, replaced: 0, unchanged: 1 };
    assert_eq!(scene.store.import(vec![invoice(1)]).await.unwrap(), unchanged);
    let summary = scene.store.summary(stored.id).await.unwrap().unwrap();
    let now = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
    let age = scene.number(now).await - summary.updated_at.as_microsecond();
    assert!((0..600_000_000).contains(&age), "{age}");
    let processed = "SELECT is_processed FROM postonce_invoice";
    assert_eq!(scene.number(processed).await, 0);
    let answer = scene.store.claim(scene.wish(stored.id).await).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
    assert_eq!(scene.number(processed).await, 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_do_not_add_up_are_unreadable_and_hide_no_other() {
    let scene = Scene::new().await;
    scene.insert(1, &[]).await.unwrap();
    scene.insert(2, &[("total_minor", "595")]).await.unwrap();
    scene.insert(3, &[("line_count", "0"), ("total_minor", "0")]).await.unwrap();
    // The table lets through what is a date by its letters only.
    scene.insert(4, &[("invoice_date", "'2026-02-30'")]).await.unwrap();
    scene.insert(5, &[]).await.unwrap();
    for n in [2, 4, 5] {
        scene.insert_lines(n, 30_000).await;
    }
    let page = scene.page().await;
    let [one, two, three, four, five] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!(reason(one).1, BlockCode::TotalsDiffer);
    assert_eq!(reason(two).1, BlockCode::TotalsDiffer);
    assert_eq!(reason(three).1, BlockCode::Unreadable);
    assert_eq!(reason(four).1, BlockCode::Unreadable);
    let Candidate::Readable(good) = five else { panic!("{five:?}") };
    assert_eq!(good.invoice, invoice(5));
    // The fourth never comes so far: it cannot be read, so no request is made of it.
    for bad in [one, two, three] {
        let wish = scene.wish(good.id).await;
        let wish = ClaimRequest { invoice: reason(bad).0, ..wish };
        let answer = scene.store.claim(wish).await.unwrap();
        assert!(matches!(answer, ClaimAnswer::Refused(ClaimRefusal::TotalsDiffer)), "{answer:?}");
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_identifier_is_refused_by_the_table() {
    let scene = Scene::new().await;
    for (column, value) in [
        ("company_file", "'a b'"),
        ("company_file", "''"),
        ("company_file", "REPEAT('a', 41)"),
        ("side", "'elsewhere'"),
        ("external_id", "' x'"),
        ("external_id", "'x '"),
        ("external_id", "CONCAT('x', CHAR(0xC2A0 USING utf8mb4))"),
        ("external_id", "'a\\nb'"),
        ("external_id", "CONCAT('a', CHAR(0xC285 USING utf8mb4), 'b')"),
        ("external_id", "CONCAT('a', CHAR(0), 'b')"),
        ("external_id", "REPEAT('x', 256)"),
        ("number", "'INV 1'"),
        ("number", "'INV-1 '"),
        ("number", "'0123'"),
        ("number", "REPEAT('1', 14)"),
        ("number", "'12\\n'"),
        ("invoice_date", "'2026-13-01'"),
        ("invoice_date", "'1.3.2026'"),
        ("invoice_date", "'2026-03-01\\n'"),
        ("customer_code", "' C'"),
        ("customer_code", "REPEAT('c', 16)"),
        ("tax_inclusive", "2"),
        ("line_count", "-1"),
        ("total_minor", "10000000000000"),
    ] {
        let inserted = scene.insert(1, &[(column, value)]).await;
        assert!(inserted.is_err(), "{column} = {value}");
    }
    scene.insert(1, &[("external_id", "REPEAT('é', 255)")]).await.unwrap();
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_count_in_ids_and_not_in_numbers() {
    let scene = Scene::new().await;
    scene.insert(1, &[("external_id", "'a'"), ("number", "'X1'")]).await.unwrap();
    scene.insert(1, &[("external_id", "'A'"), ("number", "'X2'")]).await.unwrap();
    scene.insert(1, &[("external_id", "'b'"), ("number", "'x1'")]).await.unwrap_err();
    scene.insert(1, &[("external_id", "'a'"), ("number", "'X3'")]).await.unwrap_err();
    scene.end().await;
}
