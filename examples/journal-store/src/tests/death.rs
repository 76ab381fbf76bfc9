//! What is left when the process dies or the disk fails, and who may open a journal.

use std::sync::Arc;

use postonce_domain::{Outcome, RunId, StateName};
use postonce_ports::error::StoreError;
use postonce_ports::lock::{LockState, RunLock};
use postonce_ports::reader::{Filter, InvoiceReader as _};
use postonce_ports::registry::{Registry as _, Whereabouts};
use postonce_ports::store::{Candidate, ClaimAnswer, InvoiceStore as _, Page, Wanted};
use postonce_race_kit::contract::{self, FreshIds, Runtime as _};

use super::contract::open;
use super::disk::Disk;
use super::host::{HostClock, Tokio};
use super::sample::{claimed, filled, invoice, shop, wish};
use crate::JournalStore;
use crate::rows::Put;

fn start(disk: &Disk) -> Result<JournalStore, StoreError> {
    disk.start(Arc::new(HostClock))
}

/// State, claim notes, outcome notes and open claims.
async fn seen(store: &JournalStore) -> (Option<StateName>, u64, u64, usize) {
    let pairs = store.pairs().await.unwrap();
    let state = store
        .list(Filter { limit: 10, ..Filter::default() })
        .await
        .unwrap()
        .first()
        .map(|it| it.state);
    let open = store.open_claims(RunId(1)).await.unwrap().len();
    (state, pairs.claims, pairs.outcomes, open)
}

#[test]
fn a_journal_that_ends_anywhere_is_a_state_between_two_steps() {
    Tokio::run(async {
        let disk = Disk::default();
        let store = start(&disk).unwrap();
        let (id, epoch) = filled(&store).await;
        let mut ends = vec![(disk.bytes().len(), seen(&store).await)];
        let claim = claimed(&store, wish(&store, id, epoch).await).await;
        ends.push((disk.bytes().len(), seen(&store).await));
        let reason = "no answer".to_owned();
        let _recorded = store.settle(claim, &Outcome::InDoubt { reason }).await.unwrap();
        ends.push((disk.bytes().len(), seen(&store).await));
        let bytes = disk.bytes();
        for length in ends[0].0..=bytes.len() {
            let cut = Disk::of(&bytes[..length]);
            let store = start(&cut).unwrap();
            let (_, there) = ends.iter().rev().find(|(end, _)| *end <= length).unwrap();
            assert_eq!(seen(&store).await, *there, "cut to {length} bytes");
            assert_eq!(store.state().await.unwrap(), LockState::Free);
            // What is written next follows whole lines.
            let _ids = contract::put(&store, vec![invoice("B-2")]).await;
            start(&cut).unwrap();
        }
    });
}

#[test]
fn a_whole_line_that_cannot_be_read_keeps_the_store_shut() {
    Tokio::run(async {
        let disk = Disk::default();
        let _filled = filled(&start(&disk).unwrap()).await;
        let mut bytes = disk.bytes();
        for place in [20, bytes.len() - 2] {
            bytes[place] ^= 1;
            let opened = start(&Disk::of(&bytes)).map(drop);
            assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "{opened:?}");
        }
    });
}

#[test]
fn a_disk_that_fails_and_takes_back_what_it_wrote_has_no_claim() {
    Tokio::run(async {
        let disk = Disk::default();
        let store = start(&disk).unwrap();
        let (id, epoch) = filled(&store).await;
        let before = disk.bytes();
        for room in [0, 1, 100] {
            disk.fail_after(room, false);
            let failed = store.claim(wish(&store, id, epoch).await).await;
            assert!(matches!(failed, Err(StoreError::Unavailable { .. })), "{failed:?}");
            assert_eq!(disk.bytes(), before);
        }
        disk.mend();
        let _claim = claimed(&store, wish(&store, id, epoch).await).await;
    });
}

