//! Who must have reviewed a change of a sensitive path. The same is played as scenes in `attacks/terms.rs`.

use cm_bot::model::{Commit, Field, Merged, Opinion, PullRequest, Review};
use cm_bot::policy::decision::{Decision, Kind};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts};

use crate::support::facts::{
    NOW, approval, commit, criteria_with, merge, passing, pull_request, push, range, scans, sha, tree_name, user,
};

/// Judged when `src` wants so many reviewers.
fn judged(facts: &Facts, reviewers: usize) -> Decision {
    let demand = format!("[[sensitive_paths]]\npaths = [\"src/**\"]\nreviewers = {reviewers}\n\n[security_scan]\n");
    evaluate(facts, &criteria_with("[security_scan]\n", &demand), NOW)
}

fn details(decision: &Decision) -> Vec<String> {
    let judged = decision.findings().iter().find(|judged| judged.rule == "sensitive_paths").unwrap();
    judged.finding.details.iter().map(|detail| detail.plain()).collect()
}

#[test]
fn whom_nobody_reviewed_lacks_somebody() {
    let mut facts = passing();
    assert_eq!(judged(&facts, 1).kind(), Kind::Approve);
    pull_request(&mut facts).reviews[0].opinion = Opinion::Commented;
    let decision = judged(&facts, 1);
    assert_eq!(decision.kind(), Kind::Block);
    let sentence = "Pull request 871 changes src/totals.js; somebody else must approve it, and nobody did.";
    assert_eq!(details(&decision), [sentence]);
}

/// Pull request 872 by Sam, merged after 871.
fn with_second(facts: &mut Facts) {
    let sam = user("sam", 1004);
    let second = PullRequest {
        number: 872,
        opener: Some(sam.clone()),
        head: sha('d'),
        pushes: vec![push(&sam, Some('c'), 'd')],
        merged: Some(Merged { commit: sha('e'), at: NOW }),
        reviews: vec![approval(&user("lee", 1002), 'd')],
        first_seen: [(sha('d'), pull_request(facts).first_seen[&sha('b')])].into(),
        ..pull_request(facts).clone()
    };
    let work = [commit('d', &['c'], &sam), Commit { tree: tree_name('d'), ..merge('e', &['c', 'd'], &sam) }];
    range(facts).commits.extend(work);
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.by_number.insert(872, second);
        pull_requests.of_commit.extend([(sha('d'), vec![872]), (sha('e'), vec![872])]);
    }
    scans(facts).analyses[0].commit = sha('e');
    facts.ticket.fields.insert(Field::Commit, sha('e').to_string());
}

#[test]
fn every_pull_request_that_lacks_a_review_is_named() {
    let mut facts = passing();
    with_second(&mut facts);
    assert_eq!(judged(&facts, 1).kind(), Kind::Approve);
    let decision = judged(&facts, 2);
    assert_eq!(decision.kind(), Kind::Block);
    let lacks = "changes src/totals.js; 2 other people must approve it, and Lee Wong did.";
    assert_eq!(details(&decision), [871, 872].map(|number| format!("Pull request {number} {lacks}")));
    let priya = |of| -> Review { approval(&user("priya", 1003), of) };
    pull_request(&mut facts).reviews.push(priya('b'));
    assert_eq!(details(&judged(&facts, 2)), [format!("Pull request 872 {lacks}")]);
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.by_number.get_mut(&872).unwrap().reviews.push(priya('d'));
    }
    assert_eq!(judged(&facts, 2).kind(), Kind::Approve);
}
