//! Where the branch ends, how commits stand to each other, and which commits lie between two of them.

use std::sync::PoisonError;

use super::client::{GitlabClient, project};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{Asked, GitComparison, Read, named};
use crate::model::{CommitSha, ObjectId, ParseError, Relation, Service};

pub(super) fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}

impl GitlabClient {
    /// GitLab's number of the project of a service. One that has moved is found under its old name too, and is another name's.
    ///
    /// # Errors
    /// When it is not there, or elsewhere.
    pub(super) async fn project_id(&self, service: &Service) -> Result<u64, SourceError> {
        let name = service.repository.to_string();
        if let Some(known) = self.memory.projects.get(&name) {
            return Ok(known);
        }
        let found: wire::Project = self.read(&project(&service.repository, "")).await?;
        if found.path_with_namespace != name {
            return Err(SourceError::Unreadable("a project of another name than the one asked for".into()));
        }
        self.memory.projects.keep(name, &found.id);
        Ok(found.id)
    }

    /// The commit that the release branch ends in now (<https://docs.gitlab.com/api/branches/#get-single-repository-branch>).
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub(in crate::integrations) async fn branch_tip(&self, service: &Service) -> Result<CommitSha, SourceError> {
        let name = service.branch.as_str();
        let path = format!("/repository/branches/{}", name.replace('/', "%2F"));
        let branch: wire::Branch = self.read(&project(&service.repository, &path)).await?;
        if branch.name != name {
            return Err(SourceError::Unreadable("another branch than the one asked for".into()));
        }
        CommitSha::parse(&branch.commit.id).map_err(unreadable)
    }

    /// How `head` stands to `base`, which follows from where they met
    /// (<https://docs.gitlab.com/api/repositories/#merge-base>).
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when one of them is not there or they have no common history.
    pub(in crate::integrations) async fn relation(
        &self,
        service: &Service,
        (base, head): (&CommitSha, &CommitSha),
    ) -> Result<Relation, SourceError> {
        if base == head {
            return Ok(Relation::Identical);
        }
        let path = format!("/repository/merge_base?refs%5B%5D={base}&refs%5B%5D={head}");
        let met: wire::CommitName = self.read(&project(&service.repository, &path)).await?;
        let met = CommitSha::parse(&met.id).map_err(unreadable)?;
        Ok(match met {
            met if met == *base => Relation::Ahead,
            met if met == *head => Relation::Behind,
            _ => Relation::Diverged,
        })
    }

    /// Every commit that `head` has and `base` has not, from the repository itself.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when one is missing, [`SourceError::Unrelated`] without common history.
    pub(in crate::integrations) async fn compare(
        &self,
        service: &Service,
        ends: (&CommitSha, &CommitSha),
    ) -> Result<GitComparison, SourceError> {
        let found = self.git.range(&service.repository, ends).await?;
        self.memory.trees.lock().unwrap_or_else(PoisonError::into_inner).extend(found.trees);
        Ok(GitComparison {
            relation: found.relation,
            removed: found.removed.len() as u64,
            base_tree: found.base.tree,
            commits: found.commits,
        })
    }

    /// Folders, files and the folders of commits by their names, each answer in the place of its question. What is only
    /// guessed is not read: most of what proofs want came with the commits.
    ///
    /// # Errors
    /// When GitLab does not answer.
    pub(in crate::integrations) async fn objects(
        &self,
        service: &Service,
        asked: &[Asked],
    ) -> Result<Vec<Read>, SourceError> {
        let mut read: Vec<Option<Read>> = asked.iter().map(|one| self.at_hand(one)).collect();
        let open =
            |read: &[Option<Read>]| -> Vec<usize> { (0..asked.len()).filter(|at| read[*at].is_none()).collect() };
        let (places, names): (Vec<usize>, Vec<ObjectId>) =
            open(&read).into_iter().filter_map(|at| Some((at, name(&asked[at])?))).unzip();
        for (at, found) in places.into_iter().zip(named(&self.git, &service.repository, &names).await?) {
            read[at] = Some(found);
        }
        let (places, shas): (Vec<usize>, Vec<CommitSha>) =
            open(&read).into_iter().filter_map(|at| Some((at, sha(&asked[at])?))).unzip();
        if !shas.is_empty() {
            let commits = self.git.commits(&service.repository, &shas).await?;
            for (at, commit) in places.into_iter().zip(commits) {
                read[at] = Some(Read::Commit(commit.sha, commit.tree));
            }
        }
        Ok(read.into_iter().map(|found| found.unwrap_or(Read::Nothing)).collect())
    }

    fn at_hand(&self, asked: &Asked) -> Option<Read> {
        match asked {
            Asked::Object(id) => {
                let trees = self.memory.trees.lock().unwrap_or_else(PoisonError::into_inner);
                trees.get(id).map(|tree| Read::Tree(id.clone(), tree.clone()))
            }
            Asked::TreeOf(_) => None,
            Asked::Folder(..) => Some(Read::Nothing),
        }
    }
}

fn name(asked: &Asked) -> Option<ObjectId> {
    match asked {
        Asked::Object(id) => Some(id.clone()),
        Asked::TreeOf(_) | Asked::Folder(..) => None,
    }
}

fn sha(asked: &Asked) -> Option<CommitSha> {
    match asked {
        Asked::TreeOf(sha) => Some(sha.clone()),
        Asked::Object(_) | Asked::Folder(..) => None,
    }
}
