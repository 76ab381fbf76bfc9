//! `postonce cron` as processes.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use postonce_adapter_host::HostClock;
use postonce_ports::clock::Clock as _;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Guarded, Place, Sandbox, wait_for};

/// The fires on record, oldest first.
fn fires(place: &Place) -> Result<Vec<Value>> {
    let mut fires = place.json(&["cron", "fires", "--limit", "1000", "--json"])?;
    let mut fires = fires.as_array_mut().map(std::mem::take).context("a list")?;
    fires.reverse();
    Ok(fires)
}

fn states(fires: &[Value]) -> Vec<&str> {
    fires.iter().map(|fire| fire["state"].as_str().unwrap_or_default()).collect()
}

/// Starts `postonce cron` with its log in a file of this name.
fn start(place: &Place, log: &str) -> Result<Guarded> {
    let mut command = place.command(&crate::harness::binary("POSTONCE_BIN")?, &["cron"]);
    let log = std::fs::File::create(place.path().join(log))?;
    Guarded::start(command.stderr(log))
}

/// Sends SIGTERM and waits for the end.
fn stop(cron: Guarded) -> Result<()> {
    cron.signal(Signal::TERM)?;
    cron.finish()?.expect(0).map(drop)
}

/// Three processes, a schedule that fires every second, and a hundred fires: each is on record once,
/// and has a run of its own.
pub(crate) fn a_hundred_fires_of_three_processes(place: &mut Place) -> Result<()> {
    const FIRES: usize = 100;
    place.set("CRON__SCHEDULE", "* * * * * *");
    place.set("CRON__TIME_ZONE", "UTC");
    let crons = ["one", "two", "three"].map(|log| start(place, log));
    let crons = crons.into_iter().collect::<Result<Vec<_>>>()?;
    wait_for("the fires", || {
        // A look is a process of its own, and takes time from the others.
        pause();
        let ended = fires(place)?.iter().filter(|fire| fire["state"] != "taken").count();
        Ok((ended >= FIRES).then_some(()))
    })?;
    for cron in &crons {
        cron.signal(Signal::TERM)?;
    }
    for cron in crons {
        cron.finish()?.expect(0)?;
    }
    let fires = fires(place)?;
    let planned: BTreeSet<&str> =
        fires.iter().filter_map(|fire| fire["planned_at"].as_str()).collect();
    ensure!(planned.len() == fires.len() && fires.len() >= FIRES, "each is on record once");
    let ran: Vec<&Value> = fires.iter().filter(|fire| fire["state"] == "ran").collect();
    let runs: BTreeSet<i64> = ran.iter().filter_map(|fire| fire["run_id"].as_i64()).collect();
    ensure!(runs.len() == ran.len(), "no two fires have one run");
    // A fire that was let go at the end may have had a run that was asked to stop.
    let others: Vec<&Value> = fires.iter().filter(|fire| fire["state"] != "ran").collect();
    ensure!(others.iter().all(|fire| fire["state"] == "left"), "{others:#?}");
    ensure!(ran.len() >= FIRES, "{} ran", ran.len());
    let known = place.json(&["runs", "--limit", "1000", "--json"])?;
    let known = known.as_array().context("a list")?;
    let through = known.iter().filter(|run| run["status"] == "completed").count();
    ensure!(through == ran.len(), "{through} runs, {} fires that ran", ran.len());
    ensure!(known.iter().all(|run| run["trigger"] == "scheduled"), "no other run");
    let takers: BTreeSet<&str> = fires.iter().filter_map(|fire| fire["taker"].as_str()).collect();
    ensure!(takers.len() == 3, "all three took some: {takers:?}");
    // From the first to the last there is one for each second.
    let first: jiff::Timestamp = fires[0]["planned_at"].as_str().context("a time")?.parse()?;
    let last = fires.last().and_then(|fire| fire["planned_at"].as_str()).context("a time")?;
    let last: jiff::Timestamp = last.parse()?;
    let seconds = usize::try_from(last.as_second() - first.as_second())?;
    ensure!(seconds + 1 == fires.len(), "{seconds} s, {} fires", fires.len());
    Ok(())
}

#[test]
fn a_hundred_fires_of_three_processes_are_a_hundred_runs() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("CRON", 20)?;
    a_hundred_fires_of_three_processes(&mut place)?;
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (20, 0));
    Ok(())
}

