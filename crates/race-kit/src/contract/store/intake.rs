//! How invoices come in.

use postonce_domain::{
    CustomerCode, ExternalId, InvoiceNumber, InvoiceParts, ItemCode, Money, Percent, Side,
    StateName,
};
use postonce_ports::doubt::DoubtStore;
use postonce_ports::intake::{ImportProblem, ImportRefusal, Imported, Intake};
use postonce_ports::reader::{Filter, InvoiceReader};

use crate::contract::IntakeFixture;
use crate::contract::scene::{
    apply, block, file, import_one, invoice, invoice_with, life, line, not_sent, one_in_each_state,
    posted_as, ready, rejected, settled, shop, state,
};

const fn done(created: u64, replaced: u64, unchanged: u64) -> Imported {
    Imported::Done { created, replaced, unchanged }
}

fn with_memo(parts: &mut InvoiceParts) {
    parts.memo = String::from("changed");
}

fn number(text: &str) -> InvoiceNumber {
    InvoiceNumber::parse(text).unwrap()
}

pub async fn a_new_invoice_becomes_ready(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let imported = store.import(vec![invoice(1), invoice(2)]).await.unwrap();
    assert_eq!(imported, done(2, 0, 0), "both are new");
    let all = store.list(Filter { limit: 10, ..Filter::default() }).await.unwrap();
    assert_eq!(
        all.iter().map(|it| it.state).collect::<Vec<_>>(),
        [StateName::Ready; 2],
        "a new invoice is ready"
    );
    let dossier = store.dossier(all[1].id).await.unwrap().unwrap();
    assert_eq!(dossier.stored.invoice, invoice(2), "what it says is read as it was written");
    assert!(!dossier.stored.doubtful_past, "it was never claimed");
}

pub async fn the_same_content_is_left_alone_whatever_the_state(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    for (name, n, id) in one_in_each_state(fixture).await {
        let before = life(&store, id).await;
        assert_eq!(
            store.import(vec![invoice(n)]).await.unwrap(),
            done(0, 0, 1),
            "the same content is no change: {name}"
        );
        assert_eq!(life(&store, id).await, before, "nothing has changed");
    }
}

pub async fn new_content_replaces_that_of_a_ready_invoice(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = life(&store, id).await;
    let fewer = invoice_with(1, |parts| {
        parts.lines = vec![line(1, "2", "7.25")];
        parts.number = number("NEW-1");
    });
    assert_eq!(
        store.import(vec![fewer.clone()]).await.unwrap(),
        done(0, 1, 0),
        "its content is replaced"
    );
    let stored = store.dossier(id).await.unwrap().unwrap().stored;
    assert_eq!(
        stored.invoice, fewer,
        "the new content is stored whole, with as many lines as it has now"
    );
    assert_eq!(stored.life.state, before.state, "it stays where it was");
    assert!(stored.life.version > before.version, "new content raises the version");
}

pub async fn new_content_makes_a_blocked_invoice_ready(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let id = ready(fixture, 1).await;
    let before = apply(&store, id, block()).await;
    assert_eq!(
        store.import(vec![invoice_with(1, with_memo)]).await.unwrap(),
        done(0, 1, 0),
        "its content is replaced"
    );
    let after = life(&store, id).await;
    assert_eq!(after.state.name(), StateName::Ready, "new content may mend what blocked it");
    assert!(after.version > before.version, "new content raises the version");
}

pub async fn new_content_leaves_a_rejected_invoice_waiting(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let (id, _) = settled(fixture, 1, &rejected()).await;
    let before = life(&store, id).await;
    assert_eq!(
        store.import(vec![invoice_with(1, with_memo)]).await.unwrap(),
        done(0, 1, 0),
        "its content is replaced"
    );
    let stored = store.dossier(id).await.unwrap().unwrap().stored;
    assert_eq!(stored.life.state, before.state, "only reprocess leads out of `rejected`");
    assert!(stored.life.version > before.version, "new content raises the version");
    assert_eq!(stored.invoice.parts().memo, "changed", "the new content is stored");
}

pub async fn number_and_customer_are_fixed_from_the_first_claim_on(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    settled(fixture, 1, &not_sent()).await;
    let fixed = ImportProblem::Fixed { number: "INV-1".to_owned(), customer: "CUS1".to_owned() };
    let renumbered = invoice_with(1, |parts| parts.number = number("INV-9"));
    let rebilled =
        invoice_with(1, |parts| parts.customer.code = CustomerCode::parse("CUS2").unwrap());
    for changed in [renumbered, rebilled] {
        let refused = Imported::Refused(vec![ImportRefusal { index: 0, problem: fixed.clone() }]);
        assert_eq!(
            store.import(vec![changed]).await.unwrap(),
            refused,
            "inquiries look for the number and the customer of the first claim"
        );
    }
    assert_eq!(
        store.import(vec![invoice_with(1, with_memo)]).await.unwrap(),
        done(0, 1, 0),
        "everything else may be replaced"
    );
}

pub async fn new_content_is_refused_once_it_may_be_in_the_ledger(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let late = [
        StateName::Claimed,
        StateName::Posted,
        StateName::InDoubt,
        StateName::NeedsHuman,
        StateName::Forgotten,
    ];
    for (state, n, id) in one_in_each_state(fixture).await {
        if late.contains(&state) {
            let before = store.dossier(id).await.unwrap().unwrap().stored;
            let problem = ImportProblem::TooLate { state };
            let refused = Imported::Refused(vec![ImportRefusal { index: 0, problem }]);
            assert_eq!(
                store.import(vec![invoice_with(n, with_memo)]).await.unwrap(),
                refused,
                "what may be in the ledger is not changed any more"
            );
            assert_eq!(
                store.dossier(id).await.unwrap().unwrap().stored,
                before,
                "a refusal changes nothing"
            );
        }
    }
}

