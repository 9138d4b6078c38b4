//! What a proof may cost: how many requests, and how many of them in a row. `cargo bench --bench review_proof` measures the
//! same for a thousand commits.

use std::time::Duration;

use cm_bot::simulator::traffic::Latency;

#[path = "../bench/review_proof/service.rs"]
#[allow(dead_code, reason = "the benchmark needs more of it")]
mod service;
#[path = "../bench/review_proof/world.rs"]
mod world;

use service::Played;
use world::{MOST_IN_A_ROW, Method, Workload};

/// Long enough that what is sent at the same time is under way at the same time.
const FAR: Latency = Latency { per_answer: Duration::from_millis(150), per_node: Duration::ZERO };

/// One look at a range of so many commits.
async fn a_look_keeps_the_budget(method: Method, commits: usize) {
    let workload = Workload { commits, method };
    let mut played = Played::new(workload).await.unwrap();
    let key = played.new_ticket().await.unwrap();
    played.slow_down(FAR);
    let traffic = played.look(&key).await.unwrap().traffic;
    let requests = traffic.github_rest.requests + traffic.github_graphql.requests;
    let allowed = workload.requests_allowed();
    assert!(requests as usize <= allowed, "{method}, {commits} commits: {requests} requests, {allowed} allowed");
    let in_a_row = traffic.in_a_row as usize;
    println!("{method}, {commits} commits: {requests} requests of {allowed} allowed, {in_a_row} in a row");
    assert!(in_a_row <= MOST_IN_A_ROW, "{method}, {commits} commits: {in_a_row} in a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_commits_cost_what_was_promised() {
    for method in [Method::Merge, Method::Squash, Method::Rebase] {
        a_look_keeps_the_budget(method, 10).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_merged_commits_cost_what_was_promised() {
    a_look_keeps_the_budget(Method::Merge, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_squashed_commits_cost_what_was_promised() {
    a_look_keeps_the_budget(Method::Squash, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_rebased_commits_cost_what_was_promised() {
    a_look_keeps_the_budget(Method::Rebase, 100).await;
}

/// Playing so many pull requests takes longer than all other tests: `cargo nextest run --run-ignored only -E 'test(/^cost/)'`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it plays two thousand pull requests"]
async fn a_thousand_commits_cost_what_was_promised() {
    for method in [Method::Merge, Method::Rebase, Method::Squash] {
        a_look_keeps_the_budget(method, 1_000).await;
    }
}
