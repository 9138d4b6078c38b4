//! What a company may choose in its criteria about reviews, rule by rule. The same choices are played as scenes in
//! `attacks/terms.rs`.

use cm_bot::model::{
    Account, AccountKind, Commit, Dismissal, GithubId, Opinion, PullRequest, Push, Review, SeenReview, Timestamp,
};
use cm_bot::policy::criteria::{Criteria, PolicyTexts};
use cm_bot::policy::decision::{Decision, Kind};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts};

use crate::support::facts::{
    NOW, approval, commit, criteria, criteria_with, merge, passing, pull_request, push, put, range, sha, signed,
    texts_with, tree_name, user,
};

/// Judged under criteria in which one line is another.
fn judged(facts: &Facts, old: &str, new: &str) -> Decision {
    evaluate(facts, &criteria_with(old, new), NOW)
}

#[test]
fn terms_are_the_same_when_every_pattern_is() {
    assert_eq!(criteria().terms, criteria().terms);
    assert_ne!(criteria_with("\"prod-*\"", "\"prod-?\"").terms, criteria().terms);
}

fn ignored(decision: &Decision) -> String {
    decision.ignored().iter().map(|one| one.reason.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_comment_approves_only_when_the_criteria_say_so() {
    let mut facts = passing();
    let comment = Review {
        opinion: Opinion::Commented,
        text: " lgtm\n".into(),
        commit: None,
        ..approval(&user("lee", 1002), 'b')
    };
    pull_request(&mut facts).reviews = vec![comment];
    pull_request(&mut facts).ledger.pushes = vec![push(&user("dana", 1001), None, 'b')];
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    assert_eq!(judged(&facts, "", "").kind(), Kind::Block, "a comment is no approval");
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Approve);
    pull_request(&mut facts).reviews[0].text = "LGTM, but please rename it".into();
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Block, "a remark is no approval");
}

/// A comment by Lee, which names no commit.
fn lgtm(submitted_at: Timestamp) -> Review {
    let (opinion, text) = (Opinion::Commented, "LGTM".into());
    Review { opinion, text, commit: None, submitted_at, ..approval(&user("lee", 1002), 'b') }
}

#[test]
fn an_approving_comment_is_for_the_commit_that_was_there() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let mut facts = passing();
    let at = Timestamp(NOW.0 - 3 * 3_600_000);
    pull_request(&mut facts).reviews = vec![lgtm(at)];
    let unheard = judged(&facts, says.0, says.1);
    let why = "a comment names no commit, and cm-bot has no record of its own of what was there at 06:00 UTC";
    assert_eq!(ignored(&unheard), why);
    pull_request(&mut facts).ledger.pushes = vec![push(&user("dana", 1001), None, 'b')];
    let early = judged(&facts, says.0, says.1);
    assert_eq!(early.kind(), Kind::Block);
    assert_eq!(ignored(&early), "given at 06:00 UTC; bbbbbbb was pushed after it");
    pull_request(&mut facts).reviews[0].submitted_at = Timestamp(NOW.0 - 3_600_000);
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Approve);
}

#[test]
fn a_comment_right_after_a_push_may_be_of_what_was_there_before() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let dana = user("dana", 1001);
    let said = |seconds: i64, before: char| {
        let mut facts = passing();
        let at = Timestamp(NOW.0 - 3_600_000);
        let pull_request = pull_request(&mut facts);
        pull_request.reviews = vec![lgtm(at)];
        let pushed = Push { at: Timestamp(at.0 - seconds * 1_000), ..push(&dana, Some(before), 'b') };
        pull_request.ledger.pushes = vec![push(&dana, None, before), pushed];
        judged(&facts, says.0, says.1)
    };
    let why = "given at 08:00 UTC; bbbbbbb was pushed at 07:58 UTC, and a comment does not tell what its author had seen, \
               so it counts from 2 minutes after a push";
    assert_eq!(ignored(&said(119, 'e')), why);
    assert_eq!(said(120, 'e').kind(), Kind::Approve);
    assert_eq!(said(1, 'b').kind(), Kind::Approve, "nothing else was ever there");
}

