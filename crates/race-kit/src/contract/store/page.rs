//! What a run has to do.

use jiff::civil::date;
use postonce_domain::{CompanyFile, InvoiceId, Move};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::registry::Registry;
use postonce_ports::store::{Candidate, InvoiceStore, Page, Wanted};

use crate::contract::scene::{
    LONG, apply, block, claim, claimed, doubt, file, import_one, invoice, invoice_with, not_sent,
    one_in_each_state, posted_as, ready, rejected, settle, settled, shop,
};
use crate::contract::{EngineStore, StoreFixture};

fn window(after: Option<InvoiceId>, limit: u32) -> Page {
    Page { company_file: shop(), after, wanted: Wanted::Ready, limit }
}

async fn ids(store: &impl EngineStore, page: Page) -> Vec<InvoiceId> {
    let read = |candidate| match candidate {
        Candidate::Readable(stored) => stored.id,
        Candidate::Unreadable { reason, .. } => panic!("unreadable: {reason}"),
    };
    store.page(page).await.unwrap().into_iter().map(read).collect()
}

pub async fn the_installation_stays_the_same(fixture: &impl StoreFixture) {
    let first = fixture.adapter().installation().await.unwrap();
    assert_eq!(
        fixture.adapter().installation().await.unwrap(),
        first,
        "the installation's id never changes"
    );
    assert_eq!(
        fixture.other().installation().await.unwrap(),
        first,
        "every process sees the same installation"
    );
}

pub async fn a_page_is_a_window_by_rising_id(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let mut all = Vec::new();
    for n in 1..=5 {
        all.push(ready(fixture, n).await);
    }
    assert!(all.is_sorted(), "ids rise in the order of their making");
    assert_eq!(ids(&store, window(None, 2)).await, all[..2], "the first window has the lowest ids");
    assert_eq!(
        ids(&store, window(Some(all[1]), 2)).await,
        all[2..4],
        "`after` is not on the page itself"
    );
    assert_eq!(
        ids(&store, window(Some(all[3]), 2)).await,
        all[4..],
        "the last window may be short"
    );
    let page = store.page(window(Some(all[3]), 2)).await.unwrap();
    let dossier = store.dossier(all[4]).await.unwrap().unwrap();
    assert_eq!(
        page,
        [Candidate::Readable(Box::new(dossier.stored))],
        "a page and a dossier tell the same of an invoice"
    );
}

pub async fn blocked_invoices_are_on_a_page_only_if_wanted(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let states = one_in_each_state(fixture).await;
    let (ready, blocked) = (states[0].2, states[1].2);
    assert_eq!(ids(&store, window(None, 10)).await, [ready], "only ready ones are wanted");
    let mut both = [ready, blocked];
    both.sort();
    assert_eq!(
        ids(&store, Page { wanted: Wanted::ReadyOrBlocked, ..window(None, 10) }).await,
        both,
        "blocked ones are wanted too"
    );
}

pub async fn a_held_invoice_is_on_no_page(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    apply(&store, id, Move::Hold(true)).await;
    assert!(
        ids(&store, Page { wanted: Wanted::ReadyOrBlocked, ..window(None, 10) }).await.is_empty(),
        "what is held is on no page"
    );
    apply(&store, id, Move::Hold(false)).await;
    assert_eq!(
        ids(&store, window(None, 10)).await,
        [id],
        "what is not held any more is on the page again"
    );
}

pub async fn a_page_is_of_one_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let here = ready(fixture, 1).await;
    import_one(fixture, invoice_with(2, |parts| parts.company_file = file("SHOP"))).await;
    assert_eq!(
        ids(&store, window(None, 10)).await,
        [here],
        "aliases of company files differ by case"
    );
}

async fn work(store: &impl EngineStore) -> Vec<(CompanyFile, u64)> {
    let work = store.files_with_work().await.unwrap();
    work.into_iter().map(|work| (work.company_file, work.due)).collect()
}

