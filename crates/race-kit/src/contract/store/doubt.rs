//! What is known of invoices in doubt.

use std::time::Duration;

use postonce_domain::{InvoiceId, Move, OutcomeName};
use postonce_ports::doubt::{DoubtStore, Probe};

use crate::contract::StoreFixture;
use crate::contract::fresh::fresh_claim;
use crate::contract::scene::{
    LONG, apply, claim, claim_quiet, claimed, doubt, file, import_one, invoice, invoice_with,
    not_sent, one_in_each_state, posted_as, ready, rejected, settle, settled, shop, uid,
};

pub async fn every_invoice_in_doubt_is_listed(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    one_in_each_state(fixture).await;
    let elsewhere = invoice_with(20, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(fixture, elsewhere).await;
    let claim = claim_quiet(&store, elsewhere, LONG).await;
    settle(&store, claim, &doubt()).await;
    let all = store.doubtful().await.unwrap();
    assert_eq!(all.len(), 2, "every invoice in doubt is listed, whatever its company file");
    assert!(all[0].invoice < all[1].invoice, "they are listed by id");
    let last = &all[1];
    assert_eq!(
        (last.invoice, last.claim),
        (elsewhere, claim),
        "the claim is the one that the invoice carries"
    );
    assert_eq!(
        last.number,
        invoice(20).parts().number.clone(),
        "the number is the one that was sent"
    );
    assert_eq!(
        (last.company_file.clone(), last.inquiries),
        (file("other"), 0),
        "the company file is told, and no inquiry was counted yet"
    );
    assert_eq!(
        last.next_check, last.quiet_until,
        "the first check is due when the quiet period is over"
    );
    assert_eq!(
        last.quiet_until.duration_since(last.since).unsigned_abs(),
        LONG,
        "the quiet period is the claim's, from the time of the claim"
    );
    assert_eq!(last.absent_confirmed_at, None, "absence is not confirmed");
    let at = last.quiet_until;
    apply(&store, elsewhere, Move::ConfirmAbsent(at)).await;
    assert_eq!(
        store.doubtful().await.unwrap()[1].absent_confirmed_at,
        Some(at),
        "when absence was confirmed is told"
    );
    settle(&store, claim, &posted_as("late")).await;
    assert_eq!(
        store.doubtful().await.unwrap().len(),
        1,
        "what is not in doubt any more is not listed"
    );
}

pub async fn the_first_check_is_due_when_the_quiet_period_is_over(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let mut due = Vec::new();
    for (n, quiet) in [(1, Duration::ZERO), (2, LONG), (3, Duration::ZERO)] {
        let id = ready(fixture, n).await;
        let claim = claim_quiet(&store, id, quiet).await;
        if quiet.is_zero() {
            due.push(id);
            assert!(!store.due(&shop()).await.unwrap().contains(&id), "it is not in doubt yet");
        }
        settle(&store, claim, &doubt()).await;
    }
    assert_eq!(
        store.due(&shop()).await.unwrap(),
        due,
        "those whose quiet period is over are due, by id"
    );
    assert!(
        store.due(&file("other")).await.unwrap().is_empty(),
        "another company file has none due"
    );
    apply(&store, due[0], Move::ResolveAbsent).await;
    assert_eq!(
        store.due(&shop()).await.unwrap(),
        due[1..],
        "what is not in doubt any more is not due"
    );
}

pub async fn a_dossier_has_every_claim_oldest_first(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (id, first) = settled(fixture, 1, &not_sent()).await;
    let second = claim_quiet(&store, id, LONG).await;
    let dossier = store.dossier(id).await.unwrap().unwrap();
    assert_eq!(dossier.stored.id, id, "the dossier is of the invoice");
    assert_eq!(
        dossier.stored.invoice,
        invoice(1),
        "what the invoice says is read as it was written"
    );
    let [older, newer] = dossier.claims.as_slice() else { panic!("{dossier:?}") };
    assert_eq!((older.id, newer.id), (first, second), "all claims are there, oldest first");
    assert_eq!(
        (older.outcome, newer.outcome),
        (Some(OutcomeName::NotSent), None),
        "the outcome of each claim is told, and none if it has none"
    );
    assert_eq!(
        (older.quiet_over, newer.quiet_over),
        (true, false),
        "the store tells by its own clock whether a quiet period is over"
    );
    assert_eq!(
        newer.quiet_until.duration_since(newer.claimed_at).unsigned_abs(),
        LONG,
        "the quiet period is the claim's"
    );
    assert_eq!((older.inquiries, newer.inquiries), (0, 0), "no inquiry was counted yet");
    settle(&store, second, &doubt()).await;
    let dossier = store.dossier(id).await.unwrap().unwrap();
    assert_eq!(dossier.claims[1].outcome, Some(OutcomeName::InDoubt), "the outcome is learned");
    settle(&store, second, &posted_as("u")).await;
    let dossier = store.dossier(id).await.unwrap().unwrap();
    assert_eq!(
        dossier.claims[1].outcome,
        Some(OutcomeName::Posted),
        "a later answer that says more replaces it"
    );
}

pub async fn an_unknown_invoice_has_no_dossier(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    assert_eq!(store.dossier(InvoiceId(id.0 + 1)).await.unwrap(), None, "there is no such invoice");
}

pub async fn owners_are_those_of_the_company_file(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (posted, posting) = settled(fixture, 1, &posted_as("u")).await;
    let (open, opened) = claimed(fixture, 2).await;
    let unknown = fresh_claim();
    let claims = [posting, opened, unknown];
    let uids = [uid("u"), uid("unknown")];
    let owner = store.owners(&shop(), &claims, &uids).await.unwrap();
    assert_eq!(
        owner.claims.into_iter().collect::<Vec<_>>(),
        {
            let mut both = vec![(posting, posted), (opened, open)];
            both.sort();
            both
        },
        "claims are told with their invoices, whatever their outcome, and unknown ones are left out"
    );
    assert_eq!(
        owner.uids.into_iter().collect::<Vec<_>>(),
        [(uid("u"), posted)],
        "documents are told with the invoices that they are posted for"
    );
    let elsewhere = store.owners(&file("other"), &claims, &uids).await.unwrap();
    assert!(
        elsewhere.claims.is_empty() && elsewhere.uids.is_empty(),
        "what is of one company file is not of another"
    );
}

pub async fn a_probe_is_the_newest_document_of_a_later_claim(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    settled(fixture, 1, &posted_as("before")).await;
    let (_, doubtful) = settled(fixture, 2, &doubt()).await;
    assert_eq!(
        store.probe(&shop(), doubtful).await.unwrap(),
        None,
        "a document of an earlier claim proves nothing"
    );
    let elsewhere = invoice_with(3, |parts| parts.company_file = file("other"));
    let elsewhere = import_one(fixture, elsewhere).await;
    settle(&store, claim(&store, elsewhere).await, &posted_as("elsewhere")).await;
    assert_eq!(
        store.probe(&shop(), doubtful).await.unwrap(),
        None,
        "nor does one of another company file"
    );
    settled(fixture, 4, &posted_as("first")).await;
    settled(fixture, 5, &posted_as("second")).await;
    settled(fixture, 6, &rejected()).await;
    let expected = Probe {
        uid: uid("second"),
        number: invoice(5).parts().number.clone(),
        reference: invoice(5).parts().external_id.clone(),
    };
    assert_eq!(
        store.probe(&shop(), doubtful).await.unwrap(),
        Some(expected),
        "it is the newest posted document of a later claim"
    );
    assert_eq!(
        store.probe(&file("other"), fresh_claim()).await.unwrap(),
        None,
        "an unknown claim has no probe"
    );
}

pub async fn a_document_that_was_taken_back_is_no_probe(fixture: &impl StoreFixture) {
    let store = fixture.adapter();
    let (_, doubtful) = settled(fixture, 1, &doubt()).await;
    settled(fixture, 2, &posted_as("stays")).await;
    let (gone, _) = settled(fixture, 3, &posted_as("gone")).await;
    apply(&store, gone, Move::Gone).await;
    let probe = store.probe(&shop(), doubtful).await.unwrap().unwrap();
    assert_eq!(
        probe.uid,
        uid("stays"),
        "the invoice is not posted by it any more, so it may not be there"
    );
}
