//! When commits came to a merge request, and who pushed them.
//!
//! Each push makes a version of the merge request, with the time at which GitLab made it: a moment later than the push. Who
//! pushed stands in the events of the project that the branch is in (<https://docs.gitlab.com/api/events/>).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::client::GitlabClient;
use super::history::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Account, CommitSha, ForcePush, ParseError, Push, Timestamp};

/// Most pages of a project's events that one look reads.
const MOST_PAGES: usize = 30;

/// Most pages of a merge request's versions.
const MOST_VERSION_PAGES: usize = 10;

/// Most pages of the merge requests of one commit.
const MOST_LISTED: usize = 5;

/// How long before a merge request was opened its commits may have been pushed elsewhere.
const BEFORE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What people pushed to a project, newest first, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Events {
    read: Vec<Pushed>,
    /// Events that stand on two pages because something was pushed in between.
    seen: HashSet<u64>,
    /// When somebody pushed so many branches at once that GitLab names none of them.
    unnamed: Vec<Timestamp>,
    oldest: Option<Timestamp>,
    pages: usize,
    end: End,
}

/// Whether there is more to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum End {
    /// There may be.
    #[default]
    Open,
    /// Everything was read.
    Reached,
    /// We may not see it.
    Hidden,
}

/// One push.
#[derive(Debug, Clone)]
struct Pushed {
    branch: String,
    before: Option<CommitSha>,
    after: CommitSha,
    by: u64,
    at: Timestamp,
}

/// Somebody moved a branch.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) at: Timestamp,
    /// Where to; nothing when it may have been this branch, or another one.
    pub(super) to: Option<CommitSha>,
}

/// A version of a merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) head: CommitSha,
    /// Where the target branch stood: what it had by then is not shown to reviewers.
    pub(super) start: CommitSha,
    pub(super) at: Timestamp,
}

/// The commits of a merge request with their parents.
pub(super) type Shapes = HashMap<CommitSha, Vec<CommitSha>>;

/// Where the commits of a merge request come from.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// The project of its branch; nothing when that is gone.
    pub(super) project: Option<u64>,
    pub(super) branch: &'a str,
    /// The branch that a merge moves, and the merge is no push of the work; nothing in a fork.
    pub(super) target: Option<&'a str>,
    pub(super) opened: Timestamp,
    pub(super) commits: &'a Shapes,
}

/// What the events say of a merge request.
#[derive(Debug, Default)]
struct Known {
    /// The pushes that brought its commits.
    of_the_work: Vec<Pushed>,
    /// Who let its branch end where, also in what was thrown away later.
    by_head: HashMap<CommitSha, u64>,
}

/// How commits came.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub(super) first_seen: BTreeMap<CommitSha, Timestamp>,
    pub(super) pushes: Vec<Push>,
    pub(super) force_pushes: Vec<ForcePush>,
}

impl GitlabClient {
    /// The versions of a merge request, oldest first; there is at least one.
    ///
    /// # Errors
    /// When they cannot be read completely.
    pub(super) async fn versions(&self, merge_request: &str) -> Result<Vec<Version>, SourceError> {
        let path = format!("{merge_request}/versions");
        let mut found: Vec<wire::Version> = self.list(&path, MOST_VERSION_PAGES).await?;
        found.sort_by_key(|version| version.id);
        let twice = found.windows(2).any(|two| matches!(two, [one, next] if one.id == next.id));
        if found.is_empty() || twice {
            return Err(SourceError::Incomplete("the versions of a merge request".into()));
        }
        let version = |info: &wire::Version| {
            let (head, start) = (sha(&info.head_commit_sha)?, sha(&info.start_commit_sha)?);
            Ok(Version { head, start, at: time(&info.created_at)? })
        };
        found.iter().map(version).collect()
    }

    /// How the commits of a merge request came.
    ///
    /// # Errors
    /// When GitLab does not answer.
    pub(super) async fn arrivals(&self, source: &Source<'_>, versions: &[Version]) -> Result<Arrivals, SourceError> {
        let Known { of_the_work: pushed, by_head } = self.pushed(source).await?;
        let mut arrivals = Arrivals::default();
        // A commit that was pushed elsewhere before was on no page of this merge request.
        for version in versions {
            let first = arrivals.first_seen.entry(version.head.clone()).or_insert(version.at);
            *first = version.at.min(*first);
        }
        for (before, version) in versions.iter().zip(versions.iter().skip(1)) {
            if !reaches(&version.head, &before.head, source.commits) {
                let actor = self.account_of(by_head.get(&version.head)).await?;
                arrivals.force_pushes.push(ForcePush { at: version.at, actor });
            }
        }
        let thrown_away = versions.iter().filter(|version| !source.commits.contains_key(&version.head));
        for Version { head, at, .. } in thrown_away {
            let by = self.account_of(by_head.get(head)).await?;
            arrivals.pushes.push(Push { before: None, after: head.clone(), by, at: *at });
        }
        for push in pushed {
            let Pushed { before, after, by, at, .. } = push;
            arrivals.pushes.push(Push { before, after, by: self.account(by).await?, at });
        }
        Ok(arrivals)
    }

