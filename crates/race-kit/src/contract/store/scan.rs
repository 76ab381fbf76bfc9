//! What was read of a ledger's books, and how it is compared.

use jiff::civil::{Date, date};
use postonce_domain::Money;
use postonce_ports::books::{DateSpan, ListedDocument};
use postonce_ports::scan::{
    Added, Alike, DayRead, DifferenceKind, DifferencesPage, Double, DoublesPage, Likeness,
    Position, Scan, ScanPage, ScanStore, ScanWish, ScannedDocument, Sides,
};

use crate::contract::fresh::fresh_claim;
use crate::contract::runtime::at_once;
use crate::contract::scene::{doubt, file, posted_as, ready, rejected, settled, shop, uid};
use crate::contract::{Fixture, StoreFixture};

const DAY: Date = date(2026, 3, 1);

const ALL: DateSpan = DateSpan { from: None, before: None };

fn wish(span: DateSpan) -> ScanWish {
    ScanWish { company_file: shop(), span, fresh: false }
}

/// A document that is like no other.
fn document(n: u32) -> ScannedDocument {
    ScannedDocument {
        listed: ListedDocument {
            uid: uid(&format!("uid-{n}")),
            number: format!("A-{n}"),
            reference: format!("é {n}"),
            customer: "CUS1".to_owned(),
            date: DAY,
            amount: Money::from_minor(i64::from(n)),
            total: Money::from_minor(1_297),
            foreign: false,
            layout: "Service".to_owned(),
        },
        number_key: format!("A-{n}"),
        reference_key: format!("é {n}"),
        customer_key: "card".to_owned(),
        claim: None,
    }
}

fn with(n: u32, change: impl FnOnce(&mut ScannedDocument)) -> ScannedDocument {
    let mut document = document(n);
    change(&mut document);
    document
}

fn page(scan: &Scan, documents: Vec<ScannedDocument>, next: Option<Position>) -> ScanPage {
    let (scan, step) = (scan.id, scan.step);
    ScanPage { scan, step, forget: None, documents, unsure: None, next }
}

const AT_DAY: Option<Position> = Some(Position { from: Some(DAY), of_day: None });

async fn stored(store: &impl ScanStore, page: ScanPage) -> Scan {
    let added = store.add(page).await.unwrap();
    let Added::Stored(scan) = added else { panic!("a page of the next step is put on record") };
    scan
}

/// A finished scan with these documents.
async fn scanned(store: &impl ScanStore, documents: Vec<ScannedDocument>) -> Scan {
    let scan = store.open(wish(ALL)).await.unwrap();
    stored(store, page(&scan, documents, None)).await
}

fn uids(sides: &[Sides]) -> Vec<String> {
    let uid = |it: &Sides| it.there.as_ref().map(|it| it.uid.to_string()).unwrap_or_default();
    sides.iter().map(uid).collect()
}

fn numbers(sides: &[Sides]) -> Vec<String> {
    let number = |it: &Sides| it.here.as_ref().map(|it| it.number.to_string()).unwrap_or_default();
    sides.iter().map(number).collect()
}

pub async fn a_scan_that_was_left_is_gone_on_with(fixture: &impl Fixture<Adapter: ScanStore>) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let begun = store.open(wish(ALL)).await.unwrap();
    assert_eq!(begun.position, Some(Position::default()), "it begins at the first document");
    assert_eq!((begun.step, begun.documents, begun.finished_at), (0, 0, None), "it is empty");
    let of_day = Some(DayRead { read: 2, count: Some(7), tries: 1 });
    let next = Some(Position { from: Some(DAY), of_day });
    let left = stored(&store, page(&begun, vec![document(1), document(2)], next)).await;
    assert_eq!((left.step, left.documents, left.position), (1, 2, next), "both are on record");
    assert_eq!(other.open(wish(ALL)).await.unwrap(), left, "another process goes on with it");
}

