//! The doors over HTTP: the real program, against the sandbox.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;
use postonce_domain::{Role, Side};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Place, Sandbox, Served, machine, wait_for};

const PLATFORM: &str = "/platform/myob/sync";
const ORDERING: &str = "/ordering/myob/sync";

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Invoices that a run takes a while over.
fn slow(sandbox: &Sandbox, place: &Place, count: u32) -> Result<()> {
    place.import("HTTP", count)?;
    sandbox.fault(json!({"action": "delay", "delay_ms": 200, "times": 0}))
}

#[test]
fn of_two_buttons_at_once_one_runs_and_the_other_is_told_who_does() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    slow(&sandbox, &place, 20)?;
    runtime()?.block_on(async {
        let platform = machine(&place, "platform", Some(Side::Platform), Role::Operator).await?;
        let ordering = machine(&place, "ordering", Some(Side::Ordering), Role::Operator).await?;
        let served = Served::start(&place)?;
        let (one, other) = tokio::join!(
            served.ask(Method::POST, PLATFORM, &platform),
            served.ask(Method::POST, ORDERING, &ordering)
        );
        let mut answers = [one?, other?];
        answers.sort_by_key(|answer| answer.status);
        let [started, busy] = answers;
        assert_eq!((started.status, busy.status), (202, 409), "{started:?} {busy:?}");
        assert_eq!(busy.body["title"], "another sync run is currently in progress");
        assert_eq!(busy.body["holder"]["run_id"], started.body["run_id"], "{busy:?}");
        assert_eq!(busy.body["link"], started.body["link"]);
        assert_eq!(busy.retry_after.as_deref(), Some("10"));
        let wrong = served.ask(Method::POST, PLATFORM, &ordering).await?;
        assert_eq!((wrong.status, &wrong.body["type"]), (403, &json!("urn:postonce:side")));
        let link = started.body["link"].as_str().unwrap_or_default();
        // Whoever runs is told on the command line, too.
        assert_eq!(place.run(&["sync"])?.code, Some(75));
        // Nobody reads the log, and nobody waits for that.
        loop {
            let run = served.ask(Method::GET, link, &platform).await?;
            if run.body["status"] == "completed" {
                assert_eq!(run.body["posted"], 20, "{run:?}");
                return anyhow::Ok(());
            }
            assert_eq!(run.body["status"], "running", "{run:?}");
        }
    })?;
    assert_eq!(sandbox.books()?.invoices.len(), 20);
    Ok(())
}

#[test]
fn a_client_that_hangs_up_changes_nothing() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    slow(&sandbox, &place, 8)?;
    let token = runtime()?.block_on(machine(&place, "erp", None, Role::Operator))?;
    let served = Served::start(&place)?;
    let request = format!(
        "POST {PLATFORM} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 0\r\n\r\n"
    );
    TcpStream::connect(served.address()?)?.write_all(request.as_bytes())?;
    // The connection is closed before anybody has read an answer.
    wait_for("all invoices", || Ok((sandbox.books()?.invoices.len() == 8).then_some(())))?;
    wait_for("the end of the run", || {
        let status = place.json(&["status", "--json"])?;
        Ok((status["last_run"]["status"] == "completed").then_some(()))
    })
}

#[test]
fn sigterm_finishes_what_is_in_flight_and_leaves_the_rest() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    slow(&sandbox, &place, 60)?;
    let token = runtime()?.block_on(machine(&place, "erp", None, Role::Operator))?;
    let served = Served::start(&place)?;
    let started = runtime()?.block_on(served.ask(Method::POST, PLATFORM, &token))?;
    assert_eq!(started.status, 202, "{started:?}");
    wait_for("the first posts", || Ok((sandbox.books()?.posts_received >= 4).then_some(())))?;
    served.process().signal(Signal::TERM)?;
    let ended = served.into_process().finish()?.expect(0)?;
    assert!(ended.stderr.contains("Stopping"), "{}", ended.stderr);
    let status = place.json(&["status", "--json"])?;
    assert_eq!(status["last_run"]["status"], "cancelled", "{status}");
    assert_eq!(status["lock"]["state"], "free");
    assert_eq!(
        (&status["invoices"]["in_doubt"], &status["invoices"]["claimed"]),
        (&json!(0), &json!(0))
    );
    let posted = status["invoices"]["posted"].as_u64().unwrap_or_default();
    assert!((4..60).contains(&posted), "{status}");
    assert_eq!(u64::try_from(sandbox.books()?.invoices.len())?, posted);
    Ok(())
}

