//! How findings add up. Unknown is never yes, and nothing is never yes.

use cm_bot::policy::RULES;
use cm_bot::policy::decision::{Kind, Outcome};
use cm_bot::policy::facts::{Fact, Gap, GapReason, Source};
use cm_bot::policy::{criteria::Criteria, evaluate};

use crate::support::facts::{NOW, criteria, criteria_with, judge, passing};

fn gap<T>(reason: GapReason) -> Fact<T> {
    Fact::Unknown(Gap { what: "it".into(), source: Source::Github, reason })
}

#[test]
fn a_ticket_that_meets_everything_is_approved() {
    let decision = judge(&passing());
    assert_eq!(decision.kind(), Kind::Approve);
    let approval = decision.auto_approval().unwrap();
    assert_eq!(approval.ticket().as_str(), "PRODCM-412");
    assert_eq!(approval.fingerprint(), passing().ticket.fingerprint());
}

#[test]
fn a_decision_says_what_it_was_made_from() {
    let criteria = criteria();
    let facts = passing();
    let decision = evaluate(&facts, &criteria, NOW);
    assert!(!decision.is_emergency());
    assert_eq!((decision.criteria_version(), decision.criteria_digest()), ("v1", criteria.digest.as_str()));
    assert_eq!(decision.fingerprint(), facts.ticket.fingerprint());
    let commits: Vec<String> =
        decision.commits().iter().map(|commit| format!("{}: {}", commit.sha.short(), commit.reason)).collect();
    assert_eq!(commits, ["bbbbbbb: Lee Wong", "ccccccc: clean merge, nothing added"]);
}

#[test]
fn a_decision_counts_what_its_rules_found() {
    let mut facts = passing();
    facts.ticket.fields.remove(&cm_bot::model::Field::RollbackPlan);
    facts.on_branch = gap(GapReason::Unreachable);
    let decision = judge(&facts);
    let counted = [Outcome::Met, Outcome::NotMet, Outcome::Unknown, Outcome::NotApplicable]
        .map(|outcome| decision.count(outcome));
    assert_eq!(counted, [13, 1, 1, 6]);
    assert_eq!(decision.applied(), 15, "all that had something to say");
}

#[test]
fn the_same_facts_give_the_same_decision() {
    let json = || serde_json::to_string(&judge(&passing())).unwrap();
    assert_eq!(json(), json());
}

#[test]
fn facts_read_back_from_the_record_give_the_same_decision() {
    let facts = passing();
    let stored = serde_json::to_string(&facts).unwrap();
    let read = serde_json::from_str(&stored).unwrap();
    assert_eq!(facts, read);
    assert_eq!(serde_json::to_string(&judge(&facts)).unwrap(), serde_json::to_string(&judge(&read)).unwrap());
}

#[test]
fn whatever_is_unknown_holds() {
    type Forget = fn(&mut cm_bot::policy::facts::Facts, GapReason);
    let forget: [(&str, Forget); 7] = [
        ("first_deployment", |facts, reason| facts.baseline = gap(reason)),
        ("pending_sibling", |facts, reason| facts.siblings = gap(reason)),
        ("release_branch", |facts, reason| facts.on_branch = gap(reason)),
        ("commit_range", |facts, reason| facts.range = gap(reason)),
        ("commit_review", |facts, reason| facts.pull_requests = gap(reason)),
        ("security_scan", |facts, reason| facts.scans = gap(reason)),
        ("squash_merge", |facts, reason| facts.pull_requests = gap(reason)),
    ];
    for (rule, forget) in forget {
        for (reason, kind) in [
            (GapReason::Unreachable, Kind::CouldNotCheck),
            (GapReason::RateLimited, Kind::CouldNotCheck),
            (GapReason::Unreadable, Kind::CouldNotCheck),
            (GapReason::Incomplete, Kind::CouldNotCheck),
            (GapReason::TooMuch, Kind::Hold),
            (GapReason::Refused, Kind::Hold),
            (GapReason::NotAsked, Kind::Hold),
        ] {
            let mut facts = passing();
            forget(&mut facts, reason);
            let decision = judge(&facts);
            assert_eq!(decision.kind(), kind, "{rule} {reason:?}");
            assert!(decision.auto_approval().is_none());
            let finding = &decision.findings().iter().find(|judged| judged.rule == rule).unwrap().finding;
            assert_eq!(finding.outcome, Outcome::Unknown, "{rule} {reason:?}");
        }
    }
}

