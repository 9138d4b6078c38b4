//! How a deployment ends, and what that makes of the baseline.

use std::time::Duration;

use cm_bot::cli::demo::play::settle;
use cm_bot::model::{IssueId, Scope};
use serde_json::json;

use super::Pipeline;

/// The ticket from which the next change would be checked.
async fn baseline(pipeline: &Pipeline) -> String {
    let scope = Scope::parse("billing-api", "prod-us").unwrap();
    let store = &pipeline.played.app.context.sources.store;
    let baseline = store.baseline(&scope, &IssueId::parse("99999").unwrap()).await.unwrap();
    baseline.map_or_else(|| "none".to_owned(), |change| change.ticket.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_failure_leaves_the_baseline_where_it_was() {
    let pipeline = Pipeline::approved().await;
    assert_eq!(baseline(&pipeline).await, "PRODCM-412", "without a word of a pipeline the approval has to be enough");
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    let (status, change) = pipeline.finish(&id, "failed").await;
    assert_eq!((status, change["state"].as_str()), (200, Some("failed")));
    assert_eq!(baseline(&pipeline).await, "PRODCM-398", "the next change is checked from what really runs");
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed", "its approval is used, so it stands in nobody's way");
    let (status, problem) = pipeline.finish(&id, "succeeded").await;
    assert_eq!((status, problem["reason"].as_str()), (409, Some("ended_otherwise")), "{problem}");
    assert_eq!(baseline(&pipeline).await, "PRODCM-398");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_success_moves_the_baseline_and_a_rollback_takes_it_back() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    pipeline.finish(&id, "succeeded").await;
    assert_eq!(baseline(&pipeline).await, "PRODCM-412");
    let (status, change) = pipeline.finish(&id, "rolled_back").await;
    assert_eq!((status, change["state"].as_str()), (200, Some("rolled_back")));
    assert_eq!(baseline(&pipeline).await, "PRODCM-398");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_nobody_ends_what_was_not_let_through() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    for outcome in ["succeeded", "failed", "rolled_back"] {
        let (status, problem) = pipeline.finish(&id, outcome).await;
        assert_eq!((status, problem["reason"].as_str()), (409, Some("not_let_through")), "{problem}");
    }
    for outcome in ["unreported", "fine", ""] {
        assert_eq!(pipeline.finish(&id, outcome).await.0, 422, "{outcome}");
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_never_reports_is_asked_after_once() {
    let pipeline = Pipeline::approved().await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    let keeper = pipeline.played.app.gate_keeper();
    keeper.once().await.unwrap();
    assert_eq!(pipeline.read(&id).await["state"], "deploying", "it has its time");
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(2 * 3600 + 60));
    for _ in 0..2 {
        keeper.once().await.unwrap();
        settle(&pipeline.played).await.unwrap();
    }
    assert_eq!(pipeline.read(&id).await["state"], "unreported");
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Approved", "nobody knows whether it is finished");
    let ticket = pipeline.played.world.simulator.jira.ticket("PRODCM-412").unwrap();
    let said: Vec<String> =
        ticket.comments.iter().map(|comment| cm_bot::simulator::jira::adf_text(&comment.body)).collect();
    assert_eq!(said.iter().filter(|text| text.starts_with("Deployment without an end.")).count(), 1, "{said:?}");
    let (status, change) = pipeline.finish(&id, "succeeded").await;
    assert_eq!((status, change["state"].as_str()), (200, Some("succeeded")), "late is better than never");
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_describes_what_is_answered() {
    let pipeline = Pipeline::approved().await;
    let (status, document) = pipeline.send(reqwest::Method::GET, "openapi.json", None).await;
    assert_eq!((status, &document), (200, &cm_bot::server::api::document()));
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let described = |name: &str| keys(&document["components"]["schemas"][name]["properties"]);
    let id = pipeline.request(&pipeline.asked()).await;
    assert_eq!(keys(&pipeline.read(&id).await), described("Change"));
    assert_eq!(keys(&pipeline.is_let_through(&id).await), described("Consumption"));
    let (_, problem) = pipeline.send(reqwest::Method::GET, "changes/nobody", None).await;
    assert_eq!(keys(&problem), described("Problem"));
    for key in document["components"]["schemas"]["Asked"]["required"].as_array().unwrap() {
        let mut asked = pipeline.asked();
        asked.as_object_mut().unwrap().remove(key.as_str().unwrap()).unwrap();
        let (status, problem) = pipeline.send(reqwest::Method::POST, "changes", Some(&asked)).await;
        assert_eq!(status, 422, "{key} is needed: {problem}");
    }
    let (status, _) =
        pipeline.send(reqwest::Method::POST, "changes", Some(&pipeline.asked_with(json!({"x": 1})))).await;
    assert_eq!(status, 422, "what is not described is not read");
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.trim_start_matches("/api/v1/").replace("{id}", &id);
        for method in methods.as_object().unwrap().keys() {
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let (status, answer) = pipeline.send(method, &path, Some(&json!({}))).await;
            assert_ne!(answer["reason"], "no_such_endpoint", "{path}");
            assert_ne!(status, 405, "{path}");
        }
    }
    pipeline.stop().await;
}
