//! Who had a hand in each commit, and the pull requests that Bitbucket connects with it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::{BitbucketClient, repository};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{GitComparison, Origins};
use crate::model::{CommitSha, Service};

/// Look-ups that are under way at a time.
const AT_A_TIME: usize = 8;

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
        let (listed, connected) =
            tokio::try_join!(self.listed(service, &comparison.commits), self.connected(service, &asked))?;
        let numbers: BTreeSet<u64> = connected.values().flatten().copied().collect();
        Ok(Origins {
            commits: BitbucketClient::with_people(&comparison.commits, &listed)?,
            pull_requests: numbers.into_iter().map(|number| (number, number.to_string())).collect(),
            of_commit: connected,
            not_looked_up: Vec::new(),
        })
    }

    async fn connected(
        &self,
        service: &Service,
        commits: &[&CommitSha],
    ) -> Result<BTreeMap<CommitSha, Vec<u64>>, SourceError> {
        let asked: Vec<_> = commits.iter().map(|sha| self.pull_requests_of(service, sha)).collect();
        let found: Vec<Vec<u64>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        Ok(commits.iter().map(|sha| (*sha).clone()).zip(found).collect())
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
