//! Reading the books while they change.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::civil::{Date, date};
use postonce_domain::{CompanyFile, LedgerUid, Money};
use postonce_engine::{LookBack, LookBackPorts, ScanEnd};
use postonce_ports::books::{BookedDocument, DateSpan, DocumentPage, LedgerBooks, ListedDocument};
use postonce_ports::clock::Stop;
use postonce_ports::ledger::LedgerError;
use postonce_ports::scan::{DifferenceKind, DifferencesPage, ScanStore as _, ScanWish, Sides};

use super::world::{World, company_file};

const DAY: Date = date(2026, 3, 1);

fn document(n: u32, date: Date) -> BookedDocument {
    BookedDocument {
        listed: ListedDocument {
            uid: LedgerUid::parse(&format!("uid-{n}")).unwrap(),
            number: n.to_string(),
            reference: String::new(),
            customer: String::new(),
            date,
            amount: None,
            total: Some(Money::ZERO),
            foreign: false,
            layout: "Service".to_owned(),
        },
        customer_key: String::new(),
        memo: String::new(),
    }
}

/// Books that show so many documents at once, and change behind a call.
struct Books {
    documents: Mutex<Vec<BookedDocument>>,
    page: usize,
    calls: Mutex<u32>,
    change: fn(u32, &mut Vec<BookedDocument>),
}

#[async_trait]
impl LedgerBooks for Books {
    async fn documents(
        &self,
        _: &CompanyFile,
        span: DateSpan,
        skip: u64,
    ) -> Result<DocumentPage, LedgerError> {
        let mut all = self.documents.lock().unwrap();
        let listed = all.iter().filter(|it| span.has(it.listed.date)).cloned();
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by_key(|it| it.listed.date);
        let count = listed.len();
        let skip = usize::try_from(skip).unwrap();
        assert!(skip.is_multiple_of(self.page), "{skip}: MYOB wants whole pages to be left out");
        let documents: Vec<_> = listed.into_iter().skip(skip).take(self.page).collect();
        let more = skip + documents.len() < count;
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        assert!(*calls < 1_000, "the scan does not end");
        (self.change)(*calls, &mut all);
        Ok(DocumentPage { documents, count: u64::try_from(count).unwrap(), more })
    }
}

struct Never;

impl Stop for Never {
    fn requested(&self) -> bool {
        false
    }
}

/// The numbers on record after a scan of these books, three documents at once, sorted, and the
/// days that changed each time.
async fn scanned(
    documents: Vec<BookedDocument>,
    change: fn(u32, &mut Vec<BookedDocument>),
) -> (Vec<u32>, Vec<Date>) {
    let store = Arc::new(World::new().database.store.clone());
    let books = Books { documents: Mutex::new(documents), page: 3, calls: Mutex::new(0), change };
    let looking = LookBack::new(LookBackPorts {
        books: Arc::new(books),
        scans: store.clone(),
        store: store.clone(),
    });
    let wish =
        ScanWish { company_file: company_file("shop"), span: DateSpan::default(), fresh: false };
    let ended = looking.scan(wish, &Never, &|_| {}).await.unwrap();
    let ScanEnd::Finished(scan) = ended else { panic!("nobody stops it: {ended:?}") };
    let kind = DifferenceKind::OnlyThere;
    let page = DifferencesPage {
        scan: scan.id,
        span: DateSpan::default(),
        kind,
        after: None,
        limit: 1_000,
    };
    let kept = store.differences(page).await.unwrap();
    let number = |it: &Sides| it.there.as_ref().unwrap().number.parse().unwrap();
    let mut numbers: Vec<u32> = kept.iter().map(number).collect();
    numbers.sort_unstable();
    (numbers, scan.unsure)
}

fn days(dates: &[i8]) -> Vec<BookedDocument> {
    let numbered = dates.iter().zip(0..);
    numbered.map(|(day, n)| document(n, date(2026, 3, *day))).collect()
}

fn all(count: u32) -> Vec<u32> {
    (0..count).collect()
}

#[tokio::test]
async fn every_document_is_read_however_the_days_fall_on_pages() {
    for dates in [
        &[][..],
        &[1],
        &[1, 1, 1],
        &[1, 1, 1, 1],
        &[1, 2, 3, 4, 5, 6, 7],
        &[1, 1, 2, 2, 2, 2, 2, 2, 3],
        &[1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2],
        &[1, 2, 2, 3, 3, 3, 3, 4],
    ] {
        let count = u32::try_from(dates.len()).unwrap();
        assert_eq!(scanned(days(dates), |_, _| {}).await, (all(count), Vec::new()), "{dates:?}");
    }
}

#[tokio::test]
async fn what_vanishes_before_the_place_of_reading_lets_nothing_be_missed() {
    let dates = [1, 1, 2, 2, 3, 3, 4, 4, 5];
    let (numbers, unsure) = scanned(days(&dates), |call, books| {
        if call == 1 {
            books.retain(|it| it.listed.number != "0");
        }
    })
    .await;
    assert_eq!((numbers, unsure), (all(9), Vec::new()), "it was read before it vanished");
}

#[tokio::test]
async fn a_long_day_that_changes_is_read_again() {
    let (numbers, unsure) = scanned(days(&[1; 8]), |call, books| {
        // The first call shows that the day is long; the second one begins it.
        if call == 2 {
            books.remove(0);
            books.push(document(8, DAY));
        }
    })
    .await;
    assert_eq!((numbers, unsure), ((1..9).collect(), Vec::new()), "by documents on record");
    let (numbers, unsure) = scanned(days(&[1; 8]), |call, books| {
        if call == 2 {
            books.remove(0);
        }
    })
    .await;
    assert_eq!((numbers, unsure), ((1..8).collect(), Vec::new()), "by the ledger's count");
}

/// So that neither the ledger's count nor that of what is on record tells of it.
#[tokio::test]
async fn a_long_day_that_moves_up_unseen_is_read_again() {
    let (numbers, unsure) = scanned(days(&[1; 8]), |call, books| match call {
        2 => {
            books.drain(..2);
            books.extend([document(8, DAY), document(9, DAY)]);
        }
        3 => {
            books.pop();
            books.insert(0, document(10, DAY));
        }
        _ => {}
    })
    .await;
    assert_eq!((numbers, unsure), (vec![2, 3, 4, 5, 6, 7, 8, 10], Vec::new()));
}

#[tokio::test]
async fn a_long_day_that_changes_each_time_is_said_and_left() {
    let mut dates = vec![1; 8];
    dates.push(2);
    let (numbers, unsure) = scanned(days(&dates), |call, books| {
        if (2..30).contains(&call) {
            books.push(document(100 + call, DAY));
        }
    })
    .await;
    assert_eq!(unsure, [DAY]);
    assert!(numbers.contains(&8), "the next day is read: {numbers:?}");
}
