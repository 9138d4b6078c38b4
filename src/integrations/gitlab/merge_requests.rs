//! Merge requests with everything that proofs want of them (<https://docs.gitlab.com/api/merge_requests/>).

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::{GitlabClient, project};
use super::history::unreadable;
use super::pushes::{Arrivals, Shapes, Source, Version, sha, time};
use super::reviews::About;
use super::target::Target;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{OwnCommits, PullRequestsRead};
use crate::model::{BranchName, Commit, CommitSha, Ledger, Merged, PullRequest, Service, Timestamp};

/// Merge requests that are read at a time.
const AT_A_TIME: usize = 4;

/// Most pages of a merge request's commits.
const MOST_PAGES: usize = 10;

/// What was read about one merge request.
struct Read {
    info: wire::MergeRequest,
    head: CommitSha,
    merged: Option<Merged>,
    squash: Option<CommitSha>,
}

impl GitlabClient {
    /// Reads merge requests by their numbers, each with what people said about it.
    ///
    /// # Errors
    /// When any of them cannot be read completely.
    pub(in crate::integrations) async fn pull_requests(
        &self,
        service: &Service,
        (ids, own): (&[String], OwnCommits),
    ) -> Result<PullRequestsRead, SourceError> {
        let read: Vec<_> = ids.iter().map(|id| self.merge_request(service, id, own)).collect();
        let found = stream::iter(read).buffered(AT_A_TIME).try_collect().await?;
        Ok(PullRequestsRead { found, tip: None })
    }

    async fn merge_request(&self, service: &Service, id: &str, own: OwnCommits) -> Result<PullRequest, SourceError> {
        let path = project(&service.repository, &format!("/merge_requests/{id}"));
        let info: wire::MergeRequest = self.read(&path).await?;
        if info.iid.to_string() != id || info.target_project_id != self.project_id(service).await? {
            return Err(SourceError::Unreadable("another merge request than the one asked for".into()));
        }
        let read = Read::of(info)?;
        let (versions, shapes, notes) = tokio::try_join!(self.versions(&path), self.shapes(&path), self.notes(&path))?;
        read.check(&versions, &shapes)?;
        let opened = time(&read.info.created_at)?;
        let about = About { service, path: &path, versions: &versions, opened };
        let (source, target) = (read.source(opened, &shapes), read.target(opened, &versions));
        // A squashed commit that was merged stands for the others, though it looks like any merge.
        let is_rewritten = own == OwnCommits::All || read.squash.is_some();
        let (reviews, hidden, arrivals, commits) = tokio::try_join!(
            self.reviews(about, &notes),
            self.lost_by_the_target(service, &target),
            self.arrivals(&source, &versions),
            self.own_commits(service, &read, is_rewritten.then_some(&shapes)),
        )?;
        let opener = match read.info.author {
            Some(author) => self.account(author.id).await?,
            None => None,
        };
        let Arrivals { first_seen, pushes, force_pushes } = arrivals;
        Ok(PullRequest {
            number: read.info.iid,
            repository: service.repository.clone(),
            title: read.info.title,
            base: BranchName::parse(&read.info.target_branch).map_err(unreadable)?,
            head: read.head,
            opener,
            commits,
            merged: read.merged,
            squash: read.squash,
            // Who is assigned today says not who ever was, so of a machine nobody can say who asked it.
            assignees: Vec::new(),
            assigned_by_machines: Vec::new(),
            own: None,
            reviews,
            first_seen,
            pushes,
            force_pushes,
            base_changes: notes.base_changes().into_iter().chain(hidden).collect(),
            dismissals: Vec::new(),
            ledger: Ledger::default(),
        })
    }

    /// The commits of a merge request, by GitLab's word.
    async fn shapes(&self, path: &str) -> Result<Shapes, SourceError> {
        let found: Vec<wire::CommitShape> = self.list(&format!("{path}/commits"), MOST_PAGES).await?;
        let total = found.len();
        let shape = |commit: &wire::CommitShape| {
            let parents = commit.parent_ids.iter().map(|parent| sha(parent)).collect::<Result<_, _>>()?;
            Ok((sha(&commit.id)?, parents))
        };
        let shapes: Shapes = found.iter().map(shape).collect::<Result<HashMap<_, _>, SourceError>>()?;
        if shapes.len() == total { Ok(shapes) } else { Err(SourceError::Incomplete("commits that stand twice".into())) }
    }

    /// The commits as they were reviewed, read from the repository: everything that the head reaches and the target branch
    /// did not. GitLab's own list has to fit.
    async fn own_commits(
        &self,
        service: &Service,
        read: &Read,
        shapes: Option<&Shapes>,
    ) -> Result<Option<Vec<Commit>>, SourceError> {
        let Some(shapes) = shapes else { return Ok(None) };
        let base = read.info.diff_refs.as_ref().and_then(|refs| refs.base_sha.as_deref());
        let base = base.ok_or_else(|| SourceError::Incomplete("where a merge request began".into()))?;
        let found = self.git.range(&service.repository, (&sha(base)?, &read.head)).await?;
        let is_there = |sha: &CommitSha| found.commits.iter().any(|commit| commit.sha == *sha);
        if let Some(other) = shapes.keys().find(|sha| !is_there(sha)) {
            return Err(SourceError::Incomplete(format!("commit {other} of a merge request")));
        }
        Ok(Some(self.with_people(service, &found.commits).await?))
    }
}

impl Read {
    fn of(info: wire::MergeRequest) -> Result<Read, SourceError> {
        let named = |text: &Option<String>| text.as_deref().map(sha).transpose();
        let head = named(&info.sha)?.ok_or_else(|| SourceError::Incomplete("the end of a merge request".into()))?;
        let (merge, squash) = (named(&info.merge_commit_sha)?, named(&info.squash_commit_sha)?);
        let at = info.merged_at.as_deref().map(time).transpose()?;
        // Without a merge commit the branch was moved to the squashed commit, or to the head itself.
        let commit = merge.as_ref().or(squash.as_ref()).unwrap_or(&head).clone();
        let merged = at.filter(|_| info.state == "merged").map(|at| Merged { commit, at });
        let squash = squash.filter(|_| merge.is_some());
        Ok(Read { info, head, merged, squash })
    }

    /// All answers are about the same end of the branch.
    fn check(&self, versions: &[Version], shapes: &Shapes) -> Result<(), SourceError> {
        let ends = versions.last().is_some_and(|version| version.head == self.head);
        if ends && shapes.contains_key(&self.head) {
            return Ok(());
        }
        Err(SourceError::Incomplete("a merge request whose versions and commits do not end in its head".into()))
    }

    fn target<'a>(&'a self, opened: Timestamp, versions: &'a [Version]) -> Target<'a> {
        let merged = self.merged.as_ref().map(|merged| (merged, merged.commit == self.head));
        Target { project: self.info.target_project_id, branch: &self.info.target_branch, versions, opened, merged }
    }

    fn source<'a>(&'a self, opened: Timestamp, commits: &'a Shapes) -> Source<'a> {
        let info = &self.info;
        let is_here = info.source_project_id == Some(info.target_project_id);
        Source {
            project: info.source_project_id,
            branch: &info.source_branch,
            target: is_here.then_some(info.target_branch.as_str()),
            opened,
            commits,
        }
    }
}
