use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::clock::Clock;
use super::super::scene::{Scene, Step, System};
use super::super::traffic::Latency;
use super::super::{Addresses, Simulator};

const WORLD: &str = "
title = 'test'
about = 'test'
expect = []
commits = [ { id = 'root', author = 'dana' }, { id = 'work', parents = ['root'], author = 'dana', files = { f = '1' } } ]
timeline = [
    { push = { branch = 'main', commit = 'root' } },
    { push = { branch = 'work', commit = 'work' } },
    { open_pull_request = { number = 7, from = 'work', by = 'dana' } },
]";

/// A world with a pull request that listens; the client knows its token.
async fn world() -> (Simulator, SocketAddr) {
    let scene = Scene::parse(WORLD).unwrap();
    let timeline = scene.timeline.clone();
    let simulator = Simulator::new(scene, Clock::scripted()).unwrap();
    for step in &timeline {
        simulator.play(step).await.unwrap();
    }
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let addresses = simulator.listen(Addresses { jira: any, github: any, slack: any }).await.unwrap();
    (simulator, addresses.github)
}

async fn play(simulator: &Simulator, step: &str) {
    let step = Scene::parse(&format!("title = ''\nabout = ''\nexpect = []\ntimeline = [ {step} ]")).unwrap();
    simulator.play(&step.timeline[0]).await.unwrap();
}

async fn graphql(simulator: &Simulator, at: SocketAddr, query: &str, variables: Value) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({ "query": query, "variables": variables });
    let ask = client.post(format!("http://{at}/graphql")).bearer_auth(simulator.github.token()).json(&body);
    let answer = ask.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn rest(simulator: &Simulator, at: SocketAddr, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("http://{at}/repos/acme/billing-api{path}");
    let answer = client.get(path).bearer_auth(simulator.github.token()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

const LOOKUP: &str = "{ repository(owner: \"acme\", name: \"billing-api\") {
    a: object(expression: \"main\") { oid } b: object(expression: \"work\") { oid } } }";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_gateway_that_is_broken_answers_with_a_page() {
    let (simulator, at) = world().await;
    play(&simulator, "{ fail = { system = 'github', how = 'bad_gateway', times = 1 } }").await;
    let (status, text) = rest(&simulator, at, "").await;
    assert!(status == 502 && text.starts_with("<html>"));
    assert_eq!(rest(&simulator, at, "").await.0, 200);
}

#[tokio::test]
async fn graphql_reports_its_rate_limit_with_status_200() {
    let (simulator, at) = world().await;
    play(&simulator, "{ fail = { system = 'github', how = 'graphql_rate_limited', times = 1 } }").await;
    assert_eq!(rest(&simulator, at, "").await.0, 200, "REST has another limit");
    let (status, text) = graphql(&simulator, at, LOOKUP, Value::Null).await;
    let answer = parsed(&text);
    assert_eq!((status, &answer["errors"][0]["type"], &answer["data"]), (200, &json!("RATE_LIMITED"), &Value::Null));
    assert_eq!(parsed(&graphql(&simulator, at, LOOKUP, Value::Null).await.1).get("errors"), None);
}

#[tokio::test]
async fn a_partial_answer_lacks_one_node_and_says_so() {
    let (simulator, at) = world().await;
    play(&simulator, "{ fail = { system = 'github', how = 'graphql_partial' } }").await;
    let answer = parsed(&graphql(&simulator, at, LOOKUP, Value::Null).await.1);
    let found = &answer["data"]["repository"];
    assert!(found["a"].is_object() != found["b"].is_object());
    assert_eq!(
        (&answer["errors"][0]["type"], &answer["errors"][0]["path"][0]),
        (&json!("NOT_FOUND"), &json!("repository"))
    );
    let pull = parsed(&rest(&simulator, at, "/pulls/7").await.1)["node_id"].clone();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let answer = parsed(&graphql(&simulator, at, query, json!({ "ids": [pull, pull] })).await.1);
    assert_eq!(answer["data"]["nodes"], json!([{ "id": pull }, null]));
    assert_eq!(answer["errors"][0]["path"], json!(["nodes", 1]));
}

#[tokio::test]
async fn what_is_too_large_passes_in_smaller_parts() {
    let (simulator, at) = world().await;
    play(&simulator, "{ fail = { system = 'github', how = 'too_large', most = 1 } }").await;
    assert_eq!(graphql(&simulator, at, LOOKUP, Value::Null).await.0, 502, "two aliases");
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(graphql(&simulator, at, query, json!({ "ids": ["x", "y"] })).await.0, 502);
    assert_eq!(graphql(&simulator, at, query, json!({ "ids": ["x"] })).await.0, 200);
    assert_eq!(rest(&simulator, at, "").await.0, 200);
}

#[tokio::test]
async fn pull_requests_of_commits_may_be_seen_late() {
    let (simulator, at) = world().await;
    let sha = simulator.sha("work").unwrap();
    let query = "query($oid: GitObjectID) { repository(owner: \"acme\", name: \"billing-api\") { object(oid: $oid) {
        ... on Commit { associatedPullRequests(first: 9) { totalCount } } } } }";
    let seen = async || {
        let rest = parsed(&rest(&simulator, at, &format!("/commits/{sha}/pulls")).await.1).as_array().unwrap().len();
        let graphql = parsed(&graphql(&simulator, at, query, json!({ "oid": sha })).await.1);
        (rest, graphql["data"]["repository"]["object"]["associatedPullRequests"]["totalCount"].as_u64().unwrap())
    };
    assert_eq!(seen().await, (1, 1));
    play(&simulator, "{ fail = { system = 'github', how = 'unseen_pull_requests' } }").await;
    assert_eq!(seen().await, (0, 0));
    play(&simulator, "{ fail = { system = 'github', how = 'unseen_pull_requests', on = 'graphql', times = 1 } }").await;
    assert_eq!(seen().await, (1, 0));
    assert_eq!(seen().await, (1, 1));
}