pub async fn concurrent_scans_of_a_company_file_are_one(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.open(wish(ALL)).await.unwrap() }
    });
    let scans = at_once(fixture, tasks).await;
    assert!(scans.iter().all(|scan| scan.id == scans[0].id), "all get the same: {scans:?}");
    let tasks = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        let page = page(&scans[0], vec![document(u32::try_from(n).unwrap())], AT_DAY);
        async move { store.add(page).await.unwrap() }
    });
    let added = at_once(fixture, tasks).await;
    let gone_on = added.iter().filter(|it| matches!(it, Added::Stored(_))).count();
    assert_eq!(gone_on, 1, "of all that go on at one step, one does: {added:?}");
    assert_eq!(stores[0].open(wish(ALL)).await.unwrap().documents, 1, "the others wrote nothing");
}

pub async fn a_scan_of_other_dates_or_a_fresh_one_takes_its_place(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    let first = store.open(wish(ALL)).await.unwrap();
    let first = stored(&store, page(&first, vec![document(1)], AT_DAY)).await;
    let dates = DateSpan { from: Some(DAY), before: Some(date(2026, 4, 1)) };
    let second = store.open(wish(dates)).await.unwrap();
    assert!(second.id != first.id && second.documents == 0, "it begins anew: {second:?}");
    assert_eq!((second.span, second.position), (dates, AT_DAY), "at its first day");
    let late = store.add(page(&first, vec![document(2)], None)).await.unwrap();
    assert_eq!(late, Added::Overtaken, "the one before is gone");
    let fresh = ScanWish { fresh: true, ..wish(dates) };
    let third = store.open(fresh).await.unwrap();
    assert!(third.id != second.id, "a fresh one is another");
    let elsewhere = ScanWish { company_file: file("Shop"), ..wish(dates) };
    assert!(store.open(elsewhere).await.unwrap().id != third.id, "each company file has its own");
    assert_eq!(store.open(wish(dates)).await.unwrap().id, third.id, "and they leave each other be");
}

pub async fn a_finished_scan_is_the_last_one_until_the_next(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    assert_eq!(store.last(&shop()).await.unwrap(), None, "nothing was scanned yet");
    let first = scanned(&store, vec![document(1), document(2)]).await;
    assert!(first.finished_at.is_some() && first.position.is_none(), "it is finished: {first:?}");
    let second = store.open(wish(ALL)).await.unwrap();
    assert!(second.id != first.id, "what is finished is not gone on with");
    assert_eq!(other.last(&shop()).await.unwrap(), Some(first.clone()), "it stays meanwhile");
    let late = store.add(page(&first, vec![document(3)], None)).await.unwrap();
    assert_eq!(late, Added::Overtaken, "nothing is added to what is finished");
    let second = stored(&store, page(&second, vec![document(4)], None)).await;
    assert_eq!(other.last(&shop()).await.unwrap(), Some(second), "the next takes its place");
    assert_eq!(store.on_day(first.id, DAY).await.unwrap(), 0, "with all its documents");
    assert_eq!(store.last(&file("Shop")).await.unwrap(), None, "each company file has its own");
}

pub async fn a_document_that_is_read_again_replaces_itself(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    let scan = store.open(wish(ALL)).await.unwrap();
    let scan = stored(&store, page(&scan, vec![document(1), document(2)], AT_DAY)).await;
    let moved = with(2, |it| it.listed.date = date(2026, 3, 2));
    let scan = stored(&store, page(&scan, vec![moved, document(3)], AT_DAY)).await;
    assert_eq!(scan.documents, 3, "none is there twice");
    assert_eq!(store.on_day(scan.id, DAY).await.unwrap(), 2, "the later reading counts");
    let again =
        ScanPage { forget: Some(DAY), unsure: Some(DAY), ..page(&scan, vec![document(3)], AT_DAY) };
    let scan = stored(&store, again).await;
    assert_eq!(scan.documents, 2, "what was on the day is forgotten before");
    assert_eq!(scan.unsure, [DAY], "a day that changed is on record");
    let next = ScanPage { unsure: Some(Date::MAX), ..page(&scan, Vec::new(), None) };
    assert_eq!(stored(&store, next).await.unsure, [DAY, Date::MAX], "and so is the next one");
}

