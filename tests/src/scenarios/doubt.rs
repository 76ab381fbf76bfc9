//! Out of doubt, with policy to send again what is proven absent.

use postonce_domain::StateName;

use super::books::{Answer, Searches};
use super::world::{DAY, QUIET, World};

fn reposting() -> World {
    let mut world = World::new();
    world.policy.doubt.repost_absent = true;
    world
}

/// Runs on many days, each of which posts another invoice: there is a document to try a search on.
async fn many_days(world: &World) {
    for day in 0..6 {
        let number = format!("DAY-{day}");
        world.import(&[number.as_str()]).await;
        world.clock.pass(DAY);
        world.sync().await;
        assert_eq!(world.state(&number).await, StateName::Posted);
    }
}

async fn never_sent_again(world: &World) {
    many_days(world).await;
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
}

#[tokio::test]
async fn what_two_searches_that_work_do_not_find_is_sent_again_by_policy() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    many_days(&world).await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 2);
    let shown = world.ledger.books().documents.iter().filter(|it| it.number == "INV-1").count();
    assert_eq!(shown, 1);
}

#[tokio::test]
async fn without_the_policy_what_is_proven_absent_waits_for_a_person() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    never_sent_again(&world).await;
    let refused = world.reprocess(&["INV-1"]).await.refused;
    assert!(refused[0].1.to_string().contains("confirmed absent"), "{refused:?}");
}

#[tokio::test]
async fn a_search_that_never_finds_anything_proves_nothing() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.ledger.books().searches = Searches::Broken;
    world.sync().await;
    never_sent_again(&world).await;
    // The ledger's search is mended.
    world.ledger.books().searches = Searches::Work;
    world.check("INV-1").await;
    assert_eq!(world.state("INV-1").await, StateName::Posted);
}

#[tokio::test]
async fn nothing_is_proven_while_no_later_document_can_be_found() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    for _ in 0..6 {
        world.clock.pass(DAY);
        world.check("INV-1").await;
    }
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
}

#[tokio::test]
async fn a_search_that_works_by_number_only_proves_nothing() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().documents[0].number = "renumbered".to_owned();
    world.ledger.books().searches = Searches::OnlyByNumber;
    never_sent_again(&world).await;
}

#[tokio::test]
async fn a_search_that_works_by_reference_only_proves_nothing() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().documents[0].reference = "changed".to_owned();
    world.ledger.books().searches = Searches::OnlyByReference;
    never_sent_again(&world).await;
}

#[tokio::test]
async fn a_document_that_appears_late_is_adopted_and_not_sent_again() {
    let world = reposting();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().hide_all();
    world.import(&["INV-2"]).await;
    world.clock.pass(QUIET);
    world.sync().await;
    world.clock.pass(QUIET);
    // One search has missed it. The second one does not.
    world.ledger.books().hidden.clear();
    assert_eq!(world.sync().await.counts.adopted, 1);
    assert_eq!(world.ledger.books().posts_of("INV-1"), 1);
}

#[tokio::test]
async fn each_search_that_finds_nothing_doubles_the_wait_for_the_next() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    let mut asked = Vec::new();
    for _ in 0..8 {
        world.ledger.books().asked.clear();
        world.clock.pass(QUIET);
        world.sync().await;
        asked.push(world.ledger.books().asked_for("number INV-1"));
    }
    // After the quiet period, then one, two and four of them later.
    assert_eq!(asked, [1, 1, 0, 1, 0, 0, 0, 1]);
}

#[tokio::test]
async fn a_check_says_what_it_found() {
    let world = World::new();
    world.import(&["INV-1"]).await;
    world.ledger.books().answers.push_back(Answer::BooksAndLoses);
    world.sync().await;
    world.ledger.books().hide_all();
    world.clock.pass(QUIET);
    let unproven = world.check("INV-1").await.outcome.to_string();
    assert_eq!(unproven, "not found; that proves nothing yet");
    for uid in ["doc-2", "doc-3"] {
        assert_eq!(world.ledger.books().add("INV-1", "typed by hand", "").as_str(), uid);
    }
    let strange = world.check("INV-1").await.outcome.to_string();
    assert!(
        strange.starts_with("needs a person: ") && strange.ends_with(": doc-2, doc-3"),
        "{strange}"
    );
    let again = world.check("INV-1").await.outcome.to_string();
    assert_eq!(again, "is not in doubt: it is needs_human");
}
