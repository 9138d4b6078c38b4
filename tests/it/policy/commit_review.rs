//! Every commit was reviewed by somebody who did not contribute to it.

use cm_bot::model::{
    Account, AccountKind, BranchName, Commit, Dismissal, ForcePush, GitActor, GithubId, Merged, Opinion, Push, Review,
    Signature, Timestamp,
};
use cm_bot::policy::decision::{By, Kind, Outcome};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts};

use crate::support::facts::{
    NOW, approval, commit, criteria, criteria_with, finding, judge, merge, passing, pull_request, push, put, range,
    read, sha, tree_name, user,
};

const RULE: &str = "commit_review";

/// The finding as people read it, and that it stands in the way.
fn said(facts: &Facts) -> String {
    let finding = finding(facts, RULE);
    assert_eq!(finding.outcome, Outcome::NotMet, "{}", finding.seen);
    assert!(judge(facts).auto_approval().is_none());
    read(&finding)
}

fn minutes(before_now: i64) -> Timestamp {
    Timestamp(NOW.0 - before_now * 60_000)
}

#[test]
fn an_approval_by_a_colleague_counts() {
    let finding = finding(&passing(), RULE);
    assert_eq!(
        (finding.outcome, finding.seen.as_str()),
        (Outcome::Met, "2 commits, all reviewed; approvals are bound by reconstruction")
    );
}

