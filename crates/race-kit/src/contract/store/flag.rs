//! Flags on invoices.

use postonce_domain::{InvoiceId, NoteKind};
use postonce_ports::flag::{Flag, Flags};
use postonce_ports::store::Note;

use crate::contract::StoreFixture;
use crate::contract::scene::{
    claimed, file, import_one, invoice_with, last_note, notes_of, posted_as, ready, settle, shop,
};

fn note(text: &str) -> Note {
    let actor = "sam".to_owned();
    Note { kind: NoteKind::Person, claim: None, actor, text: text.to_owned() }
}

fn texts(flags: &[Flag]) -> Vec<(InvoiceId, &str)> {
    flags.iter().map(|flag| (flag.invoice, flag.text.as_str())).collect()
}

pub async fn a_flag_is_seen_by_all_and_the_last_text_counts(
    fixture: &impl StoreFixture<Adapter: Flags>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let (one, two) = (ready(fixture, 1).await, ready(fixture, 2).await);
    assert_eq!(store.flag(one).await.unwrap(), None, "there is none at first");
    store.raise(one, "an earlier text").await.unwrap();
    let first = other.flag(one).await.unwrap().expect("another process sees it");
    other.raise(one, "the total is 10.02 there — é").await.unwrap();
    let flag = store.flag(one).await.unwrap().expect("it is still there");
    assert_eq!((flag.invoice, flag.text.as_str()), (one, "the total is 10.02 there — é"));
    assert!(flag.raised_at >= first.raised_at, "it is as old as its text");
    assert_eq!(store.flag(two).await.unwrap(), None, "it is on that invoice alone");
}

pub async fn flags_are_read_by_rising_invoice_and_by_company_file(
    fixture: &impl StoreFixture<Adapter: Flags>,
) {
    let store = fixture.adapter();
    let (one, two) = (ready(fixture, 1).await, ready(fixture, 2).await);
    let elsewhere = invoice_with(3, |parts| parts.company_file = file("Shop"));
    let elsewhere = import_one(fixture, elsewhere).await;
    for (invoice, text) in [(elsewhere, "c"), (one, "a"), (two, "b")] {
        store.raise(invoice, text).await.unwrap();
    }
    let list = async |file, after, limit| store.flags(file, after, limit).await.unwrap();
    let all = list(None, InvoiceId(0), 10).await;
    assert_eq!(texts(&all), [(one, "a"), (two, "b"), (elsewhere, "c")]);
    let of_shop = list(Some(shop()), InvoiceId(0), 10).await;
    assert_eq!(texts(&of_shop), [(one, "a"), (two, "b")], "aliases differ by case");
    let rest = list(None, one, 1).await;
    assert_eq!(texts(&rest), [(two, "b")], "a list goes on after an invoice, and has a limit");
}

pub async fn who_takes_a_flag_off_leaves_a_line(fixture: &impl StoreFixture<Adapter: Flags>) {
    let store = fixture.adapter();
    let one = ready(fixture, 1).await;
    let lines = || notes_of(fixture, one, NoteKind::Person);
    assert!(!store.lower(one, note("nothing to take off")).await.unwrap(), "there is none");
    assert_eq!(lines().await, 0, "and so there is no line");
    store.raise(one, "look at it").await.unwrap();
    assert!(store.lower(one, note("looked at")).await.unwrap());
    assert_eq!(store.flag(one).await.unwrap(), None, "it is off");
    assert_eq!(last_note(fixture, one).await.note, note("looked at"));
    assert!(!store.lower(one, note("once more")).await.unwrap(), "it is taken off once");
    assert_eq!(lines().await, 1, "and the line is written once");
}

pub async fn a_flag_stays_wherever_its_invoice_goes(fixture: &impl StoreFixture<Adapter: Flags>) {
    let store = fixture.adapter();
    let (one, claim) = claimed(fixture, 1).await;
    store.raise(one, "look at it").await.unwrap();
    settle(&store, claim, &posted_as("uid-1")).await;
    let flag = store.flag(one).await.unwrap().map(|flag| flag.text);
    assert_eq!(flag.as_deref(), Some("look at it"));
}
