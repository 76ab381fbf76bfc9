//! Every statement by which a run finds its work costs what it returns, however many invoices were
//! ever posted: counted in the rows that the server reads.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection as _};
use postonce_adapter_host::RandomIds;
use postonce_domain::{Guard, InvoiceId, Move};
use postonce_ports::clock::Ids as _;
use postonce_ports::store::{Page, Wanted};

use super::{Scene, doubt, posted_as, shop};
use crate::invoice::{Written, head, set_life};
use crate::statement::{Statement, statement};
use crate::{doubt as doubts, page};

/// More than any of these statements may read.
const POSTED: u32 = 3_000;
const FEW: i64 = 60;

#[derive(QueryableByName)]
struct Counter {
    #[diesel(sql_type = Text, column_name = Value)]
    value: String,
}

/// How many rows the server reads for a statement.
async fn rows_read(conn: &mut AsyncMysqlConnection, sql: Statement) -> i64 {
    conn.batch_execute("FLUSH STATUS").await.unwrap();
    sql.execute(conn).await.unwrap();
    let counters = "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%'";
    let counters: Vec<Counter> = diesel::sql_query(counters).load(conn).await.unwrap();
    counters.iter().map(|counter| counter.value.parse::<i64>().unwrap()).sum()
}

/// Thousands of posted invoices with their claims, and a few that wait.
async fn long_history(scene: &Scene) {
    scene.settled(1, &posted_as("u1")).await;
    let copies = format!(
        "INSERT INTO postonce_invoice (company_file, side, external_id, number, invoice_date, \
         customer_code, customer_name, tax_inclusive, line_count, total_minor, state, version, \
         attempt, ledger_uid) \
         WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {POSTED}) \
         SELECT 'shop', 'platform', CONCAT('old ', i), CONCAT('OLD-', i), '2020-01-01', 'CUS1', \
         'Ada', 1, 0, 0, 'posted', 3, 1, CONCAT('old-', i) FROM n"
    );
    let mut conn = scene.raw().await;
    let deep = "SET max_recursive_iterations = 1000000";
    if conn.batch_execute(deep).await.is_err() {
        conn.batch_execute("SET cte_max_recursion_depth = 1000000").await.unwrap();
    }
    conn.batch_execute(&copies).await.unwrap();
    let claims = "\
        INSERT INTO postonce_claim (id, invoice_id, company_file, attempt, number, reference, \
        customer_code, route, payload, epoch, run_id, claimed_at, quiet_until, outcome, \
        ledger_uid, next_check) \
        SELECT CONCAT(LPAD(id, 8, '0'), '-0000-0000-0000-000000000000'), id, company_file, 1, \
        number, external_id, customer_code, '/', '{}', 0, 1, 0, 0, 'posted', ledger_uid, 0 \
        FROM postonce_invoice WHERE external_id LIKE 'old %'";
    conn.batch_execute(claims).await.unwrap();
    let notes = "\
        INSERT INTO postonce_invoice_note (invoice_id, kind, claim_id, actor, text) \
        SELECT invoice_id, 'outcome', id, 'postonce', 'posted' FROM postonce_claim";
    conn.batch_execute(notes).await.unwrap();
    for n in 2..=4 {
        scene.ready(n).await;
    }
    scene.settled(5, &doubt()).await;
    scene.claimed(6).await;
    conn.batch_execute("ANALYZE TABLE postonce_invoice, postonce_claim").await.ok();
}

fn page_of(wanted: Wanted, after: Option<i64>) -> Statement {
    let (company_file, after) = (shop(), after.map(InvoiceId));
    page::window(&Page { company_file, after, wanted, limit: 10 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_posted_costs_a_run_nothing() {
    let scene = Scene::new().await;
    long_history(&scene).await;
    let mut conn = scene.raw().await;
    let file = |sql: &'static str| statement(sql).text(shop().as_str());
    let mut all = vec![
        ("work", statement(page::WORK)),
        ("due", file(doubts::DUE)),
        ("doubtful", statement(doubts::DOUBTFUL)),
        ("probe", file(doubts::PROBE).int(0)),
        ("sweep", file(crate::settle::LEFT_BEHIND).int(9)),
    ];
    let claim = "00000100-0000-0000-0000-000000000000";
    let settle = statement(crate::settle::READ).text(claim).text("posted").text("u").text(claim);
    all.push(("settle", settle));
    all.push(("claim", statement(crate::claim::READ).int(2)));
    for wanted in [Wanted::Ready, Wanted::ReadyOrBlocked, Wanted::NeverClaimed] {
        all.push(("page", page_of(wanted, None)));
        all.push(("page after", page_of(wanted, Some(2))));
    }
    for (name, sql) in all {
        let read = rows_read(&mut conn, sql).await;
        assert!(read < FEW, "{name} reads {read} rows");
    }
    // The measure itself sees a scan.
    let scan = statement("SELECT count(*) FROM postonce_invoice WHERE memo = 'x'");
    assert!(rows_read(&mut conn, scan).await > i64::from(POSTED));
    drop(conn);
    scene.end().await;
}

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = Text, column_name = Value)]
    value: String,
}

/// How many tables of its own the server has made for this session.
async fn made_tables(conn: &mut AsyncMysqlConnection) -> i64 {
    let made = "SHOW SESSION STATUS WHERE Variable_name = 'Created_tmp_tables'";
    let made: Tables = diesel::sql_query(made).get_result(conn).await.unwrap();
    made.value.parse().unwrap()
}

/// A table of its own costs the server more than the rest of a claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_a_first_claim_the_server_makes_no_table() {
    let scene = Scene::new().await;
    let id = scene.ready(1).await;
    let mut conn = scene.raw().await;
    let looks = made_tables(&mut conn).await;
    let looks = made_tables(&mut conn).await - looks;
    let before = made_tables(&mut conn).await;
    statement(crate::claim::READ).int(id.0).execute(&mut conn).await.unwrap();
    let (_, life) = head(&mut conn, id).await.unwrap().unwrap();
    let wanted = Move::Claim(RandomIds.claim_id());
    let next = life.apply(Guard::Version(life.version), wanted).unwrap();
    let written = set_life(&mut conn, id, (&life, &next), None).await.unwrap();
    assert_eq!(written, Written::Yes);
    assert_eq!(made_tables(&mut conn).await - before, looks);
    drop(conn);
    scene.end().await;
}
