//! Pull requests and what people said in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::commit::Commit;
use super::forge::UserId;
use super::ids::{BranchName, CommitSha, RepoName};
use super::time::Timestamp;

/// An account at GitHub or another forge, known by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The number that stays.
    pub id: UserId,
    /// The login of today; for people to read.
    pub login: String,
    /// What kind of account it is.
    pub kind: AccountKind,
}

/// The kinds of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A human's account.
    User,
    /// An App or another machine.
    Bot,
    /// A placeholder of an imported history, or a kind that we do not know.
    Other,
}

/// A pull request with everything that a review rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// The repository that it is for.
    pub repository: RepoName,
    /// Its title; for people.
    pub title: String,
    /// The branch that it is for.
    pub base: BranchName,
    /// Its final commit.
    pub head: CommitSha,
    /// Who opened it; nobody when the account was deleted.
    pub opener: Option<Account>,
    /// Its own commits, oldest first, where a merge left none of them on the release branch.
    pub commits: Option<Vec<Commit>>,
    /// How it was merged, if it was.
    pub merged: Option<Merged>,
    /// The one commit that stands for its own and was merged in their place, where a forge does both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub squash: Option<CommitSha>,
    /// Who is or ever was assigned to it, and by whom. The person who asked a coding agent for it is among them.
    pub assignees: Vec<Account>,
    /// Those of them whom only machines have assigned. Older records lack it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_by_machines: Vec<MachineAssignment>,
    /// The names of its own commits, as the server lists them; nothing where it does not. Older records have those of the newest
    /// hundred, or lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<BTreeSet<CommitSha>>,
    /// All reviews, in the order in which the server received them.
    pub reviews: Vec<Review>,
    /// When the server first made an object (a check suite) for a commit: later than its push, never earlier.
    pub first_seen: BTreeMap<CommitSha, Timestamp>,
    /// Pushes that the server tells of.
    pub pushes: Vec<Push>,
    /// Forced pushes to its branch.
    pub force_pushes: Vec<ForcePush>,
    /// When it was pointed at another base branch, by somebody or by GitHub, or its base was forced elsewhere.
    pub base_changes: Vec<Timestamp>,
    /// Reviews that were dismissed.
    pub dismissals: Vec<Dismissal>,
    /// What our own record of GitHub's deliveries says about it.
    pub ledger: Ledger,
}

/// A person whom a machine assigned to a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineAssignment {
    /// The machine.
    pub by: UserId,
    /// The person.
    pub who: UserId,
}

/// The end of a merged pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit that brought it to the base branch.
    pub commit: CommitSha,
    /// When.
    pub at: Timestamp,
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The server's id of it.
    pub id: String,
    /// Who wrote it; nobody when the account was deleted.
    pub author: Option<Account>,
    /// What it says.
    pub opinion: Opinion,
    /// When the server received it.
    pub submitted_at: Timestamp,
    /// The commit that it names today. GitHub moves approvals to newer commits, so this alone proves nothing.
    pub commit: Option<CommitSha>,
    /// Whether its author may push to the repository.
    pub may_push: bool,
    /// What it says, as far as the criteria make that matter.
    pub text: String,
    /// When somebody last changed what it says, as far as the criteria make that matter.
    pub edited_at: Option<Timestamp>,
}

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// Approved.
    Approved,
    /// Asked for changes.
    ChangesRequested,
    /// Somebody took its force away.
    Dismissed,
    /// Only a comment.
    Commented,
}

/// A push that threw commits of the branch away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForcePush {
    /// When the server received it.
    pub at: Timestamp,
    /// Who pushed, as far as the server tells.
    pub actor: Option<Account>,
}

/// A review that somebody dismissed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// The id of the review.
    pub review: String,
    /// What it had said.
    pub was: Opinion,
    /// When it was dismissed; nothing in older records.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who dismissed it, as far as the server tells.
    pub actor: Option<Account>,
}

/// What GitHub's deliveries said about a pull request at the moment when it happened, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Reviews, each with the commit that it was given for.
    pub reviews: Vec<SeenReview>,
    /// Where the head went.
    pub pushes: Vec<Push>,
    /// When we heard that it was pointed at another base branch, or that the release branch was forced elsewhere.
    pub base_changes: Vec<Timestamp>,
}

impl PullRequest {
    /// Every push that somebody told us of, with who pushed.
    pub fn all_pushes(&self) -> impl Iterator<Item = &Push> {
        self.pushes.iter().chain(self.ledger.told())
    }
}

impl Ledger {
    /// Pushes with who pushed. Our record of an opening names who opened, and others may have pushed.
    pub fn told(&self) -> impl Iterator<Item = &Push> {
        self.pushes.iter().filter(|push| push.before.is_some())
    }
}

/// A review as it was when it was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenReview {
    /// The server's id of it: the node id, as in [`Review::id`].
    pub id: String,
    /// The commit that the reviewer saw. Unlike [`Review::commit`] it stays.
    pub commit: CommitSha,
    /// When the server received it, by GitHub's clock.
    pub submitted_at: Timestamp,
    /// When we heard of it, by our clock, like every other time of the ledger.
    pub received_at: Timestamp,
}

/// A new head of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The head before; none when the pull request was opened or opened again.
    pub before: Option<CommitSha>,
    /// The head since.
    pub after: CommitSha,
    /// Who did it: pushed, or, where there is no head before, opened the pull request, which others may have pushed for.
    pub by: Option<Account>,
    /// When we heard of it: later than it happened, never earlier.
    pub at: Timestamp,
}

/// Stands for the number of every pull request of a repository; none has it.
pub const EVERY_PULL_REQUEST: u64 = 0;

/// One line for the [`Ledger`], read from a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// GitHub's number of the repository, which stays when it is renamed.
    pub repository_id: u64,
    /// Its name.
    pub repository: RepoName,
    /// The number of the pull request, or [`EVERY_PULL_REQUEST`].
    pub number: u64,
    /// What happened.
    pub event: Seen,
}

/// What the ledger takes note of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A review was submitted.
    Review {
        /// The server's id of it.
        id: String,
        /// The commit that the reviewer saw.
        commit: CommitSha,
        /// When the server received it.
        submitted_at: Timestamp,
        /// What it says.
        opinion: Opinion,
        /// By whom.
        by: Account,
    },
    /// The pull request got a head.
    Push {
        /// The head before.
        before: Option<CommitSha>,
        /// The head since.
        after: CommitSha,
        /// By whom.
        by: Account,
    },
    /// It was pointed at another base branch, or its base was forced elsewhere.
    BaseChange,
    /// A push brought commits that nobody had pushed before, to a branch of whatever name.
    Commits {
        /// The new ones.
        commits: Vec<CommitSha>,
        /// Who pushed.
        by: Account,
    },
}
