//! How each commit of the range came to the release branch, from the shape of history alone.
//!
//! The release branch is the chain of first parents that ends in the commit to deploy. Each link of the chain brought
//! itself and whatever became reachable through its other parents, so every commit came through exactly one link.
//! Messages, names, dates and the "merged" flag are not looked at: a push to the branch marks pull requests as merged too.

use std::collections::{HashMap, HashSet};

use crate::model::{Commit, CommitSha, PullRequest, Service};
use crate::policy::facts::{PullRequests, Range};

/// One link of the first-parent chain.
#[derive(Debug)]
pub(in crate::policy) struct Link<'a> {
    /// The commit on the chain.
    pub tip: &'a Commit,
    /// Every commit that it brought, itself included, oldest first.
    pub brought: Vec<&'a Commit>,
    /// How it was made, if through the first of these.
    pub route: Route,
    /// The ways in which it may have come through a pull request. Each would be enough, by its own proof and its own review.
    pub through: Vec<Through<'a>>,
}

/// How a link was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Route {
    /// A merge commit with two parents.
    Merge,
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

/// A pull request through which a link came, and the links that came with it.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Through<'a> {
    /// The pull request.
    pub pull_request: &'a PullRequest,
    /// The commits of the chain that came with it, oldest first.
    pub together: Vec<&'a Commit>,
    /// How they came, if it was through this one.
    pub route: Route,
}

impl Route {
    /// Whether the commits on the release branch are not those that were reviewed.
    pub(in crate::policy) fn rewrites(self) -> bool {
        match self {
            Route::Squash | Route::Rebase => true,
            Route::Merge | Route::Octopus | Route::FastForward | Route::Direct => false,
        }
    }
}

/// The links from the oldest to `head`. Empty when `head` is not in the range.
pub(super) fn links<'a>(
    range: &'a Range,
    head: &CommitSha,
    (pull_requests, ended_in): (&'a PullRequests, &Ends<'a>),
    service: &Service,
) -> Vec<Link<'a>> {
    let by_sha: HashMap<&CommitSha, &Commit> = range.commits.iter().map(|commit| (&commit.sha, commit)).collect();
    let chain = first_parents(head, &by_sha);
    let mut taken: HashSet<&CommitSha> = chain.iter().map(|commit| &commit.sha).collect();
    let places = chain.iter().enumerate().map(|(place, commit)| (&commit.sha, place)).collect();
    let merged = Merged { pull_requests, service, chain: &chain, places, by_sha: &by_sha, ended_in };
    let link = |(place, tip): (usize, &&'a Commit)| {
        let brought = brought_by(tip, &by_sha, &mut taken);
        let (route, through) = merged.route_of(place, &brought);
        Link { tip, brought, route, through }
    };
    chain.iter().enumerate().map(link).collect()
}

/// Merged pull requests by the commit that brought them to their base branch.
pub(super) type Ends<'a> = HashMap<&'a CommitSha, Vec<&'a PullRequest>>;

/// Where each pull request ended.
pub(super) fn ends(pull_requests: &PullRequests) -> Ends<'_> {
    let mut found = Ends::new();
    for pull_request in pull_requests.by_number.values() {
        if let Some(commit) = merged_in(pull_request) {
            found.entry(commit).or_default().push(pull_request);
        }
    }
    found
}

/// Those of the commits that lie on the release branch, oldest first.
pub(super) fn chain<'a>(commits: &'a [Commit], head: &CommitSha) -> Vec<&'a Commit> {
    first_parents(head, &commits.iter().map(|commit| (&commit.sha, commit)).collect())
}

/// The chain of first parents, oldest first, as far as it lies in the range.
fn first_parents<'a>(head: &CommitSha, by_sha: &HashMap<&CommitSha, &'a Commit>) -> Vec<&'a Commit> {
    let mut chain = Vec::new();
    let mut next = by_sha.get(head).copied();
    while let Some(commit) = next {
        chain.push(commit);
        next = commit.parents.first().and_then(|parent| by_sha.get(parent)).copied();
    }
    chain.reverse();
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
    chain: &'b [&'a Commit],
    /// Where each commit of the chain stands on it.
    places: HashMap<&'a CommitSha, usize>,
    by_sha: &'b HashMap<&'a CommitSha, &'a Commit>,
    ended_in: &'b Ends<'a>,
}

