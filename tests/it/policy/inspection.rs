//! What is looked at again later, whatever the draw says, and what of it counts as written down or let through.

use std::collections::BTreeSet;
use std::time::Duration;

use cm_bot::model::{
    CiSystem, CommitSha, Environment, Field, PipelineName, Run, Scope, ServiceName, Sighting, Timestamp, Witness,
};
use cm_bot::policy::facts::{Fact, Facts};
use cm_bot::policy::follow_up::inspection::{ApprovedBy, Stratum, strata};
use cm_bot::policy::follow_up::orphans::{Lack, Sanction, Use, judge};
use cm_bot::policy::follow_up::parts::{AfterTheFact, Part, missing};
use uuid::Uuid;

use crate::support::facts::{NOW, criteria, judge as decide, passing, sha};

/// Why it is inspected, when people approved it.
fn by_people(facts: &Facts) -> BTreeSet<Stratum> {
    strata(&decide(facts), ApprovedBy::People)
}

#[test]
fn what_is_not_ordinary_is_always_inspected() {
    assert_eq!(strata(&decide(&passing()), ApprovedBy::Machine), BTreeSet::new());
    let mut first = passing();
    first.baseline = Fact::Known(None);
    first.range = Fact::not_asked("the commits");
    first.pull_requests = Fact::not_asked("the pull requests");
    assert_eq!(by_people(&first), [Stratum::FirstDeployment].into(), "people have to decide: nothing is overridden");
    let mut emergency = passing();
    emergency.ticket.fields.insert(Field::ChangeClass, "Emergency".into());
    assert_eq!(by_people(&emergency), [Stratum::Emergency].into());
    let mut unread = passing();
    unread.ticket.fields.remove(&Field::RollbackPlan);
    assert_eq!(by_people(&unread), [Stratum::Override].into());
    assert_eq!(strata(&decide(&unread), ApprovedBy::Nobody), BTreeSet::new());
}

/// The gate's clock and that of whoever shows the deployment may be two minutes apart.
#[test]
fn whoever_asks_the_gate_when_it_has_gone_out_was_not_let_through() {
    let name = |text| PipelineName::parse(text).unwrap();
    let run = Run { system: CiSystem::Jenkins, job: name("billing-api/release"), build: name("1871"), attempt: 1 };
    let scope = Scope {
        service: ServiceName::parse("billing-api").unwrap(),
        environment: Environment::parse("prod-us").unwrap(),
    };
    let judged = |at: Timestamp, commit: CommitSha| {
        let one = Use { request: Uuid::from_u128(1), run: run.clone(), commit, at, is_taken: false };
        let sighting = Sighting {
            witness: Witness::Github,
            id: "5001".into(),
            scope: scope.clone(),
            commit: Some(sha('b')),
            run: None,
            by: "somebody".into(),
            at: NOW,
            url: String::new(),
        };
        judge(&sighting, &[one])
    };
    let apart = Duration::from_secs(120);
    let let_through = Sanction::Request(Uuid::from_u128(1));
    assert_eq!(judged(NOW.minus(apart), sha('b')), let_through);
    assert_eq!(judged(NOW.plus(apart), sha('b')), let_through);
    let late = NOW.plus(apart + Duration::from_millis(1));
    assert_eq!(judged(late, sha('b')), Sanction::Nothing(Lack::AskedAfterwards));
    assert_eq!(judged(NOW, sha('c')), Sanction::Nothing(Lack::NotAsked));
}

#[test]
fn a_text_documents_an_emergency_when_it_says_something() {
    let field = Part::Prevention.field().unwrap();
    let is_missing = |text: &str| {
        let mut ticket = passing().ticket;
        ticket.fields.insert(field, text.to_owned());
        missing(&ticket, AfterTheFact::Approved, &criteria()).contains(&Part::Prevention)
    };
    assert!(!is_missing("The alert fires a minute earlier from now on."));
    for nothing in ["", "  ", "...", "N/A", "n/a.", "-"] {
        assert!(is_missing(nothing), "{nothing:?}");
    }
}
