//! The gate as a pure function: each part of what was approved is compared.

use std::collections::BTreeSet;

use cm_bot::model::{
    CiSystem, Deployment, Field, JenkinsBuild, PipelineName, ProtectedRun, Relation, Run, Service, Ticket,
    TicketStatus, Timestamp, Watched, WatchedPlace, WorkflowPin, WorkflowRun, branch_of_ref,
};
use cm_bot::policy::approvers::Matrix;
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::facts::{Fact, Placement};
use cm_bot::policy::gate::protection::{deployment, is_of};
use cm_bot::policy::gate::{
    Answer, Approved, Past, Planned, Proven, Reason, Stand, concerns, may_deploy, other_plan, unlike_jenkins, used_up,
};
use cm_bot::policy::plan::PlanRisk;

use crate::support::facts::{NOW, criteria, criteria_with, passing, risky};

/// A deployment that is let through; a test changes one thing.
pub(super) struct Case {
    pub(super) asked: Deployment,
    pub(super) ticket: Option<Ticket>,
    service: Service,
    pub(super) approval: Option<Approved>,
    used_by: Option<Run>,
    on_branch: Fact<Relation>,
    criteria: Criteria,
    now: Timestamp,
    clock_ahead_ms: Option<i64>,
    deployers: BTreeSet<String>,
    declarer: Option<String>,
    sent: Option<PlanRisk>,
    /// The ids of the risky changes that were approved.
    looked_at: BTreeSet<String>,
}

/// What a test changes.
type Change = fn(&mut Case);

fn name(text: &str) -> PipelineName {
    PipelineName::parse(text).unwrap()
}

impl Case {
    pub(super) fn clean() -> Case {
        let facts = passing();
        let Placement::Registered { service, environment } = facts.placement else { panic!("it is registered") };
        let mut ticket = facts.ticket;
        ticket.status.meaning = TicketStatus::Approved;
        let run = Run { system: CiSystem::Jenkins, job: name("billing-api/release"), build: name("1871"), attempt: 1 };
        let asked = Deployment {
            run,
            service: service.name.clone(),
            environment,
            repository: service.repository.clone(),
            branch: branch_of_ref("refs/heads/main").unwrap(),
            commit: crate::support::facts::sha('c'),
            artifact: None,
            action: name("apply"),
        };
        let criteria = criteria();
        let approval = Approved {
            commit: asked.commit.clone(),
            scope: asked.scope(),
            at: Timestamp(NOW.0 - 3_600_000),
            fingerprint: Some(ticket.fingerprint()),
            criteria_digest: Some(criteria.digest.clone()),
            by: Vec::new(),
        };
        Case {
            asked,
            ticket: Some(ticket),
            service,
            approval: Some(approval),
            used_by: None,
            on_branch: Fact::Known(Relation::Behind),
            criteria,
            now: NOW,
            clock_ahead_ms: Some(0),
            deployers: BTreeSet::new(),
            declarer: None,
            sent: None,
            looked_at: BTreeSet::new(),
        }
    }

    pub(super) fn answer(&self) -> Answer {
        let stand = Stand {
            ticket: self.ticket.as_ref(),
            service: &self.service,
            approval: self.approval.as_ref(),
            used_by: self.used_by.as_ref(),
            on_branch: self.on_branch.clone(),
            clock_ahead_ms: self.clock_ahead_ms,
            matrix: Matrix::of_any(&self.criteria),
            deployers: self.deployers.clone(),
            declarer: self.declarer.clone(),
            planned: Planned {
                sent: self.sent.as_ref(),
                applied: self.sent.as_ref().map(|plan| plan.digest.as_str()),
                approved: self.looked_at.clone(),
                is_wanted: false,
            },
        };
        may_deploy(&self.asked, &stand, &self.criteria, self.now)
    }

    /// Why it is denied, with the differences.
    fn denied(&self) -> (Reason, String) {
        let Answer::Deny(denial) = self.answer() else { panic!("{:?}", self.answer()) };
        let details = denial.details.iter().map(|detail| format!("\n{}", detail.plain()));
        (denial.reason, format!("{}{}", denial.headline, details.collect::<String>()))
    }

    fn edit(&mut self, field: Field, text: &str) {
        let ticket = self.ticket.as_mut().unwrap();
        ticket.fields.insert(field, text.to_owned());
        self.approval.as_mut().unwrap().fingerprint = Some(ticket.fingerprint());
    }

