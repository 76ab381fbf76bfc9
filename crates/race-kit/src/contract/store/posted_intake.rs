//! How invoices come in that another integration has posted.

use postonce_domain::{Invoice, InvoiceState, NoteKind, StateName, TakenOver};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, PostedIntake, PostedInvoice};
use postonce_ports::reader::{Filter, InvoiceReader, Summary};
use postonce_ports::store::InvoiceStore;

use crate::contract::IntakeFixture;
use crate::contract::runtime::at_once;
use crate::contract::scene::{
    alarm, apply, block, claimed, doubt, file, import_one, invoice, invoice_with, last_note, life,
    note, notes_of, one_in_each_state, posted_as, ready, rejected, settled, uid,
};

const fn done(created: u64, replaced: u64, unchanged: u64) -> Imported {
    Imported::Done { created, replaced, unchanged }
}

fn taken(invoice: Invoice, past: TakenOver) -> PostedInvoice {
    PostedInvoice { invoice, past, note: note(NoteKind::Person, "taken over") }
}

/// The invoice `n`, posted as this document.
fn posted(n: u32, text: &str) -> PostedInvoice {
    taken(invoice(n), TakenOver::Posted(uid(text)))
}

/// The invoice `n`, posted twice.
fn twice(n: u32, texts: &[&str]) -> PostedInvoice {
    let uids = texts.iter().map(|text| uid(text)).collect();
    taken(invoice(n), TakenOver::NeedsHuman { uids, reason: "posted twice".to_owned() })
}

async fn all(store: &impl InvoiceReader) -> Vec<Summary> {
    store.list(Filter { limit: 100, ..Filter::default() }).await.unwrap()
}

pub async fn a_new_invoice_is_taken_over_as_what_it_is(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let (store, other) = (fixture.adapter(), fixture.other());
    let list = vec![posted(1, "uid-1"), twice(2, &["x", "y"])];
    assert_eq!(store.import_posted(list).await.unwrap(), done(2, 0, 0), "both are new");
    let [one, two]: [Summary; 2] = all(&other).await.try_into().unwrap();
    assert_eq!((one.state, one.ledger_uid), (StateName::Posted, Some(uid("uid-1"))));
    assert_eq!((two.state, two.uids), (StateName::NeedsHuman, vec![uid("x"), uid("y")]));
    assert_eq!(two.reason.as_deref(), Some("posted twice"), "the reason is kept");
    for (id, n) in [(one.id, 1), (two.id, 2)] {
        let dossier = other.dossier(id).await.unwrap().unwrap();
        assert_eq!(dossier.stored.invoice, invoice(n), "what it says is read as it was written");
        assert!(dossier.claims.is_empty(), "nobody here has claimed it");
        assert_eq!(last_note(fixture, id).await.note.text, "taken over", "it has its note");
    }
    let work = other.files_with_work().await.unwrap();
    assert_eq!(work.len(), 0, "no run has anything to do with them: {work:?}");
}

pub async fn a_second_take_over_changes_nothing(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    let list = vec![posted(1, "uid-1"), twice(2, &["x", "y"])];
    assert_eq!(store.import_posted(list.clone()).await.unwrap(), done(2, 0, 0), "both are new");
    let before = all(&store).await;
    assert_eq!(store.import_posted(list).await.unwrap(), done(0, 0, 2), "they are there");
    assert_eq!(all(&store).await, before, "nothing has changed");
    for summary in before {
        assert_eq!(notes_of(fixture, summary.id, NoteKind::Person).await, 1, "nor was it noted");
    }
}

pub async fn what_was_never_sent_or_was_refused_is_taken_over(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    let waits = ready(fixture, 1).await;
    let blocked = ready(fixture, 2).await;
    apply(&store, blocked, block()).await;
    let (refused, _) = settled(fixture, 3, &rejected()).await;
    let found = ready(fixture, 4).await;
    apply(&store, found, alarm(&["uid-4", "y"])).await;
    let changed = invoice_with(1, |parts| parts.memo = String::from("changed"));
    let list = vec![
        taken(changed.clone(), TakenOver::Posted(uid("uid-1"))),
        posted(2, "uid-2"),
        posted(3, "uid-3"),
        posted(4, "uid-4"),
    ];
    assert_eq!(store.import_posted(list).await.unwrap(), done(0, 4, 0), "all four move");
    for (id, text) in [(waits, "uid-1"), (blocked, "uid-2"), (refused, "uid-3"), (found, "uid-4")] {
        assert_eq!(life(&store, id).await.state, InvoiceState::Posted { uid: uid(text) });
    }
    let dossier = store.dossier(waits).await.unwrap().unwrap();
    assert_eq!(dossier.stored.invoice, changed, "new content is taken with it");
}

