//! What happened to a pull request, in the order in which Bitbucket noted it
//! (<https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-activity-get>).
//!
//! Bitbucket shows an approval as long as it is in force, and not which commit it was given for. That follows from when it was
//! given and where the branch ended by then. Names of commits are cut to twelve digits here, and two commits can be made to
//! begin alike, so what tells one head from another is the time of an update and never these digits alone.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::people::id;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{CommitSha, ForcePush, ParseError, Timestamp};

/// The fewest digits that stand for a commit.
const FEWEST_DIGITS: usize = 12;

/// What happened, oldest first.
#[derive(Debug, Default)]
pub(super) struct Happened {
    heads: Vec<Head>,
    base_changes: Vec<Timestamp>,
    merged_at: Option<Timestamp>,
    approved: BTreeMap<Uuid, Timestamp>,
    objected: BTreeMap<Uuid, Timestamp>,
}

/// Where the branch ended since a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    since: Timestamp,
    /// The beginning of the name.
    begin: String,
}

impl Happened {
    /// Reads the list, which has the newest entry first.
    ///
    /// # Errors
    /// When a time is none, or an update names no commit although the pull request was open.
    pub(super) fn read(list: &[wire::Activity]) -> Result<Happened, SourceError> {
        let mut happened = Happened::default();
        let mut updates = Vec::new();
        for entry in list {
            if let Some(update) = &entry.update {
                updates.push((time(&update.date)?, update));
            }
            note(&mut happened.approved, entry.approval.as_ref())?;
            note(&mut happened.objected, entry.changes_requested.as_ref())?;
        }
        // The list is the newest first; of two that bear the same time the order of the list says which was first.
        updates.reverse();
        updates.sort_by_key(|(at, _)| *at);
        happened.follow(&updates)?;
        Ok(happened)
    }

    fn follow(&mut self, updates: &[(Timestamp, &wire::Update)]) -> Result<(), SourceError> {
        let mut base: Option<&str> = None;
        for (at, update) in updates {
            let target = update.destination.branch.name.as_str();
            if base.replace(target).is_some_and(|before| before != target) {
                self.base_changes.push(*at);
            }
            if update.state == "MERGED" {
                // The first: what is edited after the merge is noted like this, too.
                self.merged_at.get_or_insert(*at);
                continue;
            }
            // So it is with a fork that was deleted: it will not come back, and people decide with what there is.
            let begin = update.source.commit.as_ref().map(|commit| &commit.hash).ok_or(SourceError::NotFound)?;
            if self.heads.last().is_none_or(|head| head.begin != *begin) {
                self.heads.push(Head { since: *at, begin: begin.clone() });
            }
        }
        Ok(())
    }

    /// When it was merged, as far as that is noted.
    pub(super) fn merged_at(&self) -> Option<Timestamp> {
        self.merged_at
    }

    /// When it was pointed at another branch.
    pub(super) fn base_changes(&self) -> Vec<Timestamp> {
        self.base_changes.clone()
    }

    /// When somebody approved last.
    pub(super) fn approved_at(&self, user: Uuid) -> Option<Timestamp> {
        self.approved.get(&user).copied()
    }

    /// Later than every approval.
    pub(super) fn after_approvals(&self) -> Timestamp {
        Timestamp(self.approved.values().map(|at| at.0 + 1).max().unwrap_or(0))
    }

    /// When somebody asked for changes last.
    pub(super) fn objected_at(&self, user: Uuid) -> Option<Timestamp> {
        self.objected.get(&user).copied()
    }

    /// Since when the branch ends where it ends; nothing when the newest update is about another commit.
    pub(super) fn ends_since(&self, head: &CommitSha) -> Option<Timestamp> {
        self.heads.last().filter(|last| stands_for(&last.begin, head)).map(|last| last.since)
    }

    /// Since when the branch ended in each of these commits that it ended in; since the last time, where it did so again.
    pub(super) fn seen(&self, commits: &[CommitSha]) -> BTreeMap<CommitSha, Timestamp> {
        let seen = self.heads.iter().filter_map(|head| Some((self.stood_at(head.since, commits)?, head.since)));
        seen.collect()
    }

    /// The commit that the branch ended in at a moment, if it is one of these.
    pub(super) fn stood_at(&self, at: Timestamp, commits: &[CommitSha]) -> Option<CommitSha> {
        let head = self.heads.iter().rev().find(|head| head.since <= at)?;
        let mut found = commits.iter().filter(|sha| stands_for(&head.begin, sha));
        found.next().filter(|_| found.next().is_none()).cloned()
    }

    /// Heads that were thrown away: the commits that the pull request has by now are not built on them.
    pub(super) fn forced(&self, commits: &[CommitSha]) -> Vec<ForcePush> {
        let is_gone = |head: &Head| !commits.iter().any(|sha| stands_for(&head.begin, sha));
        let pairs = self.heads.windows(2).filter_map(|two| Some((two.first()?, two.last()?)));
        // Who did it is not told.
        pairs.filter(|(before, _)| is_gone(before)).map(|(_, next)| ForcePush { at: next.since, actor: None }).collect()
    }
}

