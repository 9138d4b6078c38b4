//! What the evidence says on its own, before any rule asks.

use std::collections::{BTreeMap, BTreeSet};

use cm_bot::model::{Account, AccountKind, Commit, Field, GitActor, GithubId, Relation, Signature};
use cm_bot::policy::decision::Kind;
use cm_bot::policy::evaluate;
use cm_bot::policy::evidence::{contributors, expected, foreseen, rewritten};
use cm_bot::policy::facts::{Fact, Facts, Gap, GapReason, Objects, PullRequests, Source};

use crate::support::facts::{
    NOW, approval, commit, criteria, criteria_with, judge, merge, passing, pull_request, push, put, range, sha,
    tree_name, user,
};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn everybody_who_had_a_hand_in_the_range_is_a_contributor() {
    let mut facts = passing();
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes"]));
    pull_request(&mut facts).opener = Some(user("sam", 1004));
    pull_request(&mut facts).ledger.pushes = vec![push(&user("priya", 1003), Some('a'), 'b')];
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes", "Priya Nair", "Sam Okafor"]));
}

#[test]
fn whom_the_commits_name_is_a_contributor_also_where_nothing_is_known_of_pull_requests() {
    let mut facts = passing();
    let reason = GapReason::TooMuch;
    facts.pull_requests = Fact::Unknown(Gap { what: "the pull requests".into(), source: Source::Github, reason });
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes"]));
    range(&mut facts).commits.clear();
    assert_eq!(contributors(&facts, &criteria()), names(&[]));
}

#[test]
fn whose_work_an_unsigned_commit_is_only_its_push_tells() {
    let mut facts = passing();
    pull_request(&mut facts).pushes.clear();
    pull_request(&mut facts).ledger.pushes.clear();
    assert_eq!(judge(&facts).kind(), Kind::Hold);
    let said = format!("{:?}", judge(&facts).problems());
    assert!(said.contains("nobody signed bbbbbbb and GitHub has no record of who pushed it"), "{said}");
    let first_pushed_by = |who: &Account| {
        let mut facts = facts.clone();
        if let Fact::Known(pull_requests) = &mut facts.pull_requests {
            pull_requests.first_pushed.insert(sha('b'), vec![who.clone()]);
        }
        judge(&facts)
    };
    assert_eq!(first_pushed_by(&user("dana", 1001)).kind(), Kind::Approve);
    let said = format!("{:?}", first_pushed_by(&user("lee", 1002)).problems());
    assert!(said.contains("Lee Wong pushed bbbbbbb"), "{said}");
    let signed = range(&mut facts).commits.iter_mut().find(|commit| commit.sha.as_str().starts_with('b')).unwrap();
    signed.signature = Signature::Valid;
    assert_eq!(judge(&facts).kind(), Kind::Approve);
}

#[test]
fn a_ticket_is_too_dear_when_a_part_of_its_evidence_would_cost_too_much() {
    let lacking = |reason: GapReason| {
        let gap = Gap { what: "the commits".into(), source: Source::Github, reason };
        Facts { range: Fact::Unknown(gap), ..passing() }
    };
    assert!(lacking(GapReason::TooDear).is_too_dear());
    assert!(!lacking(GapReason::TooMuch).is_too_dear() && !passing().is_too_dear());
}

/// 1 and 2 came through one pull request, 4 through another, 3 and 5 through none.
#[test]
fn the_files_around_each_squash_or_rebase_are_read_ahead() {
    let (mut facts, dana) = (passing(), user("dana", 1001));
    let line = [('1', 'a'), ('2', '1'), ('3', '2'), ('4', '3'), ('5', '4')];
    range(&mut facts).commits = line.map(|(name, parent)| commit(name, &[parent], &dana)).to_vec();
    let of_commit = [('1', vec![871]), ('2', vec![871]), ('3', Vec::new()), ('4', vec![872])];
    let of_commit = of_commit.map(|(name, numbers)| (sha(name), numbers)).into();
    facts.pull_requests = Fact::Known(PullRequests { of_commit, ..PullRequests::default() });
    facts.ticket.fields.insert(Field::Commit, sha('5').to_string());
    facts.objects = Objects::default();
    let verified = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
    let trees = |names: &[char]| names.iter().map(|name| tree_name(*name)).collect::<BTreeSet<_>>();
    assert_eq!(expected(&facts, &verified).trees, trees(&['a', '2', '3', '4', '5']), "5 is what will be deployed");
    assert!(expected(&facts, &criteria()).is_empty(), "what may not be proven by its content can wait");
}

