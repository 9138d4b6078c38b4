//! What misses its counterpart among tickets, answers of the gate, runs of pipelines and deployments.

use std::collections::BTreeSet;
use std::time::Duration;

use cm_bot::model::{
    CiSystem, Ending, Environment, PipelineName, Run, Scope, ServiceName, Sighting, TicketKey, Timestamp, Witness,
};
use cm_bot::policy::follow_up::completeness::{
    AnswerTrace, OrphanKind, Question, SightingTrace, TicketTrace, Traces, compare,
};
use uuid::Uuid;

use crate::support::facts::{NOW, sha};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const MOMENT: Duration = Duration::from_millis(1);

fn scope(environment: &str) -> Scope {
    let service = ServiceName::parse("billing-api").unwrap();
    Scope { service, environment: Environment::parse(environment).unwrap() }
}

fn key() -> TicketKey {
    TicketKey::parse("PRODCM-412").unwrap()
}

/// A deployment of commit b that ended two hours ago.
fn seen(witness: Witness, id: &str) -> SightingTrace {
    let sighting = Sighting {
        witness,
        id: id.into(),
        scope: scope("prod-us"),
        commit: Some(sha('b')),
        run: None,
        by: "somebody".into(),
        at: NOW.minus(2 * HOUR),
        url: String::new(),
    };
    SightingTrace { sighting, is_emergency: false }
}

/// A change that left all its traces: approved, let through, run by Jenkins, shown by GitHub.
fn complete() -> Traces {
    let name = |text| PipelineName::parse(text).unwrap();
    let run = Run { system: CiSystem::Jenkins, job: name("billing-api/release"), build: name("1871"), attempt: 1 };
    let answer = AnswerTrace {
        request: Uuid::from_u128(1),
        ticket: key(),
        scope: scope("prod-us"),
        run,
        commit: sha('b'),
        at: NOW.minus(3 * HOUR),
        ending: None,
    };
    let ticket = TicketTrace {
        key: key(),
        scope: Some(scope("prod-us")),
        at: NOW.minus(5 * HOUR),
        in_jira: Some(true),
        in_records: true,
        unused: None,
        commits: BTreeSet::from([sha('b')]),
    };
    Traces {
        tickets: vec![ticket],
        answers: vec![answer],
        sightings: vec![seen(Witness::Jenkins, "77"), seen(Witness::Github, "5001")],
        watched: [Witness::Jenkins, Witness::Github].map(|witness| (scope("prod-us"), witness)).into(),
        gated: BTreeSet::from(["billing-api".to_owned()]),
    }
}

fn day() -> Question {
    Question { from: NOW.minus(DAY), to: NOW.plus(DAY), now: NOW, longest: HOUR }
}

/// Kind, ticket and where it was seen, of everything that misses something.
fn orphans(change: impl FnOnce(&mut Traces)) -> Vec<(OrphanKind, Option<TicketKey>, String)> {
    let mut traces = complete();
    change(&mut traces);
    let found = compare(&traces, &day()).orphans.into_iter();
    found.map(|orphan| (orphan.kind, orphan.ticket, orphan.seen.join(", "))).collect()
}

#[test]
fn a_change_that_left_all_its_traces_misses_nothing() {
    assert_eq!(orphans(|_| {}), []);
    let comparison = compare(&complete(), &day());
    assert_eq!(comparison.let_through.into_values().collect::<Vec<_>>(), [Uuid::from_u128(1), Uuid::from_u128(1)]);
}

/// Nothing was let through, and this is what Jenkins and GitHub show.
fn past_the_gate(change: impl FnOnce(&mut SightingTrace)) -> Vec<String> {
    let found = orphans(|traces| {
        traces.answers.clear();
        change(&mut traces.sightings[1]);
    });
    assert!(found.iter().all(|(kind, ..)| *kind == OrphanKind::DeployedWithoutGate), "{found:?}");
    found.into_iter().map(|(.., seen)| seen).collect()
}