/// Every group, a page of one at a time.
async fn groups(store: &impl ScanStore, scan: &Scan) -> Vec<Double> {
    let mut all = Vec::new();
    for by in Alike::ALL {
        let mut after = None;
        loop {
            let wanted = DoublesPage { scan: scan.id, by, after, limit: 1 };
            let found = store.doubles(wanted).await.unwrap();
            let Some(last) = found.last() else { break };
            after = Some(last.likeness.clone());
            all.extend(found);
        }
    }
    all
}

pub async fn a_group_is_told_once_with_every_way_in_which_it_is_alike(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    use Alike::{Number, Reference, Sale};

    let store = fixture.adapter();
    let like = |n: u32, of: u32, by: &[Alike]| {
        let of = document(of);
        with(n, |it| {
            for by in by {
                match by {
                    Number => it.number_key.clone_from(&of.number_key),
                    Reference => it.reference_key.clone_from(&of.reference_key),
                    Sale => it.listed.amount = of.listed.amount,
                }
            }
        })
    };
    let nothing = |n| {
        with(n, |it| {
            it.number_key.clear();
            it.reference_key.clear();
            it.listed.amount = None;
        })
    };
    let documents = vec![
        document(1),
        like(2, 1, &Alike::ALL),
        document(3),
        like(4, 3, &[Number]),
        like(5, 3, &[Reference]),
        document(6),
        like(7, 6, &[Reference, Sale]),
        document(8),
        like(9, 8, &[Sale]),
        with(10, |it| {
            it.listed.amount = document(8).listed.amount;
            "another".clone_into(&mut it.customer_key);
        }),
        nothing(11),
        nothing(12),
        document(13),
        like(14, 13, &[Reference, Sale]),
        like(15, 13, &[Reference]),
    ];
    let scan = scanned(&store, documents).await;
    let found = groups(&store, &scan).await;
    let seen: Vec<_> = found.into_iter().map(|it| (it.alike, it.documents)).collect();
    let wanted = [
        (vec![Number, Reference, Sale], 2),
        (vec![Number], 2),
        (vec![Reference], 3),
        (vec![Reference], 2),
        (vec![Reference, Sale], 2),
        (vec![Sale], 2),
        (vec![Reference, Sale], 2),
    ];
    assert_eq!(seen, wanted, "each once, and nothing is like what has no number at all");
}

pub async fn groups_and_their_documents_are_read_in_pages(
    fixture: &impl Fixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    let mut documents: Vec<_> =
        (1..=3).map(|n| with(n, |it| "SAME".clone_into(&mut it.number_key))).collect();
    for n in 4..=7 {
        documents.push(with(n, |it| {
            it.listed.amount = Money::from_minor(if n < 6 { -500 } else { 500 });
        }));
    }
    let scan = scanned(&store, documents).await;
    let found = groups(&store, &scan).await;
    let sale = |minor| Likeness::Sale {
        customer: "card".to_owned(),
        date: DAY,
        amount: Money::from_minor(minor).unwrap(),
    };
    let likenesses: Vec<_> = found.iter().map(|it| it.likeness.clone()).collect();
    let wanted = [Likeness::Number("SAME".to_owned()), sale(-500), sale(500)];
    assert_eq!(likenesses, wanted, "by rising likeness");
    let first = store.members(scan.id, &wanted[0], None, 2).await.unwrap();
    assert_eq!(uids(&first), ["uid-1", "uid-2"], "so many at most, by rising UID");
    let rest = store.members(scan.id, &wanted[0], Some(uid("uid-2")), 2).await.unwrap();
    assert_eq!(uids(&rest), ["uid-3"], "and the rest behind them");
    assert_eq!(rest[0].there, Some(document(3).listed), "all that was read comes back");
    let sales = store.members(scan.id, &wanted[1], None, 9).await.unwrap();
    assert_eq!(uids(&sales), ["uid-4", "uid-5"], "customer, date and amount are compared");
}

