//! Logs: one line an event, on stderr, so that data on stdout stays clean. Traces of the same work, for who has a collector.
//!
//! Every line about a ticket carries `ticket.id`, Jira's number of it, which stays when its key changes: from the delivery
//! that told of it to the comment, the approval and the message.

mod traces;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

pub use traces::Traces;

/// Starts logging. `RUST_LOG` chooses what is logged; without it `default`. JSON unless a person is watching. What is logged
/// of cm-bot itself goes into the traces too, if there are any.
pub fn start(default: &str, traces: Option<&Traces>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let start = Registry::default().with(traces.map(Traces::layer)).with(filter);
    if std::io::stderr().is_terminal() {
        let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
        // A second start in one process (tests) keeps the first.
        drop(start.with(lines.with_ansi(std::env::var_os("NO_COLOR").is_none())).try_init());
    } else if tracing::subscriber::set_global_default(start.with(lines(std::io::stderr))).is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
}

/// One line of JSON an event, whatever stands in it.
pub fn json<W>(filter: EnvFilter, writer: W) -> impl Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Registry::default().with(filter).with(lines(writer))
}

fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer().with_writer(Tame(writer)).with_target(false).json().flatten_event(true).with_current_span(false)
}

/// A panic is an event like any other. Its message may have come from outside, so it is cut.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let message: String = panic.payload_as_str().unwrap_or("").chars().take(200).collect();
    let place = panic.location().map_or_else(String::new, ToString::to_string);
    tracing::error!(place, "A part of cm-bot panicked at {place}: {message}");
}

/// Escapes what JSON leaves alone and a terminal obeys: the control characters beyond ASCII's first, and those that turn the
/// direction of writing. They can only stand in strings.
struct Tame<T>(T);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Tame<M> {
    type Writer = Tame<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Tame(self.0.make_writer())
    }
}

impl<W: Write> Write for Tame<W> {
    /// Takes a whole line, which is how they come.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(tame(line).as_bytes()).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn tame(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    let wild = |char: char| {
        (char.is_control() && char != '\n') || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(wild) {
        return text;
    }
    let escaped = |char: char| if wild(char) { format!("\\u{:04x}", u32::from(char)) } else { char.to_string() };
    text.chars().map(escaped).collect::<String>().into()
}