    async fn account_of(&self, user: Option<&u64>) -> Result<Option<Account>, SourceError> {
        match user {
            Some(user) => self.account(*user).await,
            None => Ok(None),
        }
    }

    /// Everything that people pushed of these commits, as far back as somebody may have.
    async fn pushed(&self, source: &Source<'_>) -> Result<Known, SourceError> {
        let Some(project) = source.project else { return Ok(Known::default()) };
        let is_enough =
            |events: &Events| events.goes_back_to(source.opened.minus(BEFORE)) && source.is_covered(&source.of(events));
        let (found, by_head) =
            self.read_events(project, is_enough, |events| (source.of(events), source.heads(events))).await?;
        let mut of_the_work = Vec::new();
        for push in found {
            if !self.is_merge_of_another(project, &push).await? {
                of_the_work.push(push);
            }
        }
        Ok(Known { of_the_work, by_head })
    }

    /// Whether a branch was moved by merging another merge request into it: whoever pressed the button pushed none of the
    /// commits that came with it, and who did is another question.
    async fn is_merge_of_another(&self, project: u64, push: &Pushed) -> Result<bool, SourceError> {
        let path = format!("/projects/{project}/repository/commits/{}/merge_requests", push.after);
        let found: Vec<wire::Listed> = self.list(&path, MOST_LISTED).await?;
        let is_into = |listed: &wire::Listed| listed.state == "merged" && listed.target_branch == push.branch;
        Ok(found.iter().any(is_into))
    }

