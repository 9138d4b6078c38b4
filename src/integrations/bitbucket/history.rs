//! Commits, folders and files, straight from the repository.

use super::client::BitbucketClient;
use crate::integrations::SourceError;
use crate::integrations::forge::{Asked, Denied, Edge, GitComparison, Read, named};
use crate::model::{CommitSha, Relation, Service};

impl BitbucketClient {
    /// Asks for one of everything that a decision about a service needs.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub async fn check_rights(&self, service: &Service) -> Result<(), Denied> {
        self.check(service).await.map_err(|error| Denied { what: "the repository", error })?;
        let tip = self.branch_tip(service).await.map_err(|error| Denied { what: "the commits", error })?;
        let path = super::client::repository(&service.repository, &format!("/commit/{tip}/pullrequests"));
        let listed = self.list::<super::wire::Listed>(&path, 5).await;
        listed.map(drop).map_err(|error| Denied { what: "the pull requests of a commit", error })
    }

    /// The commit that the release branch ends in now.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub(in crate::integrations) async fn branch_tip(&self, service: &Service) -> Result<CommitSha, SourceError> {
        self.git.tip(&service.repository, &service.branch).await
    }

    /// Where the release branch ends.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub(in crate::integrations) async fn edge(&self, service: &Service) -> Result<Edge, SourceError> {
        Ok(Edge { tip: self.branch_tip(service).await?, reached: [].into() })
    }

    /// How the second commit stands to the first.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when one of them is not there, [`SourceError::Unrelated`] without common history.
    pub(in crate::integrations) async fn relation(
        &self,
        service: &Service,
        ends: (&CommitSha, &CommitSha),
    ) -> Result<Relation, SourceError> {
        self.git.relation(&service.repository, ends).await
    }

    /// Every commit that the second has and the first has not.
    ///
    /// # Errors
    /// As [`BitbucketClient::relation`]; [`SourceError::Incomplete`] when one is missing.
    pub(in crate::integrations) async fn compare(
        &self,
        service: &Service,
        ends: (&CommitSha, &CommitSha),
    ) -> Result<GitComparison, SourceError> {
        let found = self.git.range(&service.repository, ends).await?;
        Ok(GitComparison {
            relation: found.relation,
            removed: found.removed.len() as u64,
            base_tree: found.base.tree,
            commits: found.commits,
        })
    }

    /// Folders, files and the folders of commits by their names, each answer in the place of its question. What is only
    /// guessed is not read.
    ///
    /// # Errors
    /// When Bitbucket does not answer.
    pub(in crate::integrations) async fn objects(
        &self,
        service: &Service,
        asked: &[Asked],
    ) -> Result<Vec<Read>, SourceError> {
        let (mut names, mut shas) = (Vec::new(), Vec::new());
        for one in asked {
            match one {
                Asked::Object(id) => names.push(id.clone()),
                Asked::TreeOf(sha) => shas.push(sha.clone()),
                Asked::Folder(..) => {}
            }
        }
        let mut objects = named(&self.git, &service.repository, &names).await?.into_iter();
        let commits = if shas.is_empty() { Vec::new() } else { self.git.commits(&service.repository, &shas).await? };
        let mut commits = commits.into_iter().map(|commit| Read::Commit(commit.sha, commit.tree));
        let read = asked.iter().map(|one| match one {
            Asked::Object(_) => objects.next(),
            Asked::TreeOf(_) => commits.next(),
            Asked::Folder(..) => None,
        });
        Ok(read.map(|found| found.unwrap_or(Read::Nothing)).collect())
    }
}
