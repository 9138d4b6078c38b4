use serde_json::{Value, json};

use super::super::Github;
use super::super::tests::{READY, get, get_json, played, served};

const REPO: &str = "/repos/acme/billing-api";

async fn ask(github: &Github, url: &str, tag: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).bearer_auth(github.token()).header("If-None-Match", tag).send().await.unwrap()
}

#[tokio::test]
async fn an_answer_that_did_not_change_is_not_sent_again_and_costs_nothing() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let branch = format!("{url}{REPO}/branches/main");
    let first = get(&github, &branch).await;
    let header = |answer: &reqwest::Response, name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (tag, used) = (header(&first, "etag"), header(&first, "x-ratelimit-used"));
    assert!(tag.starts_with("W/\""));
    let again = ask(&github, &branch, &tag).await;
    assert_eq!((again.status().as_u16(), header(&again, "x-ratelimit-used")), (304, used));
    assert_eq!(again.bytes().await.unwrap().len(), 0);
    assert_eq!(ask(&github, &branch, "W/\"other\"").await.status(), 200);
    let missing = get(&github, &format!("{url}{REPO}/branches/nothing")).await;
    assert!(missing.status() == 404 && missing.headers().get("etag").is_none());
}

#[tokio::test]
async fn the_newest_status_of_each_context_counts() {
    let steps = "
        { status = { commit = 'work2', context = 'ci/build', state = 'failure', by = 'dana' } },
        { status = { commit = 'work2', context = 'ci/build', state = 'success', by = 'lee' } },
        { status = { commit = 'work2', context = 'ci/lint', state = 'pending', by = 'lee' } } ]";
    let (github, url) = served(played(&format!("{READY}{steps}"))).await;
    let commit = format!("{url}{REPO}/commits/{}", github.sha("work2").unwrap());
    let all = get_json(&github, &format!("{commit}/statuses")).await;
    let states = all.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), ["pending", "success", "failure"], "newest first");
    assert_eq!((&all[2]["creator"]["id"], &all[2]["creator"]["type"]), (&json!(1001), &json!("User")));
    let one = get_json(&github, &format!("{commit}/status")).await;
    assert_eq!((&one["state"], &one["total_count"]), (&json!("pending"), &json!(2)));
    assert!(one["statuses"][0].get("creator").is_none());
}

