//! Commits, as the server that holds them describes them.

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, ObjectId};
use super::pull_request::Account;

/// One commit of a range. It has no dates: whoever makes a commit writes any date into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its name.
    pub sha: CommitSha,
    /// The files that it holds.
    pub tree: ObjectId,
    /// Its parents, the first parent first.
    pub parents: Vec<CommitSha>,
    /// The author and every co-author.
    pub authors: Vec<GitActor>,
    /// Who made the commit object.
    pub committer: GitActor,
    /// Who vouches for it.
    pub signature: Signature,
    /// The first line of the message; for people, never for a decision.
    pub headline: String,
}

/// A name in a commit, and the account that GitHub finds for its e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitActor {
    /// The name written into the commit; anybody can write any name.
    pub name: String,
    /// The account, if the address belongs to one.
    pub account: Option<Account>,
}

/// What the signature of a commit proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Made and signed by GitHub itself: a merge button, the web editor, an App's commit.
    ByGithub,
    /// Signed validly by somebody.
    Valid,
    /// No valid signature.
    None,
}

/// How one commit stands to another in history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same commit.
    Identical,
    /// The other commit is an ancestor: there is only new work.
    Ahead,
    /// It is an ancestor of the other: work is taken away.
    Behind,
    /// Each has commits that the other lacks.
    Diverged,
}
