//! Ways for a sync to stop: Ctrl-C, a database that cannot be written, a ledger that is gone.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::Result;
use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Place, Sandbox, wait_for};

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_leaves_the_rest() -> Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let sandbox = Sandbox::start()?;
        let place = Place::new(&sandbox)?;
        place.import("STOP", 60)?;
        sandbox.fault(json!({"action": "delay", "delay_ms": 150, "times": 0}))?;
        let sync = place.start(&["sync", "--json"])?;
        wait_for("the first posts", || Ok((sandbox.books()?.posts_received >= 4).then_some(())))?;
        sync.signal(signal)?;
        let ended = sync.finish()?.expect(130)?;
        assert!(ended.stderr.contains("finish"), "no word of it: {}", ended.stderr);

        let result = ended.json()?;
        assert_eq!(result["claimed"], result["posted"], "{result}");
        let posted = result["posted"].as_u64().unwrap_or_default();
        assert!((4..60).contains(&posted), "{result}");
        let status = place.json(&["status", "--json"])?;
        assert_eq!(status["lock"]["state"], "free");
        assert_eq!(status["invoices"]["claimed"], 0);
        assert_eq!(status["invoices"]["ready"], 60 - posted);
        assert_eq!(status["last_run"]["status"], "cancelled", "{status}");

        sandbox.clear_faults()?;
        assert_eq!(place.json(&["sync", "--json"])?["posted"], 60 - posted);
        assert_eq!(sandbox.books()?.duplicates.len(), 0);
    }
    Ok(())
}

#[test]
fn without_a_ledger_nothing_is_claimed() -> Result<()> {
    let mut sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("GONE", 5)?;
    sandbox.stop()?;
    let ended = place.run(&["sync", "--json"])?.expect(69)?;
    assert_eq!(ended.json()?["claimed"], 0);
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["ready"], 5);
    Ok(())
}

#[test]
fn wrong_credentials_are_said_and_nothing_is_claimed() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("DENY", 5)?;
    place.set("LEDGER__REFRESH_TOKEN", "wrong");
    let ended = place.run(&["sync", "--json"])?.expect(77)?;
    assert_eq!(ended.json()?["claimed"], 0);
    assert_eq!(sandbox.books()?.posts_received, 0);
    Ok(())
}

/// A ledger that fails on and on does not put every invoice in doubt.
#[test]
fn a_ledger_that_keeps_failing_stops_the_run_and_leaves_the_rest_untouched() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("FAIL", 50)?;
    sandbox.fault(json!({"action": "unavailable_503", "times": 0}))?;
    let result = place.run(&["sync", "--json"])?.expect(69)?.json()?;
    // Five in a row, and what was in flight beside the fifth.
    let in_doubt = result["in_doubt"].as_u64().unwrap_or_default();
    assert!((5..=8).contains(&in_doubt), "{result}");
    assert_eq!(result["claimed"], in_doubt);
    let status = place.json(&["status", "--json"])?;
    assert_eq!(status["invoices"]["ready"], 50 - in_doubt);
    assert_eq!(status["last_run"]["status"], "failed", "{status}");
    Ok(())
}

#[test]
fn a_token_that_is_refused_for_good_stops_the_file_and_one_that_ended_does_not() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("AUTH", 50)?;
    sandbox.fault(json!({"action": "unauthorised", "times": 4}))?;
    assert_eq!(place.json(&["sync", "--json"])?["posted"], 50);

    place.import("BUTH", 50)?;
    sandbox.fault(json!({"action": "unauthorised", "times": 0}))?;
    let result = place.run(&["sync", "--json"])?.expect(77)?.json()?;
    assert_eq!(result["claimed"], result["not_sent"], "{result}");
    assert_eq!(place.json(&["status", "--json"])?["invoices"]["ready"], 50);
    Ok(())
}

/// A database on a file system that is full: the sync says so, and nothing is sent without a claim.
#[test]
fn on_a_full_disk_nothing_is_sent_without_a_committed_claim() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("FULL", 200)?;
    // The kernel refuses writes beyond this size, as a full disk does: a few more pages fit.
    let size = std::fs::metadata(place.path().join("postonce.db"))?.len();
    let limit = (size.div_ceil(1_024) + 64).to_string();
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" sync --json");
    let mut command = place.command(std::path::Path::new("bash"), &["-c", &script]);
    command.arg(crate::harness::binary("POSTONCE_BIN")?);
    let ended = crate::harness::Guarded::start(&mut command)?.finish()?.expect(74)?;
    assert!(!ended.stderr.is_empty());

    let books = sandbox.books()?;
    assert!(books.posts_received < 200, "the disk was not full");
    let pairs = place.json(&["audit", "pairs", "--json"])?;
    let claims = pairs["claims"].as_u64().unwrap_or_default();
    assert!(books.posts_received <= claims, "{} posts, {claims} claims", books.posts_received);
    // With room again, all that is left goes out, once.
    place.run(&["sync", "--json"])?;
    let books = sandbox.books()?;
    assert_eq!((books.invoices.len(), books.duplicates.len()), (200, 0));
    Ok(())
}

#[test]
fn a_read_only_database_is_said_and_nothing_is_sent() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = Place::new(&sandbox)?;
    place.import("READ", 5)?;
    // Root may write whatever the mode says, so the file system object itself must refuse.
    let database = place.path().join("postonce.db");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o400))?;
    let root = rustix::process::geteuid().is_root();
    let mut command = if root {
        let mut command = place.command(
            std::path::Path::new("setpriv"),
            &["--reuid=65534", "--regid=65534", "--clear-groups"],
        );
        command.arg(crate::harness::binary("POSTONCE_BIN")?).args(["sync", "--json"]);
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755))?;
        std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o444))?;
        command
    } else {
        place.command(&crate::harness::binary("POSTONCE_BIN")?, &["sync", "--json"])
    };
    let ended = crate::harness::Guarded::start(&mut command)?.finish()?.expect(74)?;
    assert!(ended.stderr.contains("postonce.db"), "names no file: {}", ended.stderr);
    assert_eq!(sandbox.books()?.posts_received, 0);
    Ok(())
}
