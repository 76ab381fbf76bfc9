//! Invoices of which the ledger made other amounts.

use postonce_domain::{Computed, Money, StateName};
use postonce_ports::flag::Flags as _;

use super::books::Answer;
use super::world::{QUIET, World};

fn cents(cents: i64) -> Money {
    Money::from_minor(cents).unwrap()
}

/// The flag of an invoice that the ledger books with this total.
async fn flag_after(total: i64) -> Option<String> {
    let world = World::new();
    world.import(&["INV-1"]).await;
    let computed = Computed { lines: vec![cents(total)], total: cents(total) };
    world.ledger.books().answers.push_back(Answer::PostedWith(computed));
    assert_eq!(world.sync().await.counts.posted, 1);
    flag(&world).await
}

async fn flag(world: &World) -> Option<String> {
    let id = world.id("INV-1").await;
    world.database.store.flag(id).await.unwrap().map(|flag| flag.text)
}

#[tokio::test]
async fn a_posted_invoice_with_other_amounts_is_flagged() {
    for rounding in [99, 100, 101] {
        assert_eq!(flag_after(rounding).await, None, "{rounding}");
    }
    let words = flag_after(102).await.unwrap();
    assert!(words.contains("line 1 is 1.02 there and 1.00 here"), "{words}");
}

#[tokio::test]
async fn an_adopted_invoice_with_another_total_is_flagged() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().documents[0].total = Some(cents(101));
    world.clock.pass(QUIET);
    world.check("INV-1").await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    let words = flag(&world).await.unwrap();
    assert!(words.contains("1.01 there and 1.00 here"), "{words}");
}

#[tokio::test]
async fn an_adopted_invoice_in_another_tax_mode_is_flagged() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().documents[0].tax_inclusive = Some(false);
    world.clock.pass(QUIET);
    world.check("INV-1").await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    let words = flag(&world).await.unwrap();
    let told = "1.00 without tax (the invoice's is with tax) there and 1.00 here";
    assert!(words.contains(told), "{words}");
}
