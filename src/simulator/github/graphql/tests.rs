use serde_json::{Value, json};

use super::super::Github;
use super::super::tests::{READY, get_json, played, served};

const REPO: &str = "/repos/acme/billing-api";

pub(in super::super) async fn ask(github: &Github, url: &str, query: &str, variables: Value) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({ "query": query, "variables": variables });
    let answer = client.post(format!("{url}/graphql")).bearer_auth(github.token()).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

const TWO_REVIEWS: &str = "
    { review = { pull_request = 7, by = 'sam' } },
    { review = { pull_request = 7, by = 'priya', state = 'request_changes' } },
    { dismiss_review = { pull_request = 7, review_by = 'priya', by = 'dana' } },
    { check_run = { commit = 'work2', name = 'build', conclusion = 'success' } },
    { merge = { pull_request = 7, by = 'lee', commit = 'result' } }, ]";

#[test]
fn the_schema_is_valid() {
    assert_eq!(super::SCHEMA.as_ref().err(), None);
}

#[tokio::test]
async fn commits_lead_to_their_pull_request_and_to_people() {
    let (github, url) = served(played(&format!("{READY}{TWO_REVIEWS}"))).await;
    let commit = get_json(&github, &format!("{url}{REPO}/commits/{}", github.sha("work1").unwrap())).await;
    let query = "query($ids: [ID!]!) {
        rateLimit { cost nodeCount }
        nodes(ids: $ids) { ... on Commit {
            oid
            authors(first: 10) { totalCount nodes { name user { login databaseId } } }
            signature { isValid }
            associatedPullRequests(first: 5) { nodes { number merged mergeCommit {
                parents(first: 2) { nodes { oid } }
                committer { user { login } }
                signature { __typename wasSignedByGitHub signer { login } }
            } } }
        } }
    }";
    let answer = ask(&github, &url, query, json!({ "ids": [commit["node_id"]] })).await;
    assert_eq!(answer.get("errors"), None);
    let merged = json!({
        "parents": { "nodes": [{ "oid": github.sha("main2").unwrap() }, { "oid": github.sha("work2").unwrap() }] },
        "committer": { "user": { "login": "web-flow" } },
        "signature": { "__typename": "GpgSignature", "wasSignedByGitHub": true, "signer": { "login": "web-flow" } },
    });
    let expected = json!({
        "oid": github.sha("work1").unwrap(),
        "authors": { "totalCount": 2, "nodes": [
            { "name": "Dana Reyes", "user": { "login": "dana", "databaseId": 1001 } },
            { "name": "Priya Nair", "user": { "login": "priya", "databaseId": 1003 } },
        ] },
        "signature": null,
        "associatedPullRequests": { "nodes": [{ "number": 7, "merged": true, "mergeCommit": merged }] },
    });
    assert_eq!(answer["data"]["nodes"][0], expected);
    assert_eq!(answer["data"]["rateLimit"], json!({ "cost": 1, "nodeCount": 26 }));
}

#[tokio::test]
async fn a_pull_request_tells_its_whole_story() {
    let (github, url) = served(played(&format!("{READY}{TWO_REVIEWS}"))).await;
    let pull = get_json(&github, &format!("{url}{REPO}/pulls/7")).await;
    let query = "query($id: ID!) { node(id: $id) { ... on PullRequest {
        state reviewDecision
        head: commits(last: 1) { nodes { commit {
            statusCheckRollup { state contexts(first: 9) { nodes { ... on CheckRun { name checkSuite { app { slug } } } } } }
            checkSuites(first: 9) { nodes { createdAt push { previousSha pusher { __typename login } } } }
        } } }
        reviews(first: 9, states: [APPROVED]) { totalCount nodes { author { login } authorCanPushToRepository } }
        latestOpinionatedReviews(first: 9, writersOnly: true) { nodes { state } }
        timelineItems(first: 9, itemTypes: [REVIEW_DISMISSED_EVENT, MERGED_EVENT]) { nodes {
            ... on ReviewDismissedEvent { previousReviewState actor { login } }
            ... on MergedEvent { createdAt actor { login } }
        } }
    } } }";
    let answer = ask(&github, &url, query, json!({ "id": pull["node_id"] })).await;
    assert_eq!(answer.get("errors"), None);
    let node = &answer["data"]["node"];
    assert_eq!((&node["state"], &node["reviewDecision"]), (&json!("MERGED"), &json!("APPROVED")));
    let head = &node["head"]["nodes"][0]["commit"];
    assert_eq!(head["statusCheckRollup"]["state"], "SUCCESS");
    let context = &head["statusCheckRollup"]["contexts"]["nodes"][0];
    assert_eq!(context, &json!({ "name": "build", "checkSuite": { "app": { "slug": "github-actions" } } }));
    let suite = json!({ "createdAt": "2026-11-02T09:02:00Z", "push":
        { "previousSha": null, "pusher": { "__typename": "User", "login": "dana" } } });
    assert_eq!(head["checkSuites"]["nodes"], json!([suite]));
    assert_eq!(node["reviews"]["nodes"], json!([{ "author": { "login": "sam" }, "authorCanPushToRepository": true }]));
    assert_eq!(node["latestOpinionatedReviews"]["nodes"], json!([{ "state": "APPROVED" }, { "state": "DISMISSED" }]));
    let events = json!([
        { "previousReviewState": "CHANGES_REQUESTED", "actor": { "login": "dana" } },
        { "createdAt": "2026-11-02T09:09:00Z", "actor": { "login": "lee" } },
    ]);
    assert_eq!(node["timelineItems"]["nodes"], events);
}

