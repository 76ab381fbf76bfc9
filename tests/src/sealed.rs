//! Tokens at rest: what the database's files hold, keys that change, and keys that are not there.

use anyhow::{Context as _, Result, ensure};

use crate::harness::{Place, Sandbox};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEXT: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A sandbox that has given out tokens, and the place that has got them.
fn set_up(key: Option<&str>) -> Result<(Sandbox, Place)> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    if let Some(key) = key {
        place.set("TOKENS__KEY", key);
    }
    place.import("SEAL", 1)?;
    place.run(&LOOK)?.expect(0)?;
    // From here on, what is on record is the only way in.
    place.set("LEDGER__REFRESH_TOKEN", "used-up");
    Ok((sandbox, place))
}

/// Asks the ledger, and takes no lock.
const LOOK: [&str; 3] = ["sync", "--dry-run", "--json"];

/// Makes the next look refresh.
fn end_access(sandbox: &Sandbox) -> Result<()> {
    let life = serde_json::json!({ "advance_ms": 1_201_000 });
    sandbox.post("/sandbox/clock", &life).map(drop)
}

/// The words of 32 hex digits, which the sandbox's tokens are, in the database's files.
fn tokens_at_rest(place: &Place) -> Result<usize> {
    let mut found = 0;
    for entry in std::fs::read_dir(place.path())? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        if name.starts_with("postonce.db") {
            let bytes = std::fs::read(&path)?;
            let runs = bytes.split(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            found += runs.filter(|run| run.len() >= 32).count();
        }
    }
    Ok(found)
}

#[test]
fn no_byte_of_the_database_is_a_token_once_there_is_a_key() -> Result<()> {
    let (_sandbox, plain) = set_up(None)?;
    ensure!(tokens_at_rest(&plain)? >= 2, "the search finds tokens that are not sealed");
    let (sandbox, place) = set_up(Some(KEY))?;
    end_access(&sandbox)?;
    place.run(&LOOK)?.expect(0)?;
    assert_eq!(tokens_at_rest(&place)?, 0);
    Ok(())
}

#[test]
fn a_key_is_put_on_and_changed_and_no_token_is_lost() -> Result<()> {
    let (sandbox, mut place) = set_up(None)?;
    place.write("key", format!("{KEY}\n").as_bytes())?;
    place.set("TOKENS__KEY_FILE", "key");
    for next in [false, true] {
        if next {
            place.write("key", NEXT.as_bytes())?;
            place.set("TOKENS__OLD_KEY", KEY);
        }
        place.run(&LOOK)?.expect(0)?;
        end_access(&sandbox)?;
        place.run(&LOOK)?.expect(0)?;
    }
    // All that counts is sealed with the new one now.
    place.set("TOKENS__OLD_KEY", NEXT);
    place.run(&LOOK)?.expect(0).map(drop)
}

#[test]
fn without_the_key_nothing_runs_and_the_key_is_named() -> Result<()> {
    let (_sandbox, mut place) = set_up(Some(KEY))?;
    place.set("TOKENS__KEY", NEXT);
    for command in [&["sync"][..], &LOOK] {
        let ended = place.run(command)?.expect(78)?;
        let names = ["books", "tokens.old_key", "sealed with the key "];
        ensure!(names.iter().all(|name| ended.stderr.contains(name)), "{}", ended.stderr);
    }
    let doctor = place.run(&["doctor"])?.expect(78)?;
    ensure!(doctor.stdout.contains("a token on record cannot be opened"), "{}", doctor.stdout);
    place.set("TOKENS__KEY", KEY);
    place.run(&["doctor"])?.expect(0)?;
    place.run(&LOOK)?.expect(0).map(drop)
}

#[test]
fn off_this_machine_nothing_runs_without_a_key() -> Result<()> {
    let sandbox = Sandbox::start()?;
    let mut place = Place::new(&sandbox)?;
    place.import("SEAL", 1)?;
    place.set("LEDGER__BASE_URL", "https://ledger.invalid/accountright");
    let ended = place.run(&["sync"])?.expect(78)?;
    ensure!(ended.stderr.contains("openssl rand -base64 32"), "{}", ended.stderr);
    let doctor = place.run(&["doctor", "--json"])?.expect(78)?.json()?;
    let findings = doctor.as_array().context("a list")?;
    let tokens = findings.iter().find(|it| it["name"] == "tokens_sealed").context("no finding")?;
    assert_eq!(tokens["severity"], "failure");
    place.set("TOKENS__KEY", KEY);
    let doctor = place.run(&["doctor", "--json"])?.expect(0)?.stdout;
    ensure!(doctor.contains("tokens_sealed") && !doctor.contains(KEY), "{doctor}");
    Ok(())
}

#[test]
fn a_bad_key_is_refused_by_name_and_never_shown() -> Result<()> {
    let sandbox = Sandbox::start()?;
    for (name, key) in [("KEY", "tokens.key"), ("OLD_KEY", "tokens.old_key")] {
        let mut place = Place::new(&sandbox)?;
        place.set("TOKENS__KEY", KEY);
        place.set(&format!("TOKENS__{name}"), "too-short-a-key");
        let ended = place.run(&["status"])?.expect(78)?;
        ensure!(ended.stderr.contains(key), "{}", ended.stderr);
        ensure!(!ended.stderr.contains("too-short-a-key"), "{}", ended.stderr);
    }
    let mut place = Place::new(&sandbox)?;
    place.set("TOKENS__KEY_FILE", "nowhere");
    let ended = place.run(&["status"])?.expect(78)?;
    ensure!(ended.stderr.contains("tokens.key_file"), "{}", ended.stderr);
    place.set("TOKENS__KEY", KEY);
    place.run(&["status"])?.expect(78)?;
    Ok(())
}