#[tokio::test]
async fn alerts_are_listed_with_who_dismissed_them() {
    let steps = "
        { scan = { commit = 'main2', findings = [ { rule = 'r/1', message = 'Bad.' }, { rule = 'r/2', message = 'Worse.' } ] } },
        { dismiss_alert = { rule = 'r/1', by = 'sam', reason = \"won't fix\", comment = 'Later.' } } ]";
    let (github, url) = served(played(&format!("{READY}{steps}"))).await;
    let alerts = format!("{url}{REPO}/code-scanning/alerts");
    let numbers = async |query: &str| {
        let list = get_json(&github, &format!("{alerts}?{query}")).await;
        list.as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, [2, 1]);
    assert_eq!(numbers("state=open&tool_name=CodeQL&ref=refs/heads/main").await, [2]);
    assert!(numbers("tool_name=Trivy").await.is_empty() && numbers("ref=work").await.is_empty());
    let one = get_json(&github, &format!("{alerts}/1")).await;
    assert_eq!((&one["state"], &one["dismissed_reason"]), (&json!("dismissed"), &json!("won't fix")));
    assert_eq!((&one["dismissed_by"]["login"], &one["dismissed_comment"]), (&json!("sam"), &json!("Later.")));
    assert!(one["dismissed_at"].is_string());
}

#[tokio::test]
async fn accounts_are_shown_as_they_are_now() {
    let steps = "
        { review = { pull_request = 7, by = 'sam' } },
        { set_rights = { who = 'sam', may_push = false } },
        { rename_account = { who = 'dana', login = 'dana-r' } },
        { rename_account = { who = 'lee', login = 'dana' } },
        { delete_account = { who = 'priya' } } ]";
    let (github, url) = served(played(&format!("{READY}{steps}"))).await;
    let permission = async |login: &str| get(&github, &format!("{url}{REPO}/collaborators/{login}/permission")).await;
    let sam = permission("sam").await.json::<Value>().await.unwrap();
    assert_eq!(
        (&sam["permission"], &sam["role_name"], &sam["user"]["id"]),
        (&json!("read"), &json!("read"), &json!(1004))
    );
    let other = permission("dana").await.json::<Value>().await.unwrap();
    assert_eq!(
        (&other["permission"], &other["user"]["id"]),
        (&json!("write"), &json!(1002)),
        "the login of somebody else"
    );
    assert_eq!(permission("priya").await.status(), 404);
    let pull = get_json(&github, &format!("{url}{REPO}/pulls/7")).await;
    assert_eq!((&pull["user"]["login"], &pull["user"]["id"]), (&json!("dana-r"), &json!(1001)));
}

#[tokio::test]
async fn whose_commit_it_is_follows_from_the_addresses_that_accounts_have_now() {
    let scene = READY.replace("author = 'dana'", "author = 'dana', unknown_author = true");
    for (step, expected) in
        [("", Value::Null), ("{ add_address = { who = 'dana', address = 'dana@laptop.invalid' } },", json!("dana"))]
    {
        let (github, url) = served(played(&format!("{scene}{step} ]"))).await;
        let (main, work) = (github.sha("main2").unwrap(), github.sha("work1").unwrap());
        let body = get_json(&github, &format!("{url}{REPO}/compare/{main}...{work}")).await;
        assert_eq!(body["commits"][0]["author"]["login"], expected, "{body}");
    }
}

#[tokio::test]
async fn unrelated_and_unknown_commits_are_refused_in_different_words() {
    let scene = READY.replace("commits = [", "commits = [ { id = 'alien', author = 'alex', files = { s = '' } },");
    let scene = format!("{scene} {{ push = {{ branch = 'x', commit = 'alien', fork = true }} }} ]");
    let (github, url) = served(played(&scene)).await;
    let (main, alien) = (github.sha("main2").unwrap(), github.sha("alien").unwrap());
    let message = async |head: &str| {
        let answer = get(&github, &format!("{url}{REPO}/compare/{main}...{head}")).await;
        assert_eq!(answer.status(), 404);
        answer.json::<Value>().await.unwrap()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(&alien).await, format!("No common ancestor between {main} and {alien}."));
    assert_eq!(message(&"a".repeat(40)).await, "Not Found");
    let body = get_json(&github, &format!("{url}{REPO}/compare/{main}...work")).await;
    for commit in [&body["base_commit"], &body["merge_base_commit"], &body["commits"][0]] {
        assert_eq!(commit["commit"]["tree"]["sha"].as_str().map(str::len), Some(40));
    }
}

#[tokio::test]
async fn a_link_to_a_file_is_answered_with_the_file() {
    let scene = "
        commits = [ { id = 'c', author = 'dana', files = { 'a/real' = 'text' }, executables = ['a/real'],
            links = { 'b/link' = '../a/real', lost = 'nowhere' }, submodules = { sub = '4b825dc642cb6eb9a060e54bf8d69288fbee4904' } } ]
        timeline = [ { push = { branch = 'main', commit = 'c' } } ]";
    let (github, url) = served(played(scene)).await;
    let file = async |path: &str| get_json(&github, &format!("{url}{REPO}/contents/{path}")).await;
    let link = file("b/link").await;
    assert_eq!((&link["type"], &link["content"]), (&json!("file"), &json!("dGV4dA==\n")));
    let lost = file("lost").await;
    assert_eq!((&lost["type"], &lost["target"]), (&json!("symlink"), &json!("nowhere")));
    assert_eq!(file("sub").await["type"], "submodule");
    let tree = get_json(&github, &format!("{url}{REPO}/git/trees/main?recursive=1")).await;
    let modes = tree["tree"].as_array().unwrap().iter().map(|one| one["mode"].as_str().unwrap());
    assert_eq!(modes.collect::<Vec<_>>(), ["040000", "100755", "040000", "120000", "120000", "160000"]);
}
