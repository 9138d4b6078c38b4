//! What systemd is told (`sd_notify(3)`): ready, alive, stopping. Without systemd these do nothing.

use sd_notify::{NotifyState, notify, watchdog_enabled};

/// Says that the service is ready, and then again and again that it lives, if the service manager wants to hear it
/// (`WatchdogSec`). The word comes from the runtime that does the work: when that stands still, the process is started anew.
pub(super) async fn watched() {
    say(NotifyState::Ready);
    let Some(most) = watchdog_enabled() else { return };
    loop {
        tokio::time::sleep(most / 3).await;
        say(NotifyState::Watchdog);
    }
}

/// Says that the service stops.
pub(super) fn stopping() {
    say(NotifyState::Stopping);
}

fn say(state: NotifyState<'_>) {
    if let Err(error) = notify(&[state]) {
        tracing::warn!(%error, "The service manager does not listen: {error}");
    }
}