/// What was pushed while it was closed is told when it is opened again.
#[test]
fn a_comment_right_after_it_was_opened_again_may_be_of_what_was_there_before() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let dana = user("dana", 1001);
    let said = |seconds: i64| {
        let mut facts = passing();
        let at = Timestamp(NOW.0 - 3_600_000);
        let pull_request = pull_request(&mut facts);
        pull_request.reviews = vec![lgtm(at)];
        let opened = |seconds: i64, head| Push { at: Timestamp(at.0 - seconds * 1_000), ..push(&dana, None, head) };
        pull_request.ledger.pushes = vec![opened(600, 'e'), opened(seconds, 'b')];
        judged(&facts, says.0, says.1)
    };
    assert!(ignored(&said(119)).ends_with("so it counts from 2 minutes after a push"));
    assert_eq!(said(120).kind(), Kind::Approve);
}

/// The pull request was opened before anybody told us of it.
#[test]
fn a_comment_right_after_the_first_push_that_was_told_of_may_be_of_what_that_replaced() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let said = |seconds: i64, before: char| {
        let mut facts = passing();
        let at = Timestamp(NOW.0 - 3_600_000);
        let pull_request = pull_request(&mut facts);
        pull_request.reviews = vec![lgtm(at)];
        let pushed = Push { at: Timestamp(at.0 - seconds * 1_000), ..push(&user("dana", 1001), Some(before), 'b') };
        pull_request.ledger.pushes = vec![pushed];
        judged(&facts, says.0, says.1)
    };
    assert!(ignored(&said(119, 'e')).ends_with("so it counts from 2 minutes after a push"));
    assert_eq!(said(120, 'e').kind(), Kind::Approve);
    assert_eq!(said(1, 'b').kind(), Kind::Approve, "the same stood there");
}

#[test]
fn a_comment_before_its_authors_approval_was_dismissed_says_nothing_more() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let said = Timestamp(NOW.0 - 3_600_000);
    let judged = |was, at| {
        let mut facts = passing();
        let pull_request = pull_request(&mut facts);
        pull_request.ledger.pushes = vec![push(&user("dana", 1001), None, 'b')];
        pull_request.reviews[0].opinion = Opinion::Dismissed;
        let (review, actor) = (pull_request.reviews[0].id.clone(), Some(user("sam", 1004)));
        pull_request.dismissals = vec![Dismissal { review, was, at, actor }];
        pull_request.reviews.push(Review { id: "comment".into(), ..lgtm(said) });
        judged(&facts, says.0, says.1)
    };
    for at in [None, Some(said), Some(Timestamp(said.0 + 1))] {
        let dismissed = judged(Opinion::Approved, at);
        assert_eq!(ignored(&dismissed), "the review was dismissed", "{at:?}");
        assert_eq!(dismissed.kind(), Kind::Block);
        assert_eq!(
            judged(Opinion::ChangesRequested, at).kind(),
            Kind::Approve,
            "said after the objection that is no more"
        );
    }
    assert_eq!(judged(Opinion::Approved, Some(Timestamp(said.0 - 1))).kind(), Kind::Approve);
}

#[test]
fn a_changed_comment_approves_nothing() {
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let mut facts = passing();
    let comment = Review { opinion: Opinion::Commented, text: "LGTM".into(), ..approval(&user("lee", 1002), 'b') };
    pull_request(&mut facts).reviews = vec![comment];
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Approve);
    pull_request(&mut facts).reviews[0].edited_at = Some(Timestamp(NOW.0 - 1_800_000));
    let edited = judged(&facts, says.0, says.1);
    assert_eq!(edited.kind(), Kind::Block);
    assert_eq!(ignored(&edited), "the comment was changed at 08:30 UTC, so nobody can say what it said");
}