#[test]
fn nobody_approved() {
    let mut facts = passing();
    pull_request(&mut facts).reviews.clear();
    insta::assert_snapshot!(said(&facts), @r"
    A commit was not reviewed by somebody else.
      bbbbbbb by dana came through pull request 871, which nobody approved.
      Do this: ask somebody other than Dana Reyes to approve pull request 871 at its last commit, bbbbbbb.
    ");
    assert_eq!(judge(&facts).kind(), Kind::Block);
}

#[test]
fn the_author_cannot_approve_own_work() {
    let mut facts = passing();
    pull_request(&mut facts).opener = Some(user("lee", 1002));
    pull_request(&mut facts).reviews = vec![approval(&user("dana", 1001), 'b')];
    insta::assert_snapshot!(said(&facts), @r"
    A commit was not reviewed by somebody else.
      bbbbbbb by dana came through pull request 871; the approval by Dana Reyes does not count: Dana Reyes wrote commit bbbbbbb, and nobody's approval counts for their own work.
      Do this: ask somebody other than Dana Reyes and Lee Wong to approve pull request 871 at its last commit, bbbbbbb.
    ");
}

#[test]
fn a_co_author_cannot_approve() {
    let mut facts = passing();
    let lee = GitActor { name: "Lee Wong".into(), account: Some(user("lee", 1002)) };
    range(&mut facts).commits[0].authors.push(lee);
    assert!(said(&facts).contains("Lee Wong wrote commit bbbbbbb, and nobody's approval counts for their own work"));
}

#[test]
fn who_pushed_the_last_commit_cannot_approve() {
    let mut facts = passing();
    pull_request(&mut facts).pushes = vec![push(&user("lee", 1002), None, 'b')];
    assert!(said(&facts).contains("Lee Wong pushed bbbbbbb"));
}

#[test]
fn who_committed_cannot_approve() {
    let mut facts = passing();
    range(&mut facts).commits[0].committer = GitActor { name: "Lee".into(), account: Some(user("lee", 1002)) };
    assert!(said(&facts).contains("Lee Wong committed bbbbbbb"));
}

#[test]
fn pressing_the_merge_button_is_no_contribution() {
    let mut facts = passing();
    range(&mut facts).commits[1] = merge('c', &['a', 'b'], &user("lee", 1002));
    assert_eq!(judge(&facts).kind(), Kind::Approve);
}

#[test]
fn a_second_account_of_the_author_is_the_author() {
    let mut criteria = criteria();
    criteria.people = cm_bot::model::People::parse(
        "[[people]]\nname = \"Dana Reyes\"\njira = \"712020:dana\"\ngithub = [1001, 2001]\n",
    )
    .unwrap();
    let mut facts = passing();
    pull_request(&mut facts).reviews = vec![approval(&user("dana-at-home", 2001), 'b')];
    let decision = cm_bot::policy::evaluate(&facts, &criteria, NOW);
    assert!(decision.ignored()[0].reason.contains("nobody's approval counts for their own work"));
}

#[test]
fn an_unknown_author_holds() {
    let mut facts = passing();
    range(&mut facts).commits[0].authors[0] = GitActor { name: "Mallory".into(), account: None };
    insta::assert_snapshot!(said(&facts), @r#"
    A commit was not reviewed by somebody else.
      bbbbbbb by "Mallory" came through pull request 871, where bbbbbbb names the author Mallory, whose e-mail address belongs to no GitHub account.
      Do this: look at what the commit changes, then approve or decline the ticket.
    "#);
    assert_eq!(judge(&facts).kind(), Kind::Hold, "no click of a developer can repair it");
}

#[test]
fn a_contributor_who_is_not_in_the_people_file_holds() {
    let mut facts = passing();
    range(&mut facts).commits[0].authors[0].account = Some(user("stranger", 4711));
    assert!(said(&facts).contains("stranger wrote commit bbbbbbb and is not in the people file (GitHub account 4711)"));
}

#[test]
fn a_renamed_login_is_the_same_person_and_a_taken_over_login_is_not() {
    let mut facts = passing();
    pull_request(&mut facts).reviews = vec![approval(&user("lee-w", 1002), 'b')];
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    pull_request(&mut facts).reviews = vec![approval(&user("lee", 9999), 'b')];
    assert!(said(&facts).contains("GitHub account 9999 (lee) is not in the people file, so nobody can say who it is"));
}

#[test]
fn a_bot_cannot_approve() {
    let mut facts = passing();
    let bot = Account { id: GithubId(41_898_282).into(), login: "github-actions".into(), kind: AccountKind::Bot };
    pull_request(&mut facts).reviews = vec![approval(&bot, 'b')];
    assert!(said(&facts).contains("the approval by github-actions does not count: a bot's approval does not count"));
}

#[test]
fn a_bot_that_nobody_vouches_for_is_nobody() {
    let bot = Account { id: GithubId(49_699_333).into(), login: "dependabot".into(), kind: AccountKind::Bot };
    let mut facts = passing();
    range(&mut facts).commits[0] = commit('b', &['a'], &bot);
    assert!(said(&facts).contains("bbbbbbb claims to be written by the bot dependabot but nobody signed it"));
    range(&mut facts).commits[0].signature = Signature::ByGithub;
    assert_eq!(judge(&facts).kind(), Kind::Approve, "its own signed commit needs a person's approval, and has one");
}

#[test]
fn who_may_not_push_cannot_approve() {
    let mut facts = passing();
    pull_request(&mut facts).reviews[0].may_push = false;
    assert!(said(&facts).contains("Lee Wong may not push to the repository"));
}

#[test]
fn an_approval_of_an_older_commit_does_not_count() {
    let mut facts = passing();
    pull_request(&mut facts).reviews = vec![approval(&user("lee", 1002), 'e')];
    insta::assert_snapshot!(said(&facts), @r"
    A commit was not reviewed by somebody else.
      bbbbbbb by dana came through pull request 871; the approval by Lee Wong does not count: given for eeeeeee at 08:00 UTC; bbbbbbb was there already.
      Do this: ask somebody other than Dana Reyes to approve pull request 871 at its last commit, bbbbbbb.
    ");
    for (came, words) in [(61, "was there already"), (60, "was pushed after it"), (59, "was pushed after it")] {
        pull_request(&mut facts).first_seen.insert(sha('b'), minutes(came));
        assert!(
            said(&facts).contains(&format!("given for eeeeeee at 08:00 UTC; bbbbbbb {words}")),
            "{came} minutes ago"
        );
    }
}

#[test]
fn an_approval_that_github_moved_to_a_newer_commit_does_not_count() {
    let mut facts = passing();
    pull_request(&mut facts).force_pushes = vec![ForcePush { at: minutes(30), actor: Some(user("dana", 1001)) }];
    assert!(said(&facts).contains("given at 08:00 UTC, before the branch was force-pushed at 08:30 UTC"));
    pull_request(&mut facts).force_pushes = vec![ForcePush { at: minutes(90), actor: Some(user("dana", 1001)) }];
    assert_eq!(judge(&facts).kind(), Kind::Approve, "a forced push before the approval does no harm");
}

#[test]
fn an_approval_older_than_the_arrival_of_the_commit_does_not_count() {
    let mut facts = passing();
    pull_request(&mut facts).first_seen.insert(sha('b'), minutes(30));
    assert!(said(&facts).contains("given at 08:00 UTC; GitHub received bbbbbbb at 08:30 UTC"));
    pull_request(&mut facts).first_seen.insert(sha('b'), minutes(60));
    assert!(said(&facts).contains("GitHub received bbbbbbb at 08:00 UTC"), "the same second proves nothing");
    pull_request(&mut facts).first_seen.clear();
    assert!(said(&facts).contains("GitHub has no record of when it received bbbbbbb"));
}

#[test]
fn an_approval_before_a_push_that_we_heard_of_does_not_count_however_long_github_has_had_the_commit() {
    let heard = |minutes_ago: i64| {
        let mut facts = passing();
        let push = Push { at: minutes(minutes_ago), ..push(&user("dana", 1001), Some('a'), 'b') };
        pull_request(&mut facts).ledger.pushes = vec![push];
        facts
    };
    assert!(said(&heard(30)).contains(
        "the approval by Lee Wong does not count: given at 08:00 UTC; bbbbbbb was pushed after it by Dana Reyes"
    ));
    assert_eq!(judge(&heard(90)).kind(), Kind::Approve);
}

#[test]
fn opening_a_pull_request_again_brings_nothing() {
    let mut facts = passing();
    let (dana, lee) = (user("dana", 1001), user("lee", 1002));
    let comment = Review { opinion: Opinion::Commented, text: "LGTM".into(), commit: None, ..approval(&lee, 'b') };
    pull_request(&mut facts).reviews = vec![comment];
    let opened = push(&dana, None, 'b');
    let says = criteria_with("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let mut kind = |pushes: Vec<Push>| {
        pull_request(&mut facts).ledger.pushes = pushes;
        evaluate(&facts, &says, NOW).kind()
    };
    let reopened = Push { at: minutes(40), ..opened.clone() };
    assert_eq!(kind(vec![opened.clone(), reopened]), Kind::Approve);
    let away = Push { at: minutes(90), ..push(&dana, Some('b'), 'a') };
    let back = Push { at: minutes(40), ..push(&dana, Some('a'), 'b') };
    assert_eq!(kind(vec![opened.clone(), away, back]), Kind::Block, "something else stood there at the comment");
    let late = Push { at: minutes(110), ..push(&dana, Some('a'), 'e') };
    assert_eq!(kind(vec![opened, late.clone()]), Kind::Block);
    let newer = Push { at: minutes(100), ..push(&dana, Some('e'), 'b') };
    assert_eq!(kind(vec![newer, late]), Kind::Approve, "the older one was heard of late");
}

/// G18 by a detour: somebody else makes the commits again, with another name on every push that is left.
#[test]
fn whoever_pushed_what_was_rewritten_since_cannot_approve() {
    let (dana, lee) = (user("dana", 1001), user("lee", 1002));
    let pushed = |after| {
        let mut facts = passing();
        let early = |minutes_ago, push: Push| Push { at: minutes(minutes_ago), ..push };
        pull_request(&mut facts).ledger.pushes = vec![
            early(180, push(&dana, None, 'd')),
            early(170, push(&lee, Some('d'), after)),
            early(160, push(&dana, Some(after), 'b')),
        ];
        facts
    };
    let text = said(&pushed('e'));
    let why = "the approval by Lee Wong does not count: Lee Wong pushed eeeeeee, which was rewritten since";
    assert!(text.contains(why), "{text}");
    let mut by_dana = pushed('e');
    pull_request(&mut by_dana).ledger.pushes[1].by = Some(dana.clone());
    assert_eq!(judge(&by_dana).kind(), Kind::Approve);
    assert_eq!(judge(&pushed('c')).kind(), Kind::Approve, "what came to the release branch is not gone");
}

#[test]
fn whoever_pushed_to_a_pull_request_that_is_part_of_this_one_cannot_approve() {
    let (dana, lee, sam) = (user("dana", 1001), user("lee", 1002), user("sam", 1004));
    // 870 was squashed into the branch of 871 as b, and GitHub signed that.
    let with = |opener: &Account, pusher: &Account| {
        let mut facts = passing();
        range(&mut facts).commits[0].signature = Signature::ByGithub;
        let mut inner = pull_request(&mut facts).clone();
        inner.number = 870;
        inner.base = BranchName::parse("feature").unwrap();
        inner.merged = Some(Merged { commit: sha('b'), at: minutes(130) });
        inner.head = sha('e');
        inner.opener = Some(opener.clone());
        inner.pushes = vec![push(pusher, None, 'e')];
        inner.reviews.clear();
        if let Fact::Known(pull_requests) = &mut facts.pull_requests {
            pull_requests.by_number.insert(870, inner);
            pull_requests.of_commit.insert(sha('b'), vec![870, 871]);
        }
        facts
    };
    assert_eq!(judge(&with(&dana, &sam)).kind(), Kind::Approve);
    let pushed = said(&with(&dana, &lee));
    assert!(pushed.contains("Lee Wong pushed to pull request 870, which is part of it"), "{pushed}");
    let opened = said(&with(&lee, &dana));
    assert!(opened.contains("Lee Wong opened pull request 870, which is part of it"), "{opened}");
}

/// GitHub connects a commit with every pull request whose branch has taken it in.
#[test]
fn a_push_to_the_release_branch_is_not_part_of_a_pull_request_that_took_it_in() {
    let (dana, lee) = (user("dana", 1001), user("lee", 1002));
    let verified = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
    // c and d were pushed to the release branch; 871 was work b, brought up to date as e; its squash is f.
    let squashed = |connected: &[char]| {
        let mut facts = passing();
        let tree = |facts: &mut Facts, files: &[(&str, &str)]| put(&mut facts.objects, files);
        let (with_d, with_b) = ([("d.js", "1")], [("b.js", "1")]);
        let both = [("b.js", "1"), ("d.js", "1")];
        let base = tree(&mut facts, &[]);
        let c = Commit { tree: tree(&mut facts, &[("d.js", "0")]), ..commit('c', &['a'], &dana) };
        let d = Commit { tree: tree(&mut facts, &with_d), ..commit('d', &['c'], &dana) };
        let b = Commit { tree: tree(&mut facts, &with_b), ..commit('b', &['a'], &dana) };
        let e = Commit { tree: tree(&mut facts, &both), ..merge('e', &['b', 'd'], &dana) };
        let f = Commit { tree: tree(&mut facts, &both), ..merge('f', &['d'], &dana) };
        range(&mut facts).base_tree = base;
        range(&mut facts).commits = vec![c, d, f];
        let pull_request = pull_request(&mut facts);
        pull_request.commits = Some(vec![b, e]);
        pull_request.head = sha('e');
        pull_request.merged = Some(Merged { commit: sha('f'), at: minutes(30) });
        pull_request.reviews = vec![approval(&lee, 'e')];
        pull_request.first_seen.insert(sha('e'), minutes(120));
        pull_request.pushes = vec![push(&dana, None, 'b'), push(&dana, Some('b'), 'e')];
        if let Fact::Known(pull_requests) = &mut facts.pull_requests {
            let of = |name: char| if connected.contains(&name) { vec![871] } else { Vec::new() };
            pull_requests.of_commit = ['c', 'd', 'f'].map(|name| (sha(name), of(name))).into();
        }
        facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha('f').to_string());
        facts
    };
    for connected in [&['c', 'd', 'f'][..], &['d', 'f'], &['f']] {
        let decision = evaluate(&squashed(connected), &verified, NOW);
        let finding = &decision.findings().iter().find(|judged| judged.rule == RULE).unwrap().finding;
        let text = read(finding);
        let direct = "ccccccc and ddddddd by dana came to the release branch without a pull request";
        assert!(text.contains(direct), "{text}");
        assert!(text.ends_with("look at what these commits change, then approve or decline the ticket."), "{text}");
        assert!(!text.contains("fffffff"), "the squash itself was reviewed: {text}");
    }
}

#[test]
fn what_was_reviewed_in_one_pull_request_says_nothing_of_what_came_through_another() {
    let dana = user("dana", 1001);
    // Both end in d; 871 was approved at b.
    let two = |approved: bool| {
        let mut facts = passing();
        range(&mut facts).commits = vec![commit('b', &['a'], &dana), commit('d', &['b'], &dana)];
        pull_request(&mut facts).merged = Some(Merged { commit: sha('d'), at: NOW });
        let mut second = pull_request(&mut facts).clone();
        (second.number, second.head) = (872, sha('d'));
        second.pushes.push(push(&dana, Some('b'), 'd'));
        second.first_seen.insert(sha('d'), minutes(120));
        second.reviews = if approved { vec![approval(&user("lee", 1002), 'd')] } else { Vec::new() };
        if let Fact::Known(pull_requests) = &mut facts.pull_requests {
            pull_requests.by_number.insert(872, second);
            pull_requests.of_commit = ['b', 'd'].map(|name| (sha(name), vec![872, 871])).into();
        }
        facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha('d').to_string());
        facts
    };
    let verified = criteria_with("allow_verified_squash = false", "allow_verified_squash = true");
    let decision = evaluate(&two(false), &verified, NOW);
    let finding = &decision.findings().iter().find(|judged| judged.rule == RULE).unwrap().finding;
    assert!(
        read(finding).contains("ddddddd by dana came through pull request 872, which nobody approved"),
        "{}",
        read(finding)
    );
    let finding = self::finding(&two(true), RULE);
    assert!(finding.seen.starts_with("2 commits, all reviewed"), "{}", read(&finding));
}

#[test]
fn an_approval_for_another_base_branch_does_not_count() {
    let mut facts = passing();
    pull_request(&mut facts).base_changes = vec![minutes(40)];
    assert!(said(&facts).contains("given at 08:00 UTC, before the base branch was changed at 08:20 UTC"));
    pull_request(&mut facts).base_changes = vec![minutes(10)];
    assert_eq!(judge(&facts).kind(), Kind::Approve, "what became of the base after the merge brought nothing in");
}

#[test]
fn a_later_objection_takes_an_approval_back() {
    let mut facts = passing();
    let mut objection = approval(&user("lee", 1002), 'b');
    objection.opinion = Opinion::ChangesRequested;
    objection.submitted_at = minutes(10);
    pull_request(&mut facts).reviews.push(objection);
    assert!(said(&facts).contains("where Lee Wong asked for changes and has not approved since"));
}

#[test]
fn an_objection_by_somebody_else_blocks() {
    let mut facts = passing();
    let mut objection = approval(&user("sam", 1004), 'b');
    objection.opinion = Opinion::ChangesRequested;
    pull_request(&mut facts).reviews.push(objection);
    assert!(said(&facts).contains("where Sam Okafor asked for changes and has not approved since"));
}

#[test]
fn a_dismissed_objection_does_not_bring_an_older_approval_back() {
    let mut facts = passing();
    let mut dismissed = approval(&user("lee", 1002), 'b');
    dismissed.opinion = Opinion::Dismissed;
    dismissed.submitted_at = minutes(10);
    let by_priya = Dismissal {
        review: dismissed.id.clone(),
        was: Opinion::ChangesRequested,
        at: None,
        actor: Some(user("priya", 1003)),
    };
    pull_request(&mut facts).reviews.push(dismissed);
    pull_request(&mut facts).dismissals = vec![by_priya];
    assert!(said(&facts).contains("the approval by Lee Wong does not count: the review was dismissed"));
}

#[test]
fn an_objection_that_a_contributor_dismissed_still_stands() {
    let objection = |id: &str| {
        let review = Review { id: id.into(), opinion: Opinion::Dismissed, ..approval(&user("sam", 1004), 'b') };
        let by = |actor| Dismissal { review: id.into(), was: Opinion::ChangesRequested, at: None, actor: Some(actor) };
        (review, by(user("dana", 1001)), by(user("priya", 1003)))
    };
    let (review, by_the_author, by_somebody_else) = objection("r9");
    let mut facts = passing();
    pull_request(&mut facts).reviews.push(review);
    pull_request(&mut facts).dismissals = vec![by_the_author];
    assert!(said(&facts).contains("where Sam Okafor asked for changes; Dana Reyes dismissed that"));
    pull_request(&mut facts).dismissals = vec![by_somebody_else];
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    pull_request(&mut facts).dismissals.clear();
    let unknown = "where a review by Sam Okafor was dismissed, and nobody can say whether it had asked for changes";
    assert!(said(&facts).contains(unknown));
    let of_another = Dismissal { review: "r8".into(), ..objection("r9").1 };
    let of_an_approval = Dismissal { was: Opinion::Approved, ..objection("r9").1 };
    pull_request(&mut facts).dismissals = vec![of_another, of_an_approval];
    assert_eq!(judge(&facts).kind(), Kind::Approve, "no objection was dismissed");
}

#[test]
fn a_comment_is_no_opinion() {
    let mut facts = passing();
    let mut comment = approval(&user("lee", 1002), 'b');
    comment.opinion = Opinion::Commented;
    comment.submitted_at = minutes(1);
    pull_request(&mut facts).reviews.push(comment);
    assert_eq!(judge(&facts).kind(), Kind::Approve);
}

#[test]
fn a_commit_without_a_pull_request_is_for_a_human() {
    let mut facts = passing();
    range(&mut facts).commits.push(commit('d', &['c'], &user("dana", 1001)));
    facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha('d').to_string());
    let finding = finding(&facts, RULE);
    insta::assert_snapshot!(read(&finding), @r"
    A commit was not reviewed by somebody else.
      ddddddd by dana came to the release branch without a pull request.
      Do this: look at what the commit changes, then approve or decline the ticket.
    ");
    assert_eq!(finding.todo.unwrap().by, By::Approver);
}

#[test]
fn a_merge_made_by_hand_may_add_nothing() {
    let mut facts = passing();
    range(&mut facts).commits[1].signature = Signature::Valid;
    assert_eq!(judge(&facts).kind(), Kind::Approve, "what it holds is proven, whoever made it");
    range(&mut facts).commits[1].tree = tree_name('d');
    insta::assert_snapshot!(said(&facts), @r"
    A commit was not reviewed by somebody else.
      ccccccc by dana is a merge that carries changes of its own, which nobody reviewed, in src/totals.js.
      Do this: look at what the commit changes, then approve or decline the ticket.
    ");
}

#[test]
fn a_pull_request_for_another_branch_is_no_review() {
    let mut facts = passing();
    pull_request(&mut facts).base = cm_bot::model::BranchName::parse("sandbox").unwrap();
    assert!(said(&facts).contains("came to the release branch without a pull request"));
}

#[test]
fn a_merged_mark_without_the_merge_is_no_review() {
    let mut facts = passing();
    pull_request(&mut facts).merged = Some(Merged { commit: sha('f'), at: NOW });
    assert!(said(&facts).contains("came to the release branch without a pull request"));
    pull_request(&mut facts).merged = None;
    assert!(said(&facts).contains("came to the release branch without a pull request"));
}

#[test]
fn a_merge_of_three_lines_is_for_a_human() {
    let mut facts = passing();
    range(&mut facts).commits[1] = merge('c', &['a', 'b', 'e'], &user("dana", 1001));
    assert!(said(&facts).contains("came in a merge of more than two lines of work"));
}

#[test]
fn commits_that_another_merge_brought_are_not_counted_twice() {
    // Pull request 872 was made from 871's branch and merged after it: only its own commit is its work.
    let (dana, lee) = (user("dana", 1001), user("lee", 1002));
    let mut facts = passing();
    let mut second = pull_request(&mut facts).clone();
    second.number = 872;
    second.opener = Some(lee.clone());
    second.head = sha('d');
    second.pushes = vec![push(&lee, Some('b'), 'd')];
    second.first_seen.insert(sha('d'), minutes(120));
    second.merged = Some(Merged { commit: sha('e'), at: NOW });
    second.reviews = vec![approval(&dana, 'd')];
    range(&mut facts)
        .commits
        .extend([commit('d', &['b'], &lee), Commit { tree: tree_name('d'), ..merge('e', &['c', 'd'], &lee) }]);
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.by_number.insert(872, second);
        pull_requests.of_commit.insert(sha('b'), vec![871, 872]);
        pull_requests.of_commit.insert(sha('d'), vec![872]);
        pull_requests.of_commit.insert(sha('e'), vec![872]);
    }
    facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha('e').to_string());
    let finding = finding(&facts, RULE);
    assert_eq!(finding.seen, "4 commits, all reviewed; approvals are bound by reconstruction", "{}", read(&finding));
}

#[test]
fn one_unreviewed_commit_among_many_is_found() {
    let mut facts = passing();
    let dana = user("dana", 1001);
    let mut parent = 'c';
    for name in ['1', '2', '3', '4', '5', '6'] {
        range(&mut facts).commits.push(commit(name, &[parent], &dana));
        parent = name;
    }
    facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha('6').to_string());
    let finding = finding(&facts, RULE);
    assert_eq!(finding.headline, "6 commits were not reviewed by somebody else.");
    let named: Vec<String> = finding.details.iter().map(|detail| detail.plain()).collect();
    assert_eq!(
        named,
        [
            "1111111, 2222222, 3333333, 4444444 and 5555555 by dana came to the release branch without a pull request.",
            "6666666 by dana came to the release branch without a pull request.",
        ]
    );
}