#[test]
fn something_to_fix_comes_before_something_to_wait_for() {
    let mut facts = passing();
    facts.on_branch = gap(GapReason::Unreachable);
    facts.ticket.fields.remove(&cm_bot::model::Field::RollbackPlan);
    let decision = judge(&facts);
    assert_eq!(decision.kind(), Kind::Block);
    assert!(decision.waits_for_time(), "and it is still tried again by itself");
    assert_eq!(decision.problems()[0].rule, "required_fields");
}

#[test]
fn in_mode_recommend_a_human_approves() {
    let criteria = criteria_with("mode = \"approve\"", "mode = \"recommend\"");
    let decision = evaluate(&passing(), &criteria, NOW);
    assert_eq!((decision.kind(), decision.is_recommended()), (Kind::Hold, true));
    assert!(decision.auto_approval().is_none());
}

#[test]
fn in_mode_off_nothing_is_recommended() {
    let criteria = criteria_with("mode = \"approve\"", "mode = \"off\"");
    let decision = evaluate(&passing(), &criteria, NOW);
    assert_eq!((decision.kind(), decision.is_recommended()), (Kind::Hold, false));
}

#[test]
fn every_rule_has_its_say_in_the_order_of_the_table() {
    let decision = judge(&passing());
    let ids: Vec<&str> = decision.findings().iter().map(|judged| judged.rule).collect();
    assert_eq!(ids, RULES.iter().map(|rule| rule.id).collect::<Vec<_>>());
}

#[test]
fn rules_that_everything_rests_on_cannot_be_switched_off() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let people = std::fs::read_to_string("config/people.toml").unwrap();
    let error = |rule: &str| {
        let terms = terms.replacen("switched_off = []", &format!("switched_off = [\"{rule}\"]"), 1);
        Criteria::parse(&terms, &people).map(|_| ()).unwrap_err().to_string()
    };
    for rule in
        ["known_service", "change_class", "self_change", "first_deployment", "pending_sibling", "release_branch"]
    {
        assert!(error(rule).contains("cannot be switched off"), "{rule}");
    }
    for rule in ["commit_range", "commit_review"] {
        assert!(error(rule).contains("cannot be switched off"), "{rule}");
    }
    assert!(error("comit_review").starts_with("`switched_off` names `comit_review`, which is no rule"));
}

#[test]
fn a_rule_that_is_switched_off_says_so() {
    let criteria = criteria_with("switched_off = []", "switched_off = [\"security_scan\"]");
    let mut facts = passing();
    facts.scans = gap(GapReason::Refused);
    let decision = evaluate(&facts, &criteria, NOW);
    assert_eq!(decision.kind(), Kind::Approve);
    let finding = &decision.findings().iter().find(|judged| judged.rule == "security_scan").unwrap().finding;
    assert_eq!(finding.seen, "switched off by the criteria");
}

#[test]
fn criteria_and_people_that_contradict_each_other_are_refused() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let people = std::fs::read_to_string("config/people.toml").unwrap();
    let nobody = people.replace("security-lead", "security-officer");
    let error = Criteria::parse(&terms, &nobody).unwrap_err().to_string();
    assert_eq!(error, "`approvers.roles` names the role `security-lead`, which nobody in the people file has");
    let empty = terms.replace("repositories = [\"acme/cm-bot\"]", "repositories = []");
    assert!(
        Criteria::parse(&empty, &people).unwrap_err().to_string().starts_with("`self_change.repositories` is empty")
    );
    let digest = |people: &str| Criteria::parse(&terms, people).unwrap().digest;
    assert_ne!(digest(&people), digest(&format!("{people}\n# changed\n")), "the digest covers both files");
    assert_eq!(criteria().digest.len(), 64);
}