#[test]
fn no_words_are_no_approving_comment() {
    let mut facts = passing();
    let comment = Review { opinion: Opinion::Commented, ..approval(&user("lee", 1002), 'b') };
    pull_request(&mut facts).reviews = vec![comment];
    let says = ("approving_comments = []", "approving_comments = [\"\", \"LGTM\"]");
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Block);
}

#[test]
fn a_service_may_want_our_own_record_of_what_was_approved() {
    let says = ("own_record_only = []", "own_record_only = [\"billing-api\"]");
    let mut facts = passing();
    let without = judged(&facts, says.0, says.1);
    assert_eq!(without.kind(), Kind::Block);
    assert_eq!(
        ignored(&without),
        "cm-bot has no record of its own of what it was given for, and this service demands one"
    );
    let review = pull_request(&mut facts).reviews[0].clone();
    let seen = |commit| SeenReview {
        id: review.id.clone(),
        commit: sha(commit),
        submitted_at: review.submitted_at,
        received_at: review.submitted_at,
    };
    pull_request(&mut facts).ledger.reviews = vec![seen('b')];
    assert_eq!(judged(&facts, says.0, says.1).kind(), Kind::Approve);
    pull_request(&mut facts).ledger.reviews = vec![seen('e')];
    let moved = judged(&facts, says.0, says.1);
    assert_eq!(
        ignored(&moved),
        "given for eeeeeee at 08:00 UTC (GitHub now shows it for bbbbbbb); bbbbbbb was there already"
    );
}

/// A pull request whose approval by Lee we have recorded ourselves, and what else our record holds.
fn recorded(change: impl FnOnce(&mut PullRequest, Timestamp)) -> Result<Kind, String> {
    let mut facts = passing();
    let pull_request = pull_request(&mut facts);
    let review = pull_request.reviews[0].clone();
    let received_at = Timestamp(review.submitted_at.0 + 1_000);
    let seen = SeenReview { id: review.id, commit: sha('b'), submitted_at: review.submitted_at, received_at };
    pull_request.ledger.reviews = vec![seen];
    change(pull_request, received_at);
    let decision = evaluate(&facts, &criteria_with("", ""), NOW);
    if decision.kind() == Kind::Approve { Ok(Kind::Approve) } else { Err(ignored(&decision)) }
}

#[test]
fn our_own_record_knows_what_came_after_the_approval() {
    let dana = user("dana", 1001);
    let pushed = |after, late: i64| Push { at: Timestamp(NOW.0 - 3_599_000 + late), ..push(&dana, None, after) };
    assert_eq!(recorded(|_, _| {}), Ok(Kind::Approve));
    assert_eq!(recorded(|pull, _| pull.ledger.pushes = vec![pushed('b', -1), pushed('e', -1)]), Ok(Kind::Approve));
    assert_eq!(recorded(|pull, _| pull.ledger.pushes = vec![pushed('b', 5)]), Ok(Kind::Approve), "what was approved");
    let another = |late| recorded(|pull, _| pull.ledger.pushes = vec![pushed('e', late)]).unwrap_err();
    assert_eq!(another(0), "given at 08:00 UTC; eeeeeee was pushed after it, at 08:00 UTC");
    assert_eq!(another(5), another(0));
    let base = |late: i64| recorded(|pull, at| pull.ledger.base_changes = vec![Timestamp(at.0 + late)]);
    assert_eq!(base(-1), Ok(Kind::Approve));
    assert_eq!(base(0).unwrap_err(), "given at 08:00 UTC, before the base branch was changed at 08:00 UTC");
    let merge = 30 * 60_000 - 1_000;
    assert!(base(merge + 60_000).is_err(), "heard of late");
    assert_eq!(base(merge + 60_001), Ok(Kind::Approve), "the merge came first");
}

#[test]
fn our_own_record_tells_what_an_approval_was_given_for() {
    let for_e = |shown| {
        recorded(|pull, _| {
            pull.ledger.reviews[0].commit = sha('e');
            pull.reviews[0].commit = shown;
        })
        .unwrap_err()
    };
    let moved = "given for eeeeeee at 08:00 UTC (GitHub now shows it for bbbbbbb); bbbbbbb was there already";
    let stayed = "given for eeeeeee at 08:00 UTC; bbbbbbb was there already";
    assert_eq!([Some(sha('b')), Some(sha('e')), None].map(for_e), [moved, stayed, stayed]);
}