    fn approved_by(&mut self, names: &[&str]) {
        let approval = self.approval.as_mut().unwrap();
        approval.criteria_digest = None;
        approval.by = names.iter().map(|name| (*name).to_owned()).collect();
    }
}

#[test]
fn what_was_approved_is_let_through() {
    let Answer::Allow(pass) = Case::clean().answer() else { panic!("{:?}", Case::clean().answer()) };
    assert_eq!(pass.ticket().as_str(), "PRODCM-412");
    assert_eq!(pass.fingerprint(), passing().ticket.fingerprint(), "the ticket as it was read");
}

#[test]
fn a_pipeline_waits_for_the_ticket_of_its_build_and_no_other() {
    let is_about = |change: Change| {
        let mut case = Case::clean();
        change(&mut case);
        concerns(&case.asked, case.ticket.as_ref().unwrap(), &[case.service])
    };
    assert!(is_about(|_| {}));
    let others: [Change; 5] = [
        |case| case.asked.environment = "prod-eu".to_owned().try_into().unwrap(),
        |case| case.asked.commit = crate::support::facts::sha('d'),
        |case| case.asked.run.job = name("billing-api/other"),
        |case| case.asked.run.build = name("1872"),
        |case| case.service.name = "web".to_owned().try_into().unwrap(),
    ];
    for other in others {
        assert!(!is_about(other));
    }
}

/// The ticket's fields say so too; the records are what counts.
#[test]
fn an_approval_of_another_build_lets_nothing_through() {
    let others: [(&str, Change); 2] = [
        ("ddddddd of billing-api to prod-us", |case| {
            case.approval.as_mut().unwrap().commit = crate::support::facts::sha('d');
        }),
        ("ccccccc of billing-api to prod-eu", |case| {
            case.approval.as_mut().unwrap().scope.environment = "prod-eu".to_owned().try_into().unwrap();
        }),
    ];
    for (what, change) in others {
        let mut case = Case::clean();
        change(&mut case);
        assert_eq!(case.denied(), (Reason::BuildMismatch, format!("The approval on record is for {what}.")));
    }
}

#[test]
fn a_risky_change_that_nobody_approved_is_not_applied() {
    let mut case = Case::clean();
    case.sent = Some(risky(21));
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::PlanNotApproved);
    assert!(said.starts_with("The plan has 21 risky changes that nobody has approved.\n"), "{said}");
    assert!(said.ends_with("\nand 1 more") && said.lines().count() == 22, "{said}");
    case.looked_at.insert("0".into());
    let (_, said) = case.denied();
    assert!(!said.contains("more") && said.lines().count() == 21, "{said}");
    case.looked_at = (0..21).map(|place| place.to_string()).collect();
    assert!(matches!(case.answer(), Answer::Allow(_)));
}

#[test]
fn the_plan_that_is_applied_is_the_one_that_was_judged() {
    let (service, sent) = (Case::clean().asked.service, risky(0));
    let denied = |sent: Option<&PlanRisk>, applied: Option<&str>, is_wanted: bool| {
        let planned = Planned { sent, applied, approved: BTreeSet::new(), is_wanted };
        other_plan(&planned, &service).map(|denial| denial.reason)
    };
    let (same, other) = ("0".repeat(64), "1".repeat(64));
    assert_eq!(denied(None, None, false), None);
    assert_eq!(denied(None, None, true), Some(Reason::PlanMissing));
    assert_eq!(denied(Some(&sent), Some(&same), true), None);
    for (sent, applied) in [(Some(&sent), Some(other.as_str())), (Some(&sent), None), (None, Some(same.as_str()))] {
        assert_eq!(denied(sent, applied, false), Some(Reason::BuildMismatch));
    }
}

/// A pipeline may also name what it built, and what is done with it, which GitHub does not know.
#[test]
fn a_run_that_waits_at_github_is_for_what_it_asked_for_itself() {
    let seen = Case::clean().asked;
    let artifact = Deployment { artifact: Some(name("billing-api:1871")), ..seen.clone() };
    let action = Deployment { action: name("destroy"), ..seen.clone() };
    let commit = Deployment { commit: crate::support::facts::sha('d'), ..seen.clone() };
    assert!(is_of(&seen, &seen) && is_of(&artifact, &seen) && is_of(&action, &seen));
    assert!(!is_of(&commit, &seen));
}