/// Whether these digits are the beginning of a name. Fewer than Bitbucket writes are nobody's.
pub(super) fn stands_for(digits: &str, sha: &CommitSha) -> bool {
    digits.len() >= FEWEST_DIGITS && sha.as_str().starts_with(digits)
}

fn note(of: &mut BTreeMap<Uuid, Timestamp>, said: Option<&wire::Said>) -> Result<(), SourceError> {
    let Some((said, user)) = said.and_then(|said| Some((said, id(said.user.as_ref()?)?))) else { return Ok(()) };
    let at = time(&said.date)?;
    let newest = of.entry(user).or_insert(at);
    *newest = at.max(*newest);
    Ok(())
}

pub(super) fn time(text: &str) -> Result<Timestamp, SourceError> {
    let parsed: Result<Timestamp, ParseError> = Timestamp::parse(text);
    parsed.map_err(|error| SourceError::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const DANA: &str = "{00000000-0000-0000-0000-000000000007}";

    fn sha(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        time(&date(minute)).unwrap()
    }

    fn date(minute: i64) -> String {
        format!("2026-11-02T09:{minute:02}:00.123456+00:00")
    }

    fn update(minute: i64, digit: char, (state, base): (&str, &str)) -> Value {
        let side = |branch: &str, hash: Value| json!({"branch": {"name": branch}, "commit": hash, "repository": null});
        let hash = json!({"hash": digit.to_string().repeat(12)});
        json!({"update": {
            "date": date(minute), "state": state, "source": side("work", hash), "destination": side(base, json!(null)),
        }})
    }

    fn approval(minute: i64) -> Value {
        json!({"approval": {"date": date(minute), "user": {"type": "user", "uuid": DANA, "nickname": "dana"}}})
    }

    /// The list as it comes: the newest first.
    fn read(mut oldest_first: Vec<Value>) -> Happened {
        oldest_first.reverse();
        let list: Vec<wire::Activity> = serde_json::from_value(oldest_first.into()).unwrap();
        Happened::read(&list).unwrap()
    }

    const OPEN: (&str, &str) = ("OPEN", "main");

    #[test]
    fn an_approval_is_of_the_commit_that_stood_there() {
        let happened = read(vec![update(1, 'a', OPEN), approval(2), update(3, 'b', OPEN)]);
        let user = super::super::people::uuid(DANA).unwrap();
        let given = happened.approved_at(user).unwrap();
        assert_eq!(happened.stood_at(given, &[sha('a'), sha('b')]), Some(sha('a')));
        assert_eq!(happened.ends_since(&sha('b')), Some(at(3)));
        assert_eq!(happened.ends_since(&sha('a')), None);
        let later = read(vec![update(1, 'a', OPEN), update(3, 'b', OPEN), approval(4)]);
        assert_eq!(later.stood_at(at(4), &[sha('a'), sha('b')]), Some(sha('b')));
    }

    /// Somebody makes two commits whose names begin alike, and pushes one after the other was approved.
    #[test]
    fn two_commits_that_begin_alike_are_not_taken_for_each_other() {
        let (one, twin) = ("a".repeat(12) + &"1".repeat(28), "a".repeat(12) + &"2".repeat(28));
        let [one, twin] = [one, twin].map(|name| CommitSha::parse(&name).unwrap());
        let happened = read(vec![update(1, 'a', OPEN), approval(2)]);
        assert_eq!(happened.stood_at(at(2), &[one.clone(), twin]), None);
        assert_eq!(happened.stood_at(at(2), std::slice::from_ref(&one)), Some(one));
    }

    #[test]
    fn a_head_that_came_again_stands_there_since_then() {
        let happened = read(vec![update(1, 'a', OPEN), update(2, 'b', OPEN), update(5, 'a', OPEN)]);
        assert_eq!(happened.ends_since(&sha('a')), Some(at(5)));
        assert_eq!(happened.forced(&[sha('a')]).iter().map(|push| push.at).collect::<Vec<_>>(), [at(5)]);
    }

    #[test]
    fn another_title_is_no_other_head_and_a_merge_is_none() {
        let merged = update(9, 'c', ("MERGED", "main"));
        let happened = read(vec![update(1, 'a', OPEN), update(2, 'a', OPEN), merged]);
        assert_eq!((happened.ends_since(&sha('a')), happened.merged_at()), (Some(at(1)), Some(at(9))));
        assert_eq!(happened.base_changes(), []);
        assert_eq!(happened.forced(&[sha('a')]), []);
    }

    #[test]
    fn an_edit_after_the_merge_is_not_the_merge() {
        let happened =
            read(vec![update(1, 'a', OPEN), update(5, 'c', ("MERGED", "main")), update(9, 'c', ("MERGED", "main"))]);
        assert_eq!(happened.merged_at(), Some(at(5)));
    }

    #[test]
    fn another_target_is_noticed() {
        let happened = read(vec![update(1, 'a', ("OPEN", "other")), update(4, 'a', OPEN)]);
        assert_eq!(happened.base_changes(), [at(4)]);
    }

    #[test]
    fn a_few_digits_stand_for_nothing() {
        assert!(stands_for(&"a".repeat(12), &sha('a')) && stands_for(&"a".repeat(40), &sha('a')));
        assert!(!stands_for(&"a".repeat(11), &sha('a')) && !stands_for("", &sha('a')));
    }
}
