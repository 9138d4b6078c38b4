//! The gate in an emergency: it opens for the approval of people as ever, and says what is owed.

use sha2::{Digest, Sha256};

use super::Pipeline;
use crate::support::{scene, verified};

/// The clean change, declared as an emergency.
async fn declared() -> Pipeline {
    let ticket = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let emergency = ticket.replace(" }", ", fields = { change_class = \"emergency\" } }");
    Pipeline::after(scene("clean-change").with(ticket, &emergency)).await
}

async fn count(pipeline: &Pipeline, event: &str) -> usize {
    let trail = verified(&pipeline.played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains(&format!("\"{event}\""))).count()
}

async fn uses(pipeline: &Pipeline) -> usize {
    count(pipeline, "emergency_used").await
}

/// Sam and Priya write the command in a comment.
async fn people_approve(pipeline: &Pipeline) {
    for who in ["sam", "priya"] {
        pipeline
            .happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
            .await;
    }
}

async fn call_it_off(pipeline: &Pipeline) {
    pipeline.happens("click = { by = \"priya\", button = \"Call it off\", about = \"PRODCM-412\" }").await;
    assert!(root(pipeline).starts_with("Withdrawn: PRODCM-412"), "{}", root(pipeline));
}

/// The announcement as it stands.
fn root(pipeline: &Pipeline) -> String {
    let messages = pipeline.played.world.simulator.slack.messages();
    let roots = messages.iter().filter(|message| message.thread_ts.is_none() && message.text.contains("PRODCM-412"));
    roots.map(|message| message.text.clone()).find(|text| text.contains("mergency")).unwrap()
}

fn said(pipeline: &Pipeline, what: &str) -> Vec<String> {
    let messages = pipeline.played.world.simulator.slack.messages();
    messages.into_iter().map(|message| message.text).filter(|text| text.contains(what)).collect()
}

