//! Who had a hand in each commit, and the merge requests that GitLab connects with it.

use std::collections::BTreeSet;

use super::client::{GitlabClient, project};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{GitComparison, Origins, pull_requests_of_each};
use crate::model::{CommitSha, Service};

/// Most pages of merge requests of one commit.
const MOST_PAGES: usize = 5;

impl GitlabClient {
    /// Finds out where the commits of a comparison come from.
    ///
    /// # Errors
    /// When any of them cannot be found out about.
    pub(in crate::integrations) async fn origins(
        &self,
        service: &Service,
        comparison: &GitComparison,
    ) -> Result<Origins, SourceError> {
        let own = self.project_id(service).await?;
        let asked = comparison.on_the_way();
        let connected = pull_requests_of_each(&asked, |sha| self.merge_requests_of(service, (sha, own)));
        let (commits, connected) = tokio::try_join!(self.with_people(service, &comparison.commits), connected)?;
        Ok(Origins::of(commits, connected))
    }

    /// Those that were merged into this project
    /// (<https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit>).
    async fn merge_requests_of(
        &self,
        service: &Service,
        (sha, own): (&CommitSha, u64),
    ) -> Result<Vec<u64>, SourceError> {
        let path = project(&service.repository, &format!("/repository/commits/{sha}/merge_requests"));
        let found: Vec<wire::Listed> = self.list(&path, MOST_PAGES).await?;
        let is_merged = |listed: &&wire::Listed| listed.state == "merged" && listed.target_project_id == own;
        let numbers: BTreeSet<u64> = found.iter().filter(is_merged).map(|listed| listed.iid).collect();
        Ok(numbers.into_iter().collect())
    }
}