fn taken(index: usize, other: &str) -> ImportRefusal {
    ImportRefusal { index, problem: ImportProblem::NumberTaken { other: other.to_owned() } }
}

pub async fn a_number_on_record_is_refused_whatever_its_case(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let same = invoice_with(2, |parts| parts.number = number("inv-1"));
    let imported = store.import(vec![same]).await.unwrap();
    assert_eq!(
        imported,
        Imported::Refused(vec![taken(0, "order 1")]),
        "a number of another invoice is taken, whatever its case"
    );
}

pub async fn a_number_twice_in_the_list_is_refused_whatever_its_case(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let same = invoice_with(2, |parts| parts.number = number("inv-1"));
    let imported = store.import(vec![invoice(1), same]).await.unwrap();
    assert_eq!(
        imported,
        Imported::Refused(vec![taken(1, "order 1")]),
        "a number is taken by an earlier one of the list too, whatever its case"
    );
}

pub async fn a_number_that_the_list_frees_is_still_taken(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let renumbered = invoice_with(1, |parts| parts.number = number("INV-3"));
    let follower = invoice_with(2, |parts| parts.number = number("INV-1"));
    let imported = store.import(vec![renumbered, follower]).await.unwrap();
    assert_eq!(
        imported,
        Imported::Refused(vec![taken(1, "order 1")]),
        "a number counts as it was before the list"
    );
}

pub async fn a_number_may_be_there_in_two_company_files(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let elsewhere = invoice_with(1, |parts| parts.company_file = file("Shop"));
    assert_eq!(
        store.import(vec![invoice(1), elsewhere]).await.unwrap(),
        done(2, 0, 0),
        "numbers are a company file's own, and aliases differ by case"
    );
}

pub async fn every_refusal_is_listed_and_nothing_is_taken(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let (posted, _) = settled(fixture, 2, &posted_as("uid-2")).await;
    let list = vec![
        invoice(3),
        invoice_with(4, |parts| parts.number = number("INV-1")),
        invoice_with(2, with_memo),
        invoice_with(1, with_memo),
    ];
    let late = ImportProblem::TooLate { state: StateName::Posted };
    let refusals = vec![taken(1, "order 1"), ImportRefusal { index: 2, problem: late }];
    assert_eq!(
        store.import(list).await.unwrap(),
        Imported::Refused(refusals),
        "all refusals are listed by their places, and not only the first"
    );
    assert_eq!(
        store.find(&shop(), &number("INV-3")).await.unwrap(),
        None,
        "nothing of a refused list is taken, not even what is in order"
    );
    let one = store.find(&shop(), &number("INV-1")).await.unwrap().unwrap();
    assert_eq!(
        store.dossier(one).await.unwrap().unwrap().stored.invoice.parts().memo,
        "",
        "nothing of a refused list replaces anything"
    );
    assert_eq!(state(&store, posted).await, StateName::Posted, "the posted one is left alone");
}

pub async fn ids_that_differ_in_case_are_different_invoices(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let upper = invoice_with(2, |parts| parts.external_id = ExternalId::parse("ORDER 1").unwrap());
    assert_eq!(
        store.import(vec![invoice(1), upper]).await.unwrap(),
        done(2, 0, 0),
        "external ids differ by case"
    );
}

pub async fn an_id_of_the_other_side_is_refused(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    ready(fixture, 1).await;
    let ordering = invoice_with(1, |parts| parts.side = Side::Ordering);
    let problem = ImportProblem::OtherSide { side: Side::Platform };
    let refusal = ImportRefusal { index: 0, problem };
    assert_eq!(
        store.import(vec![ordering]).await.unwrap(),
        Imported::Refused(vec![refusal]),
        "an invoice stays with the side that it came from"
    );
}

pub async fn an_invoice_twice_in_the_list_counts_by_its_content(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let list = vec![invoice(1), invoice(1), invoice_with(1, with_memo)];
    assert_eq!(
        store.import(list).await.unwrap(),
        done(1, 1, 1),
        "the first is new, the second the same, the third replaces it"
    );
    let id = store.find(&shop(), &number("INV-1")).await.unwrap().unwrap();
    assert_eq!(
        store.dossier(id).await.unwrap().unwrap().stored.invoice,
        invoice_with(1, with_memo),
        "the last content counts"
    );
}

pub async fn all_content_survives_storage(fixture: &impl IntakeFixture) {
    let store = fixture.adapter();
    let full = invoice_with(1, |parts| {
        parts.side = Side::Ordering;
        parts.external_id = ExternalId::parse("Bestellung Nº 1; 'x' \"y\" %_").unwrap();
        parts.customer.name = String::from("Ada Løvelace");
        parts.customer.email = String::from("ada@example.org");
        parts.freight = Money::parse("12.34").unwrap();
        parts.tax_inclusive = false;
        parts.memo = String::from("thank you\nagain");
        let mut odd = line(9, "1.2345", "99999.9999");
        odd.item = Some(ItemCode::parse("IT 1").unwrap());
        odd.discount = Percent::parse("12.5").unwrap();
        parts.lines.push(odd);
    });
    let credit = invoice_with(2, |parts| parts.lines = vec![line(3, "-1.5", "10")]);
    for whole in [full, credit] {
        let id = import_one(fixture, whole.clone()).await;
        assert_eq!(
            store.dossier(id).await.unwrap().unwrap().stored.invoice,
            whole,
            "what was written is what is read"
        );
    }
}
