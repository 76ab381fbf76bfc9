//! Opening an address in the browser of whoever sits at this machine.

use std::process::{Command, Stdio};

/// What opens addresses here.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Whether something was started that may open it.
pub(super) fn open(address: &str) -> bool {
    let mut command = Command::new(OPENER);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It may stay as long as the browser does.
    command.spawn().is_ok()
}
