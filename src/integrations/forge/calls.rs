//! What facts need of a forge: each call goes to the forge of the service.

use std::time::Duration;

use super::{Asked, Comment, Comparison, Edge, ForgeClient, Origins, OwnCommits, PullRequestsRead, Read, not_set};
use crate::integrations::SourceError;
use crate::integrations::github::Denied;
use crate::model::{Account, BranchName, CommitSha, Relation, RepoName, Service};

impl ForgeClient<'_> {
    /// Where people see the repository of a service.
    #[must_use]
    pub fn web_url(self, service: &Service) -> String {
        match self {
            ForgeClient::Github(github) => github.web_url(&service.repository),
            ForgeClient::Gitlab(gitlab) => gitlab.web_url(service),
            ForgeClient::Bitbucket(bitbucket) => bitbucket.web_url(service),
            ForgeClient::NotSet(_) => String::new(),
        }
    }

    /// How long the forge wants to be left alone; nothing when it may be asked.
    #[must_use]
    pub fn must_wait(self, service: &Service) -> Option<Duration> {
        match self {
            ForgeClient::Github(github) => github.must_wait(&service.repository),
            ForgeClient::Gitlab(gitlab) => gitlab.must_wait(),
            ForgeClient::Bitbucket(bitbucket) => bitbucket.must_wait(),
            ForgeClient::NotSet(_) => None,
        }
    }

    /// How many milliseconds its clock is ahead of ours, by its newest answer; nothing when that did not say.
    #[must_use]
    pub fn clock_ahead_ms(self) -> Option<i64> {
        match self {
            ForgeClient::Github(github) => github.clock_ahead_ms(),
            ForgeClient::Gitlab(gitlab) => gitlab.clock_ahead_ms(),
            ForgeClient::Bitbucket(bitbucket) => bitbucket.clock_ahead_ms(),
            ForgeClient::NotSet(_) => None,
        }
    }

    /// Checks that it answers and lets us see the repository.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(self, service: &Service) -> Result<(), SourceError> {
        match self {
            ForgeClient::Github(github) => github.check(&service.repository).await,
            ForgeClient::Gitlab(gitlab) => gitlab.check(service).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.check(service).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Asks for one of everything that a decision about a service needs.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub async fn check_rights(self, service: &Service) -> Result<(), Denied> {
        match self {
            ForgeClient::Github(github) => github.check_rights(service).await,
            ForgeClient::Gitlab(gitlab) => gitlab.check_rights(service).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.check_rights(service).await,
            ForgeClient::NotSet(forge) => Err(Denied { what: "the repository", error: not_set(forge) }),
        }
    }

    /// The commit that the release branch ends in now.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub async fn branch_tip(self, service: &Service) -> Result<CommitSha, SourceError> {
        match self {
            ForgeClient::Github(github) => github.branch_tip(&service.repository, &service.branch).await,
            ForgeClient::Gitlab(gitlab) => gitlab.branch_tip(service).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.branch_tip(service).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// How the second commit stands to the first.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when one of them is not there, [`SourceError::Unrelated`] without common history.
    pub async fn relation(
        self,
        service: &Service,
        (base, head): (&CommitSha, &CommitSha),
    ) -> Result<Relation, SourceError> {
        match self {
            ForgeClient::Github(github) => github.relation(&service.repository, base, head).await,
            ForgeClient::Gitlab(gitlab) => gitlab.relation(service, (base, head)).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.relation(service, (base, head)).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Every commit that `head` has and `base` has not, oldest first, proven complete.
    ///
    /// # Errors
    /// As [`ForgeClient::relation`].
    pub async fn compare(
        self,
        service: &Service,
        (base, head): (&CommitSha, &CommitSha),
    ) -> Result<Comparison, SourceError> {
        match self {
            ForgeClient::Github(github) => {
                Ok(Comparison::Github(github.compare(&service.repository, base, head).await?))
            }
            ForgeClient::Gitlab(gitlab) => Ok(Comparison::Git(gitlab.compare(service, (base, head)).await?)),
            ForgeClient::Bitbucket(bitbucket) => Ok(Comparison::Git(bitbucket.compare(service, (base, head)).await?)),
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Where the release branch ends, and what comes before a commit.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub async fn edge(self, service: &Service, baseline: &CommitSha) -> Result<Edge, SourceError> {
        match self {
            ForgeClient::Github(github) => github.edge(place(service), baseline).await,
            // What the baseline reaches only saves questions.
            ForgeClient::Gitlab(gitlab) => Ok(Edge { tip: gitlab.branch_tip(service).await?, reached: [].into() }),
            ForgeClient::Bitbucket(bitbucket) => bitbucket.edge(service).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Reads up to [`super::MOST_OBJECTS`] objects, each answer in the place of its question, and the commit that the
    /// branch ends in at this moment where that is told along with them.
    ///
    /// # Errors
    /// When it does not answer, or answers something whose name does not fit.
    pub async fn objects(
        self,
        service: &Service,
        asked: &[Asked],
    ) -> Result<(Option<CommitSha>, Vec<Read>), SourceError> {
        match self {
            ForgeClient::Github(github) => github.objects(place(service), asked).await,
            ForgeClient::Gitlab(gitlab) => Ok((None, gitlab.objects(service, asked).await?)),
            ForgeClient::Bitbucket(bitbucket) => Ok((None, bitbucket.objects(service, asked).await?)),
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Finds out who made the commits of a comparison, and through which pull requests they may have come.
    ///
    /// # Errors
    /// When any of them cannot be found out about.
    pub async fn origins(self, service: &Service, comparison: &Comparison) -> Result<Origins, SourceError> {
        match (self, comparison) {
            (ForgeClient::Github(github), Comparison::Github(compared)) => {
                github.origins(&service.repository, compared).await
            }
            (ForgeClient::Gitlab(gitlab), Comparison::Git(compared)) => gitlab.origins(service, compared).await,
            (ForgeClient::Bitbucket(bitbucket), Comparison::Git(compared)) => {
                bitbucket.origins(service, compared).await
            }
            (ForgeClient::NotSet(forge), _) => Err(not_set(forge)),
            (ForgeClient::Github(_) | ForgeClient::Gitlab(_) | ForgeClient::Bitbucket(_), _) => {
                Err(SourceError::Unreadable("commits of another forge".into()))
            }
        }
    }

    /// Reads pull requests by the ids that [`ForgeClient::origins`] gave, each with all opinions that were given on it.
    ///
    /// # Errors
    /// When any of them cannot be read completely.
    pub async fn pull_requests(
        self,
        service: &Service,
        (ids, own): (&[String], OwnCommits),
    ) -> Result<PullRequestsRead, SourceError> {
        match self {
            ForgeClient::Github(github) => github.pull_requests(place(service), ids, own).await,
            ForgeClient::Gitlab(gitlab) => gitlab.pull_requests(service, (ids, own)).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.pull_requests(service, (ids, own)).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Reads the comments that may be approvals, where the criteria take some for that.
    ///
    /// # Errors
    /// When any of them cannot be read.
    pub async fn comments(self, service: &Service, ids: &[String]) -> Result<Vec<Comment>, SourceError> {
        match self {
            ForgeClient::Github(github) => github.comments(&service.repository, ids).await,
            // A comment can only add an approval: one that is not read approves nothing.
            ForgeClient::Gitlab(_) | ForgeClient::Bitbucket(_) => Ok(Vec::new()),
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }

    /// Whether somebody may push.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn may_push(self, service: &Service, account: &Account) -> Result<bool, SourceError> {
        match self {
            ForgeClient::Github(github) => github.may_push(&service.repository, account).await,
            ForgeClient::Gitlab(gitlab) => gitlab.may_push(service, account).await,
            ForgeClient::Bitbucket(bitbucket) => bitbucket.may_push(service, account).await,
            ForgeClient::NotSet(forge) => Err(not_set(forge)),
        }
    }
}

/// The release branch and repository of a service, as one argument.
fn place(service: &Service) -> (&RepoName, &BranchName) {
    (&service.repository, &service.branch)
}
