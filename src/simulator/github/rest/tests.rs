use serde_json::{Value, json};

use super::super::tests::{READY, get, get_json, played, served};

const REPO: &str = "/repos/acme/billing-api";

/// A line of 251 commits after the root.
fn long_line() -> String {
    let mut commits = "{ id = 'c0', author = 'dana', files = { f = '0' } },".to_owned();
    for number in 1..=251 {
        let parent = number - 1;
        commits.push_str(&format!(
            "{{ id = 'c{number}', author = 'dana', parents = ['c{parent}'], files = {{ f = '{number}' }} }},"
        ));
    }
    format!("commits = [ {commits} ]\ntimeline = [ {{ push = {{ branch = 'main', commit = 'c251' }} }} ]")
}

fn shas(comparison: &Value) -> Vec<&str> {
    comparison["commits"].as_array().unwrap().iter().map(|commit| commit["sha"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_long_comparison_is_complete_only_in_pages() {
    let (github, url) = served(played(&long_line())).await;
    let compare = format!("{url}{REPO}/compare/{}...{}", github.sha("c0").unwrap(), github.sha("c251").unwrap());
    let (first, last) = (github.sha("c1").unwrap(), github.sha("c251").unwrap());
    let unpaged = get_json(&github, &compare).await;
    assert_eq!((shas(&unpaged).len(), &unpaged["total_commits"]), (250, &json!(251)));
    assert_ne!(shas(&unpaged)[0], first, "the oldest is missing");
    assert_eq!(shas(&unpaged)[249], last);
    let mut all = Vec::new();
    for page in 1..=3 {
        let answer = get(&github, &format!("{compare}?per_page=100&page={page}")).await;
        let link = answer.headers().get("link").unwrap().to_str().unwrap().to_owned();
        assert_eq!(link.contains("rel=\"next\""), page < 3);
        let body = answer.json::<Value>().await.unwrap();
        assert_eq!(body["files"].is_array(), page == 1);
        all.extend(shas(&body).into_iter().map(str::to_owned));
    }
    assert_eq!(all.len(), 251);
    assert_eq!((&all[0], &all[250]), (&first, &last));
}

#[tokio::test]
async fn comparisons_tell_how_two_commits_stand_to_each_other() {
    let stranger = "commits = [ { id = 'stranger', author = 'alex', files = { s = '' } },";
    let scene = READY.replace("commits = [", stranger);
    let (github, url) =
        served(played(&format!("{scene} {{ push = {{ branch = 'other', commit = 'stranger' }} }} ]"))).await;
    let sha = |name: &str| github.sha(name).unwrap();
    for (base, head, status) in [
        ("main2", "main2", "identical"),
        ("root", "main2", "ahead"),
        ("main2", "root", "behind"),
        ("main2", "work2", "diverged"),
    ] {
        let body = get_json(&github, &format!("{url}{REPO}/compare/{}...{}", sha(base), sha(head))).await;
        assert_eq!(body["status"], status);
    }
    let body = get_json(&github, &format!("{url}{REPO}/compare/main...acme:work")).await;
    assert_eq!(body["merge_base_commit"]["sha"], sha("root"));
    let answer = get(&github, &format!("{url}{REPO}/compare/main...other")).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap()["message"], "No common ancestor between main and other.");
    assert_eq!(get(&github, &format!("{url}{REPO}/compare/main...nothing")).await.status(), 404);
    assert_eq!(get(&github, &format!("{url}/repos/acme/nothing")).await.status(), 404);
}

#[tokio::test]
async fn only_who_has_a_token_is_let_in() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = client.get(format!("{url}{REPO}")).bearer_auth("ghp_wrong").send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("x-ratelimit-remaining")), (401, true));
    assert_eq!(refused.json::<Value>().await.unwrap()["message"], "Bad credentials");
    let installation =
        client.get(format!("{url}/api/v3{REPO}/installation")).bearer_auth("a.b.c").send().await.unwrap();
    let id = installation.json::<Value>().await.unwrap()["id"].clone();
    let tokens = format!("{url}/app/installations/{id}/access_tokens");
    let token = client.post(&tokens).bearer_auth("a.b.c").send().await.unwrap().json::<Value>().await.unwrap();
    let token = token["token"].as_str().unwrap();
    let ask =
        async || client.get(format!("{url}{REPO}")).header("Authorization", format!("token {token}")).send().await;
    assert_eq!(ask().await.unwrap().status(), 200);
    github.locked().shared.clock.pass(std::time::Duration::from_secs(3601));
    assert_eq!(ask().await.unwrap().status(), 401, "tokens live for an hour");
}

