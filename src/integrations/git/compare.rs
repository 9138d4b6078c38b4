//! How two commits stand to each other, and everything that lies between them.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::client::GitClient;
use super::commit::GitCommit;
use super::history::{Between, Ends, Known, Proof};
use super::lookup::commits_in;
use super::object::tree;
use super::pack::Pack;
use super::request::{Fetch, Filter};
use crate::integrations::SourceError;
use crate::model::{CommitSha, ObjectId, ObjectKind, Relation, RepoName, Tree};

/// Most new commits. A range this large is no change that a program should approve.
const MOST_COMMITS: usize = 5_000;

/// So many generations before the baseline come with it: most branches began there.
const GENERATIONS: usize = 50;

/// Rounds of asking where branches began. The first one names all that are not known, each later one a few.
const MOST_ROUNDS: usize = 12;

/// Branches whose beginnings are asked for in one round.
const AT_A_TIME: usize = 8;

/// Everything between two commits. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// How the second stands to the first.
    pub relation: Relation,
    /// The first.
    pub base: GitCommit,
    /// What only the second reaches: complete, parents before children, itself last.
    pub commits: Vec<GitCommit>,
    /// What only the first reaches, in the same order.
    pub removed: Vec<GitCommit>,
    /// Folders that came with the commits.
    pub trees: BTreeMap<ObjectId, Tree>,
}

impl GitClient {
    /// Everything that `head` reaches and `base` does not, with the folders that are new in it.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when a commit is missing that nothing shows to be older than `base`,
    /// [`SourceError::Unrelated`] when they share nothing, [`SourceError::NotFound`] when one of them is not there.
    pub async fn range(
        &self,
        repository: &RepoName,
        (base, head): (&CommitSha, &CommitSha),
    ) -> Result<Fetched, SourceError> {
        self.compared(repository, Ends { base, head }, Filter::Files).await
    }

    /// How `head` stands to `base`.
    ///
    /// # Errors
    /// As [`GitClient::range`].
    pub async fn relation(
        &self,
        repository: &RepoName,
        (base, head): (&CommitSha, &CommitSha),
    ) -> Result<Relation, SourceError> {
        if base == head {
            return Ok(Relation::Identical);
        }
        Ok(self.compared(repository, Ends { base, head }, Filter::FilesAndFolders).await?.relation)
    }

    async fn compared(&self, repository: &RepoName, ends: Ends<'_>, filter: Filter) -> Result<Fetched, SourceError> {
        // Once, before both ask for it.
        self.capabilities(repository).await?;
        let new = Fetch { wants: vec![ends.head.as_str()], haves: vec![ends.base.as_str()], filter, depth: None };
        let (old, pack) = tokio::try_join!(self.history(repository, ends.base), self.fetch(repository, new))?;
        let base = old.iter().find(|commit| commit.sha == *ends.base).cloned().ok_or_else(|| absent(ends.base))?;
        let mut known = Known::default();
        known.add(old);
        known.add(commits_in(&pack).collect::<Result<Vec<GitCommit>, SourceError>>()?);
        let between = self.proven(repository, &mut known, ends).await?;
        let removed = self.removed(repository, &mut known, (ends.base, &between)).await?;
        let commits = between.new.iter().filter_map(|sha| known.get(sha)).cloned().collect();
        Ok(Fetched { relation: between.relation, base, commits, removed, trees: trees_in(&pack) })
    }

    /// Asks until everything is known that lies between. A server that is told that we have something leaves out whatever that
    /// reaches, so one question about all missing commits proves the newest of them, and each of the others needs its own.
    async fn proven(&self, repository: &RepoName, known: &mut Known, ends: Ends<'_>) -> Result<Between, SourceError> {
        let mut before = usize::MAX;
        for round in 0..MOST_ROUNDS {
            let missing = match known.between(ends)? {
                Proof::Whole(between) if between.new.len() > MOST_COMMITS => {
                    return Err(SourceError::TooMuch(format!("{} commits", between.new.len())));
                }
                Proof::Whole(between) => return Ok(between),
                Proof::Missing(missing) => missing,
            };
            let first = missing.first().unwrap_or(ends.head);
            if missing.len() >= before {
                return Err(SourceError::Incomplete(format!("commit {first} is neither there nor older")));
            }
            before = missing.len();
            let questions: Vec<&[CommitSha]> = match round {
                0 => vec![missing.as_slice()],
                _ => missing.chunks(1).take(AT_A_TIME).collect(),
            };
            let answers = questions.into_iter().map(|have| self.down_to(repository, (ends.base, have)));
            let answers: Vec<_> = answers.collect();
            let found: Vec<Vec<GitCommit>> = stream::iter(answers).buffered(AT_A_TIME).try_collect().await?;
            known.add(found.into_iter().flatten());
        }
        Err(SourceError::TooMuch("branches that began long before".into()))
    }

    /// What would leave. It decides nothing, so it is not proven to be complete.
    async fn removed(
        &self,
        repository: &RepoName,
        known: &mut Known,
        (base, between): (&CommitSha, &Between),
    ) -> Result<Vec<GitCommit>, SourceError> {
        if matches!(between.relation, Relation::Identical | Relation::Ahead) {
            return Ok(Vec::new());
        }
        let shared: Vec<CommitSha> = between.shared.iter().cloned().collect();
        known.add(self.down_to(repository, (base, &shared)).await?);
        Ok(known.only(base, &between.shared))
    }

    /// The commits that `from` reaches and none of `have` does.
    async fn down_to(
        &self,
        repository: &RepoName,
        (from, have): (&CommitSha, &[CommitSha]),
    ) -> Result<Vec<GitCommit>, SourceError> {
        let haves = have.iter().map(CommitSha::as_str).collect();
        let fetch = Fetch { wants: vec![from.as_str()], haves, filter: Filter::FilesAndFolders, depth: None };
        Ok(readable(&self.fetch(repository, fetch).await?))
    }

    /// A commit and the generations before it. A server that cannot leave out files would send those of all of them, so it is
    /// asked for no more than one.
    async fn history(&self, repository: &RepoName, from: &CommitSha) -> Result<Vec<GitCommit>, SourceError> {
        let depth = if self.capabilities(repository).await?.filters { GENERATIONS } else { 1 };
        let (wants, filter) = (vec![from.as_str()], Filter::FilesAndFolders);
        let fetch = Fetch { wants, haves: Vec::new(), filter, depth: Some(depth) };
        Ok(readable(&self.fetch(repository, fetch).await?))
    }
}

/// Old commits that can be read. Only the parents of these matter: one that cannot be read breaks the chain that it is part of,
/// and no other.
fn readable(pack: &Pack) -> Vec<GitCommit> {
    commits_in(pack).flatten().collect()
}

fn absent(sha: &CommitSha) -> SourceError {
    SourceError::Incomplete(format!("commit {sha} did not come"))
}

/// The folders of a pack that proofs can look into. They are here to be read without asking again; one that is not here is
/// asked for when it is needed.
fn trees_in(pack: &Pack) -> BTreeMap<ObjectId, Tree> {
    let trees = pack.objects().filter(|(_, kind, _)| *kind == ObjectKind::Tree);
    trees.filter_map(|(name, _, body)| Some((name.clone(), tree(name, body)?))).collect()
}
