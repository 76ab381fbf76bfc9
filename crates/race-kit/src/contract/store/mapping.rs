//! What the platform's codes are in the ledger.

use postonce_domain::{CompanyFile, LedgerUid, MappingKey, MappingKind, MappingRow, MappingState};
use postonce_ports::mapping::{MappingChange, MappingStore, MappingWritten, StaleRow, WantedCode};

use crate::contract::runtime::at_once;
use crate::contract::scene::{
    file, import_one, invoice_with, line, posted_as, rejected, settled, shop, uid,
};
use crate::contract::{Fixture, StoreFixture};

fn key(kind: MappingKind, code: &str) -> MappingKey {
    MappingKey::of(kind, code).unwrap()
}

/// The change of a customer's row to the record `there`, made from version `seen`.
fn change(code: &str, there: &str, seen: i64) -> MappingChange {
    MappingChange {
        company_file: shop(),
        key: key(MappingKind::Customer, code),
        uid: Some(uid(there)),
        their_code: format!("code of {there}"),
        their_name: format!("Ann — {there}"),
        state: MappingState::Confirmed,
        reason: String::new(),
        seen,
    }
}

/// The row that a change makes.
fn row(change: &MappingChange) -> MappingRow {
    MappingRow {
        key: change.key.clone(),
        uid: change.uid.clone(),
        their_code: change.their_code.clone(),
        their_name: change.their_name.clone(),
        state: change.state,
        reason: change.reason.clone(),
        version: change.seen + 1,
    }
}

const DONE: MappingWritten = MappingWritten::Done { changed: 1, unchanged: 0 };

async fn put(store: &impl MappingStore, changes: &[MappingChange]) -> MappingWritten {
    store.put(changes.to_vec(), "sam").await.unwrap()
}

async fn rows(store: &impl MappingStore, file: &CompanyFile) -> Vec<MappingRow> {
    store.rows(file).await.unwrap()
}

pub async fn mapping_rows_are_kept_by_company_file_kind_and_code(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let mut changes = vec![change("A", "one", 0), change("a", "two", 0)];
    let mut elsewhere = change("A", "three", 0);
    elsewhere.company_file = file("Shop");
    let mut item = change("A", "four", 0);
    item.key = key(MappingKind::Item, "A");
    changes.extend([elsewhere, item]);
    let done = MappingWritten::Done { changed: 4, unchanged: 0 };
    assert_eq!(put(&store, &changes).await, done, "all of them are new");
    let wanted = [row(&changes[0]), row(&changes[1]), row(&changes[3])];
    assert_eq!(rows(&other, &shop()).await, wanted, "another process reads them, in their order");
    assert_eq!(rows(&other, &file("Shop")).await, [row(&changes[2])], "aliases differ by case");
    let keys = [changes[3].key.clone(), changes[1].key.clone(), key(MappingKind::Item, "a")];
    let found = other.find(&shop(), &keys).await.unwrap();
    assert_eq!(found, [row(&changes[1]), row(&changes[3])], "some are found by their keys");
    assert_eq!(other.find(&shop(), &[]).await.unwrap(), [], "none by none");
}

pub async fn a_change_of_a_mapping_from_an_older_version_writes_nothing_at_all(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    let first = [change("A", "one", 0), change("B", "two", 0), change("C", "three", 0)];
    assert!(matches!(put(&store, &first).await, MappingWritten::Done { .. }), "they are new");
    assert_eq!(put(&store, &[change("B", "four", 1)]).await, DONE, "it was made from that version");
    let before = rows(&store, &shop()).await;
    let late = [
        change("A", "five", 1),
        change("B", "five", 1),
        change("C", "five", 0),
        change("D", "five", 3),
        change("E", "five", 0),
        change("E", "six", 0),
    ];
    let stale = |index, seen, found| StaleRow { index, seen, found };
    assert_eq!(
        put(&store, &late).await,
        MappingWritten::Stale(vec![stale(1, 1, 2), stale(2, 0, 1), stale(3, 3, 0), stale(5, 0, 1)]),
        "every row that moved on is named, and the second change of one row"
    );
    assert_eq!(rows(&store, &shop()).await, before, "nothing is written, not even what is new");
}

pub async fn a_mapping_row_of_which_nothing_is_said_stays(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    let first = [change("A", "one", 0), change("B", "two", 0)];
    assert!(matches!(put(&store, &first).await, MappingWritten::Done { .. }), "they are new");
    assert_eq!(put(&store, &[change("A", "three", 1)]).await, DONE, "one of them is changed");
    assert_eq!(put(&store, &[]).await, MappingWritten::Done { changed: 0, unchanged: 0 });
    let wanted = [row(&change("A", "three", 1)), row(&first[1])];
    assert_eq!(rows(&store, &shop()).await, wanted, "the other one is as it was");
}

