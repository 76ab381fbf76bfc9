//! Rows that another application has written.

use postonce_domain::{BlockCode, InvoiceId, StateName};
use postonce_ports::intake::{Imported, Intake};
use postonce_ports::store::{Candidate, ClaimAnswer, ClaimRefusal, InvoiceStore, Page, Wanted};

use super::{Scene, invoice, shop};

impl Scene {
    fn insert(&self, n: u32, set: &[(&str, &str)]) -> diesel::QueryResult<()> {
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
        self.execute(&format!("INSERT INTO postonce_invoice ({columns}) VALUES ({values})"))
    }

    fn insert_line(&self, n: u32, line: u32, description: &str, quantity: i64) {
        let sql = format!(
            "INSERT INTO postonce_invoice_line (invoice_id, line_number, description, \
             quantity_e4, unit_price_e4, tax_code) SELECT id, {line}, {description}, {quantity}, \
             9900, 'GST' FROM postonce_invoice WHERE number = 'INV-{n}'"
        );
        self.execute(&sql).unwrap();
    }

    async fn page(&self) -> Vec<Candidate> {
        let page =
            Page { company_file: shop(), after: None, wanted: Wanted::ReadyOrBlocked, limit: 100 };
        self.store.page(page).await.unwrap()
    }
}

fn reason(candidate: &Candidate) -> (InvoiceId, BlockCode, &str) {
    match candidate {
        Candidate::Unreadable { id, reason, .. } => (*id, reason.code, &reason.text),
        Candidate::Readable(stored) => panic!("readable: {stored:?}"),
    }
}

#[tokio::test]
async fn an_insert_of_the_content_alone_is_a_ready_invoice() {
    let scene = Scene::new();
    scene.insert(1, &[]).unwrap();
    scene.insert_line(1, 2, "'a thing'", 30_000);
    scene.insert_line(1, 3, "'a thing'", 30_000);
    let page = scene.page().await;
    let [Candidate::Readable(stored)] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!(stored.invoice, invoice(1));
    assert_eq!((stored.life.state.name(), stored.life.version.0), (StateName::Ready, 1));
    assert_eq!((stored.life.attempt.0, stored.life.held), (0, false));
    let unchanged = Imported::Done { created: 0, replaced: 0, unchanged: 1 };
    assert_eq!(scene.store.import(vec![invoice(1)]).await.unwrap(), unchanged);
    let answer = scene.store.claim(scene.wish(stored.id).await).await.unwrap();
    assert!(matches!(answer, ClaimAnswer::Claimed(_)), "{answer:?}");
}

#[tokio::test]
async fn rows_that_do_not_add_up_are_unreadable_and_hide_no_other() {
    let scene = Scene::new();
    scene.insert(1, &[]).unwrap();
    scene.insert(2, &[("total_minor", "595")]).unwrap();
    scene.insert(3, &[("line_count", "0"), ("total_minor", "0")]).unwrap();
    scene.insert(4, &[]).unwrap();
    for n in [2, 4] {
        scene.insert_line(n, 2, "'a thing'", 30_000);
        scene.insert_line(n, 3, "'a thing'", 30_000);
    }
    let page = scene.page().await;
    assert_eq!(page.len(), 4);
    let (_, code, text) = reason(&page[0]);
    assert_eq!(code, BlockCode::TotalsDiffer);
    assert_eq!(text, "2 lines were declared, and there are 0");
    let (_, code, text) = reason(&page[1]);
    assert_eq!(code, BlockCode::TotalsDiffer);
    assert_eq!(text, "a total of 5.95 was declared, and it comes to 5.94");
    assert_eq!(reason(&page[2]).1, BlockCode::Unreadable);
    assert!(matches!(&page[3], Candidate::Readable(_)));
}