#[test]
fn five_reasons_are_named_and_the_rest_is_a_number() {
    let by_strangers = |names: &[char]| {
        let mut facts = passing();
        let mut parent = 'c';
        for (name, id) in names.iter().zip(2001..) {
            range(&mut facts).commits.push(commit(*name, &[parent], &user(&format!("stranger-{name}"), id)));
            parent = *name;
        }
        facts.ticket.fields.insert(cm_bot::model::Field::Commit, sha(parent).to_string());
        finding(&facts, RULE).details.iter().map(|detail| detail.plain()).collect::<Vec<_>>()
    };
    let five = by_strangers(&['1', '2', '3', '4', '5']);
    assert_eq!(five.len(), 5);
    assert_eq!(five[4], "5555555 by stranger-5 came to the release branch without a pull request.");
    let more = by_strangers(&['1', '2', '3', '4', '5', '6', '7']);
    assert_eq!(more, [&five[..], &["And 2 more, see the list of commits.".to_owned()]].concat());
}

#[test]
fn a_commit_that_no_merge_brought_is_not_passed_over() {
    let mut facts = passing();
    range(&mut facts).commits.insert(0, commit('9', &['a'], &user("dana", 1001)));
    let finding = finding(&facts, RULE);
    assert_eq!(finding.outcome, Outcome::Unknown, "it is in the range and hangs on nothing");
    assert!(judge(&facts).auto_approval().is_none());
}

#[test]
fn new_history_without_new_commits_is_not_believed() {
    let mut facts = passing();
    range(&mut facts).commits.clear();
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
    assert!(judge(&facts).auto_approval().is_none());
}

#[test]
fn a_list_that_does_not_hold_the_commit_is_not_believed() {
    let mut facts = passing();
    range(&mut facts).commits.pop();
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
}
