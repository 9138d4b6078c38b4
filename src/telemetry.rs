//! Logs: one line an event, on stderr, so that data on stdout stays clean.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts logging. `RUST_LOG` chooses what is logged; without it `default`. JSON unless a person is watching.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let base = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = if std::io::stderr().is_terminal() {
        base.with_ansi(std::env::var_os("NO_COLOR").is_none()).try_init()
    } else {
        base.json().flatten_event(true).try_init()
    };
    // A second start in one process (tests) keeps the first.
    drop(started);
}
