//! What an operator does when another system does not work.

use super::SourceError;

/// What to do when Jira refuses the credentials.
pub const JIRA_CREDENTIALS: &str = "create a new API token for jira.account and set jira.token";

/// The same where Jira is a Data Center.
pub const JIRA_PERSONAL_TOKEN: &str =
    "make a new personal access token in the profile of cm-bot's account and set jira.token";

/// The same for GitHub.
pub const GITHUB_CREDENTIALS: &str = "correct github.token, or github.app_id and github.private_key";

/// The same for Slack.
pub const SLACK_CREDENTIALS: &str = "install the app again and set slack.bot_token";

/// The same for Jenkins.
pub const JENKINS_CREDENTIALS: &str = "create a new API token for jenkins.user and set jenkins.token";

/// One line: what is wrong and what to do. `credentials` says what to do when they are refused, `address` which setting says
/// where the system is.
#[must_use]
pub fn advice(system: &str, error: &SourceError, (credentials, address): (&str, &str)) -> String {
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
        SourceError::Unreadable(_) | SourceError::TooMuch(_) | SourceError::UsedUp(_) | SourceError::Incomplete(_) => {
            format!("{system} answers something unexpected ({error}): check that {address} is the address of its API")
        }
    }
}