#[test]
fn a_disk_that_fails_for_good_leaves_the_claim_unanswered() {
    Tokio::run(async {
        for room in [0, 10, usize::MAX] {
            let disk = Disk::default();
            let store = start(&disk).unwrap();
            let (id, epoch) = filled(&store).await;
            let wish = wish(&store, id, epoch).await;
            let claim = wish.request.marker.claim;
            disk.fail_after(room, true);
            let answer = store.claim(wish).await.unwrap();
            assert!(matches!(answer, ClaimAnswer::Unanswered(_)), "{answer:?}");
            let unknown = store.read_back(claim).await;
            assert!(matches!(unknown, Err(StoreError::Unavailable { .. })), "{unknown:?}");
            assert!(store.try_acquire().await.is_err());
            disk.mend();
            let is_there = start(&disk).unwrap().read_back(claim).await.unwrap();
            assert_eq!(is_there, room == usize::MAX);
        }
    });
}

#[test]
fn a_journal_is_one_store_for_a_process_and_closed_to_every_other() {
    Tokio::run(async {
        let folder = tempfile::tempdir().unwrap();
        let (store, other) = (open(&folder), open(&folder));
        let ids = contract::put(&store, vec![invoice("A-1")]).await;
        assert!(other.life(ids[0]).await.unwrap().is_some());
        // A lock of this kind is of the opened file, so this is what another process meets.
        let path = folder.path().join("invoices.journal");
        let theirs = std::fs::File::open(&path).unwrap();
        assert!(theirs.try_lock().is_err());
        drop((store, other));
        theirs.try_lock().unwrap();
        let shut = JournalStore::open(&path, Arc::new(HostClock), Arc::new(FreshIds));
        assert!(shut.unwrap_err().to_string().contains("another process has"));
        drop(theirs);
        assert!(open(&folder).life(ids[0]).await.unwrap().is_some());
    });
}

#[test]
fn a_journal_that_is_closed_while_it_is_opened_is_opened_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    drop(open(&folder));
                }
            });
        }
    });
}

#[test]
fn a_backup_in_the_journal_s_place_has_moved() {
    Tokio::run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
        let _ids = contract::put(&store, vec![invoice("A-1")]).await;
        drop(store);
        let path = folder.path().join("invoices.journal");
        let backup = folder.path().join("backup");
        std::fs::copy(&path, &backup).unwrap();
        std::fs::rename(&backup, &path).unwrap();
        let store = open(&folder);
        assert!(matches!(store.whereabouts().await.unwrap(), Whereabouts::Moved { .. }));
        let quiet = std::time::Duration::from_secs(300);
        let taken = store.take_over(quiet).await.unwrap();
        assert!(matches!(taken, Whereabouts::Moved { .. }));
        let work = store.files_with_work().await.unwrap();
        assert!(work[0].alarm.is_some_and(|alarm| !alarm.quiet_over));
        assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Same);
    });
}

#[test]
fn a_row_that_cannot_be_read_hides_no_other() {
    Tokio::run(async {
        let store = start(&Disk::default()).unwrap();
        let ids = contract::put(&store, vec![invoice("A-1"), invoice("A-2"), invoice("A-3")]).await;
        let spoilt = store.commit(|step| {
            let mut rows = step.state.invoices.values().cloned();
            let (mut first, mut second) = (rows.next().unwrap(), rows.next().unwrap());
            first.customer_code.clear();
            second.declared_total += 1;
            step.put(Put::Invoice(Box::new(first)));
            step.put(Put::Invoice(Box::new(second)));
            Ok(())
        });
        spoilt.unwrap();
        let (company_file, wanted) = (shop(), Wanted::Ready);
        let page = store.page(Page { company_file, after: None, wanted, limit: 9 }).await.unwrap();
        let codes: Vec<_> = page
            .iter()
            .map(|candidate| match candidate {
                Candidate::Readable(stored) => (stored.id, "readable"),
                Candidate::Unreadable { id, reason, .. } => (*id, reason.code.as_str()),
            })
            .collect();
        let expected = [(ids[0], "unreadable"), (ids[1], "totals_differ"), (ids[2], "readable")];
        assert_eq!(codes, expected);
    });
}