const DOCUMENTATION: &str = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { access_method = \"The release job\", \
                             emergency_steps = \"Deployed build 1871.\", prevention = \"A test was added.\" } }";

#[tokio::test(flavor = "multi_thread")]
async fn j17_an_emergency_alone_opens_nothing_and_says_what_is_owed() {
    let pipeline = declared().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let change = pipeline.read(&id).await;
    assert!(change["emergency"].as_str().unwrap().starts_with("An emergency, declared by Dana Reyes on "), "{change}");
    assert!(change["emergency"].as_str().unwrap().ends_with("; acknowledged by nobody yet."), "{change}");
    let duties = change["duties"].as_array().unwrap();
    assert!(duties.iter().any(|duty| duty.as_str().unwrap().ends_with(": How production was accessed.")), "{change}");
    pipeline.is_denied(&id, "waiting").await;
    assert_eq!(uses(&pipeline).await, 0);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j17_an_emergency_that_people_approved_is_let_through_and_its_time_begins() {
    let pipeline = declared().await;
    let id = pipeline.request(&pipeline.asked()).await;
    people_approve(&pipeline).await;
    for _ in 0..2 {
        let answer = pipeline.is_let_through(&id).await;
        assert!(
            answer["emergency"].as_str().unwrap().starts_with("An emergency, declared by Dana Reyes on "),
            "{answer}"
        );
        let first = answer["duties"][0].as_str().unwrap();
        assert!(first.starts_with("Owed until ") && first.contains(" UTC: "), "{answer}");
    }
    assert_eq!(uses(&pipeline).await, 1, "it is written down once");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_change_without_an_emergency_owes_nothing() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    let answer = pipeline.is_let_through(&id).await;
    assert_eq!((answer["emergency"].is_null(), answer["duties"].as_array().unwrap().len()), (true, 0), "{answer}");
    assert_eq!(uses(&pipeline).await, 0);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_was_called_off_and_deployed_owes_everything_again() {
    let pipeline = declared().await;
    let id = pipeline.request(&pipeline.asked()).await;
    people_approve(&pipeline).await;
    call_it_off(&pipeline).await;
    pipeline.happens("pass = \"20h\"").await;
    let answer = pipeline.is_let_through(&id).await;
    assert!(answer["emergency"].as_str().unwrap().starts_with("An emergency, declared by Dana Reyes"), "{answer}");
    assert!(answer["duties"][0].as_str().unwrap().starts_with("Owed until "), "{answer}");
    pipeline.is_let_through(&id).await;
    pipeline.happens("pass = \"1s\"").await;
    assert_eq!(
        (count(&pipeline, "emergency_called_off").await, uses(&pipeline).await),
        (1, 1),
        "both stay in the trail"
    );
    assert!(root(&pipeline).starts_with("Emergency change declared: PRODCM-412"), "{}", root(&pipeline));
    let told = said(
        &pipeline,
        "Emergency change open again: PRODCM-412, billing-api to prod-us, was called off, and a \
                                deployment went ahead on its account afterwards, so it is open again.",
    );
    assert_eq!(told.len(), 1, "they are told once");
    pipeline.happens("pass = \"23h\"").await;
    assert_eq!(count(&pipeline, "emergency_overdue").await, 0, "its time began when it was used");
    pipeline.happens("pass = \"2h\"").await;
    assert_eq!(count(&pipeline, "emergency_overdue").await, 1);
    pipeline.happens("click = { by = \"priya\", button = \"Call it off\", about = \"PRODCM-412\" }").await;
    assert_eq!(count(&pipeline, "emergency_called_off").await, 1, "what was used is not called off");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_an_emergency_that_was_called_off_and_not_deployed_owes_nothing() {
    let pipeline = declared().await;
    let id = pipeline.request(&pipeline.asked()).await;
    people_approve(&pipeline).await;
    call_it_off(&pipeline).await;
    pipeline.happens("pass = \"30h\"").await;
    assert_eq!((uses(&pipeline).await, count(&pipeline, "emergency_overdue").await), (0, 0));
    assert!(pipeline.read(&id).await["emergency"].is_null());
    assert_eq!(said(&pipeline, "open again").len(), 0);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_what_was_called_off_and_went_on_as_an_ordinary_change_owes_nothing() {
    let pipeline = declared().await;
    call_it_off(&pipeline).await;
    let ordinary = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { change_class = \"normal\" } }";
    pipeline.happens(ordinary).await;
    let id = pipeline.request(&pipeline.asked()).await;
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved");
    pipeline.is_let_through(&id).await;
    assert_eq!((uses(&pipeline).await, said(&pipeline, "open again").len()), (0, 0));
    pipeline.stop().await;
}

/// The emergency was approved, went to production, and its ticket is closed.
async fn went_out() -> Pipeline {
    let pipeline = declared().await;
    let id = pipeline.request(&pipeline.asked()).await;
    people_approve(&pipeline).await;
    pipeline.is_let_through(&id).await;
    pipeline.finish(&id, "succeeded").await;
    pipeline.happens("pass = \"1m\"").await;
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed");
    pipeline
}

#[tokio::test(flavor = "multi_thread")]
async fn the_approval_from_before_is_none_of_the_documentation() {
    let pipeline = went_out().await;
    pipeline.happens(DOCUMENTATION).await;
    assert_eq!(count(&pipeline, "emergency_documented").await, 0, "nobody has approved what was written afterwards");
    pipeline.happens("comment = { ticket = \"PRODCM-412\", by = \"sam\", text = \"/cm approve\" }").await;
    assert_eq!(count(&pipeline, "emergency_documented").await, 0, "one of two");
    assert!(root(&pipeline).starts_with("Emergency change declared"), "{}", root(&pipeline));
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_was_documented_before_it_was_deployed_is_used_all_the_same() {
    let pipeline = declared().await;
    pipeline.happens(DOCUMENTATION).await;
    let id = pipeline.request(&pipeline.asked()).await;
    people_approve(&pipeline).await;
    pipeline.happens("pass = \"1m\"").await;
    assert_eq!((uses(&pipeline).await, count(&pipeline, "emergency_documented").await), (0, 1));
    pipeline.is_let_through(&id).await;
    assert_eq!(uses(&pipeline).await, 1, "the trail shows that it was deployed after that");
    assert_eq!(said(&pipeline, "open again").len(), 0);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_closed_ticket_is_approved_after_the_fact_and_its_documentation_is_kept() {
    let pipeline = went_out().await;
    pipeline.happens(DOCUMENTATION).await;
    people_approve(&pipeline).await;
    assert_eq!(count(&pipeline, "emergency_documented").await, 1);
    assert!(root(&pipeline).starts_with("Closed: PRODCM-412"), "{}", root(&pipeline));
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed", "nothing is opened by it");
    let empty = "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { access_method = \"\", emergency_steps = \"\" } }";
    pipeline.happens(empty).await;
    let store = &pipeline.played.app.context.sources.store;
    let kept = store.documentations().await.unwrap();
    assert_eq!(kept.len(), 1);
    let texts: serde_json::Value = serde_json::from_str(&kept[0].1).unwrap();
    assert_eq!((&texts["access_method"], &texts["steps"]), (&"The release job".into(), &"Deployed build 1871.".into()));
    let hash = format!("\"texts_sha256\":\"{}\"", hex::encode(Sha256::digest(&kept[0].1)));
    assert!(verified(store).await.iter().any(|(_, body, _)| body.contains(&hash)), "the trail holds {hash}");
    pipeline.stop().await;
}
