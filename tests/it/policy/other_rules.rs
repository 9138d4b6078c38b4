//! The rules about the ticket itself, its scope and its range.

use cm_bot::model::{Field, Relation, TicketKey, Timestamp};
use cm_bot::policy::decision::{Kind, Outcome};
use cm_bot::policy::facts::{
    Fact, Facts, Gap, GapReason, PastChange, Placement, Range, RemovedCommit, Sibling, Source,
};

use crate::support::facts::{finding, judge, passing, range, read, risky, scans, sha};

fn with_field(field: Field, text: &str) -> Facts {
    let mut facts = passing();
    facts.ticket.fields.insert(field, text.to_owned());
    facts
}

#[track_caller]
fn says(facts: &Facts, rule: &str, kind: Kind, sentence: &str) {
    let finding = finding(facts, rule);
    assert_eq!(finding.outcome, Outcome::NotMet);
    assert!(read(&finding).contains(sentence), "{}", read(&finding));
    assert_eq!(judge(facts).kind(), kind);
}

#[test]
fn a_required_field_must_be_filled_in() {
    let mut facts = passing();
    facts.ticket.fields.remove(&Field::RollbackPlan);
    says(&facts, "required_fields", Kind::Block, "The rollback plan is empty.");
    insta::assert_snapshot!(read(&finding(&facts, "required_fields")), @r"
    The rollback plan is not filled in properly.
      The rollback plan is empty.
      Do this: edit the ticket and fill in: rollback plan.
    ");
}

#[test]
fn a_required_field_must_say_something() {
    for nothing in ["n/a", "N/A.", "None", " tbd ", "\u{200b}", "-", "see above"] {
        let facts = with_field(Field::RollbackPlan, nothing);
        assert_eq!(finding(&facts, "required_fields").outcome, Outcome::NotMet, "{nothing:?}");
    }
    says(
        &with_field(Field::RollbackPlan, "undo it"),
        "required_fields",
        Kind::Block,
        "has 7 characters; at least 20 are expected",
    );
    let just_enough = with_field(Field::RollbackPlan, "Deploy build 1850 ok");
    assert_eq!(judge(&just_enough).kind(), Kind::Approve, "20 characters are enough");
    let facts = with_field(Field::RollbackPlan, "Customers see totals that are off by a cent.");
    says(&facts, "required_fields", Kind::Block, "The rollback plan repeats the justification word for word.");
}

#[test]
fn a_commit_is_named_in_full() {
    let facts = with_field(Field::Commit, "ccccccc");
    says(&facts, "required_fields", Kind::Block, "The commit is ccccccc; the full SHA of 40 digits is expected.");
}

#[test]
fn a_class_that_is_not_automatic_is_for_a_human() {
    says(&with_field(Field::ChangeClass, "Major"), "change_class", Kind::Hold, "The change class is major.");
    assert_eq!(judge(&with_field(Field::ChangeClass, "Normal")).kind(), Kind::Approve);
}

#[test]
fn an_emergency_is_held_whatever_else_is_wrong() {
    let mut facts = with_field(Field::ChangeClass, "Emergency");
    facts.ticket.fields.remove(&Field::RollbackPlan);
    facts.range = Fact::not_asked("the commits");
    let decision = judge(&facts);
    assert_eq!((decision.kind(), decision.is_emergency()), (Kind::Hold, true));
    says(&facts, "change_class", Kind::Hold, "An emergency change is never approved automatically.");
}

#[test]
fn o02_cm_bot_never_approves_a_change_to_itself() {
    let mut facts = passing();
    assert!(judge(&facts).auto_approval().is_some(), "the twin: another repository");
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.repository = cm_bot::model::RepoName::parse("acme/cm-bot").unwrap();
    }
    assert_eq!(finding(&facts, "self_change").headline, "cm-bot never approves a change to itself.");
    assert!(judge(&facts).auto_approval().is_none());
}