#[test]
fn an_approval_in_the_moment_of_the_merge_is_not_after_it() {
    let after = |late: i64| {
        let mut facts = passing();
        let pull_request = pull_request(&mut facts);
        let merged = pull_request.merged.as_ref().unwrap().at;
        pull_request.reviews[0].submitted_at = Timestamp(merged.0 + late);
        judged(&facts, "after_merge = \"counts\"", "after_merge = \"holds\"")
    };
    assert_eq!(after(0).kind(), Kind::Approve, "{}", ignored(&after(0)));
    assert!(ignored(&after(1)).contains(", after the merge at "), "{}", ignored(&after(1)));
}

/// Sam's pull request of one commit by Dana and one by Lee, both of whom approved it: merged, or squashed into one.
fn by_two(squashed: bool) -> Facts {
    let (dana, lee, sam) = (user("dana", 1001), user("lee", 1002), user("sam", 1004));
    let mut facts = passing();
    let put = |facts: &mut Facts, totals: &str| put(&mut facts.objects, &[("src/totals.js", totals)]);
    let (ours, both) = (put(&mut facts, "b"), put(&mut facts, "both"));
    let own = [
        Commit { tree: ours, ..commit('b', &['a'], &dana) },
        Commit { tree: both.clone(), ..commit('d', &['b'], &lee) },
    ];
    let parents: &[char] = if squashed { &['a'] } else { &['a', 'd'] };
    let merged = Commit { tree: both, ..merge('c', parents, &sam) };
    let pushes = vec![push(&dana, None, 'b'), push(&lee, Some('b'), 'd')];
    let pull_request = pull_request(&mut facts);
    (pull_request.opener, pull_request.head) = (Some(sam), sha('d'));
    pull_request.reviews = vec![approval(&dana, 'd'), approval(&lee, 'd')];
    pull_request.first_seen = [(sha('d'), pushes[0].at)].into();
    pull_request.pushes = pushes;
    pull_request.commits = squashed.then(|| own.to_vec());
    let in_range = if squashed { vec![merged] } else { [&own[..], &[merged]].concat() };
    let of_commit = in_range.iter().map(|commit| (commit.sha.clone(), vec![871])).collect();
    range(&mut facts).commits = in_range;
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.of_commit = of_commit;
    }
    facts
}

#[test]
fn two_authors_review_each_other_where_the_criteria_count_each_commit_alone() {
    let of_commit = ("contributors = \"of_pull_request\"", "contributors = \"of_commit\"");
    let merged = judged(&by_two(false), of_commit.0, of_commit.1);
    assert_eq!(merged.kind(), Kind::Approve, "{}", ignored(&merged));
    assert_ne!(judged(&by_two(false), "", "").kind(), Kind::Approve, "both have a hand in the pull request");
    let squashes = |texts: &PolicyTexts| {
        let criteria = texts.criteria.replace("allow_verified_squash = false", "allow_verified_squash = true");
        Criteria::read(&signed(criteria, texts.people.clone())).unwrap()
    };
    let squashed = evaluate(&by_two(true), &squashes(&texts_with(of_commit.0, of_commit.1)), NOW);
    assert_ne!(squashed.kind(), Kind::Approve, "nobody can say whose work the one commit is");
    let mut by_dana = by_two(true);
    pull_request(&mut by_dana).commits = Some(vec![commit('b', &['a'], &user("dana", 1001))]);
    pull_request(&mut by_dana).pushes.truncate(1);
    pull_request(&mut by_dana).head = sha('b');
    pull_request(&mut by_dana).reviews = vec![approval(&user("lee", 1002), 'b')];
    pull_request(&mut by_dana).first_seen = [(sha('b'), pull_request(&mut by_dana).pushes[0].at)].into();
    range(&mut by_dana).commits[0].tree = tree_name('b');
    let alone = evaluate(&by_dana, &squashes(&texts_with(of_commit.0, of_commit.1)), NOW);
    assert_eq!(alone.kind(), Kind::Approve, "the twin: {}", ignored(&alone));
}

