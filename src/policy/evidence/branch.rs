//! A pull request with its own commits, and the question which of them carry somebody's work.

use std::collections::{HashMap, HashSet};

use super::links::{Link, Route, Through};
use super::{Case, Remerge};
use crate::model::{Account, AccountKind, Commit, CommitSha, Opinion, PullRequest, Push, UserId};
use crate::policy::facts::Gap;

/// A pull request and its own commits.
pub(super) struct Branch<'a> {
    pub pull_request: &'a PullRequest,
    /// Its own commits. For a squash or rebase those that were reviewed, as far as they were read.
    pub commits: Vec<&'a Commit>,
    by_sha: HashMap<&'a CommitSha, &'a Commit>,
    /// New commits that stand for them on the release branch; empty when they came themselves.
    pub copies: Vec<&'a Commit>,
}

/// Whether a commit that a merge brought with a pull request is a part of it. A merge by hand onto an older commit brings along
/// what was on the release branch before the pull request was opened, and nobody saw that in it. A server that does not list the
/// commits of a pull request has told itself onto which commit it was merged.
fn is_part(commit: &Commit, pull_request: &PullRequest) -> bool {
    pull_request.own.as_ref().is_none_or(|own| own.contains(&commit.sha))
}

impl<'a> Branch<'a> {
    pub(super) fn of(link: &Link<'a>, through: &Through<'a>) -> Branch<'a> {
        let pull_request = through.pull_request;
        let (commits, copies): (Vec<&Commit>, Vec<&Commit>) = match through.route {
            Route::Squash | Route::Rebase => {
                (pull_request.commits.iter().flatten().collect(), through.together.clone())
            }
            Route::FastForward | Route::Direct => (through.together.clone(), Vec::new()),
            Route::Merge | Route::Octopus => {
                let brought = link.brought.iter().copied().filter(|commit| commit.sha != link.tip.sha);
                (brought.filter(|commit| is_part(commit, pull_request)).collect(), Vec::new())
            }
        };
        let by_sha = commits.iter().map(|commit| (&commit.sha, *commit)).collect();
        Branch { pull_request, commits, by_sha, copies }
    }

    /// The final commit, then what it was before each clean update from the release branch, newest first: whoever saw one
    /// of them saw the work of all.
    pub(super) fn finals(&self, case: &Case<'a>) -> (Vec<&'a CommitSha>, Option<Gap>) {
        let mut finals = vec![&self.pull_request.head];
        loop {
            let newest = finals.last().and_then(|sha| self.by_sha.get(*sha)).copied();
            let Some(commit) = newest else { return (finals, None) };
            match (self.is_clean_update(commit, case), commit.parents.first()) {
                (Ok(true), Some(before)) => finals.push(before),
                (Ok(_), _) => return (finals, None),
                (Err(gap), _) => return (finals, Some(gap)),
            }
        }
    }

    /// Whether a commit is one of its own.
    pub(super) fn holds(&self, sha: &CommitSha) -> bool {
        self.by_sha.contains_key(sha)
    }

    /// The other pull requests that were merged into this one's branch.
    pub(super) fn taken_in<'c>(&'c self, case: &'c Case<'a>) -> impl Iterator<Item = &'a PullRequest> + 'c {
        let ended = self.commits.iter().flat_map(|commit| case.ended_in.get(&commit.sha).into_iter().flatten());
        ended.copied().filter(|other| other.number != self.pull_request.number)
    }

    /// Whether a commit brings the release branch into this one, and nothing else.
    fn is_clean_update(&self, commit: &'a Commit, case: &Case<'a>) -> Result<bool, Gap> {
        let [before, update] = commit.parents.as_slice() else { return Ok(false) };
        if self.by_sha.contains_key(update) || !case.history.is_released(update, case.look)? {
            return Ok(false);
        }
        Ok(case.remerge(before, update, &commit.tree)? == Remerge::Clean)
    }

    /// The commits that carry work. An update by somebody who approved is looked at closely, because a clean one would
    /// make a contributor of a reviewer without reason, and so is one by a machine, whose work nobody answers for; any other may
    /// count as work without harm. The gap says that one could not be looked at, and counts as work.
    pub(super) fn work(&self, case: &Case<'a>) -> (Vec<&'a Commit>, Option<Gap>) {
        let reviewers: HashSet<UserId> = self.reviewers(case);
        let mut work = Vec::new();
        let mut gap = None;
        for commit in self.commits.iter().copied() {
            let counts = |hand: &Account| hand.kind != AccountKind::User || reviewers.contains(&hand.id);
            let matters = commit.parents.len() == 2 && self.hands(commit, case).any(counts);
            match if matters { self.is_clean_update(commit, case) } else { Ok(false) } {
                Ok(true) => {}
                Ok(false) => work.push(commit),
                Err(missing) => {
                    work.push(commit);
                    gap = Some(missing);
                }
            }
        }
        (work, gap)
    }

    /// Accounts of people who approved, with the other accounts of the same people.
    fn reviewers(&self, case: &Case<'_>) -> HashSet<UserId> {
        let reviews = self.pull_request.reviews.iter().filter(|review| review.opinion != Opinion::ChangesRequested);
        let ids = reviews.filter_map(|review| review.author.as_ref().map(|author| author.id));
        let all =
            |id| case.criteria.people.by_account(id).map_or_else(|| vec![id], |person| person.accounts().collect());
        ids.flat_map(all).collect()
    }

    /// Everybody who had a hand in a commit: authors, committer, pushers.
    fn hands(&self, commit: &'a Commit, case: &Case<'a>) -> impl Iterator<Item = &'a Account> {
        let made = commit.authors.iter().chain(std::iter::once(&commit.committer));
        let made = made.filter_map(|actor| actor.account.as_ref());
        let pushed =
            self.pull_request.all_pushes().filter(|push| push.after == commit.sha).filter_map(|push| push.by.as_ref());
        made.chain(pushed).chain(case.first_pushed(&commit.sha))
    }

    /// The commits that a push brought, as far as they are this branch's own.
    pub(super) fn brought_by(&self, push: &Push) -> HashSet<&'a CommitSha> {
        let before = push.before.as_ref().map_or_else(HashSet::new, |before| self.reached_from(before));
        self.reached_from(&push.after).difference(&before).copied().collect()
    }

    fn reached_from(&self, sha: &CommitSha) -> HashSet<&'a CommitSha> {
        let mut found = HashSet::new();
        let mut ahead: Vec<&CommitSha> = vec![sha];
        while let Some(sha) = ahead.pop() {
            let Some((sha, commit)) = self.by_sha.get_key_value(sha) else { continue };
            if found.insert(*sha) {
                ahead.extend(&commit.parents);
            }
        }
        found
    }
}
