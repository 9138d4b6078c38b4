use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;

use super::super::clock::Clock;
use super::Github;
use super::git::{Commit, Oid};
use super::pulls::{Deed, Item};
use super::scene::{Moment, Scene, SceneError};

/// A GitHub on which a scene was played. A minute passes before each step.
pub(super) fn played(scene: &str) -> Github {
    try_play(scene).unwrap()
}

pub(super) fn try_play(scene: &str) -> Result<Github, SceneError> {
    let scene = Scene::parse(&format!("title = 'test'\nabout = 'test'\nexpect = []\n{scene}"))?;
    let shared = super::Shared::new(Clock::scripted(), Arc::new(scene));
    let github = Github::new(shared.clone())?;
    for step in &shared.scene.timeline {
        shared.clock.pass(Duration::from_secs(60));
        play(&github, step.moment()?)?;
    }
    Ok(github)
}

fn play(github: &Github, moment: Moment<'_>) -> Result<(), SceneError> {
    github.play(moment).unwrap_or_else(|| panic!("GitHub does not know {moment:?}"))
}

/// Opens the API on a free port.
pub(super) async fn served(github: Github) -> (Arc<Github>, String) {
    let github = Arc::new(github);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Arc::clone(&github).router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (github, url)
}

/// Asks with the personal token.
pub(super) async fn get(github: &Github, url: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).bearer_auth(github.token()).send().await.unwrap()
}

/// Asks with the personal token for JSON.
pub(super) async fn get_json(github: &Github, url: &str) -> Value {
    get(github, url).await.json().await.unwrap()
}

/// A pull request of two commits, by two people, that is ready to be merged.
pub(super) const READY: &str = "
commits = [
    { id = 'root', author = 'dana', files = { 'a.txt' = 'one' } },
    { id = 'main2', parents = ['root'], author = 'sam', files = { 'b.txt' = 'two' } },
    { id = 'work1', parents = ['root'], author = 'dana', co_authors = ['priya'], files = { 'c.txt' = 'three' } },
    { id = 'work2', parents = ['work1'], author = 'lee', files = { 'd/e.txt' = 'four' } },
]
timeline = [
    { push = { branch = 'main', commit = 'root' } },
    { push = { branch = 'work', commit = 'work2', by = 'dana' } },
    { open_pull_request = { number = 7, from = 'work', by = 'dana', title = 'Add things' } },
    { push = { branch = 'main', commit = 'main2' } },
";

fn oid(github: &Github, name: &str) -> Oid {
    Oid::parse(&github.sha(name).unwrap()).unwrap()
}

fn commit(github: &Github, oid: Oid) -> Commit {
    github.locked().repos[0].git.commit(oid).unwrap().clone()
}

fn merged(method: &str) -> (Github, Commit) {
    let merge = format!(
        "{{ merge = {{ pull_request = 7, by = 'lee', method = '{method}', commit = 'result' }} }},
         {{ review = {{ pull_request = 7, by = 'sam' }} }}, ]"
    );
    let github = played(&format!("{READY}{merge}"));
    let result = commit(&github, oid(&github, "result"));
    (github, result)
}

fn paths(github: &Github, commit: &Commit) -> Vec<String> {
    github.locked().repos[0].git.files(commit.tree).into_keys().collect()
}

#[test]
fn the_merge_button_makes_a_signed_commit_with_two_parents() {
    let (github, result) = merged("merge");
    assert_eq!(result.parents, [oid(&github, "main2"), oid(&github, "work2")]);
    assert_eq!((result.author.name.as_str(), result.committer.name.as_str()), ("Lee Wong", "GitHub"));
    assert!(result.signature.is_some());
    assert_eq!(result.message, "Merge pull request #7 from acme/work\n\nAdd things");
    assert_eq!(paths(&github, &result), ["a.txt", "b.txt", "c.txt", "d/e.txt"]);
    let world = github.locked();
    let pull = &world.repos[0].pulls[&7];
    assert_eq!(pull.base, world.names["main2"]);
    assert_eq!(pull.commits, [world.names["work1"], world.names["work2"]]);
    assert_eq!(pull.reviews.len(), 1, "a review after the merge is taken");
    let events = pull.timeline.iter().filter_map(|item| match item {
        Item::Event(event) => Some(&event.what),
        _ => None,
    });
    assert!(matches!(events.collect::<Vec<_>>()[..], [Deed::Merged, Deed::Closed]));
}

