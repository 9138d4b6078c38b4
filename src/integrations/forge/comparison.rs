//! The commits between two commits, as GitHub tells them or as Git itself does.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::origins::without_people;
use crate::integrations::git::GitCommit;
use crate::integrations::{SourceError, github};
use crate::model::{Commit, CommitSha, ObjectId, Relation};

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

impl GitComparison {
    /// The commits of which it matters what brought them: those on the release branch, and what their merges brought, because a
    /// merge that was made by hand is part of nothing. Every other commit came with one of these.
    pub(in crate::integrations) fn on_the_way(&self) -> Vec<&CommitSha> {
        let by_sha: HashMap<&CommitSha, &GitCommit> = self.commits.iter().map(|commit| (&commit.sha, commit)).collect();
        let parent = |commit: &&GitCommit| by_sha.get(commit.parents.first()?).copied();
        let chain: Vec<&GitCommit> = std::iter::successors(self.commits.last(), parent).collect();
        let brought = chain.iter().flat_map(|commit| commit.parents.iter().skip(1));
        let brought = brought.filter_map(|sha| by_sha.get(sha)).map(|commit| &commit.sha);
        let all: BTreeSet<&CommitSha> = chain.iter().map(|commit| &commit.sha).chain(brought).collect();
        all.into_iter().collect()
    }
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
            Comparison::Git(compared) => Ok(compared.commits.iter().map(without_people).collect()),
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
