//! The binary `postonce`.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    postonce_app_cron::main(&postonce_app_cron::WrapNothing)
}
