//! C08: a pipeline speaks for itself, whoever's token it has found in a log.

use reqwest::Method;
use serde_json::json;

use super::Pipeline;
use crate::support::{play_all, scene, start_with};

const TWO_SERVICES: &str = "[[repositories]]\nname = \"acme/billing-api\"\n[[repositories]]\nname = \"acme/web\"\n\
     [[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\n\
     [[services]]\nname = \"web\"\nrepository = \"acme/web\"\n\n[[commits]]\nid = \"v1\"\nrepository = \"acme/billing-api\"";

async fn two_services() -> Pipeline {
    let scene = scene("clean-change").with("[[commits]]\nid = \"v1\"", TWO_SERVICES);
    let scene = scene.with("id = \"fix\"", "id = \"fix\"\nrepository = \"acme/billing-api\"");
    Pipeline::after(scene).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_token_of_one_service_does_not_speak_for_another() {
    let pipeline = two_services().await;
    let stolen = pipeline.played.world.gate_token("web");
    let (status, problem) = pipeline.send_as(&stolen, (Method::POST, "changes"), Some(&pipeline.asked())).await;
    assert_eq!((status, problem["reason"].as_str()), (403, Some("token_mismatch")), "{problem}");
    assert_eq!(problem["differences"][0], "The token does not speak for billing-api.");
    let id = pipeline.request(&pipeline.asked()).await;
    for path in [format!("changes/{id}/consume"), format!("changes/{id}/finish")] {
        let (status, problem) =
            pipeline.send_as(&stolen, (Method::POST, &path), Some(&json!({"outcome": "failed"}))).await;
        assert_eq!((status, problem["reason"].as_str()), (404, Some("no_such_change")), "not even that it is there");
    }
    assert_eq!(pipeline.send_as(&stolen, (Method::GET, &format!("changes/{id}")), None).await.0, 404);
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_token_of_one_job_does_not_speak_for_another_job() {
    let pipeline = Pipeline::approved().await;
    let other = pipeline.asked_with(json!({"job": "billing-api/nightly"}));
    let (status, problem) = pipeline.send(Method::POST, "changes", Some(&other)).await;
    assert_eq!(status, 403);
    let said = "The build job: the token says billing-api/release, the request says billing-api/nightly.";
    assert_eq!(problem["differences"], json!([said]));
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_token_is_used_from_its_own_network() {
    for (network, expected) in [("10.9.0.0/16", 401), ("127.0.0.0/8", 201)] {
        let change = |settings: &mut toml::Table| {
            let token = &mut settings["services"][0]["gate"]["tokens"][0];
            token.as_table_mut().unwrap().insert("addresses".into(), vec![network.to_owned()].into());
        };
        let played = start_with(scene("clean-change").parsed(), change).await;
        play_all(&played).await;
        let pipeline = Pipeline::of(played);
        let (status, answer) = pipeline.send(Method::POST, "changes", Some(&pipeline.asked())).await;
        assert_eq!(status, expected, "{answer}");
        pipeline.stop().await;
    }
}

/// A pipeline that deploys two services with one token, each from its own network.
#[tokio::test(flavor = "multi_thread")]
async fn c08_a_token_of_two_services_speaks_for_those_alone_whose_network_it_is_used_from() {
    for (networks, expected) in [
        (["127.0.0.0/8", "127.0.0.0/8"], (201, 201)),
        (["127.0.0.0/8", "10.9.0.0/16"], (201, 403)),
        (["10.9.0.0/16", "127.0.0.0/8"], (403, 201)),
        (["10.9.0.0/16", "10.9.0.0/16"], (401, 401)),
    ] {
        let change = |settings: &mut toml::Table| {
            let token = settings["services"][0]["gate"]["tokens"][0].clone();
            for (service, network) in networks.into_iter().enumerate() {
                let mut token = token.clone();
                token.as_table_mut().unwrap().insert("addresses".into(), vec![network.to_owned()].into());
                settings["services"][service]["gate"]["tokens"] = vec![token].into();
            }
        };
        let scene = scene("clean-change").with("[[commits]]\nid = \"v1\"", TWO_SERVICES);
        let scene = scene.with("id = \"fix\"", "id = \"fix\"\nrepository = \"acme/billing-api\"");
        let played = start_with(scene.parsed(), change).await;
        play_all(&played).await;
        let pipeline = Pipeline::of(played);
        let web = json!({"service": "web", "repository": "acme/web", "build": "1872"});
        let billing = pipeline.send(Method::POST, "changes", Some(&pipeline.asked())).await;
        let web = pipeline.send(Method::POST, "changes", Some(&pipeline.asked_with(web))).await;
        assert_eq!((billing.0, web.0), expected, "{networks:?}: {billing:?} {web:?}");
        pipeline.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_is_told_how_to_get_one() {
    let pipeline = Pipeline::approved().await;
    for token in ["", "short", "a token that nobody has registered"] {
        let (status, problem) = pipeline.send_as(token, (Method::POST, "changes"), Some(&pipeline.asked())).await;
        assert_eq!((status, problem["reason"].as_str()), (401, Some("unauthorized")));
        assert!(problem["detail"].as_str().unwrap().ends_with("Nothing was recorded."), "{problem}");
        assert!(problem["todo"].as_str().unwrap().contains("[services.gate]"), "{problem}");
    }
    pipeline.stop().await;
}
