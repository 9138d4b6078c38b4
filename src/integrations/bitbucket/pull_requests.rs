//! Pull requests with everything that proofs want of them
//! (<https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/>).

use futures_util::{StreamExt, TryStreamExt, stream};

use super::activity::{Happened, stands_for};
use super::client::{BitbucketClient, repository};
use super::people::{account, id};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::{OwnCommits, PullRequestsRead};
use crate::model::{
    BranchName, Commit, CommitSha, Ledger, Merged, Opinion, ParseError, PullRequest, Review, Service, Timestamp,
};

/// Pull requests that are read at a time.
const AT_A_TIME: usize = 4;

/// Most pages of a pull request's commits, and of what happened to it.
const MOST_PAGES: usize = 20;

/// What was read about one pull request.
struct Read {
    info: wire::PullRequest,
    happened: Happened,
    /// Its commits by Bitbucket's word, with their whole names.
    names: Vec<CommitSha>,
    head: CommitSha,
    merged: Option<Merged>,
}

impl BitbucketClient {
    /// Reads pull requests by their numbers, each with what people said about it.
    ///
    /// # Errors
    /// When any of them cannot be read completely.
    pub(in crate::integrations) async fn pull_requests(
        &self,
        service: &Service,
        (ids, own): (&[String], OwnCommits),
    ) -> Result<PullRequestsRead, SourceError> {
        let read: Vec<_> = ids.iter().map(|id| self.pull_request(service, id, own)).collect();
        let found = stream::iter(read).buffered(AT_A_TIME).try_collect().await?;
        Ok(PullRequestsRead { found, tip: None })
    }

    async fn pull_request(&self, service: &Service, id: &str, own: OwnCommits) -> Result<PullRequest, SourceError> {
        let read = self.read_one(service, id).await?;
        let since = read.happened.ends_since(&read.head);
        since.ok_or_else(|| SourceError::Incomplete("updates of a pull request that do not end in its head".into()))?;
        let (reviews, commits) = tokio::try_join!(self.reviews(service, &read), self.own_commits(service, &read, own))?;
        let Read { info, happened, names, head, merged } = read;
        Ok(PullRequest {
            number: info.id,
            repository: service.repository.clone(),
            title: info.title,
            base: BranchName::parse(&info.destination.branch.name).map_err(unreadable)?,
            opener: info.author.as_ref().and_then(account),
            commits,
            merged,
            squash: None,
            // Nobody is assigned to a pull request, so of a machine nobody can say who asked it.
            assignees: Vec::new(),
            assigned_by_machines: Vec::new(),
            own: None,
            reviews,
            first_seen: happened.seen(&names),
            // Who pushed is not told.
            pushes: Vec::new(),
            force_pushes: happened.forced(&names),
            base_changes: happened.base_changes(),
            dismissals: Vec::new(),
            ledger: Ledger::default(),
            head,
        })
    }

    async fn read_one(&self, service: &Service, id: &str) -> Result<Read, SourceError> {
        let path = repository(&service.repository, &format!("/pullrequests/{id}"));
        let info: wire::PullRequest = self.read(&path).await?;
        let place = info.destination.repository.as_ref().map(|place| place.full_name.as_str());
        if info.id.to_string() != id || place != Some(service.repository.as_str()) {
            return Err(SourceError::Unreadable("another pull request than the one asked for".into()));
        }
        let (activity, commits) = (format!("{path}/activity"), format!("{path}/commits"));
        let (activity, commits) = tokio::try_join!(
            self.list::<wire::Activity>(&activity, MOST_PAGES),
            self.list::<wire::CommitName>(&commits, MOST_PAGES)
        )?;
        let happened = Happened::read(&activity)?;
        let names = commits.iter().map(|commit| CommitSha::parse(&commit.hash).map_err(unreadable));
        let names = names.collect::<Result<Vec<CommitSha>, SourceError>>()?;
        let head = head(&info, &names)?;
        let merged = match (&info.merge_commit, happened.merged_at()) {
            (Some(commit), Some(at)) if info.state == "MERGED" => {
                Some(Merged { commit: self.whole(service, &commit.hash).await?, at })
            }
            // Without the commit nobody can say what it brought, so it brought nothing.
            _ => None,
        };
        Ok(Read { info, happened, names, head, merged })
    }

