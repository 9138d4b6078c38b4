//! The gate in an emergency: it opens for the approval of people as ever, and says what is owed.

use super::Pipeline;
use crate::support::{scene, verified};

/// The clean change, declared as an emergency.
async fn declared() -> Pipeline {
    let ticket = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let emergency = ticket.replace(" }", ", fields = { change_class = \"emergency\" } }");
    Pipeline::after(scene("clean-change").with(ticket, &emergency)).await
}

async fn uses(pipeline: &Pipeline) -> usize {
    let trail = verified(&pipeline.played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains("\"emergency_used\"")).count()
}

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
    for who in ["sam", "priya"] {
        pipeline
            .happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
            .await;
    }
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