impl<'a> Merged<'a, '_> {
    fn route_of(&self, place: usize, brought: &[&'a Commit]) -> (Route, Vec<Through<'a>>) {
        let tip = self.chain[place];
        match tip.parents.as_slice() {
            [] | [_] => self.route_of_single(place),
            [_, second] => (Route::Merge, self.merged_as((tip, second), brought)),
            [_, _, _, ..] => (Route::Octopus, Vec::new()),
        }
    }

    /// A merge brought a pull request when its second parent is the pull request's final commit. GitHub need not connect
    /// the merge itself with it: a merge that was made by hand is part of no pull request.
    ///
    /// GitLab may squash first: then the second parent is one new commit that stands for the whole pull request, and the merge
    /// brought nothing else.
    fn merged_as(&self, (tip, second): (&'a Commit, &CommitSha), brought: &[&'a Commit]) -> Vec<Through<'a>> {
        let ended_here = self.ended_in.get(&tip.sha).into_iter().flatten().copied();
        let found = ended_here.filter(|pull_request| is_for(pull_request, self.service));
        let through = |pull_request: &'a PullRequest| {
            if pull_request.head == *second {
                return Some(Through { pull_request, together: vec![tip], route: Route::Merge });
            }
            let squash = brought.iter().copied().find(|commit| commit.sha == *second)?;
            let is_its = pull_request.squash.as_ref() == Some(second) && squash.parents.len() == 1;
            let is_alone = brought.iter().all(|commit| commit.sha == tip.sha || commit.sha == squash.sha);
            (is_its && is_alone).then(|| Through { pull_request, together: vec![squash], route: Route::Squash })
        };
        found.filter_map(through).collect()
    }

    fn route_of_single(&self, place: usize) -> (Route, Vec<Through<'a>>) {
        let tip = self.chain[place];
        let through: Vec<Through<'a>> =
            self.connected_with(&tip.sha).filter_map(|pull_request| self.came_with(place, pull_request)).collect();
        (through.first().map_or(Route::Direct, |first| first.route), through)
    }

    /// The unbroken piece of the chain that ends where the pull request was merged, if this commit lies on it. The server may
    /// connect a commit that was there before with every pull request that has taken it in since; that one did not bring it.
    fn came_with(&self, place: usize, pull_request: &'a PullRequest) -> Option<Through<'a>> {
        let is_single = |commit: &&&'a Commit| commit.parents.len() <= 1;
        let is_its =
            |commit: &&&'a Commit| self.connected_with(&commit.sha).any(|other| other.number == pull_request.number);
        let later = self.chain[place..].iter().take_while(is_single).take_while(is_its);
        let end = place + later.clone().position(|commit| merged_in(pull_request) == Some(&commit.sha))?;
        let piece = self.chain[..=end].iter().rev().take_while(is_single).take_while(is_its);
        let start = end + 1 - piece.count();
        let is_forward = merged_in(pull_request) == Some(&pull_request.head);
        let piece = &self.chain[start..=end];
        let older = if is_forward {
            piece.iter().rposition(|commit| pull_request.own.as_ref().is_some_and(|own| !own.contains(&commit.sha)))
        } else {
            let taken_in = self.taken_in_by(pull_request, start);
            piece.iter().rposition(|commit| taken_in.contains(&commit.sha))
        };
        let together = piece[older.map_or(0, |older| older + 1)..].to_vec();
        let route = match together.len() {
            _ if is_forward => Route::FastForward,
            1 => Route::Squash,
            _ => Route::Rebase,
        };
        (place + together.len() > end).then_some(Through { pull_request, together, route })
    }

    /// The commits of the range below the end of a pull request. On the chain nothing older than `start` is looked for.
    fn taken_in_by(&self, pull_request: &'a PullRequest, start: usize) -> HashSet<&'a CommitSha> {
        let own = pull_request.commits.iter().flatten();
        let own: HashMap<&CommitSha, &Commit> = own.map(|commit| (&commit.sha, commit)).collect();
        let (mut found, mut ahead) = (HashSet::new(), vec![&pull_request.head]);
        while let Some(sha) = ahead.pop() {
            let is_too_old = self.places.get(sha).is_some_and(|place| *place < start);
            let Some(commit) = own.get(sha).or_else(|| self.by_sha.get(sha)).filter(|_| !is_too_old) else { continue };
            if found.insert(&commit.sha) {
                ahead.extend(&commit.parents);
            }
        }
        found
    }

    /// Those that GitHub connects with the commit, as far as they were merged into the release branch of this repository.
    fn connected_with(&self, sha: &CommitSha) -> impl Iterator<Item = &'a PullRequest> {
        let (pull_requests, service) = (self.pull_requests, self.service);
        let numbers = pull_requests.of_commit.get(sha).map_or(&[][..], Vec::as_slice);
        let found = numbers.iter().filter_map(|number| pull_requests.by_number.get(number));
        found.filter(move |one| is_for(one, service))
    }
}

/// Whether a pull request was merged into the service's release branch.
fn is_for(pull_request: &PullRequest, service: &Service) -> bool {
    let same_place = pull_request.base == service.branch && pull_request.repository == service.repository;
    same_place && pull_request.merged.is_some()
}

fn merged_in(pull_request: &PullRequest) -> Option<&CommitSha> {
    pull_request.merged.as_ref().map(|merged| &merged.commit)
}