#[test]
fn reviewed_commits_are_read_for_what_may_be_a_squash_and_nothing_else() {
    let mut facts = passing();
    let dana = user("dana", 1001);
    let squash = range(&mut facts).commits.clone();
    let of = |commits: &[Commit], head: char, allowed: &str| {
        let of_commit = BTreeMap::from([(sha('b'), vec![871]), (sha('c'), vec![872]), (sha('d'), vec![873])]);
        let criteria = criteria_with("allow_verified_squash = false", &format!("allow_verified_squash = {allowed}"));
        rewritten((commits, &sha(head)), &of_commit, &criteria).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(of(&squash, 'c', "true"), [0; 0], "a merge keeps its commits, and what it merged is not on the branch");
    let line = [commit('b', &['a'], &dana), commit('c', &['b'], &dana), commit('d', &['a'], &dana)];
    assert_eq!(of(&line, 'c', "true"), [871, 872]);
    assert_eq!(of(&line, 'c', "false"), [0; 0], "then nobody would look at them");
}

#[test]
fn the_files_of_a_merge_are_asked_for_before_anything_is_known_of_it() {
    let mut facts = passing();
    facts.objects = Objects::default();
    let wanted = foreseen(&facts, &criteria());
    assert!(wanted.trees.contains(&tree_name('a')) && wanted.trees.contains(&tree_name('b')), "{wanted:?}");
    range(&mut facts).commits = vec![commit('c', &['a'], &user("dana", 1001))];
    assert!(foreseen(&facts, &criteria()).is_empty(), "a commit that merges nothing can wait");
}

/// Dana's pull request from before the baseline, brought up to date by somebody in its middle.
fn updated_by(who: &Account) -> Facts {
    let (mut facts, dana) = (passing(), user("dana", 1001));
    let with_files = |facts: &mut Facts, commit: Commit, totals: &str, rates: &str| {
        let tree = put(&mut facts.objects, &[("src/totals.js", totals), ("lib/rates.js", rates)]);
        Commit { tree, ..commit }
    };
    let older = with_files(&mut facts, commit('0', &[], &dana), "old", "old").tree;
    let baseline = with_files(&mut facts, commit('a', &['0'], &dana), "old", "new").tree;
    let commits = vec![
        with_files(&mut facts, commit('b', &['0'], &dana), "rounded", "old"),
        with_files(&mut facts, commit('d', &['b', 'a'], who), "rounded", "new"),
        with_files(&mut facts, commit('e', &['d'], &dana), "rounded twice", "new"),
        with_files(&mut facts, merge('c', &['a', 'e'], &dana), "rounded twice", "new"),
    ];
    facts.objects.tree_of.insert(sha('0'), older);
    facts.objects.relations.insert(Objects::pair(&sha('0'), &sha('a')), Relation::Ahead);
    facts.objects.relations.insert(Objects::pair(&sha('a'), &sha('0')), Relation::Behind);
    let pushes = vec![push(&dana, None, 'b'), push(who, Some('b'), 'd'), push(&dana, Some('d'), 'e')];
    let pull_request = pull_request(&mut facts);
    pull_request.head = sha('e');
    pull_request.reviews = vec![approval(&user("lee", 1002), 'e')];
    pull_request.first_seen = [(sha('e'), pushes[0].at)].into();
    pull_request.pushes = pushes;
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.of_commit = "bdec".chars().map(|commit| (sha(commit), vec![871])).collect();
    }
    range(&mut facts).base_tree = baseline;
    range(&mut facts).commits = commits;
    facts
}

