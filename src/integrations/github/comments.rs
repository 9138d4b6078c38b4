//! Comments on pull requests, for companies where "LGTM" is an approval.
//!
//! Comments can only add approvals, so the newest hundred of a pull request are enough: an older one that is not read
//! approves nothing.

use serde::Deserialize;
use serde_json::Value;

use super::client::GithubClient;
use super::commits::{account, unreadable};
use super::graphql::{Looked, NodeQuery};
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Account, CommitSha, GithubId, RepoName, Timestamp, UserId};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: NodeQuery =
    NodeQuery { kind: "PullRequest", text: include_str!("queries/comments.graphql"), variables: Value::Null, most: 25 };

/// What somebody said about a pull request without giving an opinion.
#[derive(Debug)]
pub struct Comment {
    /// The number of the pull request.
    pub pull_request: u64,
    /// The server's id of it.
    pub id: String,
    /// Who said it; nobody when the account was deleted.
    pub author: Option<Account>,
    /// The words.
    pub text: String,
    /// When the server received it.
    pub at: Timestamp,
    /// When somebody last changed the words.
    pub edited_at: Option<Timestamp>,
    /// The commit that it was written about, where it is one of a review.
    pub commit: Option<CommitSha>,
    /// Whether its author may push, where GitHub says so along with it.
    pub may_push: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Permission {
    permission: String,
    user: Option<NumberedUser>,
}

#[derive(Debug, Deserialize)]
struct NumberedUser {
    id: u64,
}

impl GithubClient {
    /// Reads the newest comments of pull requests by node id.
    ///
    /// # Errors
    /// When any of them cannot be read.
    pub async fn comments(&self, repository: &RepoName, ids: &[String]) -> Result<Vec<Comment>, SourceError> {
        let found: Looked<wire::PullComments> = self.nodes_in_batches(repository, &QUERY, ids).await?;
        let mut comments = Vec::new();
        for pull in found.nodes {
            for one in pull.reviews.nodes {
                comments.push(of_review(pull.number, one)?);
            }
            for one in pull.comments.nodes {
                comments.push(of_conversation(pull.number, one)?);
            }
        }
        Ok(comments)
    }

    /// Whether an account may push to the repository today.
    /// Source: <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
    ///
    /// # Errors
    /// When GitHub does not say so of exactly this account: a login may have become somebody else's.
    pub async fn may_push(&self, repository: &RepoName, account: &Account) -> Result<bool, SourceError> {
        let path = format!("/collaborators/{}/permission", account.login);
        let found: Permission = self.get(repository, &path, None).await?.json()?;
        match found.user {
            Some(user) if UserId::Github(GithubId(user.id)) == account.id => {
                Ok(matches!(found.permission.as_str(), "admin" | "write"))
            }
            Some(_) | None => {
                Err(SourceError::Unreadable("the rights of another account than the one asked for".into()))
            }
        }
    }
}

fn of_review(pull_request: u64, info: wire::ReviewComment) -> Result<Comment, SourceError> {
    let missing = || SourceError::Unreadable("a review without a time".into());
    Ok(Comment {
        pull_request,
        id: info.id,
        author: info.author.as_ref().and_then(account),
        text: info.body,
        at: time(&info.submitted_at.ok_or_else(missing)?)?,
        edited_at: info.last_edited_at.as_deref().map(time).transpose()?,
        commit: info.commit.map(|commit| CommitSha::parse(&commit.oid)).transpose().map_err(unreadable)?,
        may_push: Some(info.author_can_push_to_repository),
    })
}

fn of_conversation(pull_request: u64, info: wire::ConversationComment) -> Result<Comment, SourceError> {
    Ok(Comment {
        pull_request,
        id: info.id,
        author: info.author.as_ref().and_then(account),
        text: info.body,
        at: time(&info.created_at)?,
        edited_at: info.last_edited_at.as_deref().map(time).transpose()?,
        commit: None,
        may_push: None,
    })
}

fn time(text: &str) -> Result<Timestamp, SourceError> {
    Timestamp::parse(text).map_err(unreadable)
}