#[test]
fn of_two_hundred_clients_at_once_one_starts_a_run_and_all_others_hear_of_it() -> Result<()> {
    const CLIENTS: usize = 200;
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    slow(&sandbox, &place, 40)?;
    let (answers, slowest) = runtime()?.block_on(async {
        let token = machine(&place, "erp", None, Role::Operator).await?;
        let served = Served::start(&place)?;
        let clients = (0..CLIENTS).map(|_| async {
            let begun = tokio::time::Instant::now();
            let answer = served.ask(Method::POST, PLATFORM, &token).await;
            (answer, begun.elapsed())
        });
        let (answers, times): (Vec<_>, Vec<Duration>) =
            futures::future::join_all(clients).await.into_iter().unzip();
        let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
        anyhow::Ok((answers, times.into_iter().max().unwrap_or_default()))
    })?;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(202), count(409)), (1, CLIENTS - 1));
    let named = answers.iter().filter(|answer| answer.body["holder"]["run_id"].is_i64());
    assert_eq!(named.count(), CLIENTS - 1);
    println!("{CLIENTS} clients at once, the slowest after {slowest:?}");
    let runs = place.json(&["runs", "--json"])?;
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    Ok(())
}

#[test]
fn nothing_is_served_in_clear_text_over_the_network() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    let refused = place.run(&["serve", "--listen", "0.0.0.0:0"])?.expect(78)?;
    assert!(refused.stderr.contains("http.tls_cert"), "{}", refused.stderr);
    place.set("HTTP__LISTEN", "0.0.0.0:8480");
    let refused = place.run(&["serve"])?.expect(78)?;
    assert!(refused.stderr.contains("`http.listen`"), "{}", refused.stderr);
    place.set("HTTP__BEHIND_PROXY", "true");
    let refused = place.run(&["serve"])?.expect(78)?;
    assert!(refused.stderr.contains("http.public_url"), "{}", refused.stderr);
    Ok(())
}

/// Neither tokens nor bodies stand in the log; requests, runs and who asked do.
#[test]
fn the_log_tells_of_requests_and_runs_and_of_no_secret() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("LOG", 1)?;
    place.set("LOG__FORMAT", "json");
    let token = runtime()?.block_on(machine(&place, "erp", None, Role::Operator))?;
    let served = Served::start(&place)?;
    runtime()?.block_on(async {
        served.ask(Method::POST, PLATFORM, &token).await?;
        served.ask(Method::GET, "/invoices/1?x=a-secret", &token).await?;
        served.ask(Method::GET, "/status", "postonce_machine_wrong").await
    })?;
    served.process().signal(Signal::TERM)?;
    let log = served.into_process().finish()?.expect(0)?.stderr;
    let lines: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = |route: &str| lines.iter().find(|line| line["route"] == route);
    assert_eq!(line(PLATFORM).map(|line| &line["who"]), Some(&json!("machine:erp")), "{log}");
    assert_eq!(line("/invoices/{id}").map(|line| &line["status"]), Some(&json!(400)), "{log}");
    assert_eq!(line("/status").map(|line| &line["status"]), Some(&json!(401)), "{log}");
    assert!(lines.iter().any(|line| line["message"] == "run ended" && line["run"] == 1), "{log}");
    assert!(!log.contains(&token) && !log.contains("machine_wrong") && !log.contains("a-secret"));
    Ok(())
}
