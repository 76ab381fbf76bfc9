//! A database that went back, moved, or has a double.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use postonce_test_servers::{MariaDb, Options, Server};
use serde_json::{Value, json};

use crate::harness::{Database, Finished, Place, Sandbox, sample, wait_for};

/// How long nothing is claimed after an alarm, in seconds.
const QUIET: &str = "4";

/// How long a POST stays in the air, in milliseconds: less than that.
const IN_THE_AIR_MS: u32 = 2_000;

fn server(options: &Options) -> Result<Server> {
    let server = MariaDb::start(options)?;
    server.query("CREATE DATABASE books")?;
    Ok(server)
}

fn place_on(server: &Server, sandbox: &Sandbox) -> Result<Place> {
    Ok(with_short_quiet(Place::at(&format!("{}books", server.url()), sandbox)?))
}

fn with_short_quiet(mut place: Place) -> Place {
    place.short_quiet(1);
    place.set("IN_DOUBT__QUIET_SECONDS", QUIET);
    place.set("IN_DOUBT__RECHECK_SECONDS", "1");
    place
}

/// Stops the server, does something with its data, and starts it again.
fn at_rest(server: &Server, work: impl FnOnce() -> Result<()>) -> Result<()> {
    server.stop()?;
    work()?;
    server.restart()
}

/// Syncs again until a sync has nothing left to say, as the cron does.
fn sync_until_done(place: &Place) -> Result<()> {
    wait_for("a sync that leaves nothing open", || {
        let ended = place.run(&["sync", "--json"])?;
        ensure!(matches!(ended.code, Some(0 | 10)), "{ended:?}");
        Ok((ended.code == Some(0)).then_some(()))
    })
}

/// Each of `count` invoices is in the books once.
fn each_once(sandbox: &Sandbox, count: usize) -> Result<()> {
    let books = sandbox.books()?;
    ensure!(books.duplicates.is_empty(), "{:?}", books.duplicates);
    let numbers: BTreeSet<_> = books.numbers().into_iter().collect();
    ensure!((numbers.len(), books.invoices.len()) == (count, count), "{:?}", books.numbers());
    Ok(())
}

/// The run posted nothing, says why, and when it goes on.
fn raises_an_alarm(ended: &Finished) -> Result<()> {
    ensure!(ended.code == Some(10), "{ended:?}");
    assert_eq!(ended.json()?["posted"], 0);
    ensure!(ended.stderr.contains("is sent there until"), "not told: {}", ended.stderr);
    Ok(())
}

#[test]
fn a_backup_of_the_middle_of_the_month_posts_nothing_twice() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let server = server(&Options::default())?;
    let place = place_on(&server, &sandbox)?;
    place.import("MONTH", 40)?;
    place.run(&["sync", "--limit", "20"])?.expect(0)?;
    let backup = place.path().join("backup");
    at_rest(&server, || server.copy_data(&backup))?;
    place.run(&["sync", "--limit", "10"])?.expect(0)?;

    at_rest(&server, || server.restore_data(&backup))?;
    raises_an_alarm(&place.run(&["sync", "--json"])?)?;
    let alarms = &place.json(&["status", "--json"])?["alarms"];
    assert_eq!(alarms[0]["company_file"], "books", "{alarms}");
    sync_until_done(&place)?;
    each_once(&sandbox, 40)
}

#[test]
fn a_backup_restored_with_a_post_in_the_air_posts_nothing_twice() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let server = server(&Options::default())?;
    let place = place_on(&server, &sandbox)?;
    place.import("AIR", 12)?;
    place.run(&["sync", "--limit", "4"])?.expect(0)?;
    let backup = place.path().join("backup");
    at_rest(&server, || server.copy_data(&backup))?;
    place.run(&["sync", "--limit", "4"])?.expect(0)?;
    sandbox.fault(json!({
        "match": {"method": "POST", "number": "AIR-9"}, "action": "late_commit",
        "delay_ms": IN_THE_AIR_MS,
    }))?;
    let mut sync = place.start(&["sync", "--limit", "1"])?;
    wait_for("the POST", || Ok((sandbox.books()?.posts_received > 8).then_some(())))?;
    sync.kill()?;

    at_rest(&server, || server.restore_data(&backup))?;
    raises_an_alarm(&place.run(&["sync", "--json"])?)?;
    sync_until_done(&place)?;
    each_once(&sandbox, 12)
}

