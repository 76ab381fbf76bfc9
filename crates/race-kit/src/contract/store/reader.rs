//! What people and programs read.

use jiff::civil::date;
use postonce_domain::{InvoiceId, InvoiceNumber, Money, Move, NoteKind, Side, StateName};
use postonce_ports::reader::{Filter, InvoiceReader, Unpaired};

use crate::contract::ReaderFixture;
use crate::contract::scene::{
    apply, claim, doubt, file, import_one, invoice, invoice_with, life, not_sent,
    one_in_each_state, posted_as, ready, settle, settled, shop, uid,
};

pub async fn every_state_is_counted_and_held_besides(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    let empty = store.counts().await.unwrap();
    assert_eq!(
        empty.by_state,
        StateName::ALL.map(|name| (name, 0)),
        "every state is there, in the order of `StateName::ALL`, with 0 if it is empty"
    );
    one_in_each_state(fixture).await;
    let held = ready(fixture, 20).await;
    apply(&store, held, Move::Hold(true)).await;
    let counts = store.counts().await.unwrap();
    let expected = StateName::ALL.map(|name| match name {
        StateName::Draft => (name, 0),
        StateName::Ready => (name, 2),
        StateName::Blocked
        | StateName::Claimed
        | StateName::Posted
        | StateName::Rejected
        | StateName::InDoubt
        | StateName::NeedsHuman
        | StateName::Forgotten => (name, 1),
    });
    assert_eq!(
        (counts.by_state, counts.held),
        (expected.to_vec(), 1),
        "each state is counted, and `held` besides"
    );
}

async fn listed(store: &impl InvoiceReader, filter: Filter) -> Vec<InvoiceId> {
    let filter = if filter.limit == 0 { Filter { limit: 100, ..filter } } else { filter };
    store.list(filter).await.unwrap().into_iter().map(|summary| summary.id).collect()
}

pub async fn a_list_shows_what_passes_its_filter(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    let states = one_in_each_state(fixture).await;
    let id = |name| states.iter().find(|(state, ..)| *state == name).unwrap().2;
    let newer = invoice_with(20, |parts| {
        parts.date = date(2026, 4, 1);
        parts.company_file = file("other");
    });
    let newer = import_one(fixture, newer).await;
    let all = listed(&store, Filter::default()).await;
    assert_eq!(
        (all.len(), all.is_sorted()),
        (9, true),
        "an empty filter lets all pass, by rising id"
    );
    let two = vec![StateName::Posted, StateName::Rejected];
    let mut both = [id(StateName::Posted), id(StateName::Rejected)];
    both.sort();
    assert_eq!(
        listed(&store, Filter { states: two, ..Filter::default() }).await,
        both,
        "any of the states passes"
    );
    let code = |code: &str| Filter { code: Some(code.to_owned()), ..Filter::default() };
    assert_eq!(
        listed(&store, code("4033")).await,
        [id(StateName::Rejected)],
        "the code of a rejection passes"
    );
    assert_eq!(
        listed(&store, code("customer_missing")).await,
        [id(StateName::Blocked)],
        "the code of a block passes"
    );
    let since = |day| Filter { since: Some(day), ..Filter::default() };
    assert_eq!(
        listed(&store, since(date(2026, 4, 1))).await,
        [newer],
        "the date itself is included"
    );
    assert!(
        listed(&store, since(date(2026, 4, 2))).await.is_empty(),
        "what is older does not pass"
    );
    let other = Filter { company_file: Some(file("other")), ..Filter::default() };
    assert_eq!(listed(&store, other).await, [newer], "only the company file passes");
    let window = Filter { after: Some(all[2]), limit: 3, ..Filter::default() };
    assert_eq!(
        listed(&store, window).await,
        all[3..6],
        "`after` is not listed itself, and `limit` ends the list"
    );
}

pub async fn a_summary_shows_reason_code_and_documents(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    for (name, n, id) in one_in_each_state(fixture).await {
        let summary = store.summary(id).await.unwrap().unwrap();
        assert_eq!(
            (summary.id, summary.state),
            (id, name),
            "each summary is of its invoice and its state"
        );
        assert_eq!(summary.number, invoice(n).parts().number.clone(), "the number is told");
        assert_eq!(
            summary.external_id,
            invoice(n).parts().external_id.clone(),
            "the platform's id is told"
        );
        assert_eq!(summary.total, Money::parse("12.97").unwrap(), "the total is what was declared");
        assert_eq!(
            summary.version,
            life(&store, id).await.version,
            "the version is the one to act on"
        );
        assert_eq!(summary.attempt, life(&store, id).await.attempt, "the attempt is told");
        let (reason, code, uids, ledger_uid) = match name {
            StateName::Blocked => {
                (Some("there is no CUS1"), Some("customer_missing"), vec![], None)
            }
            StateName::Rejected => (Some("no such tax code"), Some("4033"), vec![], None),
            StateName::NeedsHuman => (Some("not ours"), None, vec![uid("x"), uid("y")], None),
            StateName::Posted => (None, None, vec![], Some(uid("uid-4"))),
            StateName::Draft
            | StateName::Ready
            | StateName::Claimed
            | StateName::InDoubt
            | StateName::Forgotten => (None, None, vec![], None),
        };
        assert_eq!(
            (summary.reason.as_deref(), summary.code.as_deref()),
            (reason, code),
            "reason and code are those of the state"
        );
        assert_eq!(
            (summary.uids, summary.ledger_uid),
            (uids, ledger_uid),
            "documents are those of the state"
        );
    }
    assert_eq!(store.summary(InvoiceId(i64::MAX)).await.unwrap(), None, "there is no such invoice");
}

