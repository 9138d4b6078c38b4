//! What GitHub would say of a history, as facts of the passing ticket.

use std::collections::{BTreeMap, BTreeSet};

use cm_bot::model::{
    Account, BranchName, Commit, CommitSha, Dismissal, Field, ForcePush, GitActor, Ledger, Merged, ObjectId, Opinion,
    PullRequest, Push, RepoName, Review, Signature, Timestamp,
};
use cm_bot::policy::facts::{Fact, Facts, Objects, PullRequests};

use super::history::{History, Pull, Says, Who};
use crate::support::facts::{NOW, passing, put, range, scans, user};

/// The facts of a ticket that deploys what the release branch ends in.
pub fn facts(history: &History) -> Facts {
    let mut facts = passing();
    let mut objects = Objects::default();
    let trees: Vec<ObjectId> = history.commits.iter().map(|made| put(&mut objects, &listed(&made.files))).collect();
    let new = &history.reach(history.release) - &history.reach(0);
    if let Fact::Known(Some(baseline)) = &mut facts.baseline {
        baseline.commit = sha(0);
    }
    facts.ticket.fields.insert(Field::Commit, sha(history.release).as_str().to_owned());
    scans(&mut facts).analyses[0].commit = sha(history.release);
    range(&mut facts).base_tree = trees[0].clone();
    range(&mut facts).commits = new.iter().map(|one| commit(history, *one, &trees[*one])).collect();
    facts.pull_requests = Fact::Known(pull_requests(history, &new));
    facts.objects = objects;
    facts
}

fn listed(files: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect()
}

fn sha(commit: usize) -> CommitSha {
    CommitSha::parse(&format!("{:040x}", commit + 0xabcd)).unwrap()
}

fn time(minute: i64) -> Timestamp {
    Timestamp(NOW.0 - 86_400_000 + minute * 60_000)
}

fn account(who: Who) -> Account {
    let (login, id) = [("dana", 1001), ("lee", 1002), ("priya", 1003), ("sam", 1004), ("mallory", 2001)][who];
    user(login, id)
}

fn commit(history: &History, number: usize, tree: &ObjectId) -> Commit {
    let made = &history.commits[number];
    let actor = |account: Account| GitActor { name: account.login.clone(), account: Some(account) };
    let committer = if made.by_github { user("web-flow", 19_864_447) } else { account(made.claims) };
    Commit {
        sha: sha(number),
        tree: tree.clone(),
        parents: made.parents.iter().map(|parent| sha(*parent)).collect(),
        authors: vec![actor(account(made.claims))],
        committer: actor(committer),
        signature: if made.by_github { Signature::ByGithub } else { Signature::None },
        headline: format!("Commit {number}"),
    }
}

/// Merged pull requests, and the commits that GitHub connects them with: their own, and the merge.
fn pull_requests(history: &History, new: &BTreeSet<usize>) -> PullRequests {
    let mut found = PullRequests::default();
    found.of_commit.extend(new.iter().map(|one| (sha(*one), Vec::new())));
    for (place, pull) in history.pulls.iter().enumerate() {
        let Some((merge, _)) = pull.merged else { continue };
        let number = 871 + place as u64;
        let own = history.own(pull);
        for commit in own.iter().chain([&merge]).filter(|commit| new.contains(commit)) {
            found.of_commit.entry(sha(*commit)).or_default().push(number);
        }
        found.by_number.insert(number, pull_request(history, pull, (number, &own)));
    }
    found
}

fn pull_request(history: &History, pull: &Pull, (number, own): (u64, &BTreeSet<usize>)) -> PullRequest {
    let trees = |one: &usize| put(&mut Objects::default(), &listed(&history.commits[*one].files));
    let reviewed = || own.iter().map(|one| commit(history, *one, &trees(one))).collect();
    let suites: Vec<_> = history.suites.iter().filter(|suite| own.contains(&suite.after)).collect();
    let mut first_seen = BTreeMap::new();
    for suite in &suites {
        let first = first_seen.entry(sha(suite.after)).or_insert(time(suite.at));
        *first = time(suite.at).min(*first);
    }
    PullRequest {
        number,
        repository: RepoName::parse("acme/billing-api").unwrap(),
        title: "A pull request".into(),
        base: BranchName::parse("main").unwrap(),
        head: sha(pull.head),
        opener: pull.opener.map(account),
        commits: history.was_squashed(pull).then(reviewed),
        merged: pull.merged.map(|(commit, at)| Merged { commit: sha(commit), at: time(at) }),
        squash: None,
        assignees: Vec::new(),
        assigned_by_machines: Vec::new(),
        own: None,
        reviews: (0..pull.reviews.len()).map(|place| review(pull, place)).collect(),
        first_seen,
        pushes: suites
            .iter()
            .map(|suite| Push {
                before: suite.before.map(sha),
                after: sha(suite.after),
                by: Some(account(suite.who)),
                at: time(suite.at),
            })
            .collect(),
        force_pushes: pull
            .forced
            .iter()
            .map(|(at, who)| ForcePush { at: time(*at), actor: Some(account(*who)) })
            .collect(),
        base_changes: Vec::new(),
        dismissals: (0..pull.reviews.len()).filter_map(|place| dismissal(pull, place)).collect(),
        ledger: Ledger::default(),
    }
}

fn opinion(says: Says) -> Opinion {
    match says {
        Says::Approve => Opinion::Approved,
        Says::Object => Opinion::ChangesRequested,
    }
}

fn review(pull: &Pull, place: usize) -> Review {
    let review = &pull.reviews[place];
    Review {
        id: format!("review-{place}"),
        author: Some(account(review.who)),
        opinion: if review.dismissed_by.is_some() { Opinion::Dismissed } else { opinion(review.says) },
        submitted_at: time(review.at),
        commit: Some(sha(review.names)),
        may_push: true,
        text: String::new(),
        edited_at: None,
    }
}

fn dismissal(pull: &Pull, place: usize) -> Option<Dismissal> {
    let review = &pull.reviews[place];
    let actor = Some(account(review.dismissed_by?));
    Some(Dismissal { review: format!("review-{place}"), was: opinion(review.says), at: None, actor })
}
