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
    assert!(has("POSTONCE_HELD_BIN", "HOLD_AT")?);
    for text in ["HOLD_AT", "HOLD_FILE", "mockall"] {
        assert!(!has("POSTONCE_BIN", text)?, "postonce holds {text}");
    }
    Ok(())
}
