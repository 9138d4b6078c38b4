//! A pipeline from its request to the end of its deployment, over HTTP.

use std::time::Duration;

use cm_bot::cli::demo::play::settle;
use cm_bot::simulator::scene::{Fail, FailureKind, System};
use reqwest::Method;
use serde_json::json;

use super::Pipeline;
use crate::support::database::Other;
use crate::support::{database_of, scene, verified};

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_build_is_let_through_once_and_its_ticket_is_closed() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let change = pipeline.read(&id).await;
    assert_eq!((change["state"].as_str(), change["ticket"].as_str()), (Some("approved"), Some("PRODCM-412")));
    assert_eq!(pipeline.request(&pipeline.asked()).await, id, "the same run has one request");
    let first = pipeline.is_let_through(&id).await;
    assert_eq!(pipeline.is_let_through(&id).await, first, "the same run is answered the same");
    let (status, change) = pipeline.finish(&id, "succeeded").await;
    assert_eq!((status, change["state"].as_str()), (200, Some("succeeded")), "{change}");
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed");
    let ticket = pipeline.played.world.simulator.jira.ticket("PRODCM-412").unwrap();
    let said = cm_bot::simulator::jira::adf_text(&ticket.comments.last().unwrap().body);
    assert!(said.starts_with("Deployed. billing-api to prod-us, build 1871 of commit "), "{said}");
    assert!(said.contains("The pipeline says: as the pipeline says"), "{said}");
    assert_eq!(pipeline.finish(&id, "succeeded").await.0, 200, "said twice, recorded once");
    let trail = verified(&pipeline.played.app.context.sources.store).await;
    for (event, times) in [("gate_requested", 1), ("gate_allowed", 1), ("deployment_ended", 1)] {
        let told = trail.iter().filter(|(_, body, _)| body.contains(&format!("\"event\":\"{event}\""))).count();
        assert_eq!(told, times, "{event}");
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_without_a_ticket_gets_one_with_every_field() {
    let pipeline = Pipeline::without_ticket().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let change = pipeline.read(&id).await;
    assert_eq!(change["unfilled"], json!([]), "{change}");
    let key = cm_bot::model::TicketKey::parse(change["ticket"].as_str().unwrap()).unwrap();
    let ticket = pipeline.played.app.context.sources.jira.ticket_by_key(&key).await.unwrap();
    assert_eq!(
        ticket.summary,
        "Deploy billing-api build 1871 to prod-us: Merge pull request #871 from acme/round-totals and 1 more commit"
    );
    let said = |field| ticket.field(field).unwrap_or("nothing").to_owned();
    use cm_bot::model::Field::{Artifact, ChangeClass, Justification, Links, RollbackPlan, SecurityScan};
    let v1 = pipeline.played.world.simulator.sha("v1").unwrap();
    assert_eq!(
        said(Justification),
        "Brings 2 commits of 1 pull request to prod-us.\n871: Round invoice totals to cents"
    );
    assert!(said(RollbackPlan).starts_with(&format!("Deploy {v1} with the same job;")), "{}", said(RollbackPlan));
    assert!(said(Links).contains("/acme/billing-api/pull/871"), "{}", said(Links));
    assert!(said(SecurityScan).starts_with("done and clean: 1 scan of "), "{}", said(SecurityScan));
    assert_eq!((said(Artifact), said(ChangeClass)), ("billing-api:1871".into(), "normal".into()));
    assert_eq!(change["state"], "approved", "and it is judged like any other: {change}");
    pipeline.is_let_through(&id).await;
    assert_eq!(pipeline.request(&pipeline.asked()).await, id);
    assert_eq!(pipeline.played.world.simulator.jira.tickets().len(), 2, "the one before, and this one");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_whose_answer_was_lost_is_not_made_twice() {
    let pipeline = Pipeline::without_ticket().await;
    let on = Some("POST /rest/api/3/issue".to_owned());
    let fail = Fail { system: System::Jira, how: FailureKind::LosesAnswers, on, times: Some(1), most: None };
    pipeline.played.world.simulator.shared.faults.begin(&fail);
    let id = pipeline.request(&pipeline.asked()).await;
    assert_eq!(pipeline.read(&id).await["state"], "creating");
    pipeline.is_denied(&id, "waiting").await;
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(90));
    pipeline.played.app.gate_keeper().once().await.unwrap();
    settle(&pipeline.played).await.unwrap();
    assert_eq!(pipeline.read(&id).await["state"], "approved");
    assert_eq!(pipeline.played.world.simulator.jira.tickets().len(), 2);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_a_named_ticket_lets_no_other_build_through() {
    let pipeline = Pipeline::approved().await;
    let other = pipeline.asked_with(json!({"build": "1872", "ticket": "PRODCM-412"}));
    let id = pipeline.request(&other).await;
    let problem = pipeline.is_denied(&id, "build_mismatch").await;
    assert_eq!(problem["differences"], json!(["The build number: the ticket has 1871, this run has 1872."]));
    assert_eq!(problem["detail"], "The build differs from the ticket in the build number.");
    let id = pipeline.request(&pipeline.asked_with(json!({"ticket": "PRODCM-412"}))).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c07_a_second_attempt_does_not_use_the_approval_again() {
    let pipeline = Pipeline::approved().await;
    let first = pipeline.request(&pipeline.asked()).await;
    let second = pipeline.request(&pipeline.asked_with(json!({"attempt": 2}))).await;
    assert_ne!(first, second);
    pipeline.is_let_through(&first).await;
    pipeline.is_denied(&second, "already_used").await;
    assert_eq!(pipeline.read(&second).await["state"], "used_by_another");
    pipeline.is_let_through(&first).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_deployment_has_ended_is_not_let_through_again() {
    for (outcome, ended) in
        [("succeeded", "it succeeded"), ("failed", "it failed"), ("rolled_back", "it was rolled back")]
    {
        let pipeline = Pipeline::approved().await;
        let id = pipeline.request(&pipeline.asked()).await;
        let first = pipeline.is_let_through(&id).await;
        assert_eq!(pipeline.is_let_through(&id).await, first, "an answer may be lost on the way");
        assert_eq!(pipeline.finish(&id, outcome).await.0, 200);
        assert_eq!(pipeline.request(&pipeline.asked()).await, id, "whoever retries the job asks as the same run");
        let problem = pipeline.is_denied(&id, "already_used").await;
        let said = format!("This run was let through before, and its deployment has ended: {ended}.");
        assert_eq!((problem["status"].as_u64(), problem["detail"].as_str()), (Some(403), Some(said.as_str())));
        assert_eq!(problem["todo"], "start a new run of the pipeline: it requests a change of its own.");
        pipeline.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_answer_was_lost_is_let_through_again_until_its_silence_is_noticed() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let first = pipeline.is_let_through(&id).await;
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(3600));
    assert_eq!(pipeline.is_let_through(&id).await, first);
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(3660));
    pipeline.played.app.gate_keeper().once().await.unwrap();
    let problem = pipeline.is_denied(&id, "already_used").await;
    let said = "This run was let through before, and nobody has said how its deployment ended.";
    assert_eq!(problem["detail"], said);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_approval_was_taken_back_is_not_let_through_again() {
    let edit = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { rollback_plan = \"n/a\" } }";
    let close = "move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Closed\" }";
    for step in [edit, close] {
        let pipeline = Pipeline::approved().await;
        let id = pipeline.request(&pipeline.asked()).await;
        pipeline.is_let_through(&id).await;
        pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"dana\", text = \"On its way.\" }").await;
        pipeline.is_let_through(&id).await;
        pipeline.happens(step).await;
        let problem = pipeline.is_denied(&id, "already_used").await;
        assert_eq!(problem["detail"], "The approval that let this run through does not count any more.", "{step}");
        pipeline.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_for_one_thing() {
    let pipeline = Pipeline::approved().await;
    pipeline.request(&pipeline.asked()).await;
    let v1 = pipeline.played.world.simulator.sha("v1").unwrap();
    let (status, problem) =
        pipeline.send(Method::POST, "changes", Some(&pipeline.asked_with(json!({"commit": v1})))).await;
    assert_eq!((status, problem["reason"].as_str()), (409, Some("asked_otherwise")), "{problem}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_an_edit_that_no_webhook_told_of_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.lose_webhooks();
    pipeline
        .happens("edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { rollback_plan = \"n/a\" } }")
        .await;
    pipeline.is_denied(&id, "ticket_changed").await;
    settle(&pipeline.played).await.unwrap();
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval", "it is set back to review");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_the_requester_who_approves_by_hand_lets_nothing_through() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let id = pipeline.request(&pipeline.asked()).await;
    let change = pipeline.read(&id).await;
    assert_eq!(change["state"], "waiting", "{change}");
    assert!(!change["who"].as_array().unwrap().is_empty(), "{change}");
    pipeline.happens("move_ticket = { ticket = \"PRODCM-412\", by = \"dana\", to = \"Approved\" }").await;
    pipeline.is_denied(&id, "approved_outside_process").await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_an_approver_who_approves_by_hand_lets_the_build_through() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.lose_webhooks();
    pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"sam\", text = \"/cm approve\" }").await;
    pipeline.happens("move_ticket = { ticket = \"PRODCM-412\", by = \"priya\", to = \"Approved\" }").await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_one_approver_of_two_lets_nothing_through() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.lose_webhooks();
    pipeline.happens("move_ticket = { ticket = \"PRODCM-412\", by = \"priya\", to = \"Approved\" }").await;
    pipeline.is_denied(&id, "approved_outside_process").await;
    settle(&pipeline.played).await.unwrap();
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval", "it is set back to review");
    pipeline.happens("move_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Approved\" }").await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j13_a_ticket_that_was_deleted_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.lose_webhooks();
    pipeline.happens("delete_ticket = { ticket = \"PRODCM-412\", by = \"dana\" }").await;
    pipeline.is_denied(&id, "ticket_missing").await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g28_a_branch_that_was_moved_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.happens("push = { branch = \"main\", commit = \"v1\", by = \"dana\", force = true }").await;
    pipeline.is_denied(&id, "ref_moved").await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_is_a_day_old_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(24 * 3600));
    pipeline.is_denied(&id, "approval_expired").await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o05_a_clock_that_was_set_back_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let fail = Fail { system: System::Github, how: FailureKind::ClockAhead, on: None, times: None, most: None };
    pipeline.played.world.simulator.shared.faults.begin(&fail);
    pipeline.is_denied(&id, "clock_skew").await;
    pipeline.played.world.simulator.shared.faults.end(System::Github);
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jira_that_does_not_answer_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let fail = Fail { system: System::Jira, how: FailureKind::Down, on: None, times: None, most: None };
    pipeline.played.world.simulator.shared.faults.begin(&fail);
    assert_eq!(pipeline.consume(&id).await.0, 503);
    pipeline.played.world.simulator.shared.faults.end(System::Jira);
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l09_without_a_record_nothing_is_let_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let mut other = Other::connect(&database_of(&pipeline.played.world)).await;
    other.run("ALTER TABLE audit_entries RENAME TO audit_entries_away").await.unwrap();
    let problem = pipeline.is_denied(&id, "audit_unavailable").await;
    assert_eq!(problem["status"], 503);
    other.run("ALTER TABLE audit_entries_away RENAME TO audit_entries").await.unwrap();
    assert_eq!(other.number("SELECT count(*) FROM gate_uses").await, 0, "nothing was used");
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}