#[test]
fn a_first_deployment_is_for_a_human() {
    let mut facts = passing();
    facts.baseline = Fact::Known(None);
    facts.range = Fact::not_asked("the commits");
    facts.pull_requests = Fact::not_asked("the pull requests");
    says(&facts, "first_deployment", Kind::Hold, "This is the first deployment of billing-api to prod-us");
    assert_eq!(judge(&facts).problems().len(), 1, "what cannot be compared is not a second problem");
}

#[test]
fn a_pending_sibling_holds() {
    let mut facts = passing();
    let sibling = Sibling { ticket: TicketKey::parse("PRODCM-411").unwrap(), status: "Approved".into() };
    facts.siblings = Fact::Known(vec![sibling]);
    says(&facts, "pending_sibling", Kind::Hold, "PRODCM-411 is in status Approved.");
}

#[test]
fn a_commit_that_is_not_on_the_branch_is_for_a_human() {
    for elsewhere in [Relation::Ahead, Relation::Diverged] {
        let mut facts = passing();
        facts.on_branch = Fact::Known(elsewhere);
        says(&facts, "release_branch", Kind::Hold, "ccccccc is not in the history of main.");
    }
    let mut facts = passing();
    facts.on_branch = Fact::Known(Relation::Behind);
    assert_eq!(judge(&facts).kind(), Kind::Approve);
}