/// A taker is killed in the middle of its run; another process goes on.
#[test]
fn a_fire_whose_process_was_killed_is_run_again() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("KILL", 30)?;
    place.short_quiet(5);
    place.set("CRON__TIME_ZONE", "UTC");
    place.set("CRON__SCHEDULE", &soon()?);
    sandbox.fault(json!({"action": "delay", "delay_ms": 150, "times": 0}))?;
    let mut cron = start(&place, "killed")?;
    wait_for("the first posts", || Ok((sandbox.books()?.posts_received >= 4).then_some(())))?;
    cron.kill()?;
    sandbox.clear_faults()?;
    assert_eq!(states(&fires(&place)?), ["taken"]);
    let other = start(&place, "other")?;
    wait_for("the rest", || Ok((states(&fires(&place)?) == ["ran"]).then_some(())))?;
    assert_eq!(fires(&place)?[0]["takes"], 2);
    stop(other)?;
    // What was in flight when it was killed is asked for, and then it is all there, once.
    place.run(&["sync"])?;
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (30, 0));
    Ok(())
}

#[test]
fn sigterm_in_the_middle_of_a_run_finishes_what_is_in_flight_and_the_next_one_does_the_rest()
-> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("TERM", 60)?;
    place.set("CRON__TIME_ZONE", "UTC");
    place.set("CRON__SCHEDULE", &soon()?);
    sandbox.fault(json!({"action": "delay", "delay_ms": 300, "times": 0}))?;
    let cron = start(&place, "one")?;
    wait_for("the first posts", || Ok((sandbox.books()?.posts_received >= 4).then_some(())))?;
    stop(cron)?;
    let status = place.json(&["status", "--json"])?;
    assert_eq!(status["lock"]["state"], "free");
    assert_eq!(
        (&status["invoices"]["claimed"], &status["invoices"]["in_doubt"]),
        (&0.into(), &0.into())
    );
    assert_eq!(status["last_run"]["status"], "cancelled", "{status}");
    let posted = status["invoices"]["posted"].as_u64().context("a count")?;
    assert!((4..60).contains(&posted), "{status}");
    assert_eq!(states(&fires(&place)?), ["left"]);

    sandbox.clear_faults()?;
    let cron = start(&place, "two")?;
    wait_for("the rest", || Ok((states(&fires(&place)?) == ["ran"]).then_some(())))?;
    stop(cron)?;
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (60, 0));
    Ok(())
}

#[test]
fn a_fire_that_finds_another_run_is_skipped_with_its_holder() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("BUSY", 40)?;
    place.set("CRON__TIME_ZONE", "UTC");
    place.set("CRON__SCHEDULE", "* * * * * *");
    place.set("CRON__RETRY_MINUTES", "0");
    sandbox.fault(json!({"action": "delay", "delay_ms": 500, "times": 0}))?;
    let sync = place.start(&["sync", "--json"])?;
    wait_for("the first posts", || Ok((sandbox.books()?.posts_received >= 1).then_some(())))?;
    let cron = start(&place, "cron")?;
    let skipped = wait_for("a fire", || {
        Ok(fires(&place)?.into_iter().find(|fire| fire["state"] == "skipped"))
    })?;
    let holder = skipped["reason"].as_str().context("a reason")?;
    let pid = format!("process {}", sync.id());
    ensure!(holder.contains(&pid) && holder.contains("manual"), "{holder}");
    assert_eq!(skipped["run_id"], Value::Null);
    sync.finish()?.expect(0)?;
    wait_for("a run of its own", || Ok(states(&fires(&place)?).contains(&"ran").then_some(())))?;
    stop(cron)
}

#[test]
fn what_was_missed_while_nobody_was_there_is_made_up_for_once() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.set("CRON__TIME_ZONE", "UTC");
    place.set("CRON__SCHEDULE", "0 * * * *");
    // As if a scheduler had taken the fire of four hours ago, and none since.
    let hour = HostClock.wall().as_second().div_euclid(3_600) - 4;
    place.run(&["status"])?.expect(0)?;
    let words = place.json(&["cron", "next", "--json"])?["words"].clone();
    let at = hour * 3_600 * 1_000_000;
    let row = format!(
        "INSERT INTO postonce_cron_fire VALUES ('sync', {at}, '{}', 'one', 1, {at}, {at}, 'ran', \
         1, '', {at})",
        words.as_str().context("words")?
    );
    let database = place.path().join("postonce.db");
    SqliteConnection::establish(&database.to_string_lossy())?.batch_execute(&row)?;
    let cron = start(&place, "cron")?;
    wait_for("the newest", || Ok((fires(&place)?.len() >= 5).then_some(())))?;
    wait_for("its run", || Ok((!states(&fires(&place)?).contains(&"taken")).then_some(())))?;
    stop(cron)?;
    let fires = fires(&place)?;
    let states = states(&fires);
    // The hour may have turned meanwhile.
    assert_eq!(states[..5], ["ran", "missed", "missed", "missed", "ran"], "{fires:#?}");
    Ok(())
}