pub async fn what_tells_more_is_not_taken_over_and_nothing_is(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    let (sent, _) = claimed(fixture, 1).await;
    let (doubtful, _) = settled(fixture, 2, &doubt()).await;
    let (known, _) = settled(fixture, 3, &posted_as("uid-3")).await;
    let waits = ready(fixture, 4).await;
    let mut before = Vec::new();
    for id in [sent, doubtful, known, waits] {
        before.push(life(&store, id).await);
    }
    let list = vec![
        posted(4, "uid-4"),
        posted(5, "uid-5"),
        posted(1, "uid-1"),
        posted(2, "uid-2"),
        posted(3, "other"),
    ];
    let refused =
        |index, state| ImportRefusal { index, problem: ImportProblem::NotTakenOver { state } };
    assert_eq!(
        store.import_posted(list).await.unwrap(),
        Imported::Refused(vec![
            refused(2, StateName::Claimed),
            refused(3, StateName::InDoubt),
            refused(4, StateName::Posted),
        ]),
        "each is named with its state"
    );
    for (id, life_before) in [sent, doubtful, known, waits].into_iter().zip(before) {
        assert_eq!(life(&store, id).await, life_before, "nothing has changed");
    }
    assert_eq!(all(&store).await.len(), 4, "nothing new is in");
    assert_eq!(notes_of(fixture, waits, NoteKind::Person).await, 0, "and nothing is noted");
}

pub async fn every_state_is_taken_over_or_refused_whole(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    for (name, n, id) in one_in_each_state(fixture).await {
        let before = life(&store, id).await;
        let text = format!("new-{n}");
        let past = TakenOver::Posted(uid(&text));
        let expected = before.taken_over(&past);
        let imported = store.import_posted(vec![taken(invoice(n), past)]).await.unwrap();
        let after = life(&store, id).await;
        match expected {
            Ok(Some(next)) => assert_eq!((imported, after), (done(0, 1, 0), next), "{name}"),
            Ok(None) => assert_eq!((imported, after), (done(0, 0, 1), before), "{name}"),
            Err(state) => {
                let problem = ImportProblem::NotTakenOver { state };
                let refused = Imported::Refused(vec![ImportRefusal { index: 0, problem }]);
                assert_eq!((imported, after), (refused, before), "{name}");
            }
        }
    }
}

pub async fn a_document_of_another_invoice_is_not_taken_over(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    let (_, _) = settled(fixture, 1, &posted_as("uid-1")).await;
    let elsewhere = invoice_with(2, |parts| parts.company_file = file("Shop"));
    let list = vec![
        taken(elsewhere, TakenOver::Posted(uid("uid-1"))),
        posted(2, "uid-1"),
        posted(3, "uid-3"),
        posted(4, "uid-3"),
    ];
    let refused = |index, text: &str, other: &str| ImportRefusal {
        index,
        problem: ImportProblem::UidTaken { uid: uid(text), other: other.to_owned() },
    };
    assert_eq!(
        store.import_posted(list).await.unwrap(),
        Imported::Refused(vec![refused(1, "uid-1", "INV-1"), refused(3, "uid-3", "INV-3")]),
        "on record or in the list; not in another company file"
    );
    assert_eq!(all(&store).await.len(), 1, "nothing is in");
}

pub async fn content_that_is_refused_keeps_all_from_being_taken_over(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let store = fixture.adapter();
    let id = import_one(fixture, invoice(1)).await;
    let taken_number = invoice_with(2, |parts| parts.number = invoice(1).parts().number.clone());
    let list = vec![posted(1, "uid-1"), taken(taken_number, TakenOver::Posted(uid("uid-2")))];
    let problem = ImportProblem::NumberTaken { other: "order 1".to_owned() };
    assert_eq!(
        store.import_posted(list).await.unwrap(),
        Imported::Refused(vec![ImportRefusal { index: 1, problem }]),
        "as by a plain import"
    );
    assert_eq!(life(&store, id).await.state, InvoiceState::Ready, "nothing has moved");
}

pub async fn of_concurrent_take_overs_each_is_written_once(
    fixture: &impl IntakeFixture<Adapter: PostedIntake>,
) {
    let stores = [fixture.adapter(), fixture.other()];
    let tasks = (0..6).map(|n| {
        let store = stores[n % 2].clone();
        async move {
            let list = (1..=20).map(|n| posted(n, &format!("uid-{n}"))).collect();
            store.import_posted(list).await.unwrap()
        }
    });
    let answers = at_once(fixture, tasks).await;
    let new: Vec<_> = answers.iter().filter(|it| **it == done(20, 0, 0)).collect();
    assert_eq!(new.len(), 1, "one takes them, all at once: {answers:?}");
    for summary in all(&stores[0]).await {
        assert_eq!(notes_of(fixture, summary.id, NoteKind::Person).await, 1, "each has one note");
    }
}