#[tokio::test]
async fn webhooks_get_lost_until_the_system_recovers() {
    let (simulator, _) = world().await;
    // Nobody listens there, which does not matter: what is sent is under way for a moment.
    simulator.github.send_webhooks_to("http://127.0.0.1:9/hooks".into(), "secret".into());
    play(&simulator, "{ fail = { system = 'github', how = 'drops_webhooks' } }").await;
    play(&simulator, "{ review = { pull_request = 7, by = 'lee' } }").await;
    assert_eq!(simulator.webhooks_under_way(), 0);
    play(&simulator, "{ recover = { system = 'github' } }").await;
    play(&simulator, "{ review = { pull_request = 7, by = 'sam' } }").await;
    assert_eq!(simulator.webhooks_under_way(), 1);
}

#[tokio::test]
async fn answers_are_counted_and_may_be_slow() {
    let (simulator, at) = world().await;
    rest(&simulator, at, "/pulls/7/reviews").await;
    let (_, text) = graphql(&simulator, at, LOOKUP, Value::Null).await;
    let traffic = simulator.traffic();
    assert_eq!((traffic.github_rest.requests, traffic.github_rest.points, traffic.github_rest.nodes), (1, 1, 0));
    assert_eq!((traffic.github_graphql.requests, traffic.github_graphql.points), (1, 1));
    assert_eq!(traffic.github_graphql.nodes, 3, "the repository and two objects");
    assert_eq!(traffic.github_graphql.bytes, text.len() as u64);
    simulator.forget_traffic();
    assert_eq!(simulator.traffic(), Default::default());
    let (per_answer, per_node) = (Duration::from_millis(20), Duration::from_millis(30));
    simulator.set_latency(System::Github, Latency { per_answer, per_node });
    let before = Instant::now();
    graphql(&simulator, at, LOOKUP, Value::Null).await;
    assert!(before.elapsed() >= Duration::from_millis(110));
}

#[test]
fn an_unknown_way_to_fail_is_an_error() {
    let broken = WORLD.replace("timeline = [", "timeline = [ { fail = { system = 'github', how = 'sideways' } },");
    assert!(Scene::parse(&broken).is_err());
    assert!(Step::default().moment().is_err());
}
