//! The commits between two commits, as GitHub tells them or as Git itself does.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::integrations::{SourceError, github};
use crate::model::{Commit, CommitSha, GitActor, ObjectId, Relation, Signature};

/// How one commit stands to another, and the commits that only the second has.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Comparison {
    /// Read from the repository itself. It says so, because what was kept of GitHub's says nothing.
    #[serde(with = "tagged")]
    Git(GitComparison),
    /// As GitHub tells it.
    Github(github::Comparison),
}

/// A comparison that was read with Git's own protocol: every commit hashes to its name, so the list proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitComparison {
    /// How the second stands to the first.
    pub relation: Relation,
    /// How many commits only the first has.
    pub removed: u64,
    /// The files of the first.
    pub base_tree: ObjectId,
    /// The commits that only the second has, oldest first.
    pub commits: Vec<GitCommit>,
}

/// A commit as it stands in the repository. Nothing in it but its shape is evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitCommit {
    /// Its name.
    pub sha: CommitSha,
    /// The files that it holds.
    pub tree: ObjectId,
    /// Its parents, the first parent first.
    pub parents: Vec<CommitSha>,
    /// Who it says made the work.
    pub author: GitName,
    /// Whom its message names besides (`Co-authored-by:`).
    pub co_authors: Vec<GitName>,
    /// Who it says made the commit.
    pub committer: GitName,
    /// The first line of its message; for people.
    pub headline: String,
}

/// A name and an address that somebody wrote into a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GitName {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

impl Comparison {
    /// Whether it can be kept. What Git tells never changes; accounts are not in it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Comparison::Github(compared) => compared.is_final(),
            Comparison::Git(_) => true,
        }
    }

    /// How the second stands to the first.
    #[must_use]
    pub fn relation(&self) -> Relation {
        match self {
            Comparison::Github(compared) => compared.relation,
            Comparison::Git(compared) => compared.relation,
        }
    }

    /// How many commits only the first has.
    #[must_use]
    pub fn removed(&self) -> u64 {
        match self {
            Comparison::Github(compared) => compared.removed,
            Comparison::Git(compared) => compared.removed,
        }
    }

    /// The files of the first.
    #[must_use]
    pub fn base_tree(&self) -> &ObjectId {
        match self {
            Comparison::Github(compared) => &compared.base_tree,
            Comparison::Git(compared) => &compared.base_tree,
        }
    }

    /// Paths that are said to be different: a hint where to look, and no more.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<String> {
        match self {
            Comparison::Github(compared) => compared.paths.clone(),
            Comparison::Git(_) => BTreeSet::new(),
        }
    }

    /// The commits that only the second has, oldest first, with the first line of their messages.
    ///
    /// # Errors
    /// When a name is none.
    pub fn headlines(&self) -> Result<Vec<(CommitSha, String)>, SourceError> {
        match self {
            Comparison::Github(compared) => compared.headlines(),
            Comparison::Git(compared) => {
                Ok(compared.commits.iter().map(|commit| (commit.sha.clone(), commit.headline.clone())).collect())
            }
        }
    }

    /// The commits that only the second has, oldest first, with names, parents and files: nothing about people yet.
    ///
    /// # Errors
    /// When a name is none.
    pub fn shape(&self) -> Result<Vec<Commit>, SourceError> {
        match self {
            Comparison::Github(compared) => compared.shape(),
            Comparison::Git(compared) => Ok(compared.commits.iter().map(GitCommit::shape).collect()),
        }
    }
}

impl GitCommit {
    fn shape(&self) -> Commit {
        Commit {
            sha: self.sha.clone(),
            tree: self.tree.clone(),
            parents: self.parents.clone(),
            authors: Vec::new(),
            committer: GitActor { name: String::new(), account: None },
            signature: Signature::None,
            headline: String::new(),
        }
    }
}

/// `{"git": …}`, so that no reader takes it for a comparison of GitHub.
mod tagged {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::GitComparison;

    #[derive(Serialize)]
    struct Written<'a> {
        git: &'a GitComparison,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Read {
        git: GitComparison,
    }

    pub(super) fn serialize<S: Serializer>(git: &GitComparison, serializer: S) -> Result<S::Ok, S::Error> {
        Written { git }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GitComparison, D::Error> {
        Ok(Read::deserialize(deserializer)?.git)
    }
}