#[tokio::test]
async fn connections_are_read_page_by_page() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let query = "query($after: String) { repository(owner: \"acme\", name: \"billing-api\") { pullRequest(number: 7) {
        commits(first: 1, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { commit { oid } } }
    } } }";
    let mut after = Value::Null;
    let mut seen = Vec::new();
    loop {
        let answer = ask(&github, &url, query, json!({ "after": after })).await;
        let commits = &answer["data"]["repository"]["pullRequest"]["commits"];
        assert_eq!(commits["totalCount"], 2);
        seen.push(commits["nodes"][0]["commit"]["oid"].as_str().unwrap().to_owned());
        after = commits["pageInfo"]["endCursor"].clone();
        if commits["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, [github.sha("work1").unwrap(), github.sha("work2").unwrap()]);
}

#[tokio::test]
async fn errors_are_typed_and_leave_the_rest_of_the_answer() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let pull = get_json(&github, &format!("{url}{REPO}/pulls/7")).await;
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let answer = ask(&github, &url, nodes, json!({ "ids": [pull["node_id"], "PR_nothing"] })).await;
    assert_eq!(answer["data"]["nodes"], json!([{ "id": pull["node_id"] }, null]));
    assert_eq!(
        (&answer["errors"][0]["type"], &answer["errors"][0]["path"]),
        (&json!("NOT_FOUND"), &json!(["nodes", 1]))
    );

    let answer = ask(&github, &url, nodes, json!({ "ids": vec!["x"; 101] })).await;
    let error = &answer["errors"][0];
    assert_eq!(error["type"], "ARGUMENT_LIMIT");
    assert_eq!(error["message"], "You may not provide more than 100 node ids; you provided 101.");

    let pages = |arguments: &str| {
        let inner = format!("pullRequest(number: 7) {{ commits{arguments} {{ totalCount }} }}");
        format!("{{ repository(owner: \"acme\", name: \"billing-api\") {{ {inner} }} }}")
    };
    let answer = ask(&github, &url, &pages("(first: 101)"), Value::Null).await;
    let message = "Requesting 101 records on the `commits` connection exceeds the `first` limit of 100 records.";
    assert_eq!(
        (&answer["errors"][0]["message"], &answer["errors"][0]["type"]),
        (&json!(message), &json!("EXCESSIVE_PAGINATION"))
    );
    let answer = ask(&github, &url, &pages(""), Value::Null).await;
    assert_eq!(answer["errors"][0]["type"], "MISSING_PAGINATION_BOUNDARIES");

    let answer = ask(&github, &url, "{ repository(owner: \"acme\") { nope } }", Value::Null).await;
    assert_eq!(answer.get("data"), None);
    assert!(answer["errors"][0]["message"].is_string() && answer["errors"][0].get("type").is_none());
    assert!(answer["errors"][0]["locations"][0]["line"].is_u64());
}

#[tokio::test]
async fn bots_and_strangers_are_told_apart() {
    let scene = "
        people = [ { name = 'renovate', full_name = 'Renovate', bot = true } ]
        commits = [ { id = 'a', author = 'renovate' }, { id = 'b', parents = ['a'], author = 'renovate', unknown_author = true } ]
        timeline = [ { push = { branch = 'main', commit = 'b' } } ]";
    let (github, url) = served(played(scene)).await;
    let commit =
        async |name: &str| get_json(&github, &format!("{url}{REPO}/commits/{}", github.sha(name).unwrap())).await;
    let (bot, stranger) = (commit("a").await, commit("b").await);
    assert_eq!((&bot["author"]["login"], &bot["author"]["type"]), (&json!("renovate[bot]"), &json!("Bot")));
    assert_eq!((&stranger["author"], &stranger["committer"]), (&Value::Null, &Value::Null));
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Commit {
        author { name user { login } } checkSuites(first: 1) { nodes { push { pusher { __typename login } } } }
    } } }";
    let answer = ask(&github, &url, query, json!({ "ids": [stranger["node_id"]] })).await;
    let pusher = json!({ "__typename": "Bot", "login": "renovate" });
    let expected = json!({
        "author": { "name": "Renovate", "user": null },
        "checkSuites": { "nodes": [{ "push": { "pusher": pusher } }] },
    });
    assert_eq!(answer["data"]["nodes"][0], expected);
}

#[tokio::test]
async fn the_cost_is_githubs() {
    let (github, url) = served(played(&format!("{READY} ]"))).await;
    let query = "query($ids: [ID!]!) { rateLimit { cost nodeCount } nodes(ids: $ids) { ... on Commit {
        parents(first: 3) { totalCount } authors(first: 10) { totalCount }
        associatedPullRequests(first: 10) { totalCount }
    } } }";
    let answer = ask(&github, &url, query, json!({ "ids": vec!["x"; 50] })).await;
    assert_eq!(answer["data"]["rateLimit"], json!({ "cost": 2, "nodeCount": 1200 }));
}