#[test]
fn whoever_watches_the_schedule_tells_of_a_run_that_failed() -> Result<()> {
    let mut sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("TELL", 1)?;
    place.set("CRON__TIME_ZONE", "UTC");
    place.set("CRON__SCHEDULE", &soon()?);
    place.set("NOTIFY__COMMAND", "/bin/true");
    sandbox.stop()?;
    let cron = start(&place, "cron")?;
    let told = wait_for("a notice", || {
        pause();
        let notices = place.json(&["notify", "list", "--json"])?;
        let notices = notices.as_array().context("a list")?;
        Ok(notices.iter().find(|notice| notice["kind"] == "run_failed").cloned())
    })?;
    ensure!(told.to_string().contains("scheduled"), "{told}");
    assert_eq!(states(&fires(&place)?), ["failed"]);
    stop(cron)
}

#[test]
fn a_bad_schedule_and_a_bad_zone_are_named_with_the_mend() -> Result<()> {
    for (key, value, names) in [
        ("CRON__SCHEDULE", "0 25 * * *", ["`cron.schedule` = `0 25 * * *`", "0 20 * * *"]),
        ("CRON__SCHEDULE", "0 0 30 2 *", ["`cron.schedule` = `0 0 30 2 *`", "never fires"]),
        ("CRON__TIME_ZONE", "Sydney", ["`cron.time_zone` = `Sydney`", "Australia/Sydney"]),
        ("CRON__CATCH_UP_HOURS", "-1", ["`cron.catch_up_hours` = `-1`", "whole number"]),
    ] {
        let sandbox = Sandbox::start()?;
        let mut place = Place::new(&sandbox)?;
        place.set(key, value);
        for command in [&["cron"][..], &["cron", "next"][..]] {
            let said = place.run(command)?.expect(78)?.stderr;
            ensure!(names.iter().all(|name| said.contains(name)), "{said}");
        }
    }
    Ok(())
}

#[test]
fn the_next_fires_are_told_in_the_zone_of_the_company() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    let next = place.run(&["cron", "next", "--json"])?.expect(0)?;
    ensure!(next.stderr.contains("cron.time_zone"), "{}", next.stderr);
    assert_eq!(next.json()?["time_zone"], "UTC");

    let zones = |one: &str, other: &str| {
        format!(
            "[company_file.one]\ntime_zone = \"{one}\"\n[company_file.two]\ntime_zone = \"{other}\"\n"
        )
    };
    place.write("postonce.toml", zones("Australia/Sydney", "Australia/Sydney").as_bytes())?;
    let next = place.run(&["cron", "next", "--count", "400", "--json"])?.expect(0)?;
    assert_eq!(next.stderr, "");
    let next = next.json()?;
    assert_eq!(next["time_zone"], "Australia/Sydney");
    assert_eq!(next["words"], "At 20:00, in Australia/Sydney (0 20 * * *)");
    let fires = next["fires"].as_array().context("a list")?;
    assert_eq!(fires.len(), 400);
    // More than a year has both changes.
    let notes: Vec<&str> = fires.iter().filter_map(|fire| fire["note"].as_str()).collect();
    ensure!(notes.iter().any(|note| note.contains("forward")), "{notes:?}");
    ensure!(notes.iter().any(|note| note.contains("back")), "{notes:?}");
    ensure!(
        fires
            .iter()
            .all(|fire| fire["local"].as_str().is_some_and(|it| it.contains("T20:00:00+1")))
    );

    place.write("postonce.toml", zones("Australia/Sydney", "Australia/Perth").as_bytes())?;
    let next = place.run(&["cron", "next"])?.expect(0)?;
    ensure!(next.stderr.contains("Australia/Perth, Australia/Sydney"), "{}", next.stderr);
    ensure!(next.stdout.contains("At 20:00, in UTC"), "{}", next.stdout);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a test waits for other processes")]
fn pause() {
    std::thread::sleep(Duration::from_secs(2));
}

/// A schedule of one fire, a few seconds from now.
fn soon() -> Result<String> {
    let at = HostClock.wall().checked_add(Duration::from_secs(4))?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    Ok(format!("{} {} {} {} {} *", at.second(), at.minute(), at.hour(), at.day(), at.month()))
}
