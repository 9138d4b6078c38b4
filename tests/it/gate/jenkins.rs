//! What a build of Jenkins says of itself is held against what Jenkins says of it.

use cm_bot::simulator::scene::{Fail, FailureKind, System};
use reqwest::Method;
use serde_json::json;

use super::Pipeline;
use crate::support::{TestScene, scene};

const RUNS: &str = "jenkins_build = { job = \"billing-api/release\", build = 1871, commit = \"merged\", result = \"\", \
                    parameters = { TARGET = \"prod-us\" } }";

/// The clean change, whose builds are known to a Jenkins.
fn known() -> TestScene {
    let service = "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = [\"prod-us\"]\n\
                   watch = [{ environment = \"prod-us\", jenkins_job = \"billing-api/release\", parameter = \"TARGET=prod-us\" }]\n\n";
    scene("clean-change").with("[[commits]]", &format!("{service}[[commits]]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_what_jenkins_says_is_let_through() {
    let pipeline = Pipeline::after(known()).await;
    pipeline.happens(RUNS).await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_a_build_that_jenkins_tells_otherwise_is_refused_and_the_difference_is_named() {
    for (runs, said) in [
        (RUNS.replace("merged", "fix"), "The commit: Jenkins has "),
        (RUNS.replace("1871", "1872"), "The build number: Jenkins has no build 1871 of billing-api/release."),
        (RUNS.replace("billing-api/release", "billing-api/test"), "The build number: Jenkins has no build 1871"),
        (
            RUNS.replace("result = \"\"", "result = \"SUCCESS\""),
            "The build number: Jenkins says that this build has ended.",
        ),
        (
            RUNS.replace("TARGET = \"prod-us\"", "TARGET = \"staging\""),
            "The target environment: a build for prod-us has the parameter TARGET=prod-us, and this one has not.",
        ),
    ] {
        let pipeline = Pipeline::after(known()).await;
        pipeline.happens(&runs).await;
        let (status, problem) = pipeline.send(Method::POST, "changes", Some(&pipeline.asked())).await;
        assert_eq!((status, problem["reason"].as_str()), (403, Some("build_mismatch")), "{problem}");
        assert!(problem["differences"][0].as_str().unwrap().starts_with(said), "{problem}");
        pipeline.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_ends_before_it_asks_again_is_not_let_through() {
    let pipeline = Pipeline::after(known()).await;
    pipeline.happens(RUNS).await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.happens(&RUNS.replace("result = \"\"", "result = \"ABORTED\"")).await;
    pipeline.is_denied(&id, "build_mismatch").await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_of_which_jenkins_names_no_commit_is_compared_by_the_rest() {
    let pipeline = Pipeline::after(known()).await;
    pipeline.happens(&RUNS.replace("commit = \"merged\", ", "")).await;
    let id = pipeline.request(&pipeline.asked()).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

/// A token of a job does not say which system runs the job, so whoever has it may name another one.
#[tokio::test(flavor = "multi_thread")]
async fn c06_a_build_of_jenkins_that_names_another_system_is_looked_for_there_all_the_same() {
    for (runs, said) in [
        (RUNS.replace("merged", "fix"), "The commit: Jenkins has "),
        (RUNS.replace("1871", "1872"), "The build number: Jenkins has no build 1871 of billing-api/release."),
    ] {
        let pipeline = Pipeline::after(known()).await;
        pipeline.happens(&runs).await;
        let asked = pipeline.asked_with(json!({"system": "other"}));
        let (status, problem) = pipeline.send(Method::POST, "changes", Some(&asked)).await;
        assert_eq!((status, problem["reason"].as_str()), (403, Some("build_mismatch")), "{problem}");
        assert!(problem["differences"][0].as_str().unwrap().starts_with(said), "{problem}");
        pipeline.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_build_that_names_another_system_and_is_what_jenkins_says_is_let_through() {
    let pipeline = Pipeline::after(known()).await;
    pipeline.happens(RUNS).await;
    let id = pipeline.request(&pipeline.asked_with(json!({"system": "other"}))).await;
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_of_another_system_is_not_looked_for_in_jenkins() {
    let elsewhere = known().with("jenkins_job = \"billing-api/release\"", "jenkins_job = \"billing-api/nightly\"");
    let pipeline = Pipeline::after(elsewhere).await;
    let id = pipeline.request(&pipeline.asked_with(json!({"system": "other"}))).await;
    pipeline.is_let_through(&id).await;
    let fail = Fail { system: System::Github, how: FailureKind::Down, on: None, times: None, most: None };
    pipeline.played.world.simulator.shared.faults.begin(&fail);
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}
