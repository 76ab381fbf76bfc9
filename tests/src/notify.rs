//! Being told, by the real program.

use anyhow::Result;
use serde_json::json;

use crate::harness::{Place, Sandbox};

/// A program that writes what it reads to `told`, and fails while there is a file `broken`.
const TELL: &str =
    "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n[ -e broken ] && { echo no >&2; exit 3; }\ncat >> told\n";

fn place(sandbox: &Sandbox) -> Result<Place> {
    let mut place = Place::new(sandbox)?;
    place.write("tell.sh", TELL.as_bytes())?;
    place.set("NOTIFY__COMMAND", &format!("sh {}/tell.sh", place.path().display()));
    Ok(place)
}

fn told(place: &Place) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(place.path().join("told")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("each message is one line")).collect()
}

#[test]
fn a_run_that_leaves_doubt_is_told_by_the_next_look_and_by_no_later_one() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox)?;
    place.import("TOLD", 2)?;
    sandbox.fault(json!({"action": "commit_then_drop"}))?;
    place.run(&["sync"])?.expect(10)?;
    let looked = place.json(&["notify", "run", "--once", "--json"])?;
    assert_eq!(looked, json!({"events": 1, "delivered": 1, "failed": 0, "parked": 0}));
    let message = told(&place).remove(0);
    assert_eq!(message["type"], "postonce.in_doubt");
    let line = message["data"]["lines"][0].as_str().unwrap_or_default();
    assert!(line.starts_with("books:TOLD-") && line.ends_with("do not enter it by hand"), "{line}");
    let again = place.json(&["notify", "run", "--once", "--json"])?;
    assert_eq!(again, json!({"events": 0, "delivered": 0, "failed": 0, "parked": 0}));
    let list = place.json(&["notify", "list", "--json"])?;
    assert_eq!((&list[0]["kind"], &list[0]["way"]), (&json!("in_doubt"), &json!("command")));
    assert_eq!((&list[0]["state"], &list[0]["tries"]), (&json!("delivered"), &json!(1)));
    Ok(())
}

#[test]
fn what_did_not_arrive_ends_with_1_and_waits() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox)?;
    place.write("broken", b"")?;
    place.import("WAITS", 1)?;
    sandbox.fault(json!({"action": "commit_then_drop"}))?;
    place.run(&["sync"])?.expect(10)?;
    place.run(&["notify", "run", "--once"])?.expect(1)?;
    let list = place.json(&["notify", "list", "--json"])?;
    assert_eq!(list[0]["state"], "waiting");
    assert_eq!(list[0]["trouble"], "the command ended with exit status: 3: no");
    let test = place.run(&["notify", "test"])?.expect(1)?;
    assert!(test.stdout.contains("the command ended with"), "{}", test.stdout);
    std::fs::remove_file(place.path().join("broken"))?;
    let test = place.run(&["notify", "test", "--json"])?.expect(0)?.json()?;
    assert_eq!(test, json!([{"way": "command", "delivered": true, "trouble": null}]));
    assert_eq!(told(&place)[0]["type"], "postonce.test");
    Ok(())
}

#[test]
fn the_loop_tells_and_ends_at_a_signal() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let place = place(&sandbox)?;
    place.import("LOOP", 1)?;
    sandbox.fault(json!({"action": "commit_then_drop"}))?;
    place.run(&["sync"])?.expect(10)?;
    let looking = place.start(&["notify", "run"])?;
    crate::harness::wait_for("the message", || Ok((!told(&place).is_empty()).then_some(())))?;
    looking.signal(rustix::process::Signal::TERM)?;
    looking.finish()?.expect(0).map(drop)
}

#[test]
fn nobody_to_tell_and_half_a_way_are_refused_with_the_mend() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    for command in [["notify", "test"], ["notify", "run"]] {
        let refused = place.run(&command)?.expect(78)?;
        assert!(refused.stderr.contains("set `notify.webhook.url`"), "{}", refused.stderr);
    }
    place.set("NOTIFY__WEBHOOK__URL", "https://example.com/hook");
    place.set("NOTIFY__MAIL__SERVER", "smtp.example.com");
    place.set("NOTIFY__MAIL__TO", "ada at example.com");
    let refused = place.run(&["config", "check"])?.expect(78)?;
    let text = format!("{}{}", refused.stdout, refused.stderr);
    for mend in [
        "set `notify.webhook.secret`",
        "`ada at example.com` is no address",
        "needs `notify.mail.from` beside it",
    ] {
        assert!(text.contains(mend), "{mend}: {text}");
    }
    place.set("NOTIFY__WEBHOOK__SECRET", "short");
    let refused = place.run(&["config", "check"])?.expect(78)?;
    let text = format!("{}{}", refused.stdout, refused.stderr);
    assert!(text.contains("openssl rand -base64 32") && !text.contains("= `short`"), "{text}");
    Ok(())
}
