//! The answers of GitHub's GraphQL API, to the queries of `queries/`.

use serde::Deserialize;

use super::present;

/// The envelope of every GraphQL answer.
#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct Envelope<T> {
    pub data: Option<T>,
    #[serde(default = "no_errors")]
    pub errors: Vec<GraphqlError>,
}

/// The one field whose absence is defined: GraphQL leaves `errors` out when there are none.
fn no_errors() -> Vec<GraphqlError> {
    Vec::new()
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct GraphqlError {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub message: String,
    /// Where in the answer; absent when the error is about all of it.
    pub path: Option<Vec<serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct Nodes<T> {
    pub nodes: Vec<Option<T>>,
    /// Absent when the query did not ask for the branch.
    pub repository: Option<BranchOf>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct BranchOf {
    #[serde(deserialize_with = "present")]
    pub branch: Option<BranchEnd>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct BranchEnd {
    #[serde(deserialize_with = "present")]
    pub target: Option<Oid>,
}

impl BranchOf {
    /// The name of the commit that the branch ends in.
    pub(in crate::integrations::github) fn tip(&self) -> Option<&str> {
        Some(self.branch.as_ref()?.target.as_ref()?.oid.as_str())
    }
}

/// A list with its length, so that it can prove to be complete.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct Counted<T> {
    pub total_count: usize,
    pub nodes: Vec<T>,
}

/// A list whose length does not matter.
#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct Listed<T> {
    pub nodes: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct CommitOrigin {
    pub oid: String,
    pub authors: Counted<NamedActor>,
    #[serde(deserialize_with = "present")]
    pub signature: Option<SignatureInfo>,
    pub associated_pull_requests: Counted<AssociatedPull>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct NamedActor {
    #[serde(deserialize_with = "present")]
    pub name: Option<String>,
    #[serde(deserialize_with = "present")]
    pub user: Option<User>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct SignatureInfo {
    pub is_valid: bool,
    #[serde(rename = "wasSignedByGitHub")]
    pub by_github: bool,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct AssociatedPull {
    pub id: String,
    pub number: u64,
    pub merged: bool,
}

/// Whoever a commit's address belongs to: always a user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct User {
    pub login: String,
    #[serde(deserialize_with = "present")]
    pub database_id: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct Actor {
    #[serde(rename = "__typename")]
    pub kind: ActorKind,
    pub login: String,
    /// Organizations have none.
    pub database_id: Option<u64>,
}

/// What can act; a kind that nobody knew when this was written is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::integrations::github) enum ActorKind {
    User,
    Bot,
    Mannequin,
    Organization,
    EnterpriseUserAccount,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct PullInfo {
    pub id: String,
    pub number: u64,
    pub title: String,
    pub head_ref_oid: String,
    pub base_ref_name: String,
    #[serde(deserialize_with = "present")]
    pub base_repository: Option<RepositoryName>,
    pub merged: bool,
    #[serde(deserialize_with = "present")]
    pub merged_at: Option<String>,
    #[serde(deserialize_with = "present")]
    pub merge_commit: Option<Oid>,
    #[serde(deserialize_with = "present")]
    pub author: Option<Actor>,
    pub assignees: Counted<Actor>,
    pub commits: CommitPage,
    pub reviews: Counted<ReviewInfo>,
    pub timeline_items: Counted<TimelineItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct RepositoryName {
    pub name_with_owner: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct Oid {
    pub oid: String,
}

/// The newest commits of a pull request, oldest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct CommitPage {
    pub total_count: usize,
    pub page_info: PageInfo,
    pub nodes: Vec<PullCommitInfo>,
}

/// A pull request of which only the names of commits are asked for.
#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct NamedNode {
    pub node: Option<NamedCommits>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct NamedCommits {
    pub commits: NamePage,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct NamePage {
    pub page_info: PageInfo,
    pub nodes: Vec<NamedCommit>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct NamedCommit {
    pub commit: Oid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct PageInfo {
    pub has_previous_page: bool,
    #[serde(deserialize_with = "present")]
    pub start_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct PullCommitInfo {
    pub commit: HeadCommitInfo,
    /// Absent when the query did not ask for it.
    pub reviewed: Option<ReviewedCommit>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct HeadCommitInfo {
    pub oid: String,
    #[serde(deserialize_with = "present")]
    pub check_suites: Option<Listed<CheckSuite>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct CheckSuite {
    pub created_at: String,
    #[serde(deserialize_with = "present")]
    pub push: Option<Push>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct Push {
    #[serde(deserialize_with = "present")]
    pub previous_sha: Option<String>,
    #[serde(deserialize_with = "present")]
    pub next_sha: Option<String>,
    pub pusher: Actor,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct ReviewInfo {
    pub id: String,
    pub state: String,
    #[serde(deserialize_with = "present")]
    pub submitted_at: Option<String>,
    #[serde(deserialize_with = "present")]
    pub author: Option<Actor>,
    pub author_can_push_to_repository: bool,
    #[serde(deserialize_with = "present")]
    pub commit: Option<Oid>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct PullComments {
    pub number: u64,
    pub reviews: Listed<ReviewComment>,
    pub comments: Listed<ConversationComment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct ReviewComment {
    pub id: String,
    pub body: String,
    pub submitted_at: Option<String>,
    pub last_edited_at: Option<String>,
    pub author: Option<Actor>,
    pub author_can_push_to_repository: bool,
    pub commit: Option<Oid>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct ConversationComment {
    pub id: String,
    pub body: String,
    pub created_at: String,
    pub last_edited_at: Option<String>,
    pub author: Option<Actor>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
pub(in crate::integrations::github) enum TimelineItem {
    #[serde(rename = "HeadRefForcePushedEvent", rename_all = "camelCase")]
    ForcePushed { created_at: String, actor: Option<Actor> },
    /// Another base branch, given by somebody or by GitHub when the base was merged and deleted; or the base was forced elsewhere,
    /// or deleted and perhaps made again.
    #[serde(
        rename = "BaseRefChangedEvent",
        alias = "AutomaticBaseChangeSucceededEvent",
        alias = "BaseRefForcePushedEvent",
        alias = "BaseRefDeletedEvent",
        rename_all = "camelCase"
    )]
    BaseChanged { created_at: String },
    #[serde(rename = "AssignedEvent")]
    Assigned { actor: Option<Actor>, assignee: Option<Actor> },
    #[serde(rename = "ReviewDismissedEvent", rename_all = "camelCase")]
    ReviewDismissed {
        created_at: String,
        previous_review_state: String,
        actor: Option<Actor>,
        review: Option<ReviewId>,
    },
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct ReviewId {
    pub id: String,
}

/// An object of the repository, or nothing.
#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
pub(in crate::integrations::github) enum GitObject {
    Tree {
        oid: String,
        entries: Option<Vec<TreeEntryInfo>>,
    },
    #[serde(rename_all = "camelCase")]
    Blob {
        oid: String,
        is_binary: Option<bool>,
        is_truncated: bool,
        text: Option<String>,
    },
    Commit {
        oid: String,
        tree: Oid,
    },
    Tag {},
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct TreeEntryInfo {
    pub name: String,
    pub mode: u32,
    pub oid: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct InRepository<T> {
    pub repository: Option<T>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct EdgeInfo {
    pub branch: Option<BranchEnd>,
    pub baseline: Option<BaselineInfo>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct BaselineInfo {
    pub oid: String,
    pub history: Listed<EarlierCommit>,
}

#[derive(Debug, Deserialize)]
pub(in crate::integrations::github) struct EarlierCommit {
    pub oid: String,
    pub tree: Oid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::integrations::github) struct ReviewedCommit {
    pub oid: String,
    pub tree: Oid,
    pub parents: Counted<Oid>,
    pub authors: Counted<NamedActor>,
    #[serde(deserialize_with = "present")]
    pub committer: Option<NamedActor>,
    #[serde(deserialize_with = "present")]
    pub signature: Option<SignatureInfo>,
    pub message_headline: String,
}
