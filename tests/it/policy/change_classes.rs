//! Classes of change: each with its fields, what it brings, and what ends.

use std::collections::BTreeSet;

use cm_bot::model::{Field, Timestamp};
use cm_bot::policy::criteria::{Criteria, CriteriaError};
use cm_bot::policy::decision::{Decision, Kind, Outcome};
use cm_bot::policy::facts::{Fact, Facts, PastChange};
use cm_bot::policy::follow_up::ends::{accepted_risks, ends};
use cm_bot::policy::{RULES, evaluate};

use crate::support::facts::{NOW, criteria_with, passing, read, texts_with};

const CLASSES: &str = r#"[[change_class.classes]]
name = "network"
brings = "no_code"
fields = ["environment", "justification", "responsible", "end_date", "change_class"]
in_words = ["justification"]
ends = ["end_date"]

[[change_class.classes]]
name = "major"
brings = "code"
fields = ["environment", "commit", "tests", "change_class"]
in_words = ["tests"]

[commit_review]
"#;

fn criteria() -> Criteria {
    criteria_with("[commit_review]\n", CLASSES)
}

fn finding(decision: &Decision, rule: &str) -> (Outcome, String) {
    let judged = decision.findings().iter().find(|judged| judged.rule == rule).unwrap();
    (judged.finding.outcome, read(&judged.finding))
}

/// A network rule: a ticket of a class that brings no code, and names none.
fn network(end: &str) -> Facts {
    let mut facts = passing();
    let build =
        [Field::Commit, Field::Branch, Field::BuildJob, Field::BuildNumber, Field::Repository, Field::DeployAction];
    build.iter().for_each(|field| drop(facts.ticket.fields.remove(field)));
    facts.ticket.fields.insert(Field::ChangeClass, "Network".into());
    facts.ticket.fields.insert(Field::Responsible, "Dana Reyes".into());
    facts.ticket.fields.insert(Field::EndDate, end.into());
    facts
}

#[test]
fn a_class_without_code_needs_no_commits_and_a_human() {
    let decision = evaluate(&network("2026-12-31"), &criteria(), NOW);
    assert_eq!(decision.kind(), Kind::Hold);
    let problems: Vec<&str> = decision.problems().iter().map(|judged| judged.rule).collect();
    assert_eq!(problems, ["change_class"]);
    assert_eq!(finding(&decision, "required_fields"), (Outcome::Met, "5 of 5 filled in".into()));
    let beside = (Outcome::NotApplicable, "a change of this class brings no code".to_owned());
    assert_eq!(finding(&decision, "commit_review"), beside);
    assert_eq!(finding(&decision, "security_scan"), beside);
    // Everything that speaks of every change is asked as ever.
    let applied: BTreeSet<&str> = decision
        .findings()
        .iter()
        .filter(|judged| judged.finding.outcome != Outcome::NotApplicable)
        .map(|judged| judged.rule)
        .collect();
    let always =
        ["signed_criteria", "known_service", "required_fields", "change_class", "self_change", "pending_sibling"];
    assert_eq!(applied, BTreeSet::from(always));
}

#[test]
fn a_class_is_no_way_around_the_rules_about_code() {
    // That nothing is named proves nothing: a ticket of an ordinary class without a commit is judged by every rule.
    let mut ordinary = network("2026-12-31");
    ordinary.ticket.fields.insert(Field::ChangeClass, "normal".into());
    let decision = evaluate(&ordinary, &criteria(), NOW);
    assert!(!decision.findings().iter().any(|judged| judged.finding.seen.contains("brings no code")));
    // And that the class says so proves nothing when the ticket names a build.
    for field in [Field::Commit, Field::Branch, Field::BuildJob, Field::BuildNumber, Field::Artifact] {
        let mut named = network("2026-12-31");
        named.ticket.fields.insert(field, "x".into());
        let decision = evaluate(&named, &criteria(), NOW);
        assert_eq!(decision.kind(), Kind::Block, "{field}");
        let (_, said) = finding(&decision, "change_class");
        let expected = format!(
            "A change of the class network brings no code, and this ticket names one.\n  The ticket names a {field}.\n  Do this: choose the class of what is really deployed, or take the build out of the ticket."
        );
        assert_eq!(said, expected);
        assert!(!decision.findings().iter().any(|judged| judged.finding.seen.contains("brings no code")), "{field}");
    }
}

#[test]
fn what_is_allowed_for_a_time_ends_on_a_day_to_come() {
    let fault = |end: &str| finding(&evaluate(&network(end), &criteria(), NOW), "required_fields").1;
    assert!(fault("2026-11-01").contains("\n  The end date is 2026-11-01, and that day is over."));
    assert!(fault("soon").contains("a day such as 2026-11-22 is expected."), "{}", fault("soon"));
    assert!(fault(" ").contains("\n  The end date is empty."));
    assert_eq!(fault("2026-11-02"), "5 of 5 filled in", "the last day counts");
}