#[test]
fn squash_makes_one_signed_commit_that_names_everybody() {
    let (github, result) = merged("squash");
    assert_eq!(result.parents, [oid(&github, "main2")]);
    assert_eq!((result.author.name.as_str(), result.committer.name.as_str()), ("Dana Reyes", "GitHub"));
    assert!(result.signature.is_some());
    let message = "Add things (#7)\n\n* Change work1\n\n* Change work2\n
Co-authored-by: Priya Nair <priya@acme.example>\nCo-authored-by: Lee Wong <lee@acme.example>";
    assert_eq!(result.message, message);
    assert_eq!(paths(&github, &result), ["a.txt", "b.txt", "c.txt", "d/e.txt"]);
}

#[test]
fn rebase_copies_every_commit_unsigned() {
    let (github, result) = merged("rebase");
    let before = commit(&github, result.parents[0]);
    assert_eq!(before.parents, [oid(&github, "main2")]);
    let people = |commit: &Commit| (commit.author.name.clone(), commit.committer.name.clone());
    assert_eq!(people(&before), ("Dana Reyes".to_owned(), "Lee Wong".to_owned()));
    assert_eq!(people(&result), ("Lee Wong".to_owned(), "Lee Wong".to_owned()));
    assert!(result.signature.is_none() && before.signature.is_none());
    assert_ne!(oid(&github, "result"), oid(&github, "work2"));
    assert_eq!(paths(&github, &result), ["a.txt", "b.txt", "c.txt", "d/e.txt"]);
    let world = github.locked();
    let pull = &world.repos[0].pulls[&7];
    for made in [result.parents[0], world.names["result"], world.names["work1"]] {
        assert_eq!(world.repos[0].pulls_with(made).len(), 1);
    }
    assert_eq!(pull.merged.as_ref().unwrap().commit, world.names["result"]);
}

#[test]
fn a_merge_in_conflict_says_so() {
    let scene = format!(
        "{}{{ push = {{ branch = 'main', commit = 'clash' }} }}, {{ merge = {{ pull_request = 7, by = 'lee', commit = 'm' }} }}, ]",
        READY.replace(
            "commits = [",
            "commits = [ { id = 'clash', parents = ['main2'], author = 'sam', files = { 'c.txt' = 'other' } },"
        )
    );
    assert_eq!(try_play(&scene).unwrap_err().to_string(), "this merge is in conflict over c.txt");
}

#[test]
fn a_pull_request_is_merged_when_its_head_reaches_the_base_branch_in_any_way() {
    let scene = format!(
        "{}{{ push = {{ branch = 'main', commit = 'local', by = 'sam' }} }}, {{ push = {{ branch = 'main', commit = 'later' }} }}, ]",
        READY.replace(
            "commits = [",
            "commits = [ { id = 'local', parents = ['main2', 'work2'], author = 'sam' },
                         { id = 'later', parents = ['local'], author = 'sam', files = { z = '' } },"
        )
    );
    let github = played(&scene);
    let world = github.locked();
    let landing = world.repos[0].pulls[&7].merged.as_ref().unwrap();
    assert_eq!((landing.commit, landing.by.login.as_str()), (world.names["local"], "sam"));
    assert!(landing.made.is_empty());
}

/// Approval, a comment and a demand for changes, then one push to the work branch.
fn after_reviews(commits: &str, push: &str) -> Vec<(String, bool)> {
    let reviews = "
        { review = { pull_request = 7, by = 'sam' } },
        { review = { pull_request = 7, by = 'alex', state = 'comment' } },
        { review = { pull_request = 7, by = 'priya', state = 'request_changes' } },";
    let scene = READY.replace("commits = [", &format!("commits = [ {commits}"));
    let github = played(&format!("{scene}{reviews} {{ push = {{ {push} }} }}, ]"));
    let world = github.locked();
    let pull = &world.repos[0].pulls[&7];
    let reviews = pull.reviews.iter().map(|review| (review.author.login.clone(), review.commit == pull.head));
    reviews.collect()
}

const MOVED: [(&str, bool); 3] = [("sam", true), ("alex", false), ("priya", false)];
const STALE: [(&str, bool); 3] = [("sam", false), ("alex", false), ("priya", false)];

fn owned(list: [(&str, bool); 3]) -> Vec<(String, bool)> {
    list.map(|(name, moved)| (name.to_owned(), moved)).to_vec()
}

#[test]
fn approvals_follow_a_forced_push_of_the_same_patch() {
    let commits = "
        { id = 'again1', parents = ['main2'], author = 'dana', files = { 'c.txt' = 'three' } },
        { id = 'again2', parents = ['again1'], author = 'lee', files = { 'd/e.txt' = 'four' } },";
    assert_eq!(after_reviews(commits, "branch = 'work', commit = 'again2', force = true"), owned(MOVED));
    let other = commits.replace("'four'", "'five'");
    assert_eq!(after_reviews(&other, "branch = 'work', commit = 'again2', force = true"), owned(STALE));
}

