//! What the service writes into its log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cm_bot::telemetry;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

/// A log that is kept in memory.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Keeps everything that this process logs from now on.
    pub fn of_all(filter: &str) -> Log {
        let log = Log::default();
        let writer = log.clone();
        let lines = telemetry::json(EnvFilter::new(filter), move || writer.clone());
        tracing::subscriber::set_global_default(lines).unwrap();
        log
    }

    /// Keeps what is logged while something is done.
    pub fn of(act: impl FnOnce()) -> Log {
        let log = Log::default();
        let writer = log.clone();
        tracing::subscriber::with_default(telemetry::json(EnvFilter::new("trace"), move || writer.clone()), act);
        log
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Each line, which is JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