#[test]
fn what_ends_is_known_by_its_day_and_its_owner() {
    let (facts, criteria) = (network("2026-12-31"), criteria());
    let [end] = ends(&facts.ticket, &criteria).try_into().unwrap_or_else(|_| panic!("one end"));
    assert_eq!(
        (end.what.as_str(), end.owner.as_deref()),
        ("what PRODCM-412 allows (class network)", Some("Dana Reyes"))
    );
    assert_eq!(end.due(), Timestamp::parse("2027-01-01T00:00:00Z").unwrap());
    assert!(ends(&passing().ticket, &criteria).is_empty());
    assert!(ends(&network("soon").ticket, &criteria).is_empty());
    let risk = "accepted = [{ tool = \"CodeQL\", rule = \"r\", owner = \"Priya Nair\", reason = \"why\", until = 2026-12-01 }]";
    let criteria = criteria_with("blocking_severity = \"high\"", &format!("blocking_severity = \"high\"\n{risk}"));
    let [end] = accepted_risks(&criteria).try_into().unwrap_or_else(|_| panic!("one risk"));
    assert_eq!((end.what.as_str(), end.until.to_string().as_str()), ("the accepted risk r of CodeQL", "2026-12-01"));
}

#[test]
fn a_class_with_code_wants_its_own_fields_and_every_rule() {
    let mut facts = passing();
    facts.ticket.fields.insert(Field::ChangeClass, "major".into());
    let decision = evaluate(&facts, &criteria(), NOW);
    let (_, said) = finding(&decision, "required_fields");
    assert_eq!(said.lines().next(), Some("The test report is not filled in properly."), "{said}");
    facts.ticket.fields.insert(Field::Tests, "The release suite passed, and two testers tried it.".into());
    let decision = evaluate(&facts, &criteria(), NOW);
    assert_eq!(finding(&decision, "required_fields"), (Outcome::Met, "4 of 4 filled in".into()));
    assert_eq!(finding(&decision, "commit_review").0, Outcome::Met);
    assert_eq!(decision.kind(), Kind::Hold, "it is in no list of automatic classes");
}

#[test]
fn classes_that_contradict_themselves_are_refused() {
    let fault = |old: &str, new: &str| {
        let classes = CLASSES.replacen(old, new, 1);
        assert_ne!(classes, CLASSES);
        let texts = texts_with("[commit_review]\n", &classes);
        Criteria::read(&texts).unwrap_err()
    };
    let class = |error: CriteriaError| match error {
        CriteriaError::Class(_, why) => why,
        other => panic!("{other}"),
    };
    assert!(class(fault("\"network\"", "\"Network\"")).contains("lower case"));
    assert!(class(fault("\"major\"", "\"network\"")).contains("has two blocks"));
    assert!(class(fault("\"network\"", "\"standard\"")).contains("cannot be automatic"));
    assert!(class(fault("in_words = [\"justification\"]", "in_words = [\"links\"]")).contains("does not require"));
    assert!(class(fault("ends = [\"end_date\"]", "ends = [\"links\"]")).contains("does not require"));
    assert!(
        class(fault(
            "fields = [\"environment\", \"commit\", \"tests\", \"change_class\"]\nin_words = [\"tests\"]",
            "fields = []\nin_words = []"
        ))
        .contains("no field at all")
    );
}

#[test]
fn every_rule_about_code_exists() {
    // A rule that was renamed would be asked of tickets that bring no code, and hold them for ever.
    let decision = evaluate(&network("2026-12-31"), &criteria(), NOW);
    let beside = decision.findings().iter().filter(|judged| judged.finding.seen.contains("brings no code")).count();
    assert_eq!(beside, 13);
    assert!(RULES.len() > beside);
}

#[test]
fn a_commit_runs_in_staging_first() {
    let demand = "[[staging]]\nbefore = \"prod-us\"\nran_in = \"staging\"\n\n[self_change]\n";
    let criteria = criteria_with("[self_change]\n", demand);
    let say = |staged: Fact<Option<PastChange>>| {
        let mut facts = passing();
        facts.staged = staged;
        let decision = evaluate(&facts, &criteria, NOW);
        (decision.kind(), finding(&decision, "staging").1)
    };
    let baseline = passing().baseline.known().unwrap().clone();
    assert_eq!(say(Fact::Known(baseline)), (Kind::Approve, "ran in staging with PRODCM-398".into()));
    let (kind, said) = say(Fact::Known(None));
    assert_eq!(kind, Kind::Block);
    let sentences = "This commit did not run in staging.\n  There is no closed change of this service to staging with this commit.\n  Do this: deploy this very commit to staging, test it there and close that ticket.";
    assert_eq!(said, sentences);
    let (kind, _) = say(Fact::not_asked("the change to staging"));
    assert_ne!(kind, Kind::Approve);
    let elsewhere = criteria_with("[self_change]\n", &demand.replace("prod-us", "prod-eu"));
    let decision = evaluate(&passing(), &elsewhere, NOW);
    assert_eq!(finding(&decision, "staging"), (Outcome::NotApplicable, "nothing has to come before prod-us".into()));
    let same = texts_with("[self_change]\n", &demand.replace("\"staging\"\n", "\"prod-us\"\n"));
    let error = Criteria::read(&same).unwrap_err().to_string();
    assert_eq!(error, "`staging` wants prod-us before prod-us; name two different environments");
}
