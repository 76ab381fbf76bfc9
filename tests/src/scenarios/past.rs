//! Settling the past of a company file, and what keeps a person from it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::{Offset, TimeZone};
use postonce_domain::StateName;
use postonce_engine::{
    CutOverError, CutOverWish, FilePast, Lookup, Lookups, Outlook, Past, PastPorts,
};
use postonce_ports::file_note::FileNotes as _;
use postonce_ports::registry::Registry as _;

use super::books::Answer;
use super::world::{DAY, QUIET, World, company_file};

/// The date of every invoice here.
const MARCH: Date = date(2026, 3, 1);

/// A world of the year 2026, whose company file `shop` is configured and not settled.
fn world() -> World {
    let world = World::unsettled();
    let today = date(2026, 7, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    // The clock stands at its second day.
    let since = u64::try_from(today.as_second()).unwrap();
    world.clock.pass(Duration::from_secs(since).saturating_sub(DAY));
    world
}

fn past_with(world: &World, lookup: Lookup) -> Past {
    let store = Arc::new(world.database.store.clone());
    let ports = PastPorts {
        store: store.clone(),
        registry: store.clone(),
        reader: store.clone(),
        notes: store,
        clock: Arc::new(world.clock.clone()),
    };
    Past::new(ports, BTreeSet::from([company_file("shop")]), lookup)
}

fn past(world: &World) -> Past {
    past_with(world, Lookup::InDoubt)
}

fn wish(file: &str, through: Date) -> CutOverWish {
    let company_file = company_file(file);
    CutOverWish { company_file, through, zone: TimeZone::UTC, keeps_doubts: false }
}

async fn settle(world: &World, through: Date) -> Outlook {
    let outlook = past(world).look(&wish("shop", through)).await.unwrap();
    assert!(past(world).settle(&outlook, "sam", "moved").await.unwrap());
    outlook
}

async fn shop(world: &World) -> FilePast {
    past(world).known_file(&company_file("shop")).await.unwrap()
}

async fn trail(world: &World) -> Vec<String> {
    let notes = world.database.store.list(None, 0, 100).await.unwrap();
    notes.into_iter().map(|record| format!("{}: {}", record.note.actor, record.note.text)).collect()
}

#[tokio::test]
async fn a_cut_over_counts_what_goes_on_being_looked_up_and_leaves_a_line() {
    let world = world();
    world.import(&["INV-1", "INV-2"]).await;
    assert_eq!(shop(&world).await.lookups, Lookups::NotCutOver);
    let before = settle(&world, date(2026, 2, 28)).await;
    assert_eq!((before.ready, before.before), (0, None));
    let outlook = settle(&world, MARCH).await;
    assert_eq!((outlook.ready, outlook.before), (2, Some(date(2026, 2, 28))));
    assert_eq!(shop(&world).await.lookups, Lookups::Through(MARCH));
    assert!(!past(&world).settle(&outlook, "sam", "twice").await.unwrap());
    assert!(past(&world).unsettle(&company_file("shop"), "kim", "no").await.unwrap());
    assert!(!past(&world).unsettle(&company_file("shop"), "kim", "no").await.unwrap());
    assert_eq!(shop(&world).await.lookups, Lookups::NotCutOver);
    let lines = [
        "sam: settled through 2026-02-28, before not at all: moved",
        "sam: settled through 2026-03-01, before through 2026-02-28: moved",
        "kim: not settled any more: no",
    ];
    assert_eq!(trail(&world).await, lines);
}

#[tokio::test]
async fn a_company_file_that_nobody_knows_is_not_cut_over() {
    let world = world();
    world.import_into("yard", &["YARD-1"]).await;
    let error = past(&world).look(&wish("yrad", MARCH)).await.unwrap_err();
    let CutOverError::Unknown { known, .. } = error else { panic!("{error:?}") };
    assert_eq!(known, [company_file("shop"), company_file("yard")]);
    let undone = past(&world).unsettle(&company_file("yrad"), "sam", "x").await;
    assert!(matches!(undone, Err(CutOverError::Unknown { .. })), "{undone:?}");
    let known = world.database.store.company_file_settings(&company_file("yrad")).await.unwrap();
    assert_eq!(known, None, "a refusal writes nothing");
    // With nothing left to do it is still known, by its invoices.
    world.sync().await;
    past(&world).look(&wish("yard", MARCH)).await.map(drop).unwrap();
}

#[tokio::test]
async fn a_date_is_in_the_future_by_the_zone_of_the_company() {
    let world = world();
    // 23:00 in UTC is the next day's morning in Sydney.
    world.clock.pass(Duration::from_secs(23 * 3_600));
    let tomorrow = wish("shop", date(2026, 7, 2));
    let error = past(&world).look(&tomorrow).await.unwrap_err();
    let CutOverError::Future { today, .. } = error else { panic!("{error:?}") };
    assert_eq!(today, date(2026, 7, 1));
    let zone = TimeZone::fixed(Offset::constant(10));
    past(&world).look(&CutOverWish { zone, ..tomorrow }).await.map(drop).unwrap();
}

#[tokio::test]
async fn a_cut_over_waits_until_an_alarm_is_not_quiet_any_more_and_ends_it() {
    let world = world();
    world.import(&["INV-1"]).await;
    let file = company_file("shop");
    world.database.store.alarm(&file, QUIET).await.map(drop).unwrap();
    let error = past(&world).look(&wish("shop", MARCH)).await.unwrap_err();
    assert!(matches!(error, CutOverError::Quiet { .. }), "{error:?}");
    assert_eq!(shop(&world).await.lookups, Lookups::Alarm);
    world.clock.pass(QUIET);
    let outlook = past(&world).look(&wish("shop", MARCH)).await.unwrap();
    // Raised again between the look and the word.
    world.database.store.alarm(&file, QUIET).await.map(drop).unwrap();
    let error = past(&world).settle(&outlook, "sam", "moved").await.unwrap_err();
    assert!(matches!(error, CutOverError::Quiet { .. }), "{error:?}");
    assert_eq!(trail(&world).await, [""; 0]);
    world.clock.pass(QUIET);
    let error = past(&world).settle(&outlook, "sam", "moved").await.unwrap_err();
    assert!(matches!(error, CutOverError::Alarmed { .. }), "nobody has seen it: {error:?}");
    assert_eq!(trail(&world).await, [""; 0]);
    let outlook = past(&world).look(&wish("shop", MARCH)).await.unwrap();
    assert!(past(&world).settle(&outlook, "sam", "moved").await.unwrap());
    assert_eq!(shop(&world).await.alarm, None);
    assert_eq!(world.sync().await.counts.posted, 1);
}

#[tokio::test]
async fn invoices_that_nobody_is_sure_of_keep_the_past_from_being_settled() {
    let world = world();
    world.import(&["INV-1", "INV-2"]).await;
    world.ledger.books().answers.push_back(Answer::Loses);
    world.sync().await;
    assert_eq!(world.state("INV-1").await, StateName::InDoubt);
    let error = past(&world).look(&wish("shop", MARCH)).await.unwrap_err();
    let CutOverError::Unsettled { invoices, .. } = error else { panic!("{error:?}") };
    assert_eq!(invoices.iter().map(|it| it.number.to_string()).collect::<Vec<_>>(), ["INV-1"]);
    // It is no matter of a past that ends before it.
    past(&world).look(&wish("shop", date(2026, 2, 28))).await.map(drop).unwrap();
    let kept = CutOverWish { keeps_doubts: true, ..wish("shop", MARCH) };
    let outlook = past(&world).look(&kept).await.unwrap();
    assert_eq!(outlook.doubts.len(), 1);
    assert!(past(&world).settle(&outlook, "sam", "known").await.unwrap());
    assert_eq!((shop(&world).await.unsettled, world.state("INV-1").await), (1, StateName::InDoubt));
    let line = "sam: settled through 2026-03-01, before not at all, invoices up to then that are not \
                settled: 1: known";
    assert_eq!(trail(&world).await, [line]);
}

#[tokio::test]
async fn where_all_are_looked_up_by_configuration_the_list_says_so() {
    let world = world();
    settle(&world, MARCH).await;
    let files = past_with(&world, Lookup::Always).files().await.unwrap();
    assert_eq!(files.iter().map(|it| it.lookups).collect::<Vec<_>>(), [Lookups::Configured]);
}

#[tokio::test]
async fn every_company_file_of_a_database_that_is_taken_over_has_a_line() {
    let world = world();
    world.import(&["INV-1"]).await;
    world.import_into("yard", &["YARD-1"]).await;
    let store = &world.database.store;
    store.whereabouts().await.map(drop).unwrap();
    store.move_to("elsewhere");
    store.take_over_noted(QUIET, "sam").await.map(drop).unwrap();
    store.take_over_noted(QUIET, "sam").await.map(drop).unwrap();
    let line = "sam: taken over: the database was memory and is elsewhere";
    assert_eq!(trail(&world).await, [line, line]);
}
