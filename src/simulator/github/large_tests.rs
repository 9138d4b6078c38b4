//! A world of a size that measurements need, made in memory.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::clock::Clock;
use super::super::scene::{Commit, Merge, OpenPullRequest, Push, Review, Scene, Step};
use super::graphql::tests::ask;
use super::tests::{get_json, served};
use super::{Github, Shared};

/// So many pull requests of three commits each; with their merges this is 1,000 commits.
const PULLS: u64 = 250;

/// Every pull request is opened before the first one is merged, which is the worst order.
fn large() -> Scene {
    let text = "title = ''\nabout = ''\nexpect = []\ntimeline = []\ncommits = [ { id = 'root', author = 'dana' } ]";
    let mut scene = Scene::parse(text).unwrap();
    let push = |branch: &str, commit: &str| Push {
        branch: branch.into(),
        commit: commit.into(),
        reanchor: true,
        ..Push::default()
    };
    scene.timeline.push(Step { push: Some(push("main", "root")), ..Step::default() });
    let mut merges = Vec::new();
    for number in 1..=PULLS {
        let names = ["a", "b", "c"].map(|part| format!("{part}{number}"));
        let mut parent = "root".to_owned();
        for name in &names {
            let files = [(format!("src/{number}/{name}.rs"), "fn main() {}\n".to_owned())].into();
            scene.commits.push(Commit { parents: vec![parent.clone()], files, ..Commit::new(name, "dana") });
            parent.clone_from(name);
        }
        let branch = format!("work-{number}");
        scene.timeline.push(Step { push: Some(push(&branch, &parent)), ..Step::default() });
        let open = OpenPullRequest { number, from: branch, by: "dana".into(), ..OpenPullRequest::default() };
        scene.timeline.push(Step { open_pull_request: Some(open), ..Step::default() });
        let review = Review { pull_request: number, by: "sam".into(), ..Review::default() };
        merges.push(Step { review: Some(review), ..Step::default() });
        let merge = Merge { pull_request: number, by: "lee".into(), commit: format!("m{number}"), ..Merge::default() };
        merges.push(Step { merge: Some(merge), ..Step::default() });
    }
    scene.timeline.extend(merges);
    scene
}

#[tokio::test]
async fn a_large_world_is_played_and_read_in_seconds() {
    let start = Instant::now();
    let shared = Shared::new(Clock::scripted(), large().into());
    let github = Github::new(shared.clone()).unwrap();
    for step in &shared.scene.timeline {
        shared.clock.pass(Duration::from_secs(60));
        github.play(step.moment().unwrap()).unwrap().unwrap();
    }
    let played = start.elapsed();
    let (github, url) = served(github).await;
    let (base, head) = (github.sha("root").unwrap(), github.sha(&format!("m{PULLS}")).unwrap());
    let mut ids = Vec::new();
    for page in 1..=10 {
        let compare = format!("{url}/repos/acme/billing-api/compare/{base}...{head}?per_page=100&page={page}");
        let body = get_json(&github, &compare).await;
        ids.extend(body["commits"].as_array().unwrap().iter().map(|commit| commit["node_id"].clone()));
    }
    assert_eq!(ids.len(), 1000);
    let compared = start.elapsed() - played;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Commit { authors(first: 9) { totalCount }
        associatedPullRequests(first: 9) { nodes { number commits(first: 50) { nodes { commit { oid tree { oid }
        checkSuites(first: 9) { totalCount } } } } reviews(first: 50) { nodes { id commit { oid } } } } } } } }";
    let mut carried = 0;
    for some in ids.chunks(50) {
        let answer = ask(&github, &url, query, json!({ "ids": some })).await;
        let nodes = answer["data"]["nodes"].as_array().unwrap();
        carried += nodes.iter().filter(|node| node["associatedPullRequests"]["nodes"] != Value::Array(vec![])).count();
    }
    assert_eq!(carried, 1000);
    let asked = start.elapsed() - played - compared;
    println!("played in {played:?}, compared in {compared:?}, asked in {asked:?}");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "played in {played:?}, compared in {compared:?}, asked in {asked:?}"
    );
}
