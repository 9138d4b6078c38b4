//! Pull requests of commits that GraphQL connects with none.
//!
//! GraphQL learns of a merge some seconds late, so "none" is asked again the other way; and for the newest commits, which
//! may have been merged just now, once more after a moment. We do not trust a commit's dates, so "newest" is its place in
//! history. Afterwards none is none.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::GithubClient;
use super::commits::Origins;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Commit, CommitSha, RepoName};

/// At most this many commits are looked up one by one.
const MOST_LOOK_UPS: usize = 100;

/// Look-ups that are under way at a time.
const AT_A_TIME: usize = 10;

/// How many of the newest commits of the branch are looked up again.
const NEWEST: usize = 20;

/// The waits before they are looked up again.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Most pull requests of one commit on the page that is read.
const PAGE: usize = 100;

impl GithubClient {
    /// Looks for the pull requests of commits without one; the newest commits first, and again after a moment.
    ///
    /// # Errors
    /// When a look-up is not answered.
    pub(super) async fn look_up_unconnected(
        &self,
        repository: &RepoName,
        origins: &mut Origins,
    ) -> Result<(), SourceError> {
        let mut unconnected = origins.unconnected();
        origins.not_looked_up = unconnected.split_off(unconnected.len().min(MOST_LOOK_UPS));
        if !origins.not_looked_up.is_empty() {
            let count = origins.not_looked_up.len();
            tracing::warn!(%repository, count, "{count} commits without a pull request were not looked up one by one");
        }
        self.look_up(repository, origins, &unconnected).await?;
        for wait in WAITS {
            let newest = newest(&origins.commits);
            let missing = |sha: &CommitSha| newest.contains(&sha) && !origins.not_looked_up.contains(sha);
            let again: Vec<CommitSha> = origins.unconnected().into_iter().filter(missing).collect();
            if again.is_empty() {
                return Ok(());
            }
            self.clock.rest(wait).await;
            self.look_up(repository, origins, &again).await?;
        }
        Ok(())
    }

    async fn look_up(
        &self,
        repository: &RepoName,
        origins: &mut Origins,
        commits: &[CommitSha],
    ) -> Result<(), SourceError> {
        let asked: Vec<_> = commits.iter().map(|sha| self.pulls_of(repository, sha)).collect();
        let found: Vec<Vec<wire::CommitPull>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
        for (sha, pulls) in commits.iter().zip(found) {
            for pull in pulls.into_iter().filter(|pull| pull.merged_at.is_some()) {
                let number = origins.connect(pull.number, &pull.node_id)?;
                origins.of_commit.entry(sha.clone()).or_default().push(number);
            }
        }
        Ok(())
    }

    async fn pulls_of(&self, repository: &RepoName, sha: &CommitSha) -> Result<Vec<wire::CommitPull>, SourceError> {
        let path = format!("/commits/{sha}/pulls?per_page={PAGE}");
        let pulls: Vec<wire::CommitPull> = self.get(repository, &path, None).await?.json()?;
        if pulls.len() >= PAGE {
            return Err(SourceError::TooMuch(format!("{} pull requests of a commit", pulls.len())));
        }
        Ok(pulls)
    }
}

impl Origins {
    /// The commits without a pull request, newest first.
    fn unconnected(&self) -> Vec<CommitSha> {
        let has_none = |sha: &CommitSha| self.of_commit.get(sha).is_none_or(Vec::is_empty);
        self.commits.iter().rev().map(|commit| &commit.sha).filter(|sha| has_none(sha)).cloned().collect()
    }
}

/// The newest commits along first parents: what was merged or pushed to the branch last.
fn newest(commits: &[Commit]) -> Vec<&CommitSha> {
    let by_sha: HashMap<&CommitSha, &Commit> = commits.iter().map(|commit| (&commit.sha, commit)).collect();
    let parent = |commit: &&Commit| by_sha.get(commit.parents.first()?).copied();
    std::iter::successors(commits.last(), parent).take(NEWEST).map(|commit| &commit.sha).collect()
}