/// GitHub may write the repository before the file, and `@` with the ref after it.
#[test]
fn a_workflow_is_that_of_its_branch() {
    let Case { asked, service, .. } = Case::clean();
    let held = ProtectedRun::new(service.repository.clone(), 77, "production-us").unwrap();
    let workflow = format!("{}/.github/workflows/deploy.yml@refs/heads/main", service.repository);
    let pins = [WorkflowPin { repository_id: "7", workflow: &workflow }];
    let of = |file: &str| {
        let run = WorkflowRun {
            attempt: 1,
            repository_id: 7,
            head_repository_id: Some(7),
            event: "push".into(),
            branch: Some("main".into()),
            is_ambiguous: false,
            commit: asked.commit.clone(),
            workflow: file.to_owned(),
            started_by: None,
        };
        deployment(&held, &run, (&service, &asked.environment), &pins).map(|found| found.run.build.to_string())
    };
    let plain = ".github/workflows/deploy.yml";
    for file in [plain, &format!("{plain}@main"), &format!("{plain}@refs/heads/main"), &workflow] {
        assert_eq!(of(file), Ok("77".to_owned()), "{file}");
    }
    assert_eq!(of(&format!("{plain}@refs/heads/dev")), Err("Its workflow is not that of its branch.".into()));
    assert_eq!(of("deploy.yml"), Err("Its workflow is not a file of its repository.".into()));
}

