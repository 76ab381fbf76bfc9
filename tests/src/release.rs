//! What is in the binary that users get, and what is not.

use anyhow::Result;

use crate::harness::binary;

/// Whether the program named by `variable` has `text` anywhere in it.
fn has(variable: &str, text: &str) -> Result<bool> {
    let program = std::fs::read(binary(variable)?)?;
    Ok(program.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn the_binary_holds_no_gate_and_no_mock() -> Result<()> {
    // The same search finds the gate where it is.
    let gates = ["HOLD_AT", "RACE_GATE", "UNCHECKED_CLAIM"];
    for text in gates {
        assert!(has("POSTONCE_HELD_BIN", text)?, "postonce-held lacks {text}");
    }
    for text in gates.into_iter().chain(["HOLD_FILE", "RACE_PLAN", "postonce-race-kit", "mockall"])
    {
        assert!(!has("POSTONCE_BIN", text)?, "postonce holds {text}");
    }
    Ok(())
}