pub async fn company_files_with_open_invoices_have_work(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let open = ["ready", "blocked", "claimed", "doubt"];
    for (n, alias) in (1..).zip(["posted", "rejected", "doubt", "claimed", "ready", "blocked"]) {
        let id =
            import_one(fixture, invoice_with(n, |parts| parts.company_file = file(alias))).await;
        match alias {
            "blocked" => drop(apply(&store, id, block()).await),
            "claimed" => drop(claim(&store, id).await),
            "doubt" => settle(&store, claim(&store, id).await, &doubt()).await,
            "posted" => settle(&store, claim(&store, id).await, &posted_as("u")).await,
            "rejected" => settle(&store, claim(&store, id).await, &rejected()).await,
            _ => {}
        }
    }
    let mut expected = open.map(file);
    expected.sort();
    let files: Vec<_> = work(&store).await.into_iter().map(|(file, _)| file).collect();
    assert_eq!(
        files, expected,
        "ready, blocked, claimed and in-doubt invoices are work, by alias, and no others"
    );
}

pub async fn due_counts_what_waits_and_is_not_held(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    one_in_each_state(fixture).await;
    assert_eq!(work(&store).await, [(shop(), 2)], "ready and blocked ones are due");
    let held = ready(fixture, 20).await;
    assert_eq!(work(&store).await, [(shop(), 3)], "a new one is due");
    apply(&store, held, Move::Hold(true)).await;
    assert_eq!(work(&store).await, [(shop(), 2)], "a held one is not due");
}

pub async fn work_names_the_cut_over(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    assert_eq!(
        store.files_with_work().await.unwrap()[0].cut_over_through,
        None,
        "there is no cut-over yet"
    );
    store.cut_over(&shop(), Some(date(2026, 2, 28))).await.unwrap();
    let through = store.files_with_work().await.unwrap()[0].cut_over_through;
    assert_eq!(through, Some(date(2026, 2, 28)), "the cut-over is told");
}

pub async fn an_earlier_claim_that_was_sent_perhaps_is_told(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let past = async |n: u32| {
        let number = invoice(n).parts().number.clone();
        let page = store.page(window(None, 100)).await.unwrap();
        let found = page.into_iter().find_map(|candidate| match candidate {
            Candidate::Readable(stored) if stored.invoice.parts().number == number => Some(*stored),
            Candidate::Readable(_) | Candidate::Unreadable { .. } => None,
        });
        found.unwrap().doubtful_past
    };
    ready(fixture, 1).await;
    settled(fixture, 2, &not_sent()).await;
    let (rejected, _) = settled(fixture, 3, &rejected()).await;
    apply(&store, rejected, Move::Reprocess).await;
    let (absent, first) = settled(fixture, 4, &doubt()).await;
    apply(&store, absent, Move::ResolveAbsent).await;
    assert_eq!(
        [past(1).await, past(2).await, past(3).await, past(4).await],
        [false, false, true, true],
        "a claim that ended other than `not_sent` is told, until the invoice is settled otherwise"
    );
    // The sender itself knows better, though late.
    store.settle(first, &not_sent()).await.map(drop).unwrap();
    assert!(!past(4).await, "its sender has said since that nothing was sent");
}

pub async fn what_was_claimed_before_is_not_never_claimed(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, claim) = claimed(fixture, 1).await;
    let fresh = ready(fixture, 2).await;
    settle(&store, claim, &not_sent()).await;
    assert_eq!(ids(&store, window(None, 10)).await, [id, fresh], "both are ready");
    let never = Page { wanted: Wanted::NeverClaimed, ..window(None, 10) };
    assert_eq!(ids(&store, never).await, [fresh], "only what was never claimed is wanted");
}

pub async fn work_names_the_alarm_that_stands(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    assert_eq!(store.files_with_work().await.unwrap()[0].alarm, None, "there is no alarm yet");
    let raised = store.alarm(&shop(), LONG).await.unwrap();
    assert_eq!(
        store.files_with_work().await.unwrap()[0].alarm,
        Some(raised),
        "the alarm that stands is told"
    );
}