#[tokio::test]
async fn files_are_read_at_a_commit_and_nowhere_else() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let at = |path: &str, name: &str| format!("{url}{REPO}/contents/{path}?ref={}", github.sha(name).unwrap());
    let file = get_json(&github, &at("d/e.txt", "work2")).await;
    assert_eq!((&file["content"], &file["encoding"]), (&json!("Zm91cg==\n"), &json!("base64")));
    assert_eq!(get(&github, &at("d/e.txt", "work1")).await.status(), 404);
    assert_eq!(get(&github, &at("d/%2e%2e%2fa.txt", "work2")).await.status(), 404);
    let folder = get_json(&github, &at("d", "work2")).await;
    assert_eq!(folder[0]["path"], "d/e.txt");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let raw = client.get(at("d%2Fe.txt", "work2")).bearer_auth(github.token());
    let raw = raw.header("Accept", "application/vnd.github.raw+json").send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "four");
    let commit = get_json(&github, &format!("{url}{REPO}/commits/{}", github.sha("work2").unwrap())).await;
    assert_eq!(commit["files"][0]["filename"], "d/e.txt");
    let tree = commit["commit"]["tree"]["sha"].as_str().unwrap();
    let tree = get_json(&github, &format!("{url}{REPO}/git/trees/{tree}?recursive=1")).await;
    let paths = tree["tree"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap());
    assert_eq!(paths.collect::<Vec<_>>(), ["a.txt", "c.txt", "d", "d/e.txt"]);
}

#[tokio::test]
async fn scans_belong_to_commits_and_alerts_to_the_present() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let analyses = format!("{url}{REPO}/code-scanning/analyses");
    let none = get(&github, &analyses).await;
    assert_eq!(
        (none.status().as_u16(), none.json::<Value>().await.unwrap()["message"].clone()),
        (404, json!("no analysis found"))
    );
    let scans = "
        { scan = { commit = 'root', findings = [ { rule = 'r/1', message = 'Bad.', security_severity = 8.1 } ] } },
        { scan = { commit = 'main2', rules = 3 } },";
    let (github, url) = served(played(&format!("{READY} {scans} ]"))).await;
    let analyses = format!("{url}{REPO}/code-scanning/analyses");
    let list = get_json(&github, &format!("{analyses}?ref=main&tool_name=CodeQL")).await;
    assert_eq!(list[0]["commit_sha"], github.sha("main2").unwrap(), "newest first");
    assert_eq!((&list[0]["rules_count"], &list[1]["results_count"]), (&json!(3), &json!(1)));
    let alert = get_json(&github, &format!("{url}{REPO}/code-scanning/alerts/1")).await;
    assert_eq!((&alert["state"], &alert["rule"]["security_severity_level"]), (&json!("fixed"), &json!("high")));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sarif = client.get(format!("{analyses}/{}", list[1]["id"])).bearer_auth(github.token());
    let sarif = sarif.header("Accept", "application/sarif+json").send().await.unwrap().json::<Value>().await.unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["properties"]["github/alertNumber"], 1);
    assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "8.1");
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 120);
}

#[tokio::test]
async fn the_merge_commit_is_gone_from_the_newer_version() {
    let merge = "{ merge = { pull_request = 7, by = 'lee', commit = 'result' } }";
    let (github, url) = served(played(&format!("{READY} {merge} ]"))).await;
    let pull = format!("{url}{REPO}/pulls/7");
    assert_eq!(get_json(&github, &pull).await["merge_commit_sha"], github.sha("result").unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = client.get(&pull).bearer_auth(github.token()).header("X-GitHub-Api-Version", "2026-03-10");
    let newer = ask.send().await.unwrap().json::<Value>().await.unwrap();
    assert!(newer.get("merge_commit_sha").is_none() && newer["merged"] == true);
    let carried = get_json(&github, &format!("{url}{REPO}/commits/{}/pulls", github.sha("work1").unwrap())).await;
    assert_eq!(carried[0]["number"], 7);
    let timeline = get_json(&github, &format!("{url}{REPO}/issues/7/timeline")).await;
    let events = timeline.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap());
    assert_eq!(events.collect::<Vec<_>>(), ["committed", "committed", "merged", "closed"]);
}