#[test]
fn a_run_and_a_deployment_past_the_gate_are_one_when_they_may_be() {
    let (one, two) = (["jenkins 77, github 5001"], ["github 5001", "jenkins 77"]);
    assert_eq!(past_the_gate(|_| {}), one);
    assert_eq!(past_the_gate(|other| other.sighting.commit = None), one);
    assert_eq!(past_the_gate(|other| other.sighting.commit = Some(sha('e'))), two);
    assert_eq!(past_the_gate(|other| other.sighting.scope = scope("prod-eu")), two);
    assert_eq!(past_the_gate(|other| *other = seen(Witness::Jenkins, "78")), ["jenkins 77", "jenkins 78"]);
    assert_eq!(past_the_gate(|other| other.is_emergency = true), ["jenkins 77"]);
}

#[test]
fn what_went_past_the_gate_belongs_to_the_ticket_of_its_commit_and_scope() {
    let ticket_of = |change: fn(&mut Traces)| {
        let found = orphans(|traces| {
            traces.answers.clear();
            traces.sightings.truncate(1);
            change(traces);
        });
        found.into_iter().find(|(kind, ..)| *kind == OrphanKind::DeployedWithoutGate).unwrap().1
    };
    assert_eq!(ticket_of(|_| {}), Some(key()));
    assert_eq!(ticket_of(|traces| traces.sightings[0].sighting.scope = scope("prod-eu")), None);
    assert_eq!(ticket_of(|traces| traces.sightings[0].sighting.commit = Some(sha('e'))), None);
    assert_eq!(ticket_of(|traces| traces.sightings[0].sighting.commit = None), None);
    assert_eq!(ticket_of(|traces| traces.tickets[0].scope = None), None);
}

/// What is said of the ticket when it was approved and nothing was let through or went out.
fn of_ticket(change: impl FnOnce(&mut Traces)) -> Option<OrphanKind> {
    let found = orphans(|traces| {
        traces.answers.clear();
        traces.sightings.clear();
        traces.tickets[0].unused = Some(sha('b'));
        change(traces);
    });
    let of_ticket: Vec<OrphanKind> = found
        .into_iter()
        .filter(|(kind, ..)| {
            matches!(kind, OrphanKind::TicketMissing | OrphanKind::NotJudged | OrphanKind::NeverDeployed)
        })
        .map(|(kind, ticket, seen)| {
            assert_eq!((ticket, seen.as_str()), (Some(key()), "ticket PRODCM-412"));
            kind
        })
        .collect();
    assert!(of_ticket.len() <= 1, "{of_ticket:?}");
    of_ticket.first().copied()
}

#[test]
fn a_ticket_misses_one_thing_at_most() {
    let never = Some(OrphanKind::NeverDeployed);
    assert_eq!(of_ticket(|_| {}), never);
    assert_eq!(of_ticket(|traces| traces.tickets[0].in_jira = None), never);
    assert_eq!(of_ticket(|traces| traces.tickets[0].in_jira = Some(false)), Some(OrphanKind::TicketMissing));
    assert_eq!(of_ticket(|traces| traces.tickets[0].in_records = false), Some(OrphanKind::NotJudged));
    assert_eq!(of_ticket(|traces| traces.tickets[0].unused = None), None);
    assert_eq!(of_ticket(|traces| traces.tickets[0].scope = None), None);
    assert_eq!(of_ticket(|traces| traces.gated.clear()), None, "nobody asks a gate that is not there");
    assert_eq!(of_ticket(|traces| traces.answers = complete().answers), None);
    let other_ticket = |traces: &mut Traces| {
        traces.answers = complete().answers;
        traces.answers[0].ticket = TicketKey::parse("PRODCM-413").unwrap();
    };
    assert_eq!(of_ticket(other_ticket), never);
    assert_eq!(of_ticket(|traces| traces.sightings = complete().sightings), None, "it went past the gate");
}

