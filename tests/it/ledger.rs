//! The ledger: what GitHub's signed deliveries said at the moment when it happened.

use cm_bot::cli::demo::play::Played;
use cm_bot::model::{AccountKind, CommitSha, GithubId, Ledger, RepoName, Timestamp};
use cm_bot::simulator::scene::Variant;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::scene;
use crate::webhooks::{post, running, secret, sign, status};

fn repository() -> RepoName {
    RepoName::parse("acme/billing-api").unwrap()
}

async fn ledger(played: &Played, number: u64) -> Ledger {
    let found = played.app.context.sources.store.ledger(&repository(), &[1, number, 2]).await.unwrap();
    assert!(found.keys().all(|found| *found == number), "{found:?}");
    found.get(&number).cloned().unwrap_or_default()
}

fn sha(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn of_pull_request(mut body: Value) -> Value {
    body["repository"] = json!({"id": 5, "full_name": "acme/billing-api"});
    body["sender"] = json!({"id": 7, "login": "dana", "type": "User"});
    body["number"] = json!(871);
    body["pull_request"] = json!({"number": 871, "head": {"sha": sha('b')}});
    body
}

fn synchronized() -> Value {
    of_pull_request(json!({"action": "synchronize", "before": sha('a'), "after": sha('b')}))
}

fn reviewed() -> Value {
    let review = json!({
        "node_id": "PRR_1", "state": "approved", "commit_id": sha('b'), "submitted_at": "2026-11-22T14:05:00Z",
        "user": {"id": 8, "login": "lee", "type": "User"},
    });
    of_pull_request(json!({"action": "submitted", "review": review}))
}

fn delivery(played: &Played, (id, event): (&str, &str), body: &str) -> RequestBuilder {
    let signature = sign(body, &secret(played, "github"));
    let request = post(played, "/webhooks/github").header("x-github-delivery", id).header("x-github-event", event);
    request.header("x-hub-signature-256", signature).body(body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_played_pull_request_is_in_it() {
    let played = scene("push-after-approval").play(Variant::Scene).await;
    let ledger = ledger(&played, 871).await;
    let [opened, pushed] = ledger.pushes.as_slice() else { panic!("{ledger:?}") };
    assert_eq!((&opened.before, &pushed.before), (&None, &Some(opened.after.clone())));
    assert_eq!(pushed.by.as_ref().map(|by| by.kind), Some(AccountKind::User));
    assert_eq!(ledger.reviews[0].commit, opened.after, "what the reviewer saw, and not the final commit");
    assert!(ledger.reviews[0].submitted_at <= pushed.at);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_delivery_is_one_line_and_again_it_is_none() {
    let played = running().await;
    let (pushed, reviewed) = (synchronized().to_string(), reviewed().to_string());
    let retargeted = of_pull_request(json!({"action": "edited", "changes": {"base": {"ref": {"from": "next"}}}}));
    let renamed = of_pull_request(json!({"action": "edited", "changes": {"title": {"from": "x"}}}));
    let deliveries = [
        ("1", "pull_request", pushed.clone()),
        ("1", "pull_request", pushed.clone()),
        ("2", "pull_request", pushed),
        ("3", "pull_request_review", reviewed.clone()),
        ("3", "pull_request_review", reviewed),
        ("4", "pull_request", retargeted.to_string()),
        ("5", "pull_request", renamed.to_string()),
    ];
    for (id, event, body) in &deliveries {
        assert_eq!(status(delivery(&played, (id, event), body)).await, StatusCode::ACCEPTED);
    }
    let ledger = ledger(&played, 871).await;
    assert_eq!((ledger.reviews.len(), ledger.pushes.len(), ledger.base_changes.len()), (1, 1, 1), "{ledger:?}");
    assert_eq!(ledger.reviews[0].id, "PRR_1");
    assert_eq!(ledger.reviews[0].submitted_at, Timestamp::parse("2026-11-22T14:05:00Z").unwrap());
    assert_eq!(ledger.pushes[0].before.as_ref().unwrap().as_str(), sha('a'));
    assert_eq!(ledger.pushes[0].by.as_ref().unwrap().id, GithubId(7).into());
    played.stop().await;
}

/// A release branch that is forced elsewhere changes the base of every pull request.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_branch_that_is_forced_elsewhere_is_in_it() {
    let played = running().await;
    let moved = |reference: &str, how: [bool; 2]| {
        json!({
            "ref": reference, "forced": how[0], "deleted": how[1],
            "repository": {"id": 5, "full_name": "acme/billing-api"},
        })
    };
    let grown = [moved("refs/heads/main", [false, false]), moved("refs/heads/work", [true, false])];
    for (place, body) in grown.iter().enumerate() {
        let id = format!("grown-{place}");
        assert_eq!(status(delivery(&played, (&id, "push"), &body.to_string())).await, StatusCode::ACCEPTED);
    }
    assert_eq!(ledger(&played, 871).await, Ledger::default());
    for (id, how) in [("forced", [true, false]), ("deleted", [false, true])] {
        let body = moved("refs/heads/main", how).to_string();
        assert_eq!(status(delivery(&played, (id, "push"), &body)).await, StatusCode::ACCEPTED);
    }
    let store = &played.app.context.sources.store;
    let found = store.ledger(&repository(), &[1, 871]).await.unwrap();
    assert_eq!(found.values().map(|ledger| ledger.base_changes.len()).collect::<Vec<_>>(), [2, 2]);
    played.stop().await;
}

/// Whoever makes a branch of what is there already has pushed none of it.
#[tokio::test(flavor = "multi_thread")]
async fn who_first_pushed_a_commit_is_in_it() {
    let played = running().await;
    let push = |reference: &str, (commit, distinct): (char, bool), who: u64| {
        json!({
            "ref": reference, "forced": false, "deleted": false,
            "commits": [{"id": sha(commit), "distinct": distinct}],
            "repository": {"id": 5, "full_name": "acme/billing-api"},
            "sender": {"id": who, "login": "somebody", "type": "User"},
        })
    };
    let mut lacking = push("refs/heads/work", ('e', true), 7);
    lacking["commits"][0]["distinct"] = json!(null);
    let pushes = [
        push("refs/heads/work", ('b', true), 7),
        push("refs/heads/other", ('b', false), 8),
        push("refs/heads/main", ('c', true), 8),
        push("refs/tags/v1", ('d', true), 8),
        lacking,
    ];
    for (place, body) in pushes.iter().enumerate() {
        let id = format!("push-{place}");
        assert_eq!(status(delivery(&played, (&id, "push"), &body.to_string())).await, StatusCode::ACCEPTED);
    }
    let commits = ['b', 'c', 'd', 'e'].map(|digit| CommitSha::parse(&sha(digit)).unwrap());
    let store = &played.app.context.sources.store;
    let found = store.first_pushed(&repository(), &commits.iter().collect::<Vec<_>>()).await.unwrap();
    let found: Vec<_> = found.iter().map(|(commit, by)| (commit, by.iter().map(|by| by.id).collect())).collect();
    assert_eq!(found, [(&commits[0], vec![GithubId(7).into()])]);
    played.stop().await;
}

/// As many as GitHub tells of in one delivery.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_of_two_thousand_commits_is_in_it_whole() {
    let played = running().await;
    let names: Vec<String> = (0..2_048).map(|number| format!("{number:040x}")).collect();
    let body = json!({
        "ref": "refs/heads/work", "forced": false, "deleted": false,
        "commits": names.iter().map(|name| json!({"id": name, "distinct": true})).collect::<Vec<_>>(),
        "repository": {"id": 5, "full_name": "acme/billing-api"},
        "sender": {"id": 7, "login": "dana", "type": "User"},
    });
    assert_eq!(status(delivery(&played, ("1", "push"), &body.to_string())).await, StatusCode::ACCEPTED);
    let commits: Vec<CommitSha> = names.iter().map(|name| CommitSha::parse(name).unwrap()).collect();
    let store = &played.app.context.sources.store;
    let found = store.first_pushed(&repository(), &commits.iter().collect::<Vec<_>>()).await.unwrap();
    assert_eq!(found.len(), 2_048);
    assert!(found.values().all(|by| by.len() == 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_of_another_event_is_not_in_it() {
    let played = running().await;
    let (pushed, reviewed) = (synchronized().to_string(), reviewed().to_string());
    let unsigned = post(&played, "/webhooks/github").header("x-github-event", "pull_request").body(pushed.clone());
    assert_eq!(status(unsigned).await, StatusCode::UNAUTHORIZED);
    let forged = delivery(&played, ("1", "pull_request"), &pushed).body(reviewed.clone());
    assert_eq!(status(forged).await, StatusCode::UNAUTHORIZED);
    for (id, event) in [("2", "push"), ("3", "pull_request_review_comment"), ("4", "")] {
        let body = reviewed.replace("PRR_1", id);
        assert_eq!(status(delivery(&played, (id, event), &body)).await, StatusCode::ACCEPTED);
    }
    let elsewhere = pushed.replace("acme/billing-api", "acme/somewhere-else");
    assert_eq!(status(delivery(&played, ("5", "pull_request"), &elsewhere)).await, StatusCode::ACCEPTED);
    assert_eq!(ledger(&played, 871).await, Ledger::default());
    assert_eq!(status(delivery(&played, ("6", "pull_request_review"), &reviewed)).await, StatusCode::ACCEPTED);
    assert_eq!(ledger(&played, 871).await.reviews.len(), 1, "the twin");
    played.stop().await;
}

/// Never half a row, and never a refusal: GitHub would not send it again.
#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_a_field_is_not_in_it() {
    let played = running().await;
    let lacking = [
        ("pull_request_review", reviewed(), "/review/commit_id", json!(null)),
        ("pull_request_review", reviewed(), "/review/commit_id", json!("HEAD")),
        ("pull_request_review", reviewed(), "/review/submitted_at", json!(null)),
        ("pull_request_review", reviewed(), "/review/submitted_at", json!("yesterday")),
        ("pull_request_review", reviewed(), "/review/state", json!("APPROVED")),
        ("pull_request_review", reviewed(), "/review/user", json!(null)),
        ("pull_request_review", reviewed(), "/review/node_id", json!("")),
        ("pull_request", synchronized(), "/after", json!(null)),
        ("pull_request", synchronized(), "/before", json!("")),
        ("pull_request", synchronized(), "/sender/id", json!("7")),
        ("pull_request", synchronized(), "/pull_request/number", json!(-1)),
        ("pull_request", synchronized(), "/repository/id", json!(null)),
    ];
    for (place, (event, mut body, field, value)) in lacking.into_iter().enumerate() {
        *body.pointer_mut(field).unwrap() = value;
        let request = delivery(&played, (&place.to_string(), event), &body.to_string());
        assert_eq!(status(request).await, StatusCode::ACCEPTED, "{field}");
    }
    assert_eq!(ledger(&played, 871).await, Ledger::default());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_repository_took_over_starts_an_empty_one() {
    let played = running().await;
    let send = |id: &'static str, body: Value| status(delivery(&played, (id, "pull_request"), &body.to_string()));
    assert_eq!(send("1", synchronized()).await, StatusCode::ACCEPTED);
    let mut other = synchronized();
    other["repository"]["id"] = json!(6);
    other["after"] = json!(sha('c'));
    assert_eq!(send("2", other).await, StatusCode::ACCEPTED);
    let ledger = ledger(&played, 871).await;
    assert_eq!(ledger.pushes.len(), 1);
    assert_eq!(ledger.pushes[0].after.as_str(), sha('c'));
    played.stop().await;
}