#[test]
fn a_rollback_is_for_a_human() {
    let mut facts = passing();
    *range(&mut facts) =
        Range { relation: Relation::Behind, commits: Vec::new(), removed: 2, ..range(&mut facts).clone() };
    facts.approved_before = Fact::Known(Some(PastChange {
        ticket: TicketKey::parse("PRODCM-390").unwrap(),
        commit: sha('c'),
        approved_at: Timestamp(0),
        decision: None,
    }));
    insta::assert_snapshot!(read(&finding(&facts, "commit_range")), @r"
    This is a rollback: the commit is older than the last approved one.
      aaaaaaa, approved last in PRODCM-398, has 2 commits that would leave production.
      This commit was approved before, in PRODCM-390.
      Do this: check that the older version works with today's data, then approve or decline the ticket.
    ");
    assert_eq!(judge(&facts).kind(), Kind::Hold);
}

#[test]
fn the_commits_that_would_leave_production_are_named() {
    let rollback = |removed: u64, listed: &[char]| {
        let mut facts = passing();
        let one = |name: &char| RemovedCommit { sha: sha(*name), headline: format!("Commit {name}") };
        let removed_commits = listed.iter().map(one).collect();
        *range(&mut facts) = Range {
            relation: Relation::Behind,
            commits: Vec::new(),
            removed,
            removed_commits,
            ..range(&mut facts).clone()
        };
        assert_eq!(judge(&facts).kind(), Kind::Hold);
        finding(&facts, "commit_range").details.iter().skip(1).map(|detail| detail.plain()).collect::<Vec<_>>()
    };
    let two = ["Leaves production: 1111111 Commit 1.", "Leaves production: 2222222 Commit 2."];
    assert_eq!(rollback(2, &['1', '2']), two);
    assert_eq!(rollback(5, &['1', '2']), [two[0], two[1], "And 3 more."]);
    let seven = rollback(7, &['1', '2', '3', '4', '5', '6', '7']);
    assert_eq!((seven.len(), seven[5].as_str()), (6, "And 2 more."));
    assert_eq!(rollback(2, &[]), [""; 0], "then only their number is known");
}

#[test]
fn a_history_that_has_split_is_for_a_human() {
    let mut facts = passing();
    range(&mut facts).relation = Relation::Diverged;
    range(&mut facts).removed = 1;
    says(
        &facts,
        "commit_range",
        Kind::Hold,
        "It brings 2 commits, and 1 commit of aaaaaaa (PRODCM-398) would leave production.",
    );
}

#[test]
fn a_baseline_that_is_gone_is_for_a_human() {
    let mut facts = passing();
    facts.range = Fact::Unknown(Gap { what: "it".into(), source: Source::Github, reason: GapReason::Missing });
    facts.pull_requests = Fact::Unknown(Gap { what: "it".into(), source: Source::Github, reason: GapReason::Missing });
    says(&facts, "commit_range", Kind::Hold, "aaaaaaa, approved in PRODCM-398, is not in the repository any more.");
    facts.range = Fact::Unknown(Gap { what: "it".into(), source: Source::Github, reason: GapReason::Unrelated });
    says(&facts, "commit_range", Kind::Hold, "aaaaaaa, approved in PRODCM-398, cannot be compared with it.");
}

#[test]
fn the_same_commit_again_has_nothing_new_to_review() {
    let mut facts = passing();
    *range(&mut facts) = Range { relation: Relation::Identical, commits: Vec::new(), ..range(&mut facts).clone() };
    assert_eq!(judge(&facts).kind(), Kind::CouldNotCheck, "it is another commit");
    facts.ticket.fields.insert(Field::Commit, sha('a').to_string());
    scans(&mut facts).analyses[0].commit = sha('a');
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    assert_eq!(finding(&facts, "commit_range").seen, "the same commit as PRODCM-398");
}

#[test]
fn a_squash_or_rebase_is_for_a_human() {
    let mut facts = passing();
    let mut squashed = range(&mut facts).commits.remove(0);
    squashed.sha = sha('c');
    squashed.parents = vec![sha('a')];
    range(&mut facts).commits = vec![squashed];
    says(
        &facts,
        "squash_merge",
        Kind::Hold,
        "Pull request 871 was squashed into one new commit; what was reviewed ended in bbbbbbb.",
    );
}

#[test]
fn a_ticket_cannot_send_cm_bot_elsewhere() {
    let facts = with_field(Field::Repository, "https://github.com@169.254.169.254/a/b");
    says(&facts, "known_service", Kind::Hold, "registered for billing-api is acme/billing-api.");
    let facts = with_field(Field::Branch, "hotfix");
    says(&facts, "known_service", Kind::Hold, "The branch is hotfix; registered for billing-api is main.");
}

#[test]
fn a_service_or_environment_that_is_not_registered_is_not_approved() {
    let place = |components: &[&str], environment: &str| {
        let mut facts = passing();
        let services: Vec<_> = facts.placement.service().cloned().into_iter().collect();
        facts.ticket.components = components.iter().map(|name| (*name).to_owned()).collect();
        facts.ticket.fields.insert(Field::Environment, environment.to_owned());
        facts.placement = Placement::of(&facts.ticket, &services);
        facts
    };
    assert_eq!(judge(&place(&["billing-api"], "prod-us")).kind(), Kind::Approve);
    let said = |facts: &Facts| read(&finding(facts, "known_service"));
    assert!(said(&place(&["biling-api"], "prod-us")).contains("The ticket says biling-api."));
    assert!(said(&place(&[], "prod-us")).contains("The ticket does not name exactly one component."));
    assert!(said(&place(&["billing-api", "shop"], "prod-us")).contains("exactly one component"));
    assert!(said(&place(&["billing-api"], "prod-eu")).contains("set the target environment to one of: prod-us."));
}

/// Up to a hundred risky changes are named; what is not named is bound by its digest, which has its own words only then.
#[test]
fn a_plan_with_more_risky_changes_than_are_named_says_how_many() {
    let planned = |count: usize, last: &str| {
        let mut plan = risky(count);
        plan.items.last_mut().unwrap().id = last.to_owned();
        let details = finding(&Facts { plan: Some(plan), ..passing() }, "terraform_plan").details;
        details.iter().map(|detail| detail.plain().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(planned(100, "last").len(), 100);
    let of_more = planned(102, "last");
    assert_eq!(of_more.len(), 101);
    assert!(of_more[100].starts_with("and 2 more, which the plan shows (all of them: sha256 "), "{}", of_more[100]);
    assert_ne!(planned(102, "another")[100], of_more[100], "none of them can become another in silence");
}