#[tokio::test]
async fn rows_with_bad_text_or_numbers_are_unreadable_and_named() {
    let scene = Scene::new();
    let bad = [
        ("'a bell' || char(7)", 30_000),
        ("'a thing'", -30_000),
        ("'a thing'", i64::MAX),
        ("CAST(x'ff07' AS TEXT)", 30_000),
    ];
    for (n, (description, quantity)) in (1..).zip(bad) {
        scene.insert(n, &[]).unwrap();
        scene.insert_line(n, 2, description, quantity);
        scene.insert_line(n, 3, "'a thing'", 30_000);
    }
    scene.insert(9, &[("customer_name", "printf('%051d', 1)")]).unwrap();
    scene.insert_line(9, 2, "'a thing'", 30_000);
    scene.insert_line(9, 3, "'a thing'", 30_000);
    let page = scene.page().await;
    assert_eq!(page.len(), 5);
    for candidate in &page {
        let (id, code, text) = reason(candidate);
        assert_eq!(code, BlockCode::Unreadable);
        assert!(text.contains(&format!("row {id} of postonce_invoice")), "{text}");
    }
}

#[tokio::test]
async fn content_that_does_not_add_up_any_more_is_not_claimed() {
    let scene = Scene::new();
    let id = scene.ready(1).await;
    let refused = async |sql: &str, mend: &str| {
        let wish = scene.wish(id).await;
        scene.execute(sql).unwrap();
        let answer = scene.store.claim(wish).await.unwrap();
        let differ = matches!(answer, ClaimAnswer::Refused(ClaimRefusal::TotalsDiffer));
        assert!(differ, "{sql}: {answer:?}");
        scene.execute(mend).unwrap();
        assert_eq!(scene.state(id).await, StateName::Ready);
    };
    let line = "UPDATE postonce_invoice_line SET quantity_e4 = quantity_e4";
    refused(&format!("{line} + 10000"), &format!("{line} - 10000")).await;
    let more = "INSERT INTO postonce_invoice_line SELECT invoice_id, 9, item_code, description, \
                0, unit_price_e4, 0, tax_code FROM postonce_invoice_line WHERE line_number = 2";
    refused(more, "DELETE FROM postonce_invoice_line WHERE line_number = 9").await;
    let total = "UPDATE postonce_invoice SET total_minor = total_minor";
    refused(&format!("{total} + 1"), &format!("{total} - 1")).await;
    let wish = scene.wish(id).await;
    assert!(matches!(scene.store.claim(wish).await.unwrap(), ClaimAnswer::Claimed(_)));
}

#[tokio::test]
async fn an_import_mends_a_row_that_cannot_be_read() {
    let scene = Scene::new();
    scene.insert(1, &[]).unwrap();
    let replaced = Imported::Done { created: 0, replaced: 1, unchanged: 0 };
    assert_eq!(scene.store.import(vec![invoice(1)]).await.unwrap(), replaced);
    assert!(matches!(scene.page().await.as_slice(), [Candidate::Readable(_)]));
}

#[tokio::test]
async fn identifiers_that_are_none_are_refused_by_the_database() {
    let scene = Scene::new();
    for bad in [
        ("company_file", "'a b'"),
        ("company_file", "''"),
        ("company_file", "printf('%041d', 1)"),
        ("side", "'Platform'"),
        ("external_id", "' order'"),
        ("external_id", "'order' || char(160)"),
        ("external_id", "'or' || char(10) || 'der'"),
        ("external_id", "'order' || char(0)"),
        ("external_id", "printf('%0256d', 1)"),
        ("external_id", "NULL"),
        ("number", "'0042'"),
        ("number", "'INV 1'"),
        ("number", "'INV_1'"),
        ("number", "'12345678901234'"),
        ("number", "42"),
        ("invoice_date", "'2026-02-30'"),
        ("invoice_date", "'1.3.2026'"),
        ("customer_code", "printf('%016d', 1)"),
        ("tax_inclusive", "2"),
        ("total_minor", "1.5"),
        ("total_minor", "10000000000000"),
    ] {
        let done = scene.insert(1, &[bad]);
        if bad == ("number", "42") {
            // A number is stored as the text that it is.
            assert!(done.is_ok());
            scene.execute("DELETE FROM postonce_invoice").unwrap();
        } else {
            assert!(done.is_err(), "{bad:?}");
        }
    }
    scene.insert(1, &[("external_id", "'Bestellung Nº 1'"), ("number", "'a-9'")]).unwrap();
}
