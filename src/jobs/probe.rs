//! Watches whether the other systems answer and let us in, so that `/readyz` and the log say what an operator must do.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::gather::Sources;
use crate::integrations::SourceError;
use crate::integrations::slack::{SlackClient, SlackError};
use crate::policy::approval::clocks;
use crate::signals::Readiness;

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// What is watched.
#[derive(Debug)]
pub struct Probe {
    /// Jira and GitHub.
    pub sources: Sources,
    /// Slack.
    pub slack: Arc<SlackClient>,
    /// Where trouble is noted.
    pub readiness: Readiness,
}

impl Probe {
    /// Watches until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            self.look().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn look(&self) {
        let jira = self.sources.jira.check().await.err().map(|error| {
            advice("Jira", &error, "create a new API token for jira.account and set jira.token", "jira.api_url")
        });
        self.note("jira", jira);
        let mut github = None;
        for service in self.sources.services.iter() {
            if let Err(error) = self.sources.github.check(&service.repository).await {
                let what = advice(
                    "GitHub",
                    &error,
                    "correct github.token, or github.app_id and github.private_key",
                    "github.api_url",
                );
                github = Some(format!("{what} (asked for {})", service.repository));
            }
        }
        self.note("github", github);
        self.note(
            "clock",
            self.sources.github.clock_ahead_ms().and_then(clocks::difference).map(|difference| {
                format!("{difference} Set the clock of this machine; nothing is approved automatically until then")
            }),
        );
        let slack = self.slack.check().await.err().map(|error| match error {
            SlackError::Source(error) => {
                advice("Slack", &error, "install the app again and set slack.bot_token", "slack.api_url")
            }
            SlackError::Refused(word) | SlackError::Gone(word) => {
                format!("Slack says {word}: check slack.bot_token and the app's scopes")
            }
        });
        self.note("slack", slack);
    }

    fn note(&self, part: &'static str, trouble: Option<String>) {
        if let Some(trouble) = &trouble {
            tracing::error!(part, "{trouble}");
        }
        self.readiness.note(part, trouble);
    }
}

/// One line: what is wrong and what to do.
fn advice(system: &str, error: &SourceError, credentials: &str, address: &str) -> String {
    match error {
        SourceError::Unauthorized => format!("{system} refuses the credentials (401): {credentials}"),
        SourceError::Forbidden(why) => {
            format!("{system} does not allow it (403, {why}): give cm-bot's account the rights that the README lists")
        }
        SourceError::NotFound | SourceError::Unrelated => {
            format!("{system} finds nothing at this address (404): check {address}, and that cm-bot may see it")
        }
        SourceError::Unreachable(why) => {
            format!("{system} does not answer ({why}): check {address} and the network; cm-bot tries again by itself")
        }
        SourceError::RateLimited(_) => format!("{system} allows no more requests for now; cm-bot waits"),
        SourceError::Refused { message, .. } => message.clone(),
        SourceError::Unreadable(_) | SourceError::TooMuch(_) | SourceError::Incomplete(_) => {
            format!("{system} answers something unexpected ({error}): check that {address} is the address of its API")
        }
    }
}
