//! Who had a hand in each commit, and the pull requests that Bitbucket connects with it.

use std::collections::BTreeSet;

use super::client::{BitbucketClient, repository};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{GitComparison, Origins, pull_requests_of_each};
use crate::model::{CommitSha, Service};

/// How a pull request stands that brought something.
const MERGED: &str = "MERGED";

/// Most pages of pull requests of one commit.
const MOST_PAGES: usize = 5;

impl BitbucketClient {
    /// Finds out where the commits of a comparison come from.
    ///
    /// # Errors
    /// When any of them cannot be found out about.
    pub(in crate::integrations) async fn origins(
        &self,
        service: &Service,
        comparison: &GitComparison,
    ) -> Result<Origins, SourceError> {
        let asked = comparison.on_the_way();
        let connected = pull_requests_of_each(&asked, |sha| self.pull_requests_of(service, sha));
        let (listed, connected) = tokio::try_join!(self.listed(service, &comparison.commits), connected)?;
        Ok(Origins::of(BitbucketClient::with_people(&comparison.commits, &listed)?, connected))
    }

    /// Those that were merged: any other brought nothing, and nobody may hold up a change by opening one that cannot be read
    /// (<https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-commit-commit-pullrequests-get>).
    async fn pull_requests_of(&self, service: &Service, sha: &CommitSha) -> Result<Vec<u64>, SourceError> {
        let path = repository(&service.repository, &format!("/commit/{sha}/pullrequests"));
        let found: Vec<wire::Listed> = self.list(&path, MOST_PAGES).await?;
        let mut numbers = BTreeSet::new();
        for listed in found {
            let state = match listed.state {
                Some(state) => state,
                None => self.state_of(service, listed.id).await?,
            };
            if state == MERGED {
                numbers.insert(listed.id);
            }
        }
        Ok(numbers.into_iter().collect())
    }

    async fn state_of(&self, service: &Service, number: u64) -> Result<String, SourceError> {
        let path = repository(&service.repository, &format!("/pullrequests/{number}?fields=id,state"));
        let found: wire::Standing = self.read(&path).await?;
        if found.id == number {
            return Ok(found.state);
        }
        Err(SourceError::Unreadable("another pull request than the one asked for".into()))
    }
}
