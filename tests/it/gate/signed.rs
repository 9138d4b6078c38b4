//! Whose criteria and people count: those that came into force last, and of those that somebody signed, when nobody has signed
//! the newest.

use std::time::Duration;

use cm_bot::cli::demo::play::settle;
use cm_bot::policy::criteria::Criteria;
use cm_bot::store::Policy;

use super::Pipeline;
use super::given_again::{block, change_people};
use crate::support::facts::texts_with;
use crate::support::scene;

const OUTDATED: &str =
    "Other criteria have come into force than this process has; an operator of cm-bot starts it anew.";

/// Another process starts with other criteria.
async fn others_come_into_force(pipeline: &Pipeline) {
    let texts = texts_with("version = \"v1\"", "version = \"v2\"");
    let other = Policy::of_files(texts.clone(), Criteria::read(&texts).unwrap());
    activate(pipeline, &other).await;
}

/// The criteria of this process come into force again.
async fn its_own_come_into_force(pipeline: &Pipeline) {
    activate(pipeline, &pipeline.played.app.context.policy).await;
}

async fn activate(pipeline: &Pipeline, policy: &Policy) {
    let context = &pipeline.played.app.context;
    assert!(context.sources.store.activate(policy, context.clock.now()).await.unwrap());
}

fn lee_leads(people: &mut toml::Table) {
    let roles = ["security-lead", "engineering-lead"].map(Into::into);
    block(people, "Lee Wong").insert("roles".into(), toml::Value::Array(roles.into()));
}

/// What the ticket says once Lee has approved it.
async fn comment_after_lee_approves(pipeline: &Pipeline) -> Vec<String> {
    pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"lee\", text = \"/cm approve\" }").await;
    let ticket = pipeline.played.world.simulator.jira.ticket("PRODCM-412").unwrap();
    ticket.comments.iter().map(|comment| cm_bot::simulator::jira::adf_text(&comment.body)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn j05_a_role_that_nobody_signed_approves_nothing() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let pipeline = pipeline.starts_again(|world| change_people(world, lee_leads)).await;
    let said = comment_after_lee_approves(&pipeline).await.join("\n");
    assert!(said.contains("Lee Wong has none of the roles that may approve"), "{said}");
    assert!(said.contains("criteria v1, not signed"), "{said}");
    let why = "The signature of the people file does not fit: the file was changed after it was signed.";
    assert!(said.contains(why), "{said}");
    let passed_over = pipeline.played.app.context.policy.passed_over.clone().unwrap().sentence();
    let why =
        "do not count, because the signature of the people file does not fit: the file was changed after it was signed";
    assert!(passed_over.contains(why), "{passed_over}");
    assert!(passed_over.ends_with("they differ in people: people.Lee Wong.roles"), "{passed_over}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_role_that_the_officer_signed_approves() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let signed = |world: &cm_bot::cli::demo::world::World| {
        change_people(world, lee_leads);
        world.sign().unwrap();
    };
    let pipeline = pipeline.starts_again(signed).await;
    let said = comment_after_lee_approves(&pipeline).await.join("\n");
    assert!(said.contains("Waiting for 1 of 2 approvals"), "{said}");
    assert_eq!(pipeline.played.app.context.policy.passed_over, None);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f34_a_process_with_older_criteria_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    others_come_into_force(&pipeline).await;
    let problem = pipeline.is_denied(&id, "could_not_check").await;
    assert_eq!(problem["detail"], OUTDATED);
    its_own_come_into_force(&pipeline).await;
    pipeline.is_let_through(&id).await;
    others_come_into_force(&pipeline).await;
    assert_eq!(pipeline.is_denied(&id, "could_not_check").await["detail"], OUTDATED, "nor a second time");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f34_a_process_with_older_criteria_approves_nothing() {
    let pipeline = Pipeline::without_ticket().await;
    others_come_into_force(&pipeline).await;
    pipeline.happens("create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }").await;
    let is_approved = |pipeline: &Pipeline| pipeline.ticket_status("PRODCM-412") == "Approved";
    assert!(!is_approved(&pipeline));
    let mut probe = pipeline.played.app.probe();
    probe.once().await;
    let troubles = pipeline.played.app.context.readiness.troubles();
    let why = "Nothing is decided here, because other criteria have come into force since this process was started: start it anew";
    assert_eq!(troubles["criteria"], why);
    its_own_come_into_force(&pipeline).await;
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(600));
    settle(&pipeline.played).await.unwrap();
    assert!(is_approved(&pipeline), "the twin: the same ticket, once the process has the criteria in force");
    pipeline.stop().await;
}
