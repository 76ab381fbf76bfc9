//! Two processes whose access token ends at the same moment, again and again, where a refresh token
//! is good once.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::harness::{Guarded, Place, Sandbox};

/// How often the access token ends.
const ROUNDS: usize = 200;

/// A little more than an access token lasts, by the sandbox clock.
const LIFE_MS: u64 = 1_201_000;

#[test]
fn two_processes_refresh_once_and_lose_no_token() -> Result<()> {
    let sandbox = Sandbox::start()?;
    refresh_at_once(Place::new(&sandbox)?, &sandbox)
}

/// What MYOB does with a used refresh token is not known: the other two ways.
#[test]
fn two_processes_refresh_once_where_a_used_token_still_counts() -> Result<()> {
    for rotation in ["grace", "none"] {
        let sandbox = Sandbox::start_with(&["--switch", &format!("refresh_rotation={rotation}")])?;
        play(Place::new(&sandbox)?, &sandbox, 20)?;
    }
    Ok(())
}

/// Plays [`ROUNDS`] ends of an access token: one call of the token endpoint each, none of which is
/// refused, and nobody is told to connect again.
pub(crate) fn refresh_at_once(place: Place, sandbox: &Sandbox) -> Result<()> {
    play(place, sandbox, ROUNDS)
}

fn play(mut place: Place, sandbox: &Sandbox, rounds: usize) -> Result<()> {
    place.import("TOKEN", 1)?;
    place.run(&LOOK)?.expect(0)?;
    // From here on, what is on record is the only way in.
    place.set("LEDGER__REFRESH_TOKEN", "used-up");
    for round in 1..=rounds {
        sandbox.post("/sandbox/clock", &json!({ "advance_ms": LIFE_MS }))?;
        let started: Result<Vec<_>> = (0..2).map(|_| place.start(&LOOK)).collect();
        for ended in started?.into_iter().map(Guarded::finish) {
            let ended = ended?.expect(0).with_context(|| format!("round {round}"))?;
            assert_eq!(ended.json()?[0]["outcome"], "would_post", "{ended:?}");
        }
    }
    let calls = token_calls(sandbox)?;
    assert!(calls.iter().all(|status| status == 200), "some were refused: {calls:?}");
    assert_eq!(calls.len(), rounds + 1, "one for each end, and the first");
    Ok(())
}

/// Takes no lock, and reads in the ledger.
const LOOK: [&str; 3] = ["sync", "--dry-run", "--json"];

/// What the token endpoint answered, oldest first.
fn token_calls(sandbox: &Sandbox) -> Result<Vec<Value>> {
    let requests = sandbox.get("/sandbox/requests")?;
    let requests = requests.as_array().context("requests are a list")?;
    let calls = requests.iter().filter(|request| request["path"] == "/oauth2/v1/authorize");
    Ok(calls.map(|request| request["status"].clone()).collect())
}