/// What a token says nothing about is not proven, and not compared.
#[test]
fn a_run_is_what_its_token_proves() {
    let asked = Case::clean().asked;
    let nothing = Proven { services: vec![asked.service.clone()], ..Proven::default() };
    let said = |proven: &Proven| {
        let said = proven.contradictions(&asked);
        said.iter().map(|text| text.plain().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(said(&nothing), [""; 0]);
    assert_eq!(said(&Proven::default()), ["The token does not speak for billing-api."]);
    let another = Proven { attempt: Some(2), ..nothing.clone() };
    assert_eq!(said(&another), ["The attempt: the token says 2, the request says 1."]);
    assert_eq!(said(&Proven { attempt: Some(1), ..nothing }), [""; 0]);
}

/// Where the settings say by which parameter a job deploys to an environment, its build has to have it.
#[test]
fn a_build_of_jenkins_for_one_environment_is_not_for_another() {
    let asked = Case::clean().asked;
    let parameter = |value: &str| ("TARGET".to_owned(), value.to_owned());
    let watched = |environment: &str, job: &str, value: &str| Watched {
        environment: environment.to_owned().try_into().unwrap(),
        place: WatchedPlace::Jenkins { job: name(job), parameter: Some(parameter(value)) },
    };
    let places = [
        watched("prod-eu", "billing-api/release", "eu"),
        watched("prod-us", "billing-api/other", "elsewhere"),
        watched("prod-us", "billing-api/release", "us"),
    ];
    let denied = |value: &str, places: &[Watched]| {
        let build = JenkinsBuild { is_running: true, commits: Vec::new(), parameters: vec![parameter(value)] };
        unlike_jenkins(&asked, Some(&build), places).map(|denial| denial.details[0].plain().to_string())
    };
    assert_eq!(denied("us", &places), None);
    let said = "The target environment: a build for prod-us has the parameter TARGET=us, and this one has not.";
    assert_eq!(denied("eu", &places).as_deref(), Some(said));
    assert_eq!(denied("elsewhere", &places).as_deref(), Some(said));
    assert_eq!(denied("eu", &places[..2]), None, "nothing is said of this job and environment");
}

#[test]
fn c06_every_part_of_the_build_is_compared() {
    let changes: [(&str, Change); 8] = [
        ("the build job", |case| case.asked.run.job = name("billing-api/other")),
        ("the build number", |case| case.asked.run.build = name("1872")),
        ("the commit", |case| case.asked.commit = crate::support::facts::sha('d')),
        ("the branch", |case| case.asked.branch = branch_of_ref("refs/heads/dev").unwrap()),
        ("the repository", |case| case.asked.repository = "acme/web".to_owned().try_into().unwrap()),
        ("the target environment", |case| case.asked.environment = "prod-eu".to_owned().try_into().unwrap()),
        ("the deploy action", |case| case.asked.action = name("destroy")),
        ("the service", |case| case.asked.service = "web".to_owned().try_into().unwrap()),
    ];
    for (what, change) in changes {
        let mut case = Case::clean();
        change(&mut case);
        let (reason, said) = case.denied();
        assert_eq!(reason, Reason::BuildMismatch, "{what}");
        assert!(said.starts_with(&format!("The build differs from the ticket in {what}.")), "{said}");
        assert!(said.contains("the ticket has "), "expected and found: {said}");
    }
}

#[test]
fn c06_an_artifact_is_the_one_in_the_ticket() {
    let mut case = Case::clean();
    case.asked.artifact = Some(name("billing-api:1871"));
    assert!(matches!(case.answer(), Answer::Allow(_)), "a ticket that names none leaves it to the build");
    case.edit(Field::Artifact, "billing-api:1871");
    assert!(matches!(case.answer(), Answer::Allow(_)));
    case.asked.artifact = Some(name("billing-api:1872"));
    let said = "The build differs from the ticket in the artifact.\nThe artifact: the ticket has billing-api:1871, this run has billing-api:1872.";
    assert_eq!(case.denied(), (Reason::BuildMismatch, said.into()));
    case.asked.artifact = None;
    assert_eq!(case.denied().0, Reason::BuildMismatch, "a run that says nothing has not shown that it is the one");
}

#[test]
fn c07_an_approval_counts_once() {
    let mut case = Case::clean();
    case.used_by = Some(Run { attempt: 2, ..case.asked.run.clone() });
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::AlreadyUsed);
    assert_eq!(
        said,
        "This approval was used already, and an approval counts once.\nIt let billing-api/release build 1871, attempt 2 through."
    );
}

#[test]
fn g28_a_commit_that_left_its_branch_is_not_deployed() {
    for relation in [Relation::Ahead, Relation::Diverged] {
        let case = Case { on_branch: Fact::Known(relation), ..Case::clean() };
        assert_eq!(case.denied().0, Reason::RefMoved);
    }
    let case = Case { on_branch: Fact::not_asked("the release branch"), ..Case::clean() };
    assert!(matches!(case.answer(), Answer::CouldNotCheck(_)), "not to know is no yes");
    assert!(matches!(Case { on_branch: Fact::Known(Relation::Identical), ..Case::clean() }.answer(), Answer::Allow(_)));
}

#[test]
fn j01_a_ticket_that_was_edited_lets_nothing_through() {
    let mut case = Case::clean();
    case.ticket.as_mut().unwrap().fields.insert(Field::RollbackPlan, "Another plan, written later.".into());
    assert_eq!(case.denied().0, Reason::TicketChanged);
    let mut unknown = Case::clean();
    unknown.approval.as_mut().unwrap().fingerprint = None;
    assert_eq!(unknown.denied().0, Reason::TicketChanged, "an approval of nobody knows what");
}

#[test]
fn j04_a_status_without_an_approval_lets_nothing_through() {
    let case = Case { approval: None, ..Case::clean() };
    assert_eq!(case.denied().0, Reason::ApprovedOutsideProcess);
}

#[test]
fn j08_whoever_approved_must_still_be_an_approver() {
    let mut case = Case::clean();
    case.approved_by(&["Priya Nair", "Sam Okafor"]);
    assert!(matches!(case.answer(), Answer::Allow(_)), "{:?}", case.answer());
    case.approved_by(&["Dana Reyes", "Sam Okafor"]);
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::ApproverRoleLapsed);
    assert!(said.ends_with("Dana Reyes has none of the roles that may approve."), "{said}");
    case.criteria = criteria_with("approver_roles = \"now\"", "approver_roles = \"at_approval\"");
    assert!(matches!(case.answer(), Answer::Allow(_)), "criteria may take the role at the time of the approval");
    case.criteria = criteria();
    case.approval.as_mut().unwrap().by.clear();
    assert_eq!(case.denied().0, Reason::ApprovalsMissing, "nobody is no approver");
}

#[test]
fn an_approval_that_lacks_a_role_lets_nothing_through() {
    let mut case = Case::clean();
    case.approved_by(&["Priya Nair"]);
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::ApprovalsMissing);
    assert_eq!(said, "The approval on record lacks the Engineering Lead.\nOn record: Priya Nair.");
    case.criteria = criteria_with("approver_roles = \"now\"", "approver_roles = \"at_approval\"");
    assert_eq!(case.denied().0, Reason::ApprovalsMissing, "one person is never two");
}

