//! GitLab's JSON, as far as it is read (<https://docs.gitlab.com/api/merge_requests/> and its neighbours).

use std::collections::BTreeMap;

use serde::Deserialize;

/// A project.
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) id: u64,
    pub(super) path_with_namespace: String,
}

/// A branch.
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub(super) name: String,
    pub(super) commit: CommitName,
}

/// A commit of which the name is enough.
#[derive(Debug, Deserialize)]
pub(super) struct CommitName {
    pub(super) id: String,
}

/// A commit with its parents.
#[derive(Debug, Deserialize)]
pub(super) struct CommitShape {
    pub(super) id: String,
    pub(super) parent_ids: Vec<String>,
}

/// An account of which only the number is read: names change, and the rest is asked for by number.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct UserNumber {
    pub(super) id: u64,
}

/// An account that was asked for by its number.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    /// Whether it is a machine's; older instances do not say.
    pub(super) bot: Option<bool>,
    /// Addresses that GitLab has confirmed, as far as cm-bot may see them.
    pub(super) public_email: Option<String>,
    pub(super) commit_email: Option<String>,
    pub(super) email: Option<String>,
}

/// A member of a project or of a group above it.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) access_level: u32,
    pub(super) state: String,
}

/// A merge request as a list of a commit's shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) iid: u64,
    pub(super) target_branch: String,
    pub(super) state: String,
    pub(super) target_project_id: u64,
}

/// A merge request.
#[derive(Debug, Deserialize)]
pub(super) struct MergeRequest {
    pub(super) iid: u64,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) author: Option<UserNumber>,
    pub(super) target_branch: String,
    pub(super) source_branch: String,
    pub(super) source_project_id: Option<u64>,
    pub(super) target_project_id: u64,
    pub(super) sha: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) squash_commit_sha: Option<String>,
    pub(super) created_at: String,
    pub(super) merged_at: Option<String>,
    pub(super) diff_refs: Option<DiffRefs>,
}

/// Between which commits a merge request lies.
#[derive(Debug, Deserialize)]
pub(super) struct DiffRefs {
    pub(super) base_sha: Option<String>,
}

/// A version of a merge request: there is a new one for each push.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) id: u64,
    pub(super) head_commit_sha: String,
    /// Where the target branch stood: what it had by then is not shown to reviewers.
    pub(super) start_commit_sha: String,
    pub(super) created_at: String,
}

/// Who approves a merge request.
#[derive(Debug, Deserialize)]
pub(super) struct Approvals {
    pub(super) approved_by: Vec<Approval>,
}

/// One approval.
#[derive(Debug, Deserialize)]
pub(super) struct Approval {
    pub(super) user: UserNumber,
    /// Older instances do not say.
    pub(super) approved_at: Option<String>,
}

/// Somebody who was asked to look, or did.
#[derive(Debug, Deserialize)]
pub(super) struct Reviewer {
    pub(super) user: UserNumber,
    pub(super) state: String,
}

/// Something that was written about a merge request.
#[derive(Debug, Deserialize)]
pub(super) struct Note {
    pub(super) id: u64,
    pub(super) body: String,
    /// Whether GitLab wrote it about what its author did.
    pub(super) system: bool,
    pub(super) author: Option<UserNumber>,
    pub(super) created_at: String,
}

/// Something that somebody did in a project.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) author_id: u64,
    pub(super) created_at: String,
    pub(super) push_data: Option<PushData>,
}

/// A push. One that moved many branches at once names none of them.
#[derive(Debug, Deserialize)]
pub(super) struct PushData {
    pub(super) action: Option<String>,
    pub(super) ref_type: Option<String>,
    #[serde(rename = "ref")]
    pub(super) branch: Option<String>,
    pub(super) commit_from: Option<String>,
    pub(super) commit_to: Option<String>,
}

/// What the token may do.
#[derive(Debug, Deserialize)]
pub(super) struct Token {
    pub(super) scopes: Vec<String>,
}

/// An answer to a query. What is wrong is told with status 200.
#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    pub(super) data: Option<Data>,
    pub(super) errors: Option<Vec<Complaint>>,
}

/// Something that is wrong with a query.
#[derive(Debug, Deserialize)]
pub(super) struct Complaint {
    pub(super) message: String,
}

/// The top of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct Data {
    pub(super) project: Option<InProject>,
}

/// A project, as far as it was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct InProject {
    pub(super) repository: Option<BTreeMap<String, Option<Authored>>>,
}

/// A commit and the account to which the address of its author belongs.
#[derive(Debug, Deserialize)]
pub(super) struct Authored {
    pub(super) sha: String,
    pub(super) author: Option<GraphqlUser>,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(super) struct GraphqlUser {
    /// `gid://gitlab/User/7`.
    pub(super) id: String,
    pub(super) username: String,
    pub(super) bot: bool,
}
