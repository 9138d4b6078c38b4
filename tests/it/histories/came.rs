//! One merge of a real repository as the facts of a ticket: its first parent was deployed before, Dana made everything
//! that it brought, in pull request 871, and Lee approved that.

use cm_bot::model::{Commit, CommitSha, Field, Merged, ObjectId, Timestamp, blob_id};
use cm_bot::policy::facts::{Fact, Facts, Objects};

use super::repository::{Merge, Repository};
use crate::support::facts;

/// A rebase of more commits than this is not tried.
const MOST_COPIES: usize = 10;

/// In which of GitHub's ways the pull request came to the release branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// As it really was.
    Merge,
    /// One commit with the files of the merge.
    Squash,
    /// Copies of the commits, the last with the files of the merge.
    Rebase,
}

/// The facts of a merge; nothing when it could not have come in this way.
pub fn facts_of(repository: &Repository, merge: &Merge, way: Way) -> Option<Facts> {
    let mut facts = facts::passing();
    facts.objects = Objects::default();
    facts.ticket.fields.insert(Field::Commit, merge.commit.to_string());
    if let Fact::Known(Some(baseline)) = &mut facts.baseline {
        baseline.commit = merge.ours.clone();
    }
    let own = repository.commits(&merge.ours, &merge.theirs);
    let all = repository.commits(&merge.ours, &merge.commit);
    let base_tree = repository.tree_of(&merge.ours)?;
    let merged = all.last()?.clone();
    let pull_request = facts::pull_request(&mut facts);
    pull_request.head = merge.theirs.clone();
    pull_request.merged = Some(Merged { commit: merge.commit.clone(), at: Timestamp(facts::NOW.0 - 1_800_000) });
    pull_request.reviews[0].commit = Some(merge.theirs.clone());
    pull_request.first_seen = [(merge.theirs.clone(), Timestamp(facts::NOW.0 - 7_200_000))].into();
    pull_request.pushes[0].after = merge.theirs.clone();
    let commits = match way {
        Way::Merge => all,
        Way::Squash => vec![Commit { parents: vec![merge.ours.clone()], ..merged }],
        Way::Rebase => copies(repository, &own, &base_tree, merged)?,
    };
    if way != Way::Merge {
        pull_request.commits = Some(own);
    }
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.of_commit = commits.iter().map(|commit| (commit.sha.clone(), vec![871])).collect();
    }
    let range = facts::range(&mut facts);
    (range.base_tree, range.commits) = (base_tree, commits);
    facts::scans(&mut facts).analyses[0].commit = merge.commit.clone();
    Some(facts)
}

/// Each commit on top of the one before, as Git rebases; nothing when the end is not what the merge holds.
fn copies(repository: &Repository, own: &[Commit], base: &ObjectId, merged: Commit) -> Option<Vec<Commit>> {
    let is_line = own.iter().all(|commit| commit.parents.len() == 1);
    if !is_line || !(2..=MOST_COPIES).contains(&own.len()) {
        return None;
    }
    let (mut tree, mut parent) = (base.clone(), merged.parents[0].clone());
    let mut copies = Vec::new();
    for commit in own {
        tree = repository.picked_by_git(&tree, commit)?;
        let sha = made_up(&format!("a copy of {} on {parent}", commit.sha));
        copies.push(Commit { sha: sha.clone(), tree: tree.clone(), parents: vec![parent], ..commit.clone() });
        parent = sha;
    }
    let last = copies.last_mut()?;
    last.sha = merged.sha;
    (last.tree == merged.tree).then_some(copies)
}

/// The name of a commit that is nowhere.
pub fn made_up(what: &str) -> CommitSha {
    CommitSha::parse(blob_id(what.as_bytes()).as_str()).unwrap()
}