#[test]
fn j07_nobody_deploys_what_they_approved() {
    let mut case = Case::clean();
    case.approved_by(&["Priya Nair", "Sam Okafor"]);
    case.deployers.insert("Sam Okafor".into());
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::ApproverDeploys);
    assert_eq!(said, "Sam Okafor approved the change and started this run, and nobody does both.");
    case.deployers = BTreeSet::from(["Lee Wong".to_owned()]);
    assert!(matches!(case.answer(), Answer::Allow(_)), "{:?}", case.answer());
}

#[test]
fn nobody_approves_the_emergency_that_they_declared() {
    let mut case = Case::clean();
    case.approved_by(&["Priya Nair", "Sam Okafor"]);
    case.declarer = Some("Sam Okafor".into());
    let (reason, said) = case.denied();
    assert_eq!(reason, Reason::ApproverDeploys);
    assert_eq!(said, "Sam Okafor approved the change and declared its emergency, and nobody does both.");
    case.declarer = Some("Lee Wong".into());
    assert!(matches!(case.answer(), Answer::Allow(_)), "{:?}", case.answer());
}

#[test]
fn j13_a_ticket_that_is_gone_lets_nothing_through() {
    assert_eq!(Case { ticket: None, ..Case::clean() }.denied().0, Reason::TicketMissing);
}

#[test]
fn an_approval_ends() {
    let hours = |hours: i64| Timestamp(NOW.0 - 3_600_000 + hours * 3_600_000);
    assert!(matches!(Case { now: Timestamp(hours(24).0 - 1), ..Case::clean() }.answer(), Answer::Allow(_)));
    let (reason, said) = Case { now: hours(24), ..Case::clean() }.denied();
    assert_eq!(reason, Reason::ApprovalExpired);
    assert!(said.ends_with("it counts for 24 hours."), "{said}");
}

#[test]
fn a_run_is_let_through_again_as_long_as_an_approval_counts() {
    let past = Past { used_at: NOW, used: NOW, job: None, asked_by: None, standing: Some(NOW), ending: None };
    let hours = |hours: i64| Timestamp(NOW.0 + hours * 3_600_000);
    assert_eq!(used_up(&past, &criteria(), Timestamp(hours(24).0 - 1)), None);
    let denial = used_up(&past, &criteria(), hours(24)).unwrap();
    assert_eq!(denial.reason, Reason::AlreadyUsed);
    assert!(denial.headline.starts_with("This run was let through at "), "{denial:?}");
    assert!(denial.headline.ends_with(" UTC, and that counts for 24 hours."), "{denial:?}");
}

#[test]
fn o05_a_clock_that_was_set_back_keeps_no_approval_alive() {
    let (reason, said) = Case { clock_ahead_ms: Some(31_000), ..Case::clean() }.denied();
    assert_eq!(reason, Reason::ClockSkew);
    assert_eq!(said, "cm-bot's clock is 31 seconds behind GitHub's; 30 are allowed.");
    assert!(matches!(Case { clock_ahead_ms: Some(30_000), ..Case::clean() }.answer(), Answer::Allow(_)));
}

#[test]
fn criteria_that_changed_want_a_new_look_at_what_cm_bot_approved() {
    let mut case = Case { criteria: criteria_with("version = \"v1\"", "version = \"v2\""), ..Case::clean() };
    assert_eq!(case.denied().0, Reason::CriteriaChanged);
    case.approved_by(&["Priya Nair", "Sam Okafor"]);
    assert!(matches!(case.answer(), Answer::Allow(_)), "what a human approved is the human's");
}

#[test]
fn each_status_but_approved_lets_nothing_through() {
    let with = |meaning| {
        let mut case = Case::clean();
        case.ticket.as_mut().unwrap().status.meaning = meaning;
        case
    };
    assert_eq!(with(TicketStatus::Declined).denied().0, Reason::Declined);
    assert_eq!(with(TicketStatus::Closed).denied().0, Reason::Withdrawn);
    assert_eq!(with(TicketStatus::Pending).answer(), Answer::Wait);
    assert_eq!(with(TicketStatus::Other).answer(), Answer::Wait);
}
