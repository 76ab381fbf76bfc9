//! The binary `postonce`.

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        unreachable!("nothing has installed a provider before main");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let args = std::env::args_os().collect();
    Ok(runtime.block_on(postonce_app_cron::run(args, &postonce_app_cron::WrapNothing)))
}