#[test]
fn a_failover_to_a_replica_that_missed_the_last_claims_posts_nothing_twice() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let numbered = |id: u32| Options::default().arg("--log-bin").arg(format!("--server-id={id}"));
    let primary = MariaDb::start(&numbered(1))?;
    let replica = MariaDb::start(&numbered(2))?;
    replica.query(&format!(
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'root', \
         MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
        primary.port()
    ))?;
    replica.query("START SLAVE")?;
    primary.query("CREATE DATABASE books")?;
    let place = place_on(&primary, &sandbox)?;
    place.import("OVER", 20)?;
    place.run(&["sync", "--limit", "5"])?.expect(0)?;
    wait_for("the replica", || {
        let seen = |server: &Server| server.query("SELECT @@gtid_current_pos");
        Ok((seen(&primary)? == seen(&replica)?).then_some(()))
    })?;
    replica.query("STOP SLAVE")?;
    place.run(&["sync", "--limit", "8"])?.expect(0)?;
    primary.kill()?;

    let mut place = place;
    place.set("DATABASE__URL", &format!("{}books", replica.url()));
    stops_until_taken_over(&place, &sandbox)?;
    sync_until_done(&place)?;
    each_once(&sandbox, 20)
}

/// Nothing is sent from a database that is elsewhere, until a person says that this is right.
fn stops_until_taken_over(place: &Place, sandbox: &Sandbox) -> Result<()> {
    let before = sandbox.books()?.posts_received;
    let stopped = place.run(&["sync", "--json"])?.expect(78)?;
    ensure!(stopped.stderr.contains("connect --take-over"), "no mend: {}", stopped.stderr);
    place.run(&["connect", "--take-over", "--yes"])?.expect(0)?;
    raises_an_alarm(&place.run(&["sync", "--json"])?)?;
    assert_eq!(sandbox.books()?.posts_received, before);
    Ok(())
}

#[test]
fn a_copy_on_another_server_sends_nothing() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let server = server(&Options::default())?;
    let place = place_on(&server, &sandbox)?;
    place.import("COPY", 10)?;
    place.run(&["sync", "--limit", "3"])?.expect(0)?;
    let data = place.path().join("copy");
    at_rest(&server, || server.copy_data(&data))?;
    let staging = MariaDb::start(&Options::default().data(&data))?;

    let mut elsewhere = place_on(&staging, &sandbox)?;
    elsewhere.set("LOCK__TIMEOUT_SECONDS", "30");
    let stopped = elsewhere.run(&["sync", "--json"])?.expect(78)?;
    assert_eq!(stopped.json()?["posted"], 0);
    let doctor = elsewhere.run(&["doctor", "--json"])?.expect(78)?.json()?;
    let failed = |finding: &Value| finding["severity"] == "failure";
    ensure!(doctor.as_array().into_iter().flatten().any(failed), "{doctor}");

    // The original goes on as if nothing were.
    place.run(&["sync"])?.expect(0)?;
    each_once(&sandbox, 10)
}

#[test]
fn a_second_installation_on_the_same_company_file_notices_that_it_is_not_alone() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let (one, other) = (Database::new()?, Database::new()?);
    let place = Place::on(&one, &sandbox)?;
    let second = with_short_quiet(Place::on(&other, &sandbox)?);
    place.import("TWICE", 10)?;
    place.run(&["sync"])?.expect(0)?;

    second.write("same.csv", sample("TWICE", 10).as_bytes())?;
    second.run(&["import", "same.csv"])?.expect(0)?;
    raises_an_alarm(&second.run(&["sync", "--json"])?)?;
    // What the other one posted is not ours: a person is to look at it.
    wait_for("the end of the quiet period", || {
        let ended = second.run(&["sync", "--json"])?;
        let counts = &second.json(&["status", "--json"])?["invoices"];
        ensure!(matches!(ended.code, Some(10)), "{ended:?}");
        Ok((counts["needs_human"] == 10).then_some(()))
    })?;
    each_once(&sandbox, 10)
}