#[test]
fn whoever_is_assigned_to_the_work_of_a_person_may_review_it() {
    let (lee, mut facts) = (user("lee", 1002), passing());
    pull_request(&mut facts).assignees = vec![lee.clone()];
    assert_eq!(judged(&facts, "", "").kind(), Kind::Approve);
    let agent = Account { id: GithubId(1009).into(), login: "agent".into(), kind: AccountKind::Bot };
    pull_request(&mut facts).opener = Some(agent);
    let asked = judged(&facts, "", "");
    assert!(ignored(&asked).contains("Lee Wong asked agent for pull request 871"), "{}", ignored(&asked));
    pull_request(&mut facts).assignees = vec![user("dana", 1001)];
    assert_eq!(judged(&facts, "", "").kind(), Kind::Approve, "the twin: Dana asked for it");
}

#[test]
fn who_approved_and_said_lgtm_is_one_person() {
    let mut facts = passing();
    let lee = user("lee", 1002);
    let comment =
        Review { opinion: Opinion::Commented, text: "LGTM".into(), id: "comment-1".into(), ..approval(&lee, 'b') };
    pull_request(&mut facts).reviews.push(comment.clone());
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let both = judged(&facts, says.0, says.1);
    assert_eq!(both.kind(), Kind::Approve);
    let finding = both.findings().iter().find(|judged| judged.rule == "commit_review").unwrap();
    assert_eq!(ignored(&both), "");
    let edited = Review { edited_at: Some(NOW), ..comment };
    pull_request(&mut facts).reviews[1] = edited;
    let one = judged(&facts, says.0, says.1);
    assert_eq!(ignored(&one), "", "nobody needs to hear of the comment that does not count");
    let again = one.findings().iter().find(|judged| judged.rule == "commit_review").unwrap();
    assert_eq!(again.finding, finding.finding);
}

#[test]
fn a_later_comment_renews_an_approval_and_takes_back_no_objection() {
    let lee = user("lee", 1002);
    let says = ("approving_comments = []", "approving_comments = [\"LGTM\"]");
    let after = |earlier: Opinion, comment_late: i64| {
        let mut facts = passing();
        let comment = approval(&lee, 'b');
        let at = comment.submitted_at;
        let comment = Review { opinion: Opinion::Commented, text: "LGTM".into(), id: "comment-1".into(), ..comment };
        let old = Review { opinion: earlier, ..approval(&lee, 'e') };
        let comment = Review { submitted_at: Timestamp(at.0 + comment_late), ..comment };
        pull_request(&mut facts).reviews = vec![old, comment];
        judged(&facts, says.0, says.1).kind()
    };
    assert_eq!(after(Opinion::Approved, 1), Kind::Approve);
    assert_eq!(after(Opinion::Approved, 0), Kind::Approve);
    assert_eq!(after(Opinion::Approved, -1), Kind::Block, "the newer word is the one that does not count");
    assert_eq!(after(Opinion::ChangesRequested, 1), Kind::Block);
}

#[test]
fn the_workflow_is_named_by_its_hash_and_by_nothing_else() {
    let with = |sha256: &str| {
        let section = format!("[workflow]\nsha256 = \"{sha256}\"\n\n[approvers]\n");
        Criteria::read(&texts_with("[approvers]\n", &section)).map(drop)
    };
    let hash = "0123456789abcdef".repeat(4);
    assert_eq!(with(&hash), Ok(()));
    for odd in [&hash[1..], &hash.replace('a', "A"), &hash.replace('a', "g"), &format!("{hash}0")] {
        let why = with(odd).unwrap_err().to_string();
        assert!(why.contains("workflow.sha256"), "{why}");
    }
}