    /// How a branch was moved in a time, oldest first; nothing when the events do not go back so far.
    pub(super) async fn moves(
        &self,
        (project, branch): (u64, &str),
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<Vec<Move>>, SourceError> {
        let is_in = |at: Timestamp| from <= at && at <= to;
        let moves = |events: &Events| {
            let known = events.read.iter().filter(|push| push.branch == branch && is_in(push.at));
            let known = known.map(|push| Move { at: push.at, to: Some(push.after.clone()) });
            let unnamed = events.unnamed.iter().filter(|at| is_in(**at)).map(|at| Move { at: *at, to: None });
            let mut moves: Vec<Move> = known.chain(unnamed).collect();
            moves.sort_by_key(|one| one.at);
            (events.end == End::Reached || events.goes_back_to(from)).then_some(moves)
        };
        self.read_events(project, |events| events.goes_back_to(from), moves).await
    }

    /// Reads the events of a project, newest first, until they are enough or there are no more.
    async fn read_events<T>(
        &self,
        project: u64,
        is_enough: impl Fn(&Events) -> bool,
        found: impl Fn(&Events) -> T,
    ) -> Result<T, SourceError> {
        let mut all = self.memory.events.lock().await;
        let events = all.entry(project).or_default();
        loop {
            if events.end != End::Open || events.pages >= MOST_PAGES || is_enough(events) {
                return Ok(found(events));
            }
            let path = format!("/projects/{project}/events?action=pushed");
            match self.page::<wire::Event>(&path, events.pages + 1).await {
                Ok(page) => events.add(&page.entries, page.goes_on)?,
                // What cannot be seen was pushed by nobody knows whom.
                Err(SourceError::NotFound | SourceError::Forbidden(_)) => events.end = End::Hidden,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Events {
    fn add(&mut self, page: &[wire::Event], goes_on: bool) -> Result<(), SourceError> {
        for event in page {
            let at = time(&event.created_at)?;
            self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
            if self.seen.insert(event.id) {
                self.read.extend(pushed(event, at)?);
                self.unnamed.extend(is_unnamed(event).then_some(at));
            }
        }
        self.pages += 1;
        self.end = if goes_on { End::Open } else { End::Reached };
        Ok(())
    }

    fn goes_back_to(&self, time: Timestamp) -> bool {
        self.oldest.is_some_and(|oldest| oldest < time)
    }
}

/// Whether it may have moved a branch that it does not name. Many that were made or deleted at once are events of their own.
fn is_unnamed(event: &wire::Event) -> bool {
    let of_branches = |push: &wire::PushData| {
        let moves = !matches!(push.action.as_deref(), Some("created" | "removed"));
        moves && push.ref_type.as_deref() != Some("tag") && push.branch.is_none()
    };
    event.push_data.as_ref().is_none_or(of_branches)
}

/// A push of one branch that left it there.
fn pushed(event: &wire::Event, at: Timestamp) -> Result<Option<Pushed>, SourceError> {
    let Some(push) = &event.push_data else { return Ok(None) };
    let (Some("branch"), Some(branch), Some(after)) = (push.ref_type.as_deref(), &push.branch, &push.commit_to) else {
        return Ok(None);
    };
    let before = push.commit_from.as_deref().map(sha).transpose()?;
    Ok(Some(Pushed { branch: branch.clone(), before, after: sha(after)?, by: event.author_id, at }))
}

impl Source<'_> {
    /// The pushes that ended in one of these commits. What moved the target branch brought nothing: it merged.
    fn of(&self, events: &Events) -> Vec<Pushed> {
        let is_of =
            |push: &&Pushed| self.target != Some(push.branch.as_str()) && self.commits.contains_key(&push.after);
        events.read.iter().filter(is_of).cloned().collect()
    }

    /// Who pushed each end of the branch.
    fn heads(&self, events: &Events) -> HashMap<CommitSha, u64> {
        let here = events.read.iter().filter(|push| push.branch == self.branch);
        here.map(|push| (push.after.clone(), push.by)).collect()
    }

    fn is_covered(&self, pushes: &[Pushed]) -> bool {
        let mut covered = HashSet::new();
        for push in pushes {
            let before = push.before.as_ref().map_or_else(HashSet::new, |before| reached(before, self.commits));
            covered.extend(reached(&push.after, self.commits).into_iter().filter(|sha| !before.contains(sha)));
        }
        covered.len() == self.commits.len()
    }
}

/// The commits of a merge request that one of them reaches, itself included.
fn reached<'a>(from: &CommitSha, commits: &'a Shapes) -> HashSet<&'a CommitSha> {
    let (mut found, mut open) = (HashSet::new(), vec![from]);
    while let Some(sha) = open.pop() {
        let Some((sha, parents)) = commits.get_key_value(sha) else { continue };
        if found.insert(sha) {
            open.extend(parents);
        }
    }
    found
}

/// Whether one commit builds on the other, as far as the commits of the merge request tell.
fn reaches(from: &CommitSha, other: &CommitSha, commits: &Shapes) -> bool {
    from == other || reached(from, commits).contains(other)
}

pub(super) fn sha(text: &str) -> Result<CommitSha, SourceError> {
    CommitSha::parse(text).map_err(unreadable)
}

pub(super) fn time(text: &str) -> Result<Timestamp, SourceError> {
    let parsed: Result<Timestamp, ParseError> = Timestamp::parse(text);
    parsed.map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(name: char) -> CommitSha {
        CommitSha::parse(&name.to_string().repeat(40)).unwrap()
    }

    /// `b` on `a`, `c` on `b`.
    fn line() -> Shapes {
        HashMap::from([('a', vec!['0']), ('b', vec!['a']), ('c', vec!['b'])])
            .into_iter()
            .map(|(name, parents)| (commit(name), parents.into_iter().map(commit).collect()))
            .collect()
    }

    fn push(branch: &str, before: Option<char>, after: char) -> Pushed {
        Pushed { branch: branch.into(), before: before.map(commit), after: commit(after), by: 7, at: Timestamp(0) }
    }

    fn source(commits: &Shapes) -> Source<'_> {
        Source { project: Some(1), branch: "work", target: Some("main"), opened: Timestamp(0), commits }
    }

    #[test]
    fn a_version_that_does_not_build_on_the_one_before_was_forced() {
        let commits = line();
        assert!(reaches(&commit('c'), &commit('a'), &commits) && reaches(&commit('c'), &commit('c'), &commits));
        assert!(!reaches(&commit('c'), &commit('d'), &commits), "what was thrown away");
        assert!(!reaches(&commit('d'), &commit('a'), &commits), "and what came after it and was thrown away too");
    }

    #[test]
    fn commits_are_covered_when_somebody_pushed_each_of_them() {
        let commits = line();
        let source = source(&commits);
        assert!(source.is_covered(&[push("work", None, 'c')]));
        assert!(source.is_covered(&[push("work", Some('b'), 'c'), push("work", Some('0'), 'b')]));
        assert!(!source.is_covered(&[push("work", Some('b'), 'c'), push("work", Some('0'), 'a')]), "nobody pushed b");
    }

    #[test]
    fn a_merge_is_no_push_of_the_work() {
        let commits = line();
        let events = Events { read: vec![push("main", Some('0'), 'c'), push("work", None, 'c')], ..Events::default() };
        assert_eq!(source(&commits).of(&events).iter().map(|push| push.branch.as_str()).collect::<Vec<_>>(), ["work"]);
    }
}