pub async fn a_document_is_ours_by_its_uid_or_by_its_marker(
    fixture: &impl StoreFixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    settled(fixture, 1, &posted_as("uid-1")).await;
    let (_, claim) = settled(fixture, 2, &doubt()).await;
    let strange = fresh_claim();
    let same = |n, claim| {
        with(n, |it| {
            "SAME".clone_into(&mut it.number_key);
            it.claim = claim;
        })
    };
    let documents =
        vec![same(1, None), same(2, Some(claim)), same(3, None), same(4, Some(strange))];
    let scan = scanned(&store, documents).await;
    let likeness = Likeness::Number("SAME".to_owned());
    let members = store.members(scan.id, &likeness, None, 9).await.unwrap();
    assert_eq!(numbers(&members), ["INV-1", "INV-2", "", ""], "the others are nobody's");
    let ours = members[0].here.clone().unwrap();
    assert_eq!(ours.uid, Some(uid("uid-1")), "what it is posted as is told");
}

pub async fn months_are_tallied_on_both_sides(fixture: &impl StoreFixture<Adapter: ScanStore>) {
    let store = fixture.adapter();
    settled(fixture, 1, &posted_as("uid-1")).await;
    settled(fixture, 2, &posted_as("uid-2")).await;
    ready(fixture, 3).await;
    let april = |n| with(n, |it| it.listed.date = date(2026, 4, 30));
    let documents = vec![
        document(1),
        with(2, |it| it.listed.total = None),
        april(3),
        with(4, |it| it.listed.date = date(2025, 12, 31)),
    ];
    let scan = scanned(&store, documents).await;
    let dates = DateSpan { from: Some(date(2026, 1, 1)), before: None };
    let months = store.months(scan.id, dates).await.unwrap();
    let seen: Vec<_> = months
        .iter()
        .map(|it| {
            let tally = |it: postonce_ports::scan::Tally| (it.count, it.total.minor());
            (it.month, tally(it.here), tally(it.there), it.there.unreadable)
        })
        .collect();
    let wanted = [(DAY, (2, 2 * 1_297), (2, 1_297), 1), (date(2026, 4, 1), (0, 0), (1, 1_297), 0)];
    assert_eq!(seen, wanted, "what is posted here, and all that was read there");
}

/// Every difference of a kind, a page of one at a time.
async fn differences(store: &impl ScanStore, scan: &Scan, kind: DifferenceKind) -> Vec<Sides> {
    let dates = DateSpan { from: Some(DAY), before: Some(date(2026, 4, 1)) };
    let mut all: Vec<Sides> = Vec::new();
    loop {
        let after = all.last().cloned();
        let wanted = DifferencesPage { scan: scan.id, span: dates, kind, after, limit: 1 };
        let found = store.differences(wanted).await.unwrap();
        if found.is_empty() {
            return all;
        }
        all.extend(found);
    }
}

pub async fn differences_are_told_by_kind(fixture: &impl StoreFixture<Adapter: ScanStore>) {
    let store = fixture.adapter();
    for n in 1..=5 {
        settled(fixture, n, &posted_as(&format!("uid-{n}"))).await;
    }
    let (_, claim) = settled(fixture, 6, &doubt()).await;
    settled(fixture, 7, &doubt()).await;
    let (_, refused) = settled(fixture, 8, &rejected()).await;
    ready(fixture, 9).await;
    let documents = vec![
        document(1),
        with(3, |it| it.listed.total = Money::from_minor(1)),
        with(4, |it| it.listed.total = None),
        with(5, |it| it.listed.date = date(2026, 4, 2)),
        with(6, |it| it.claim = Some(claim)),
        with(7, |it| it.claim = Some(refused)),
        document(8),
        with(9, |it| it.listed.date = date(2026, 4, 1)),
    ];
    let scan = scanned(&store, documents).await;
    let there = differences(&store, &scan, DifferenceKind::OnlyThere).await;
    assert_eq!(uids(&there), ["uid-7", "uid-8"], "no invoice of ours, posted or in doubt");
    assert_eq!(numbers(&there), ["INV-8", ""], "a marker of ours is told");
    let here = differences(&store, &scan, DifferenceKind::OnlyHere).await;
    assert_eq!((numbers(&here), uids(&here)), (vec!["INV-2".to_owned()], vec![String::new()]));
    let differ = differences(&store, &scan, DifferenceKind::Differs).await;
    assert_eq!(numbers(&differ), ["INV-3", "INV-4", "INV-5"], "another total, none, another date");
    assert_eq!(uids(&differ), ["uid-3", "uid-4", "uid-5"], "with their documents");
    let doubts = differences(&store, &scan, DifferenceKind::InDoubt).await;
    assert_eq!(numbers(&doubts), ["INV-6", "INV-7"], "nobody is sure of these");
    assert_eq!(uids(&doubts), ["uid-6", ""], "and one has been found");
}