pub async fn a_summary_shows_where_an_invoice_is_from_and_whether_it_is_held(
    fixture: &impl ReaderFixture,
) {
    let store = fixture.adapter();
    let platforms = ready(fixture, 1).await;
    let ordered = invoice_with(2, |parts| {
        parts.side = Side::Ordering;
        parts.date = date(2024, 2, 29);
        parts.company_file = file("other");
    });
    let ordered = import_one(fixture, ordered).await;
    apply(&store, ordered, Move::Hold(true)).await;
    for (id, alias, side, day, held) in [
        (platforms, "shop", Side::Platform, date(2026, 3, 1), false),
        (ordered, "other", Side::Ordering, date(2024, 2, 29), true),
    ] {
        let summary = store.summary(id).await.unwrap().unwrap();
        assert_eq!(
            (summary.company_file, summary.side),
            (file(alias), side),
            "company file and side are told"
        );
        assert_eq!((summary.date, summary.held), (day, held), "date and flag are told");
    }
}

pub async fn a_number_is_found_whatever_its_case(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let number = |text: &str| InvoiceNumber::parse(text).unwrap();
    assert_eq!(
        store.find(&shop(), &number("iNv-1")).await.unwrap(),
        Some(id),
        "a number is found whatever its case"
    );
    assert_eq!(
        store.find(&shop(), &number("INV-2")).await.unwrap(),
        None,
        "there is no such number"
    );
    assert_eq!(
        store.find(&file("SHOP"), &number("INV-1")).await.unwrap(),
        None,
        "aliases of company files differ by case"
    );
}

pub async fn notes_are_read_by_rising_id(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    let (first, _) = settled(fixture, 1, &doubt()).await;
    let (second, _) = settled(fixture, 2, &doubt()).await;
    apply(&store, first, Move::ResolveAbsent).await;
    let all = store.notes(None, 0, 100).await.unwrap();
    assert_eq!(all.len(), 5, "claims, outcomes and moves have a note each");
    assert!(
        all.windows(2).all(|two| two[0].id < two[1].id && two[0].at <= two[1].at),
        "ids and times of notes rise"
    );
    let of_first = store.notes(Some(first), 0, 100).await.unwrap();
    let kinds: Vec<_> = of_first.iter().map(|record| record.note.kind).collect();
    assert_eq!(
        kinds,
        [NoteKind::Claim, NoteKind::Outcome, NoteKind::Person],
        "an invoice's notes are in the order of their writing"
    );
    assert!(
        of_first.iter().all(|record| record.invoice == first),
        "only notes of the invoice are read"
    );
    assert_eq!(
        store.notes(None, all[1].id, 2).await.unwrap(),
        all[2..4],
        "`after` is not read itself, and `limit` ends the list"
    );
    assert_eq!(
        store.notes(Some(first), all[1].id, 9).await.unwrap(),
        of_first[2..],
        "`after` counts ids of the whole trail"
    );
    assert_eq!(
        store.notes(Some(second), 0, 1).await.unwrap(),
        all[2..3],
        "`limit` counts the invoice's notes"
    );
}

pub async fn claims_and_outcomes_are_paired(fixture: &impl ReaderFixture) {
    let store = fixture.adapter();
    let (id, first) = settled(fixture, 1, &doubt()).await;
    settle(&store, first, &not_sent()).await;
    let second = claim(&store, id).await;
    let (_, third) = settled(fixture, 2, &posted_as("u")).await;
    assert_ne!(first, third, "each claim has an id of its own");
    let pairs = store.pairs().await.unwrap();
    assert_eq!(
        (pairs.claims, pairs.outcomes),
        (3, 2),
        "a claim with several outcome notes has an outcome once"
    );
    assert_eq!(
        pairs.unpaired,
        [Unpaired { invoice: id, claim: second, open: true }],
        "the claim without an outcome is named, and is open"
    );
    // A newer claim that a late answer of an older one has closed is not open any more.
    settle(&store, first, &posted_as("v")).await;
    let pairs = store.pairs().await.unwrap();
    assert_eq!(
        pairs.unpaired,
        [Unpaired { invoice: id, claim: second, open: false }],
        "its invoice has moved on, so no outcome is to come"
    );
}
