//! Terraform plans at the gate: a risky one waits for people, who approve exactly what it changes, and nothing else is applied.

use std::time::Duration;

use cm_bot::audit::{Entry, Event};
use cm_bot::cli::demo::play::settle;
use cm_bot::handlers::{Next, handle};
use cm_bot::model::{DecisionId, TicketKey};
use cm_bot::policy::evaluate;
use cm_bot::simulator::jira::adf_text;
use cm_bot::store::{Approval, Evaluation, Job, StoredDecision};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Pipeline;
use crate::plan::{create, delete, judged_in, plan, update};
use crate::support::{page, play_all, scene, start_with, verified};

fn policy(document: &str) -> Value {
    update("aws_iam_policy.deployer", json!({"policy": "old"}), json!({"policy": document}))
}

/// Two risky changes and a harmless one.
fn risky() -> Value {
    plan(&[
        delete("aws_sqs_queue.jobs"),
        policy("s3cret-of-a-policy"),
        create("aws_s3_bucket_object.note", json!({"key": "a"})),
    ])
}

fn harmless() -> Value {
    plan(&[create("aws_s3_bucket_object.note", json!({"key": "a"}))])
}

fn digest(plan: &Value) -> String {
    hex::encode(Sha256::digest(plan.to_string()))
}

impl Pipeline {
    async fn plans(&self, id: &str, plan: &Value) -> Value {
        let (status, judged) = self.send(Method::POST, &format!("changes/{id}/plan"), Some(plan)).await;
        assert_eq!(status, 200, "{judged}");
        settle(&self.played).await.unwrap();
        judged
    }

    async fn applies(&self, id: &str, plan: &Value) -> (u16, Value) {
        let body = json!({"plan_sha256": digest(plan)});
        self.send(Method::POST, &format!("changes/{id}/consume"), Some(&body)).await
    }

    async fn may_apply(&self, id: &str, plan: &Value) {
        let (status, answer) = self.applies(id, plan).await;
        assert_eq!((status, answer["answer"].as_str()), (200, Some("allow")), "{answer}");
    }

    async fn may_not_apply(&self, id: &str, plan: &Value, reason: &str) -> Value {
        let (status, problem) = self.applies(id, plan).await;
        assert_ne!(status, 200, "{problem}");
        assert_eq!(problem["reason"], reason, "{problem}");
        problem
    }

    async fn approve(&self) {
        for who in ["sam", "priya"] {
            self.happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
                .await;
        }
    }