    /// The whole name of a commit.
    async fn whole(&self, service: &Service, digits: &str) -> Result<CommitSha, SourceError> {
        if let Ok(sha) = CommitSha::parse(digits) {
            return Ok(sha);
        }
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let odd = || SourceError::Unreadable("the name of a commit that is none".into());
        let path = is_hex.then(|| repository(&service.repository, &format!("/commit/{digits}"))).ok_or_else(odd)?;
        let found: wire::CommitName = self.read(&path).await?;
        let sha = CommitSha::parse(&found.hash).map_err(unreadable)?;
        if stands_for(digits, &sha) { Ok(sha) } else { Err(odd()) }
    }

    /// The commits as they were reviewed, read from the repository: what the head reaches and the release branch did not reach
    /// before the merge. Bitbucket's own list has to fit.
    async fn own_commits(
        &self,
        service: &Service,
        read: &Read,
        own: OwnCommits,
    ) -> Result<Option<Vec<Commit>>, SourceError> {
        let Some(merged) = read.merged.as_ref().filter(|merged| own == OwnCommits::All && merged.commit != read.head)
        else {
            return Ok(None);
        };
        let merge = self.git.commits(&service.repository, std::slice::from_ref(&merged.commit)).await?;
        let before = merge.first().and_then(|merge| merge.parents.first());
        let before = before.ok_or_else(|| SourceError::Incomplete("what a pull request was merged into".into()))?;
        let found = self.git.range(&service.repository, (before, &read.head)).await?;
        let is_there = |sha: &CommitSha| found.commits.iter().any(|commit| commit.sha == *sha);
        if let Some(other) = read.names.iter().find(|sha| !is_there(sha)) {
            return Err(SourceError::Incomplete(format!("commit {other} of a pull request")));
        }
        let listed = self.listed(service, &found.commits).await?;
        Ok(Some(BitbucketClient::with_people(&found.commits, &listed)?))
    }

    /// Approvals that are in force, and demands for changes.
    async fn reviews(&self, service: &Service, read: &Read) -> Result<Vec<Review>, SourceError> {
        let mut reviews = Vec::new();
        for participant in &read.info.participants {
            let review = match opinion(participant) {
                Some(opinion) => read.review(participant, opinion),
                None => continue,
            };
            let may_push = match &review.author {
                Some(author) => self.may_push(service, author).await?,
                None => false,
            };
            reviews.push(Review { may_push, ..review });
        }
        reviews.sort_by_key(|review| review.submitted_at);
        Ok(reviews)
    }
}

impl Read {
    /// Without a time nobody can say what an approval was given for, and it counts for nothing. A demand stands
    /// whenever it was made: whoever takes it back is not among those who demand any more.
    fn review(&self, participant: &wire::Participant, opinion: Opinion) -> Review {
        let user = participant.user.as_ref().and_then(id);
        let given = user.and_then(|user| match opinion {
            Opinion::Approved => self.happened.approved_at(user),
            _ => self.happened.objected_at(user),
        });
        let word = if opinion == Opinion::Approved { "approval" } else { "objection" };
        Review {
            id: format!("{word} {}", user.map_or_else(|| "of nobody".to_owned(), |user| user.braced().to_string())),
            author: participant.user.as_ref().and_then(account),
            opinion,
            submitted_at: given.unwrap_or_else(|| match opinion {
                Opinion::Approved => Timestamp(0),
                // It stands, so nothing that is older takes it back.
                _ => self.happened.after_approvals(),
            }),
            commit: given.and_then(|at| self.happened.stood_at(at, &self.names)),
            may_push: false,
            text: String::new(),
            edited_at: None,
        }
    }
}

/// What somebody says now. Both at once is no approval.
fn opinion(participant: &wire::Participant) -> Option<Opinion> {
    match (participant.approved, participant.state.as_deref()) {
        (_, Some("changes_requested")) => Some(Opinion::ChangesRequested),
        (true, Some("approved") | None) => Some(Opinion::Approved),
        _ => None,
    }
}

/// The final commit, by its whole name.
fn head(info: &wire::PullRequest, names: &[CommitSha]) -> Result<CommitSha, SourceError> {
    let missing = || SourceError::Incomplete("the end of a pull request".into());
    let digits = &info.source.commit.as_ref().ok_or(SourceError::NotFound)?.hash;
    let mut found = names.iter().filter(|sha| stands_for(digits, sha));
    found.next().filter(|_| found.next().is_none()).cloned().ok_or_else(missing)
}

fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}
