//! Bitbucket's JSON, as far as it is read.

use serde::Deserialize;

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) values: Vec<T>,
    /// The address of the next page; nothing on the last one.
    pub(super) next: Option<String>,
    /// How long the whole list is, where Bitbucket says so.
    pub(super) size: Option<usize>,
}

/// A repository.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) full_name: String,
}

/// Whoever has an account.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) uuid: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) display_name: Option<String>,
}

/// A commit, whose name may be cut where it stands in something else.
#[derive(Debug, Deserialize)]
pub(super) struct CommitName {
    pub(super) hash: String,
}

/// A commit of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) hash: String,
    pub(super) author: CommitAuthor,
}

/// Who claims to have written a commit, and the account that Bitbucket connects with the address.
#[derive(Debug, Deserialize)]
pub(super) struct CommitAuthor {
    pub(super) user: Option<User>,
}

/// A pull request of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) id: u64,
    /// Left out where a list shows no more than which they are.
    pub(super) state: Option<String>,
}

/// How a pull request stands.
#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    pub(super) id: u64,
    pub(super) state: String,
}

/// A pull request.
#[derive(Debug, Deserialize)]
pub(super) struct PullRequest {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) author: Option<User>,
    pub(super) source: Side,
    pub(super) destination: Side,
    pub(super) merge_commit: Option<CommitName>,
    pub(super) participants: Vec<Participant>,
}

/// Where a pull request comes from, or goes to. A branch or a fork may be gone.
#[derive(Debug, Deserialize)]
pub(super) struct Side {
    pub(super) branch: Branch,
    pub(super) commit: Option<CommitName>,
    pub(super) repository: Option<Repository>,
}

/// A branch.
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub(super) name: String,
}

/// Somebody and what they say of a pull request now.
#[derive(Debug, Deserialize)]
pub(super) struct Participant {
    pub(super) user: Option<User>,
    pub(super) approved: bool,
    pub(super) state: Option<String>,
}

/// Something that happened to a pull request: one of these, or something that is not read.
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    pub(super) update: Option<Update>,
    pub(super) approval: Option<Said>,
    pub(super) changes_requested: Option<Said>,
}

/// How a pull request was since a moment.
#[derive(Debug, Deserialize)]
pub(super) struct Update {
    pub(super) date: String,
    pub(super) state: String,
    pub(super) source: Side,
    pub(super) destination: Side,
}

/// Somebody said something.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) date: String,
    pub(super) user: Option<User>,
}

/// What somebody may do with a repository.
#[derive(Debug, Deserialize)]
pub(super) struct Permission {
    pub(super) permission: String,
    pub(super) user: Option<User>,
}