pub async fn a_mapping_row_that_says_it_already_keeps_its_version(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    assert_eq!(put(&store, &[change("A", "one", 0)]).await, DONE, "it is new");
    let again = MappingWritten::Done { changed: 0, unchanged: 1 };
    assert_eq!(put(&store, &[change("A", "one", 1)]).await, again, "nothing is to be changed");
    assert_eq!(rows(&store, &shop()).await, [row(&change("A", "one", 0))], "it is version 1");
}

pub async fn a_mapping_row_that_is_taken_out_keeps_its_version(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    assert_eq!(put(&store, &[change("A", "one", 0)]).await, DONE, "it is new");
    let mut out = change("A", "one", 1);
    out.uid = None;
    assert_eq!(put(&store, &[out.clone()]).await, DONE, "it is taken out");
    assert_eq!(rows(&store, &shop()).await, [row(&out)], "it goes on at its version");
    let stale = MappingWritten::Stale(vec![StaleRow { index: 0, seen: 0, found: 2 }]);
    assert_eq!(put(&store, &[change("A", "two", 0)]).await, stale, "it is not as if it never was");
    assert_eq!(put(&store, &[change("A", "two", 2)]).await, DONE, "it may come back");
}

pub async fn of_concurrent_changes_of_a_mapping_row_one_is_made(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    for seen in [0, 1] {
        let tasks = (0..8).map(|n: usize| {
            let store = stores[n % 2].clone();
            async move { put(&store, &[change("A", &format!("{seen}-{n}"), seen)]).await }
        });
        let answers = at_once(fixture, tasks).await;
        let made = answers.iter().filter(|it| **it == DONE).count();
        assert_eq!(made, 1, "of {answers:?} one counts");
        let versions: Vec<i64> =
            rows(&stores[0], &shop()).await.iter().map(|row| row.version).collect();
        assert_eq!(versions, [seen + 1], "its version is one more");
    }
}

pub async fn rows_of_a_record_that_is_gone_are_put_up_for_review(
    fixture: &impl Fixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    let mut elsewhere = change("A", "gone", 0);
    elsewhere.company_file = file("other");
    let first = [change("A", "gone", 0), change("B", "gone", 0), change("C", "here", 0), elsewhere];
    assert!(matches!(put(&store, &first).await, MappingWritten::Done { .. }), "they are new");
    let gone: LedgerUid = uid("gone");
    assert_eq!(store.review(&shop(), &gone, "not there").await.unwrap(), 2, "two lead there");
    assert_eq!(store.review(&shop(), &gone, "again").await.unwrap(), 0, "they wait already");
    let reviewed = |n: usize| MappingRow {
        state: MappingState::Review,
        reason: "not there".to_owned(),
        version: 2,
        ..row(&first[n])
    };
    let wanted = [reviewed(0), reviewed(1), row(&first[2])];
    assert_eq!(rows(&store, &shop()).await, wanted, "they are as they were but for that");
    assert_eq!(rows(&store, &file("other")).await, [row(&first[3])], "other files have no part");
}

pub async fn the_codes_of_invoices_that_may_still_be_sent_are_counted(
    fixture: &impl StoreFixture<Adapter: MappingStore>,
) {
    let store = fixture.adapter();
    settled(fixture, 1, &posted_as("uid-1")).await;
    settled(fixture, 2, &rejected()).await;
    import_one(fixture, invoice_with(3, |parts| parts.company_file = file("Shop"))).await;
    let with_items = invoice_with(4, |parts| {
        "Zoe".clone_into(&mut parts.customer.name);
        let mut items = vec![line(1, "1", "1"), line(2, "1", "1"), line(3, "1", "1")];
        for (line, code) in items.iter_mut().zip(["BIND", "BIND", "bind"]) {
            line.item = Some(postonce_domain::ItemCode::parse(code).unwrap());
        }
        items[2].tax_code = postonce_domain::TaxCode::parse("FRE").unwrap();
        parts.lines = items;
    });
    import_one(fixture, with_items).await;
    let wanted = |kind, code: &str, name: &str, invoices| WantedCode {
        key: key(kind, code),
        name: name.to_owned(),
        invoices,
    };
    assert_eq!(
        store.wanted(&shop()).await.unwrap(),
        [
            wanted(MappingKind::Customer, "CUS1", "Zoe", 2),
            wanted(MappingKind::Account, "*", "", 1),
            wanted(MappingKind::Item, "BIND", "thing 2", 1),
            wanted(MappingKind::Item, "bind", "thing 3", 1),
            wanted(MappingKind::TaxCode, "FRE", "", 1),
            wanted(MappingKind::TaxCode, "GST", "", 2),
        ],
        "an invoice counts once, and one that is posted not at all"
    );
}