/// A document is told with the invoice in doubt whose marker it bears, or alone; never not at all.
pub async fn every_document_of_an_invoice_in_doubt_is_told(
    fixture: &impl StoreFixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    let (_, claim) = settled(fixture, 1, &doubt()).await;
    let marked = |n| with(n, |it| it.claim = Some(claim));
    let scan = scanned(&store, vec![marked(1), marked(2), marked(3)]).await;
    let doubts = differences(&store, &scan, DifferenceKind::InDoubt).await;
    assert_eq!((numbers(&doubts), uids(&doubts)), (vec!["INV-1".into()], vec!["uid-1".into()]));
    let there = differences(&store, &scan, DifferenceKind::OnlyThere).await;
    assert_eq!(uids(&there), ["uid-2", "uid-3"], "those that bear its marker too");
    assert_eq!(numbers(&there), ["INV-1", "INV-1"], "and whose it is");

    let elsewhere = ScanWish { company_file: file("other"), ..wish(ALL) };
    let scan = store.open(elsewhere).await.unwrap();
    let scan = stored(&store, page(&scan, vec![marked(4)], None)).await;
    let there = differences(&store, &scan, DifferenceKind::OnlyThere).await;
    assert_eq!(uids(&there), ["uid-4"], "its invoice is told of another company file");
}

pub async fn an_invoice_in_doubt_is_told_by_the_date_of_either_side(
    fixture: &impl StoreFixture<Adapter: ScanStore>,
) {
    let store = fixture.adapter();
    let (_, claim) = settled(fixture, 1, &doubt()).await;
    settled(fixture, 2, &doubt()).await;
    let late = with(1, |it| {
        it.claim = Some(claim);
        it.listed.date = date(2026, 4, 2);
    });
    let scan = scanned(&store, vec![late]).await;
    let april = DateSpan { from: Some(date(2026, 4, 1)), before: None };
    let may = DateSpan { from: Some(date(2026, 5, 1)), before: None };
    for (span, wanted) in [(ALL, 2), (april, 1), (may, 0)] {
        let (kind, after) = (DifferenceKind::InDoubt, None);
        let wish = DifferencesPage { scan: scan.id, span, kind, after, limit: 9 };
        let doubts = store.differences(wish.clone()).await.unwrap();
        assert_eq!(doubts.len(), wanted, "{span:?}: {doubts:?}");
        let alone = DifferencesPage { kind: DifferenceKind::OnlyThere, ..wish };
        assert_eq!(store.differences(alone).await.unwrap(), [], "{span:?}: not alone");
    }
}

pub async fn differences_are_of_one_company_file(fixture: &impl StoreFixture<Adapter: ScanStore>) {
    let store = fixture.adapter();
    settled(fixture, 1, &posted_as("uid-1")).await;
    let elsewhere = ScanWish { company_file: file("other"), ..wish(ALL) };
    let scan = store.open(elsewhere).await.unwrap();
    let scan = stored(&store, page(&scan, vec![document(1)], None)).await;
    let there = differences(&store, &scan, DifferenceKind::OnlyThere).await;
    assert_eq!(numbers(&there), [""], "the same UID in another company file is another document");
    for kind in [DifferenceKind::OnlyHere, DifferenceKind::Differs, DifferenceKind::InDoubt] {
        assert_eq!(differences(&store, &scan, kind).await, [], "{kind:?}: its invoices are not");
    }
    let months = store.months(scan.id, ALL).await.unwrap();
    assert_eq!(months.iter().map(|it| it.here.count).sum::<u64>(), 0, "nor are they tallied");
}
