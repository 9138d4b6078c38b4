//! The `cm-bot` program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // Before anything else, so that no library has to guess which cryptography to use.
    let first = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(first.is_ok(), "nothing ran before");
    cm_bot::cli::run().await
}