    fn comments(&self) -> String {
        let ticket = self.played.world.simulator.jira.ticket("PRODCM-412").unwrap();
        ticket.comments.iter().map(|comment| adf_text(&comment.body)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_risky_plan_takes_an_automatic_approval_back_and_waits_for_people() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    assert_eq!(pipeline.read(&id).await["state"], "approved");
    let judged = pipeline.plans(&id, &risky()).await;
    assert_eq!(judged["verdict"], "Deploy paused: 2 risky infrastructure changes");
    assert_eq!((judged["state"].as_str(), judged["risky"].as_u64()), (Some("waiting"), Some(2)), "{judged}");
    assert_eq!(judged["plan_sha256"], digest(&risky()));
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval");
    pipeline.may_not_apply(&id, &risky(), "waiting").await;
    let comments = pipeline.comments();
    for words in [
        "Deploy paused: 2 risky infrastructure changes. Waiting for 2 of 2 approvals. billing-api to prod-us",
        "The Terraform plan has 2 risky infrastructure changes.",
        "delete aws_sqs_queue.jobs",
        "aws_iam_policy.deployer",
    ] {
        assert!(comments.contains(words), "nobody reads {words:?} in: {comments}");
    }
    let change = pipeline.read(&id).await;
    assert!(change["who"][0].as_str().unwrap().contains("look at the plan, then approve or decline it"), "{change}");
    pipeline.approve().await;
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
    pipeline.may_apply(&id, &risky()).await;
    pipeline.may_apply(&id, &risky()).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_plan_without_a_risk_waits_for_nobody() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let judged = pipeline.plans(&id, &harmless()).await;
    assert_eq!(
        (judged["verdict"].as_str(), judged["state"].as_str()),
        (Some("No risky change among 1 changed resource"), Some("approved"))
    );
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
    pipeline.may_apply(&id, &harmless()).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_covers_the_same_or_fewer_changes_and_no_other() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.plans(&id, &risky()).await;
    pipeline.approve().await;
    let fewer = plan(&[policy("s3cret-of-a-policy")]);
    assert_eq!(pipeline.plans(&id, &fewer).await["state"], "approved");
    let other = plan(&[policy("something-else")]);
    let judged = pipeline.plans(&id, &other).await;
    assert_eq!(judged["state"], "waiting", "the same address becomes something else: {judged}");
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval");
    pipeline.may_not_apply(&id, &other, "waiting").await;
    pipeline.may_not_apply(&id, &fewer, "build_mismatch").await;
    pipeline.approve().await;
    pipeline.may_apply(&id, &other).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_plan_with_fewer_changes_is_applied_with_the_approval_of_before() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.plans(&id, &risky()).await;
    pipeline.approve().await;
    let fewer = plan(&[policy("s3cret-of-a-policy")]);
    pipeline.plans(&id, &fewer).await;
    pipeline.may_apply(&id, &fewer).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_another_file_than_the_one_that_was_judged_is_not_applied() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.plans(&id, &harmless()).await;
    let problem = pipeline.may_not_apply(&id, &risky(), "build_mismatch").await;
    assert_eq!(problem["detail"], "The plan that is to be applied is not the one that was judged.");
    let said =
        format!("The plan: sha256 {} was judged, this run names sha256 {}.", digest(&harmless()), digest(&risky()));
    assert_eq!(problem["differences"], json!([said]));
    let problem = pipeline.is_denied(&id, "build_mismatch").await;
    assert!(problem["differences"][0].as_str().unwrap().ends_with("this run names none."), "{problem}");
    pipeline.may_apply(&id, &harmless()).await;
    // Who was let through with one plan is not let through with another.
    pipeline.may_not_apply(&id, &risky(), "build_mismatch").await;
    let (status, problem) = pipeline.send(Method::POST, &format!("changes/{id}/plan"), Some(&risky())).await;
    assert_eq!((status, problem["reason"].as_str()), (409, Some("let_through_already")), "{problem}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_a_plan_that_was_never_sent_is_not_applied() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.may_not_apply(&id, &harmless(), "build_mismatch").await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_what_is_no_whole_plan_is_refused_and_lets_nothing_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let mut state = risky();
    state["values"] = json!({});
    for odd in [json!({}), json!([]), json!("plan"), json!({"format_version": "1.2"}), state] {
        let (status, problem) = pipeline.send(Method::POST, &format!("changes/{id}/plan"), Some(&odd)).await;
        assert_eq!((status, problem["reason"].as_str()), (422, Some("plan_unrecognised")), "{odd}: {problem}");
    }
    for unknown in [json!({"format_version": "9.9"}), json!({"complete": false}), json!({"errored": true})] {
        let mut plan = harmless();
        for (key, value) in unknown.as_object().unwrap() {
            plan[key] = value.clone();
        }
        let judged = pipeline.plans(&id, &plan).await;
        assert_eq!(judged["risky"], 1, "{unknown}: {judged}");
    }
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_a_value_of_a_plan() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let judged = pipeline.plans(&id, &risky()).await;
    let trail = verified(&pipeline.played.app.context.sources.store).await;
    let trail: String = trail.into_iter().map(|(_, body, _)| body).collect();
    assert!(trail.contains("\"plan_judged\""));
    let slack: String =
        pipeline.played.world.simulator.slack.messages().into_iter().map(|message| message.text).collect();
    let read = pipeline.read(&id).await.to_string();
    let page = page(&pipeline.played, "/changes/PRODCM-412").await;
    for place in [judged.to_string(), pipeline.comments(), trail, slack, read, page] {
        assert!(!place.contains("s3cret"), "{place}");
    }
    pipeline.stop().await;
}

/// The section of a change's page that is about its plan, as people read it.
async fn on_the_page(pipeline: &Pipeline) -> Option<String> {
    let page = pipeline.played.world.simulator.people.opens("lee", "/changes/PRODCM-412").await.unwrap();
    let text = page.text();
    let (_, from) =
        text.split_once("Terraform plan Deploy paused").or_else(|| text.split_once("Terraform plan No risky"))?;
    Some(from.split_once("Who approves").unwrap().0.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_change_shows_what_is_risky_and_whether_it_was_judged() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    assert_eq!(on_the_page(&pipeline).await, None, "no plan was sent");
    pipeline.plans(&id, &risky()).await;
    let said = on_the_page(&pipeline).await.unwrap();
    for words in [
        ": 2 risky infrastructure changes . Plan: 1 to add, 1 to change, 1 to destroy. Action Resource Why it is risky Judged",
        "delete aws_sqs_queue.jobs ",
        "update aws_iam_policy.deployer ",
        "The other change is low risk.",
        &format!("Plan sha256 {} , made by Terraform ", digest(&risky())),
    ] {
        assert!(said.contains(words), "nobody reads {words:?} in: {said}");
    }
    assert!(!said.contains("not yet") && !said.contains("It was sent after"), "{said}");
    // Jira is away, so the ticket cannot be judged with the plan that was just sent.
    pipeline.happens("fail = { system = \"jira\", how = \"down\" }").await;
    let other = plan(&[delete("aws_sqs_queue.jobs"), policy("something-else")]);
    let (status, _) = pipeline.send(Method::POST, &format!("changes/{id}/plan"), Some(&other)).await;
    assert_eq!(status, 503);
    let page = pipeline.played.world.simulator.people.opens("lee", "/changes/PRODCM-412").await.unwrap().text();
    let newer =
        "It was sent after evaluation 2. An approval covers the risky changes of that evaluation, and no other.";
    assert!(page.contains(newer), "{page}");
    let (_, said) = page.split_once(newer).unwrap();
    let judged = |address: &str| {
        said.split_once(address).unwrap().1.split_once(" yes ").map(|(before, _)| before.contains("not yet"))
    };
    assert_eq!(judged("delete aws_sqs_queue.jobs"), Some(false), "{said}");
    assert_ne!(judged("update aws_iam_policy.deployer"), Some(false), "{said}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_the_page_says_of_a_harmless_plan_that_nothing_is_risky() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.plans(&id, &harmless()).await;
    let said = on_the_page(&pipeline).await.unwrap();
    assert!(
        said.starts_with(" change among 1 changed resource . Plan: 1 to add, 0 to change, 0 to destroy."),
        "{said}"
    );
    assert!(!said.contains("Judged"), "{said}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_one_attempt_is_not_the_plan_of_another() {
    let pipeline = Pipeline::approved().await;
    let first = pipeline.request(&pipeline.asked()).await;
    let second = pipeline.request(&pipeline.asked_with(json!({"attempt": 2}))).await;
    pipeline.plans(&first, &harmless()).await;
    pipeline.may_not_apply(&second, &harmless(), "build_mismatch").await;
    // A harmless plan that was sent last hides no risky one.
    pipeline.plans(&second, &risky()).await;
    pipeline.plans(&first, &plan(&[create("aws_s3_bucket_object.other", json!({"key": "b"}))])).await;
    settle(&pipeline.played).await.unwrap();
    let problem = pipeline.applies(&second, &risky()).await.1;
    assert_ne!(problem["answer"], "allow", "{problem}");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_applies_plans_is_let_through_with_one_only() {
    let played = start_with(scene("clean-change").parsed(), |settings| {
        settings["services"][0]["gate"].as_table_mut().unwrap().insert("terraform".into(), true.into());
    })
    .await;
    play_all(&played).await;
    let pipeline = Pipeline::of(played);
    let id = pipeline.request(&pipeline.asked()).await;
    let problem = pipeline.is_denied(&id, "plan_missing").await;
    assert_eq!(problem["detail"], "billing-api applies Terraform plans, and this run has sent none.");
    pipeline.plans(&id, &harmless()).await;
    pipeline.may_apply(&id, &harmless()).await;
    pipeline.stop().await;
}

impl Pipeline {
    async fn newest(&self) -> StoredDecision {
        let key = TicketKey::parse("PRODCM-412").unwrap();
        self.played.app.context.sources.store.newest_decision(&key).await.unwrap().unwrap()
    }

    /// A look that read the ticket long ago records now what it makes of this plan.
    async fn judges_late(&self, plan: &Value) {
        let (context, stored) = (&self.played.app.context, self.newest().await);
        let mut facts = stored.facts;
        facts.plan = Some(judged_in(plan, "prod-us"));
        let decision = evaluate(&facts, &context.policy.criteria, context.clock.now());
        let evaluation = Evaluation {
            facts: &facts,
            decision: &decision,
            id: DecisionId(Uuid::now_v7()),
            number: stored.evaluation + 1,
            verdict: "waiting",
            policy: &context.policy,
            at: context.clock.now(),
            actions: &[],
        };
        context.sources.store.record(&evaluation, facts.placement.scope().as_ref(), None).await.unwrap();
    }
}

/// Neither cm-bot, which approved it at an earlier decision, nor people have seen what a look finds that comes late.
#[tokio::test(flavor = "multi_thread")]
async fn c10_a_risky_plan_that_was_judged_after_the_approval_is_seen_by_nobody_who_gave_it() {
    for name in ["clean-change", "first-deployment"] {
        let pipeline = Pipeline::after(scene(name)).await;
        let id = pipeline.request(&pipeline.asked()).await;
        if name == "first-deployment" {
            pipeline.approve().await;
        }
        assert_eq!(pipeline.read(&id).await["state"], "approved", "{name}");
        pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(1));
        pipeline.judges_late(&risky()).await;
        let judged = pipeline.plans(&id, &risky()).await;
        assert_eq!(judged["state"], "waiting", "{name}: {judged}");
        assert_eq!(pipeline.ticket_status("PRODCM-412"), "Awaiting approval", "{name}");
        pipeline.may_not_apply(&id, &risky(), "waiting").await;
        // The twin: they look at the plan, and approve it.
        pipeline.approve().await;
        pipeline.may_apply(&id, &risky()).await;
        pipeline.stop().await;
    }
}

/// Waits until whoever has begun to ask has asked everything that it wants for now.
async fn asks_nothing_more(pipeline: &Pipeline, before: usize) {
    let mut seen = before;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = pipeline.asked_so_far();
        if now > before && now == seen {
            return;
        }
        seen = now;
    }
}

/// A look has read the ticket and waits for its turn. What becomes of its decision when the ticket is approved meanwhile, or not.
async fn after_a_look_that_waited(is_approved_meanwhile: bool) -> (Next, StoredDecision, Value) {
    let late = |settings: &mut toml::Table| {
        settings["jira"].as_table_mut().unwrap().insert("settle_seconds".into(), 300.into());
    };
    let played = start_with(scene("clean-change").parsed(), late).await;
    play_all(&played).await;
    let pipeline = Pipeline::of(played);
    let id = pipeline.request(&pipeline.asked()).await;
    let context = pipeline.played.app.context.clone();
    let (store, jira, now) = (&context.sources.store, &context.sources.jira, context.clock.now());
    let stored = pipeline.newest().await;
    let (issue, scope) = (stored.facts.ticket.id.clone(), stored.facts.placement.scope().unwrap());
    pipeline.lose_webhooks();
    let turn = store.turn(&scope).await.unwrap();
    let asked = pipeline.asked_so_far();
    let looks = {
        let (context, job) = (context.clone(), Job::Ticket(issue.clone()));
        tokio::spawn(async move { handle(&context, &job).await.unwrap() })
    };
    asks_nothing_more(&pipeline, asked).await;
    assert!(!looks.is_finished(), "it waits for its turn");
    let entry = Entry { at: now, ticket: Some(stored.ticket.clone()), event: Event::Ended { status: "a test".into() } };
    if is_approved_meanwhile {
        let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
        let right = decision.auto_approval().unwrap();
        jira.approve(right, &jira.way_to_approval(&stored.ticket).await.unwrap()).await.unwrap();
        let approval = Approval {
            issue,
            ticket: stored.ticket,
            scope,
            commit: right.commit().clone(),
            at: now,
            decision: Some(stored.id),
            by: Vec::new(),
            fingerprint: right.fingerprint().to_owned(),
        };
        store.record_approval(&approval, &entry, &[]).await.unwrap();
    }
    let request = store.gate_request(id.parse().unwrap()).await.unwrap().unwrap();
    store.add_plan(&request, &judged_in(&risky(), "prod-us"), &entry).await.unwrap();
    drop(turn);
    let next = looks.await.unwrap();
    let (newest, change) = (pipeline.newest().await, pipeline.read(&id).await);
    pipeline.stop().await;
    (next, newest, change)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_waited_while_the_ticket_was_approved_judges_nothing() {
    let (next, newest, change) = after_a_look_that_waited(true).await;
    assert_eq!((next, newest.evaluation), (Next::LookAgain(Duration::ZERO), 1));
    assert_eq!(change["why"], json!(["The plan has 2 risky changes that nobody has approved."]), "{change}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_look_that_waited_judges_a_ticket_that_waits_still() {
    let (_, newest, change) = after_a_look_that_waited(false).await;
    assert_eq!((newest.evaluation, newest.facts.plan.map(|plan| plan.items.len())), (2, Some(2)));
    assert_eq!(change["state"], "waiting", "{change}");
}
