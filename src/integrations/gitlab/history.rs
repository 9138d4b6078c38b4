//! Where the branch ends, how commits stand to each other, and which commits lie between two of them.

use super::client::{GitlabClient, project};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{Asked, GitComparison, Origins, OwnCommits, PullRequestsRead, Read};
use crate::integrations::github::Denied;
use crate::model::{Account, CommitSha, ParseError, Relation, Service};

fn not_yet<T>() -> Result<T, SourceError> {
    Err(SourceError::Forbidden("cm-bot does not read this from GitLab yet".into()))
}

pub(super) fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}

impl GitlabClient {
    /// Asks for one of everything that a decision about a service needs.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub async fn check_rights(&self, service: &Service) -> Result<(), Denied> {
        self.check(service).await.map_err(|error| Denied { what: "the repository", error })
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

    pub(in crate::integrations) async fn compare(
        &self,
        _: &Service,
        _: (&CommitSha, &CommitSha),
    ) -> Result<GitComparison, SourceError> {
        not_yet()
    }

    pub(in crate::integrations) async fn objects(&self, _: &Service, _: &[Asked]) -> Result<Vec<Read>, SourceError> {
        not_yet()
    }

    pub(in crate::integrations) async fn origins(
        &self,
        _: &Service,
        _: &GitComparison,
    ) -> Result<Origins, SourceError> {
        not_yet()
    }

    pub(in crate::integrations) async fn pull_requests(
        &self,
        _: &Service,
        _: (&[String], OwnCommits),
    ) -> Result<PullRequestsRead, SourceError> {
        not_yet()
    }

    pub(in crate::integrations) async fn may_push(&self, _: &Service, _: &Account) -> Result<bool, SourceError> {
        not_yet()
    }
}