#[test]
fn an_update_of_the_branch_makes_a_contributor_of_whoever_has_not_approved() {
    let by_lee = updated_by(&user("lee", 1002));
    assert_eq!(contributors(&by_lee, &criteria()), names(&["Dana Reyes"]));
    assert_eq!(judge(&by_lee).kind(), Kind::Approve, "{:?}", judge(&by_lee).problems());
    // Dana's own update, which Lee pushed, as the forge or our own record says.
    let mut pushed_by_lee = by_lee.clone();
    let of_dana = range(&mut pushed_by_lee).commits[0].clone();
    let update = &mut range(&mut pushed_by_lee).commits[1];
    (update.authors, update.committer) = (of_dana.authors, of_dana.committer);
    assert_eq!(judge(&pushed_by_lee).kind(), Kind::Approve, "{:?}", judge(&pushed_by_lee).problems());
    pull_request(&mut pushed_by_lee).pushes.remove(1);
    if let Fact::Known(pull_requests) = &mut pushed_by_lee.pull_requests {
        pull_requests.first_pushed.insert(sha('d'), vec![user("lee", 1002)]);
    }
    assert_eq!(judge(&pushed_by_lee).kind(), Kind::Approve, "{:?}", judge(&pushed_by_lee).problems());
    let by_priya = updated_by(&user("priya", 1003));
    assert_eq!(contributors(&by_priya, &criteria()), names(&["Dana Reyes", "Priya Nair"]));
    assert_eq!(judge(&by_priya).kind(), Kind::Approve);
}

/// Dana's pull request as one new commit, whose author is `author`.
fn squashed(author: GitActor) -> Facts {
    let (mut facts, dana) = (passing(), user("dana", 1001));
    pull_request(&mut facts).commits = Some(vec![commit('b', &['a'], &dana)]);
    range(&mut facts).commits = vec![Commit { authors: vec![author], ..merge('c', &['a'], &dana) }];
    let by_number = facts.pull_requests.known().unwrap().by_number.clone();
    facts.pull_requests =
        Fact::Known(PullRequests { by_number, of_commit: [(sha('c'), vec![871])].into(), ..PullRequests::default() });
    facts
}

/// GitHub's button for rebases makes a committer of whoever presses it, and signs nothing.
#[test]
fn whoever_only_merged_by_squash_or_rebase_had_no_hand_in_it() {
    let mut facts = squashed(GitActor { name: "dana".into(), account: Some(user("dana", 1001)) });
    let copy = &mut range(&mut facts).commits[0];
    (copy.signature, copy.committer.account) = (Signature::None, Some(user("priya", 1003)));
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes"]));
}

#[test]
fn a_squash_in_the_name_of_somebody_else_is_theirs_too() {
    let said = |author: GitActor| {
        let criteria = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
        let decision = evaluate(&squashed(author), &criteria, NOW);
        (decision.kind(), format!("{:?}", decision.problems()))
    };
    let known = |account: Account| GitActor { name: account.login.clone(), account: Some(account) };
    let (kind, problems) = said(known(user("dana", 1001)));
    assert_eq!(kind, Kind::Approve, "{problems}");
    let (kind, problems) = said(GitActor { name: "Mallory".into(), account: None });
    assert_eq!(kind, Kind::Hold);
    assert!(problems.contains("ccccccc names the author Mallory, whose e-mail address belongs to no GitHub account"));
    let robot = Account { id: GithubId(1009).into(), login: "robot".into(), kind: AccountKind::Bot };
    let (kind, problems) = said(known(robot));
    assert_eq!(kind, Kind::Hold, "no original is the machine's");
    assert!(problems.contains("robot wrote commit ccccccc, and nobody can say who told it to"), "{problems}");
}
