use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::super::clock::Clock;
use super::scene::{Scene, SceneError};
use super::{Gitlab, Shared};

/// The project as its path stands in an address.
const PROJECT: &str = "acme%2Fpayments%2Fbilling-api";

/// A GitLab on which a scene was played. A minute passes before each step. `rules` are those of its project.
fn try_play(rules: &str, scene: &str) -> Result<Gitlab, SceneError> {
    let project = format!("repositories = [{{ name = 'acme/payments/billing-api', forge = 'gitlab'{rules} }}]");
    let scene = Scene::parse(&format!("title = 'test'\nabout = 'test'\nexpect = []\n{project}\n{scene}"))?;
    let shared = Shared::new(Clock::scripted(), Arc::new(scene));
    let gitlab = Gitlab::new(shared.clone());
    for step in &shared.scene.timeline {
        shared.clock.pass(Duration::from_secs(60));
        gitlab.play(step.moment()?).unwrap_or(Ok(()))?;
    }
    Ok(gitlab)
}

/// A served one.
struct Served {
    gitlab: Arc<Gitlab>,
    url: String,
}

async fn played(rules: &str, steps: &str) -> Served {
    let gitlab = Arc::new(try_play(rules, &format!("{READY}{steps}]")).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Arc::clone(&gitlab).router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Served { gitlab, url }
}

impl Served {
    async fn get(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/api/v4{path}", self.url);
        client.get(url).header("private-token", self.gitlab.token()).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    /// Something of merge request 7.
    async fn of_request(&self, what: &str) -> Value {
        self.json(&format!("/projects/{PROJECT}/merge_requests/7{what}")).await
    }

    async fn of_commit(&self, name: &str, what: &str) -> Value {
        let sha = self.gitlab.sha(name).unwrap();
        self.json(&format!("/projects/{PROJECT}/repository/commits/{sha}{what}")).await
    }

    async fn query(&self, query: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{}/api/graphql", self.url)).bearer_auth(self.gitlab.token());
        request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
    }

    fn sha(&self, name: &str) -> String {
        self.gitlab.sha(name).unwrap()
    }
}

/// A merge request of two commits, by two people, that is ready to be merged.
const READY: &str = "
commits = [
    { id = 'root', author = 'dana', files = { 'a.txt' = 'one' } },
    { id = 'main2', parents = ['root'], author = 'sam', files = { 'b.txt' = 'two' } },
    { id = 'work1', parents = ['root'], author = 'dana', files = { 'c.txt' = 'three' } },
    { id = 'work2', parents = ['work1'], author = 'lee', unknown_author = true, files = { 'd/e.txt' = 'four' } },
    { id = 'work3', parents = ['work2'], author = 'dana', files = { 'd/e.txt' = 'five' } },
    { id = 'by-hand', parents = ['main2', 'work2'], author = 'sam', files = { 'f.txt' = 'six' } },
]
timeline = [
    { push = { branch = 'main', commit = 'root' } },
    { push = { branch = 'work', commit = 'work2', by = 'dana' } },
    { open_pull_request = { number = 7, from = 'work', by = 'dana', title = 'Add things' } },
    { push = { branch = 'main', commit = 'main2' } },
";

const APPROVE: &str = "{ review = { pull_request = 7, by = 'lee' } },";
const MERGE: &str = "{ merge = { pull_request = 7, by = 'sam', commit = 'merged' } },";
const SQUASH: &str = "{ merge = { pull_request = 7, by = 'sam', commit = 'merged', method = 'squash' } },";
const REBASE: &str = "{ merge = { pull_request = 7, by = 'sam', commit = 'merged', method = 'rebase' } },";

/// The bodies of notes, oldest first: what GitLab wrote, and what people wrote.
async fn notes(served: &Served) -> (Vec<String>, Vec<String>) {
    let notes = served.of_request("/notes?sort=asc").await;
    let notes = notes.as_array().unwrap();
    let of = |system: bool| {
        let notes = notes.iter().filter(|note| note["system"] == system);
        notes.map(|note| note["body"].as_str().unwrap().to_owned()).collect()
    };
    (of(true), of(false))
}

async fn parents(served: &Served, sha: &str) -> Vec<String> {
    let commit = served.json(&format!("/projects/{PROJECT}/repository/commits/{sha}")).await;
    commit["parent_ids"].as_array().unwrap().iter().map(|parent| parent.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_merge_commit_is_committed_by_whoever_merges() {
    let served = played("", &format!("{APPROVE}{MERGE}")).await;
    let (request, merged) = (served.of_request("").await, served.of_commit("merged", "").await);
    assert_eq!((&request["state"], &request["merge_commit_sha"]), (&json!("merged"), &merged["id"]));
    assert_eq!((&request["squash_commit_sha"], &request["sha"]), (&Value::Null, &json!(served.sha("work2"))));
    assert_eq!(parents(&served, merged["id"].as_str().unwrap()).await, [served.sha("main2"), served.sha("work2")]);
    assert_eq!(merged["committer_email"], "sam@acme.example");
    let message = "Merge branch 'work' into 'main'\n\nAdd things\n\nSee merge request acme/payments/billing-api!7";
    assert_eq!(merged["message"], message);
    for name in ["merged", "work1", "work2"] {
        let found = served.of_commit(name, "/merge_requests").await;
        assert_eq!(found[0]["iid"], 7, "{name}");
    }
    assert_eq!(served.of_commit("main2", "/merge_requests").await, json!([]), "the twin");
    assert_eq!(request["merged_by"]["username"], "sam");
}

#[tokio::test]
async fn a_squash_rests_on_where_the_target_stood_when_the_version_was_made() {
    let served = played("", &format!("{APPROVE}{SQUASH}")).await;
    let request = served.of_request("").await;
    let squash = request["squash_commit_sha"].as_str().unwrap();
    assert_eq!(parents(&served, squash).await, [served.sha("root")]);
    assert_eq!(parents(&served, &served.sha("merged")).await, [served.sha("main2"), squash.to_owned()]);
    let commit = served.json(&format!("/projects/{PROJECT}/repository/commits/{squash}")).await;
    assert_eq!(
        (&commit["author_email"], &commit["committer_email"]),
        (&json!("dana@acme.example"), &json!("sam@acme.example"))
    );
    let found = served.json(&format!("/projects/{PROJECT}/repository/commits/{squash}/merge_requests")).await;
    assert_eq!(found[0]["iid"], 7);
}

#[tokio::test]
async fn a_project_that_goes_fast_forward_has_no_merge_commits() {
    let rules = ", gitlab_merge = 'fast_forward'";
    let error = try_play(rules, &format!("{READY}{APPROVE}{MERGE}]")).unwrap_err();
    assert_eq!(error.to_string(), "merge request 7 has to be rebased first");
    let served = played(rules, &format!("{APPROVE}{REBASE}")).await;
    let request = served.of_request("").await;
    assert_eq!((&request["merge_commit_sha"], &request["sha"]), (&Value::Null, &json!(served.sha("merged"))));
    let versions = served.of_request("/versions").await;
    assert_eq!(versions.as_array().unwrap().len(), 2, "the rebase was pushed");
    assert_eq!(served.of_request("/approvals").await["approved_by"].as_array().unwrap().len(), 1, "and approvals stay");
    assert_eq!(served.of_commit("merged", "").await["committer_email"], "sam@acme.example");
    assert_eq!(served.of_commit("work2", "/merge_requests").await, json!([]), "what was replaced is part of nothing");
    let squashed = played(rules, &format!("{APPROVE}{SQUASH}")).await;
    let request = squashed.of_request("").await;
    assert_eq!(
        (&request["merge_commit_sha"], &request["squash_commit_sha"]),
        (&Value::Null, &json!(squashed.sha("merged")))
    );
    assert_eq!(parents(&squashed, &squashed.sha("merged")).await, [squashed.sha("main2")]);
}

#[tokio::test]
async fn a_semi_linear_history_has_merge_commits_of_what_was_rebased() {
    let served = played(", gitlab_merge = 'semi_linear'", &format!("{APPROVE}{REBASE}")).await;
    let request = served.of_request("").await;
    assert_eq!(request["merge_commit_sha"], served.sha("merged"));
    let head = request["sha"].as_str().unwrap().to_owned();
    assert_eq!(parents(&served, &served.sha("merged")).await, [served.sha("main2"), head]);
}

#[tokio::test]
async fn a_push_makes_a_version_and_takes_approvals_away_where_the_project_says_so() {
    let push = "{ push = { branch = 'work', commit = 'work3' } },";
    for (rules, left) in [("", 0), (", resets_approvals = false", 1)] {
        let served = played(rules, &format!("{APPROVE}{push}")).await;
        let versions = served.of_request("/versions").await;
        let heads: Vec<&str> =
            versions.as_array().unwrap().iter().map(|v| v["head_commit_sha"].as_str().unwrap()).collect();
        assert_eq!(heads, [served.sha("work3"), served.sha("work2")], "newest first");
        assert_eq!(versions[0]["created_at"], "2026-11-02T09:06:00.000Z");
        assert_eq!(versions[0]["start_commit_sha"], served.sha("main2"));
        assert_eq!(served.of_request("/approvals").await["approved_by"].as_array().unwrap().len(), left);
        let (system, _) = notes(&served).await;
        assert_eq!(system[0], "approved this merge request");
        assert!(system[1].starts_with("added 1 commit\n"), "{system:?}");
        assert_eq!(system.len() - 2, 1 - left, "{system:?}");
    }
}

#[tokio::test]
async fn approvals_are_dated_where_the_instance_dates_them() {
    let served = played("", APPROVE).await;
    let approvals = served.of_request("/approvals").await;
    let (user, at) = (&approvals["approved_by"][0]["user"], &approvals["approved_by"][0]["approved_at"]);
    assert_eq!((&user["username"], at), (&json!("lee"), &json!("2026-11-02T09:05:00.000Z")));
    let old = played(", dates_approvals = false", APPROVE).await;
    let approvals = old.of_request("/approvals").await;
    assert_eq!(approvals["approved_by"][0]["user"]["username"], "lee");
    assert!(approvals["approved_by"][0].get("approved_at").is_none());
}

#[tokio::test]
async fn what_people_take_back_is_written_down() {
    let steps = "{ dismiss_review = { pull_request = 7, review_by = 'lee', by = 'lee' } },
         { review = { pull_request = 7, by = 'sam', state = 'request_changes' } },
         { comment_on_pull_request = { pull_request = 7, by = 'dana', text = 'approved this merge request' } },";
    let served = played("", &format!("{APPROVE}{steps}")).await;
    assert_eq!(served.of_request("/approvals").await["approved_by"], json!([]));
    let (system, people) = notes(&served).await;
    assert_eq!(system, ["approved this merge request", "unapproved this merge request", "requested changes"]);
    assert_eq!(people, ["approved this merge request"], "what anybody can write is no system note");
    let reviewers = served.of_request("/reviewers").await;
    let states: Vec<&str> = reviewers.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unapproved", "requested_changes"]);
}

#[tokio::test]
async fn another_target_is_a_new_version() {
    let steps = "{ push = { branch = 'old', commit = 'root' } }, { change_base = { pull_request = 7, into = 'old', by = 'dana' } },";
    let served = played("", &format!("{APPROVE}{steps}")).await;
    assert_eq!(notes(&served).await.0[1], "changed target branch from `main` to `old`");
    assert_eq!(served.of_request("/versions").await.as_array().unwrap().len(), 2);
    assert_eq!(served.of_request("/approvals").await["approved_by"], json!([]));
}

#[tokio::test]
async fn a_merge_made_by_hand_ends_the_merge_request() {
    let served = played("", &format!("{APPROVE}{{ push = {{ branch = 'main', commit = 'by-hand' }} }},")).await;
    let request = served.of_request("").await;
    assert_eq!((&request["state"], &request["merge_commit_sha"]), (&json!("merged"), &json!(served.sha("by-hand"))));
}

#[tokio::test]
async fn who_may_not_ask_gets_nothing() {
    let served = played("", "").await;
    let client = reqwest::Client::new();
    let url = format!("{}/api/v4/projects/{PROJECT}", served.url);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    assert_eq!(client.get(&url).header("private-token", "glpat-other").send().await.unwrap().status(), 401);
    assert_eq!(served.get("/projects/acme%2Fother").await.status(), 404);
    let project = served.json(&format!("/projects/{PROJECT}")).await;
    assert_eq!(project["path_with_namespace"], "acme/payments/billing-api");
    let same = served.json(&format!("/projects/{}", project["id"])).await;
    assert_eq!(same, project, "the number is a name, too");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let served = played("", APPROVE).await;
    let path = format!("/projects/{PROJECT}/merge_requests/7/commits?per_page=1");
    let first = served.get(&path).await;
    let header = |answer: &reqwest::Response, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!((header(&first, "x-next-page"), header(&first, "x-total")), (Some("2".into()), Some("2".into())));
    assert!(header(&first, "link").unwrap().contains("page=2&per_page=1>; rel=\"next\""));
    assert_eq!(first.json::<Value>().await.unwrap()[0]["id"], served.sha("work2"), "newest first");
    let last = served.get(&format!("{path}&page=2")).await;
    assert_eq!(header(&last, "x-next-page"), Some(String::new()));
    assert_eq!(last.json::<Value>().await.unwrap()[0]["id"], served.sha("work1"));
}

#[tokio::test]
async fn where_two_commits_parted() {
    let served = played("", "").await;
    let ask = async |one: &str, other: &str| {
        served.get(&format!("/projects/{PROJECT}/repository/merge_base?refs[]={one}&refs[]={other}")).await
    };
    let answer = ask(&served.sha("main2"), &served.sha("work2")).await;
    assert_eq!(answer.json::<Value>().await.unwrap()["id"], served.sha("root"));
    assert_eq!(ask("main", &"0".repeat(40)).await.status(), 400);
}

#[tokio::test]
async fn people_are_found_by_what_they_show() {
    let served = played("", "{ set_rights = { who = 'lee', may_push = false } },").await;
    let found = served.json("/users?search=lee@acme.example").await;
    let id = found[0]["id"].as_u64().unwrap();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["username"]), (1, &json!("lee")));
    assert_eq!(served.json("/users?search=lee@laptop.invalid").await, json!([]));
    assert_eq!(served.json(&format!("/users/{id}")).await["bot"], false);
    assert_eq!(served.json(&format!("/projects/{PROJECT}/members/all/{id}")).await["access_level"], 20);
    let dana = served.json("/users?search=dana").await[0]["id"].clone();
    assert_eq!(served.json(&format!("/projects/{PROJECT}/members/all/{dana}")).await["access_level"], 30);
    assert_eq!(served.get(&format!("/projects/{PROJECT}/members/all/4711")).await.status(), 404);
}

#[tokio::test]
async fn graphql_says_whose_commits_are() {
    let served = played("", "").await;
    let commit =
        |name: &str, sha: &str| format!("{name}: commit(ref: \"{sha}\") {{ sha author {{ id username bot }} }}");
    let asked = [commit("a", &served.sha("work1")), commit("b", &served.sha("work2"))].join(" ");
    let project = |inside: &str| {
        format!("{{ project(fullPath: \"acme/payments/billing-api\") {{ repository {{ {inside} }} }} }}")
    };
    let answer = served.query(&project(&asked)).await;
    let repository = &answer["data"]["project"]["repository"];
    assert_eq!(repository["a"]["author"]["username"], "dana");
    assert!(repository["a"]["author"]["id"].as_str().unwrap().starts_with("gid://gitlab/User/"));
    assert_eq!(repository["b"], json!({ "sha": served.sha("work2"), "author": null }), "an address that nobody has");
    let many: String = (0..60).map(|number| commit(&format!("c{number}"), "main")).collect();
    let refused = served.query(&project(&many)).await["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(refused.contains("exceeds max complexity of 250"), "{refused}");
    let unseen = served.query("{ project(fullPath: \"acme/other\") { id } }").await;
    assert_eq!(unseen, json!({ "data": { "project": null } }));
}

#[tokio::test]
async fn the_newest_status_of_each_name_counts() {
    let steps = "{ status = { commit = 'work2', context = 'scan', state = 'failure', by = 'dana' } },
         { status = { commit = 'work2', context = 'scan', state = 'success', by = 'dana' } },";
    let served = played("", steps).await;
    let statuses = served.of_commit("work2", "/statuses").await;
    assert_eq!((statuses.as_array().unwrap().len(), &statuses[0]["status"]), (1, &json!("success")));
    assert_eq!(served.of_commit("work2", "/statuses?all=true").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn git_is_at_the_address_of_the_project() {
    let served = played("", "").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let references = |path: &str| {
        let url = format!("{}/{path}.git/info/refs?service=git-upload-pack", served.url);
        client.get(url).header("git-protocol", "version=2")
    };
    let path = "acme/payments/billing-api";
    let unknown = references(path).send().await.unwrap();
    assert_eq!(unknown.status(), 401);
    assert_eq!(unknown.headers()["www-authenticate"], "Basic realm=\"GitLab\"");
    let known = |path: &str| references(path).basic_auth("oauth2", Some(served.gitlab.token())).send();
    assert_eq!(known("acme/other").await.unwrap().status(), 404);
    assert!(known(path).await.unwrap().text().await.unwrap().contains("version 2"));
    let ask = client.post(format!("{}/{path}.git/git-upload-pack", served.url));
    let ask = ask.basic_auth("oauth2", Some(served.gitlab.token())).body("0014command=ls-refs\n0000");
    let answer = ask.send().await.unwrap().text().await.unwrap();
    assert!(answer.contains(&format!("{} refs/heads/main", served.sha("main2"))), "{answer}");
}
