//! What an operator does when another system does not work.

use super::SourceError;
use crate::model::Forge;

/// What to do when Jira refuses the credentials.
pub const JIRA_CREDENTIALS: &str = "create a new API token for jira.account and set jira.token";

/// The same where Jira is a Data Center.
pub const JIRA_PERSONAL_TOKEN: &str =
    "make a new personal access token in the profile of cm-bot's account and set jira.token";

/// The same for GitHub.
pub const GITHUB_CREDENTIALS: &str = "correct github.token, or github.app_id and github.private_key";

/// The same for GitLab.
pub const GITLAB_CREDENTIALS: &str = "make a new token with read_api and read_repository and set gitlab.token";

/// The same for Bitbucket.
pub const BITBUCKET_CREDENTIALS: &str = "make a new access token that may read and set bitbucket.token";

/// What to do when the system that holds code refuses the credentials, and which setting says where it is.
#[must_use]
pub fn forge_advice(forge: Forge) -> (&'static str, &'static str) {
    match forge {
        Forge::Github => (GITHUB_CREDENTIALS, "github.api_url"),
        Forge::Gitlab => (GITLAB_CREDENTIALS, "gitlab.api_url"),
        Forge::Bitbucket => (BITBUCKET_CREDENTIALS, "bitbucket.api_url"),
    }
}

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