/// The gravest first, whenever it was.
#[test]
fn what_went_past_the_gate_stands_before_what_never_went_out() {
    let found = orphans(|traces| {
        traces.answers.clear();
        traces.sightings.truncate(1);
        traces.tickets[0].unused = Some(sha('b'));
        traces.tickets[0].key = TicketKey::parse("PRODCM-413").unwrap();
        traces.tickets[0].commits = BTreeSet::from([sha('e')]);
    });
    let kinds: Vec<OrphanKind> = found.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, [OrphanKind::DeployedWithoutGate, OrphanKind::NeverDeployed]);
}

/// What is said of the answer when nothing shows that went out.
fn of_answer(change: impl FnOnce(&mut Traces)) -> Vec<OrphanKind> {
    let found = orphans(|traces| {
        traces.sightings.clear();
        change(traces);
    });
    found.into_iter().map(|(kind, ..)| kind).collect()
}

#[test]
fn an_answer_misses_what_every_witness_that_was_read_does_not_show() {
    let both = [OrphanKind::RunMissing, OrphanKind::DeploymentMissing];
    assert_eq!(of_answer(|_| {}), both);
    assert_eq!(of_answer(|traces| traces.sightings = complete().sightings), []);
    assert_eq!(of_answer(|traces| traces.sightings = vec![seen(Witness::Github, "5001")]), both[..1]);
    assert_eq!(of_answer(|traces| traces.sightings = vec![seen(Witness::Jenkins, "77")]), both[1..]);
    assert_eq!(of_answer(|traces| traces.watched.clear()), []);
    assert_eq!(of_answer(|traces| traces.watched = [(scope("prod-us"), Witness::Github)].into()), both[1..]);
    assert_eq!(of_answer(|traces| traces.watched = [(scope("prod-eu"), Witness::Github)].into()), []);
}

#[test]
fn an_answer_that_failed_or_may_be_under_way_misses_nothing() {
    let both = [OrphanKind::RunMissing, OrphanKind::DeploymentMissing];
    let ended = |ending| of_answer(|traces| traces.answers[0].ending = ending);
    assert_eq!(ended(Some(Ending::Failed)), []);
    assert_eq!(ended(Some(Ending::Succeeded)), both);
    let given = |before: Duration, ending| {
        of_answer(|traces| {
            traces.answers[0].at = NOW.minus(before);
            traces.answers[0].ending = ending;
        })
    };
    assert_eq!(given(HOUR - MOMENT, None), []);
    assert_eq!(given(HOUR, None), both);
    assert_eq!(given(HOUR - MOMENT, Some(Ending::Succeeded)), both, "it has ended");
}

#[test]
fn a_period_begins_with_its_first_moment_and_ends_before_its_last() {
    let at = complete().sightings[0].sighting.at;
    let found = |from: Timestamp, to: Timestamp| {
        let mut traces = complete();
        traces.answers.clear();
        compare(&traces, &Question { from, to, ..day() }).orphans.len()
    };
    assert_eq!(found(at, at.plus(MOMENT)), 1);
    assert_eq!(found(at.plus(MOMENT), at.plus(DAY)), 0);
    assert_eq!(found(at.minus(DAY), at), 0);
}

/// The gate may have answered a week before, and one answer is for one deployment.
#[test]
fn an_answer_lets_one_deployment_through_for_a_week() {
    let week = 7 * DAY;
    let let_through = |change: &dyn Fn(&mut Traces)| {
        let mut traces = complete();
        traces.sightings.truncate(1);
        change(&mut traces);
        compare(&traces, &day()).let_through.len()
    };
    let answered =
        |before: Duration| let_through(&|traces| traces.answers[0].at = traces.sightings[0].sighting.at.minus(before));
    assert_eq!((answered(week), answered(week + MOMENT)), (1, 0));
    assert_eq!(let_through(&|traces| traces.answers[0].scope = scope("prod-eu")), 0);
    assert_eq!(let_through(&|traces| traces.sightings.push(seen(Witness::Jenkins, "78"))), 1);
    assert_eq!(let_through(&|traces| traces.sightings.push(seen(Witness::Github, "5001"))), 2);
}