#[test]
fn approvals_follow_an_update_from_the_base_branch() {
    let merge = "{ id = 'update', parents = ['work2', 'main2'], author = 'dana' },";
    assert_eq!(after_reviews(merge, "branch = 'work', commit = 'update'"), owned(MOVED));
    let work = "{ id = 'work3', parents = ['work2'], author = 'dana', files = { f = '' } },";
    assert_eq!(after_reviews(work, "branch = 'work', commit = 'work3'"), owned(STALE));
}

#[test]
fn a_merge_commit_may_settle_a_conflict_or_smuggle_something_in() {
    let scene = "
        commits = [
            { id = 'root', author = 'dana', files = { f = '0' } },
            { id = 'ours', parents = ['root'], author = 'dana', files = { f = '1' } },
            { id = 'theirs', parents = ['root'], author = 'lee', files = { f = '2', g = '2' } },
            { id = 'merge', parents = ['ours', 'theirs'], author = 'lee', files = { f = '3', evil = 'x' } },
        ]
        timeline = [ { push = { branch = 'main', commit = 'merge' } } ]";
    let github = played(scene);
    let merge = commit(&github, oid(&github, "merge"));
    assert_eq!(paths(&github, &merge), ["evil", "f", "g"]);
    let error = try_play(&scene.replace("f = '3', ", "")).unwrap_err().to_string();
    assert_eq!(error, "commit `merge`: merging leaves `f` in conflict: say what it contains");
}

#[test]
fn a_new_base_branch_is_remembered_with_the_old_one() {
    let steps = "{ push = { branch = 'release', commit = 'work1' } },
                 { change_base = { pull_request = 7, into = 'release', by = 'lee' } }, ]";
    let github = played(&format!("{READY}{steps}"));
    let world = github.locked();
    let pull = &world.repos[0].pulls[&7];
    assert_eq!((pull.base, &pull.commits[..]), (world.names["work1"], &[world.names["work2"]][..]));
    let last = pull.timeline.last();
    assert!(matches!(last, Some(Item::Event(event)) if matches!(&event.what, Deed::BaseChanged { from, to }
        if from == "main" && to == "release")));
}

#[test]
fn a_push_that_loses_commits_needs_force() {
    let scene = format!("{READY} {{ push = {{ branch = 'main', commit = 'work2' }} }}, ]");
    let error = try_play(&scene).unwrap_err().to_string();
    assert_eq!(error, "`work2` does not contain what is on `main`: say `force = true`");
}

#[test]
fn a_scene_that_contradicts_itself_is_refused() {
    let error = |commits: &str| try_play(&format!("timeline = []\ncommits = [{commits}]")).unwrap_err().to_string();
    assert_eq!(error("{ id = 'a', author = 'nobody' }"), "commit `a`: nobody in this scene is called `nobody`");
    assert_eq!(error("{ id = 'a', author = 'dana', parents = ['x'] }"), "commit `a`: nobody makes its parent `x`");
    assert_eq!(error("{ id = 'a', author = 'lee' }, { id = 'a', author = 'lee' }"), "two commits are called `a`");
}

#[tokio::test]
async fn webhooks_are_signed_and_counted_until_they_are_answered() {
    let (send, mut received) = tokio::sync::mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let take = axum::routing::post(async move |headers: axum::http::HeaderMap, body: String| {
        send.send((headers, body)).unwrap();
    });
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/hooks", take)).await });
    let github = played(&format!("{READY} ]"));
    github.send_webhooks_to(url, "secret".to_owned());
    let step = "title = ''\nabout = ''\nexpect = []\ntimeline = [ { review = { pull_request = 7, by = 'lee' } } ]";
    let step = Scene::parse(step).unwrap();
    play(&github, step.timeline[0].moment().unwrap()).unwrap();
    assert_eq!(github.webhooks_under_way(), 1);
    let (headers, body) = received.recv().await.unwrap();
    assert_eq!(headers["x-github-event"], "pull_request_review");
    assert_eq!(headers["x-hub-signature-256"], super::webhook::signature("secret", &body));
    let body = serde_json::from_str::<Value>(&body).unwrap();
    assert_eq!((&body["action"], &body["review"]["state"]), (&"submitted".into(), &"approved".into()));
    assert_eq!(body["review"]["commit_id"], github.sha("work2").unwrap());
    while github.webhooks_under_way() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
