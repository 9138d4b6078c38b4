//! How each commit of the range came to the release branch, from the shape of history alone.
//!
//! The release branch is the chain of first parents that ends in the commit to deploy. Each link of the chain brought
//! itself and whatever became reachable through its other parents, so every commit came through exactly one link.
//! Messages, names, dates and the "merged" flag are not looked at: a push to the branch marks pull requests as merged too.

use std::collections::{HashMap, HashSet};

use crate::model::{Commit, CommitSha, PullRequest, Service, Signature};
use crate::policy::facts::{PullRequests, Range};

/// One link of the first-parent chain.
#[derive(Debug)]
pub(super) struct Link<'a> {
    /// The commit on the chain.
    pub tip: &'a Commit,
    /// Every commit that it brought, itself included, oldest first.
    pub brought: Vec<&'a Commit>,
    /// How it was made.
    pub route: Route,
    /// The pull requests that it may be the merge of. Each would be enough.
    pub pull_requests: Vec<&'a PullRequest>,
}

/// How a link was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// GitHub's merge button: two parents, the second is the pull request's final commit, signed by GitHub.
    MergeButton,
    /// A merge commit that somebody made by hand.
    MadeByHand,
    /// A merge commit with more than two parents.
    Octopus,
    /// One new commit stands for the whole pull request.
    Squash,
    /// Copies of the pull request's commits.
    Rebase,
    /// The pull request's own commits, without a merge commit.
    FastForward,
    /// No pull request.
    Direct,
}

/// The links from the oldest to `head`. Empty when `head` is not in the range.
pub(super) fn links<'a>(
    range: &'a Range,
    head: &CommitSha,
    pull_requests: &'a PullRequests,
    service: &Service,
) -> Vec<Link<'a>> {
    let by_sha: HashMap<&CommitSha, &Commit> = range.commits.iter().map(|commit| (&commit.sha, commit)).collect();
    let chain = first_parents(head, &by_sha);
    let mut taken: HashSet<&CommitSha> = chain.iter().map(|commit| &commit.sha).collect();
    let merged = Merged { pull_requests, service, by_sha: &by_sha };
    chain
        .into_iter()
        .rev()
        .map(|tip| {
            let brought = brought_by(tip, &by_sha, &mut taken);
            let (route, pull_requests) = merged.route_of(tip);
            Link { tip, brought, route, pull_requests }
        })
        .collect()
}

/// The chain of first parents, newest first, as far as it lies in the range.
fn first_parents<'a>(head: &CommitSha, by_sha: &HashMap<&CommitSha, &'a Commit>) -> Vec<&'a Commit> {
    let mut chain = Vec::new();
    let mut next = by_sha.get(head).copied();
    while let Some(commit) = next {
        chain.push(commit);
        next = commit.parents.first().and_then(|parent| by_sha.get(parent)).copied();
    }
    chain
}

/// What `tip` made reachable: itself and everything behind its other parents that no older link has brought.
fn brought_by<'a>(
    tip: &'a Commit,
    by_sha: &HashMap<&CommitSha, &'a Commit>,
    taken: &mut HashSet<&'a CommitSha>,
) -> Vec<&'a Commit> {
    let mut found = vec![tip];
    let mut ahead: Vec<&CommitSha> = tip.parents.iter().skip(1).collect();
    while let Some(sha) = ahead.pop() {
        let Some(commit) = by_sha.get(sha).copied() else { continue };
        if taken.insert(&commit.sha) {
            ahead.extend(&commit.parents);
            found.push(commit);
        }
    }
    found.reverse();
    found
}

/// The pull requests that were merged into the service's release branch.
struct Merged<'a, 'b> {
    pull_requests: &'a PullRequests,
    service: &'b Service,
    by_sha: &'b HashMap<&'b CommitSha, &'a Commit>,
}

impl<'a> Merged<'a, '_> {
    fn route_of(&self, tip: &Commit) -> (Route, Vec<&'a PullRequest>) {
        match tip.parents.as_slice() {
            [] | [_] => self.route_of_single(tip),
            [_, second] => self.route_of_merge(tip, second),
            [_, _, _, ..] => (Route::Octopus, Vec::new()),
        }
    }

    fn route_of_merge(&self, tip: &Commit, second: &CommitSha) -> (Route, Vec<&'a PullRequest>) {
        let mut found = self.merged_as(tip);
        found.retain(|pull_request| pull_request.head == *second);
        let by_button = !found.is_empty() && tip.signature == Signature::ByGithub;
        (if by_button { Route::MergeButton } else { Route::MadeByHand }, found)
    }

    fn route_of_single(&self, tip: &Commit) -> (Route, Vec<&'a PullRequest>) {
        let connected = self.connected_with(&tip.sha);
        let Some(first) = connected.first().copied() else { return (Route::Direct, connected) };
        let merged_here = first.merged.as_ref().is_some_and(|merged| merged.commit == tip.sha);
        let kept_its_commits = first.merged.as_ref().is_some_and(|merged| merged.commit == first.head);
        let parent_too = tip.parents.first().is_some_and(|parent| self.also_connects(parent, first.number));
        let route = match (kept_its_commits, merged_here && !parent_too) {
            (true, _) => Route::FastForward,
            (false, true) => Route::Squash,
            (false, false) => Route::Rebase,
        };
        (route, connected)
    }

    fn also_connects(&self, sha: &CommitSha, number: u64) -> bool {
        self.by_sha.contains_key(sha) && self.connected_with(sha).iter().any(|other| other.number == number)
    }

    fn merged_as(&self, tip: &Commit) -> Vec<&'a PullRequest> {
        let mut found = self.connected_with(&tip.sha);
        found.retain(|pull_request| pull_request.merged.as_ref().is_some_and(|merged| merged.commit == tip.sha));
        found
    }

    /// Those that GitHub connects with the commit, as far as they were merged into the release branch of this repository.
    fn connected_with(&self, sha: &CommitSha) -> Vec<&'a PullRequest> {
        let numbers = self.pull_requests.of_commit.get(sha).map_or(&[][..], Vec::as_slice);
        numbers
            .iter()
            .filter_map(|number| self.pull_requests.by_number.get(number))
            .filter(|pull_request| pull_request.merged.is_some())
            .filter(|pull_request| pull_request.base == self.service.branch)
            .filter(|pull_request| pull_request.repository == self.service.repository)
            .collect()
    }
}
