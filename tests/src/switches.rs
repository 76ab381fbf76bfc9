//! `postonce sandbox --switch`.

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::harness::{Sandbox, binary};

#[test]
fn switches_of_the_command_line_are_set_before_the_first_request() -> Result<()> {
    let sandbox = Sandbox::start_with(&["--switch", "keys=old", "--switch", "visibility_ms=5000"])?;
    let switches = sandbox.get("/sandbox/switches")?;
    assert_eq!((&switches["keys"], &switches["visibility_ms"]), (&json!("old"), &json!(5000)));
    assert_eq!(switches["duplicate_number"], "accept");
    Ok(())
}

#[test]
fn a_wrong_switch_is_named_and_nothing_is_started() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    for (switch, why) in [
        ("keys=gold", "the switch `keys` cannot be `gold`: it takes both|old|new"),
        ("colour=red", "there is no switch `colour`"),
        ("keys", "`keys` is not NAME=VALUE"),
    ] {
        let mut command = Command::new(binary("POSTONCE_BIN")?);
        command.args(["sandbox", "--switch", switch, "--state"]).arg(&state);
        let output = command.output()?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && errors.contains(why), "{errors}");
        assert!(!state.exists(), "{switch}");
    }
    Ok(())
}
