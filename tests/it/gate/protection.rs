//! GitHub's own deployment protection rule: a run waits, and GitHub is told what the gate says. Whatever is odd about the run
//! is told nothing that opens.

use std::time::Duration;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::github::Reviewed;
use cm_bot::simulator::scene::{Step, Variant};

use crate::logins::{APP, private_key};
use crate::support::{TestScene, play_all, restarted, scene, start_with, verified};

const TICKET: &str = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";
const RUN: &str = "workflow_run = { run = 77, environment = \"production-us\", commit = \"merged\", by = \"dana\" }";
const WORKFLOW: &str = "acme/billing-api/.github/workflows/deploy.yml@refs/heads/main";
/// The number of the first repository of a simulated GitHub.
const REPOSITORY: &str = "700001";

/// A clean change of which nobody has made a ticket yet.
fn clean() -> TestScene {
    scene("clean-change").with(TICKET, "")
}

/// A change that waits for two approvers.
fn unreviewed() -> TestScene {
    let ticket = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"fix\" }";
    scene("no-pull-request").with(ticket, "pass = \"1s\"")
}

fn of_fix() -> String {
    RUN.replace("merged", "fix")
}

/// A service that is GitHub's App and trusts one workflow of this repository.
async fn trusting(scene: TestScene, (repository, workflow): (&str, &str)) -> Played {
    let gate = format!(
        "watch = [{{ environment = \"prod-us\", github_environment = \"production-us\" }}]\n\
         rollback_plan = \"Deploy the build before with the same workflow, which takes two minutes.\"\n\
         identities = [{{ system = \"github-actions\", issuer = \"https://token.actions.githubusercontent.com\", \
         audience = \"cm-bot\", repository_id = \"{repository}\", workflow = \"{workflow}\" }}]"
    );
    let played = start_with(scene.parsed().variant(Variant::Scene), |settings| {
        let github = settings["github"].as_table_mut().unwrap();
        github.remove("token");
        github.insert("app_id".into(), APP.to_string().into());
        github.insert("private_key".into(), private_key().into());
        let gate: toml::Table = gate.parse().unwrap();
        settings["services"][0].as_table_mut().unwrap().insert("gate".into(), gate.into());
    })
    .await;
    play_all(&played).await;
    played
}

async fn after(scene: TestScene) -> Played {
    trusting(scene, (REPOSITORY, WORKFLOW)).await
}

async fn happens(played: &Played, steps: &[&str]) {
    for step in steps {
        played.world.simulator.play(&toml::from_str::<Step>(step).unwrap()).await.unwrap();
        settle(played).await.unwrap();
    }
}

/// What GitHub was told about the run: the states alone, and the last words.
fn told(played: &Played) -> (Vec<Reviewed>, &'static str) {
    played.world.simulator.github.told_about(77).unwrap()
}

fn states(played: &Played) -> Vec<String> {
    told(played).0.into_iter().filter_map(|review| review.state).collect()
}

fn words(played: &Played) -> String {
    told(played).0.last().map_or_else(String::new, |review| review.comment.clone())
}

async fn uses(played: &Played) -> usize {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains("\"gate_allowed\"")).count()
}

/// The run waits on, and people read why.
async fn is_not_let_through(played: &Played, why: &str) {
    assert_eq!((states(played), told(played).1), (Vec::new(), "waiting"), "{}", words(played));
    assert!(words(played).contains(why), "nobody reads {why:?} in: {}", words(played));
    assert_eq!(uses(played).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_at_the_rule_is_let_through_when_its_change_is_approved() {
    let played = after(clean()).await;
    happens(&played, &[RUN]).await;
    assert_eq!((states(&played), told(&played).1), (vec!["approved".to_owned()], "in_progress"), "{}", words(&played));
    let words = words(&played);
    assert!(words.starts_with("**Let through**\\: billing\\-api to prod\\-us, run 77 of commit"), "{words}");
    assert!(words.contains("/browse/PRODCM-399>)"), "{words}");
    assert_eq!(uses(&played).await, 1);
    let ticket = played.world.simulator.jira.ticket("PRODCM-399").unwrap();
    assert_eq!(ticket.status, "Approved");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_github_shows_as_a_success_closes_its_ticket() {
    let played = after(clean()).await;
    played.app.orphans().once().await;
    happens(&played, &[RUN]).await;
    let shown =
        "show_deployment = { environment = \"production-us\", commit = \"merged\", by = \"dana\", run = \"77\" }";
    happens(&played, &[shown]).await;
    assert_eq!(played.app.orphans().once().await, 0, "it was let through");
    settle(&played).await.unwrap();
    assert_eq!(played.world.simulator.jira.ticket("PRODCM-399").unwrap().status, "Closed");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_until_people_have_approved_and_says_for_whom() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix()]).await;
    is_not_let_through(&played, "**Waiting** for the approval of [PRODCM\\-399](<").await;
    assert!(words(&played).contains("Engineering Lead"), "{}", words(&played));
    let said = told(&played).0.len();
    happens(&played, &["pass = \"11m\"", "pass = \"11m\""]).await;
    assert_eq!(told(&played).0.len(), said, "the same is not said again");
    happens(&played, &["comment = { ticket = \"PRODCM-399\", by = \"sam\", text = \"/cm approve\" }"]).await;
    assert_eq!(states(&played), Vec::<String>::new());
    happens(&played, &["comment = { ticket = \"PRODCM-399\", by = \"priya\", text = \"/cm approve\" }"]).await;
    assert_eq!(states(&played), ["approved"], "{}", words(&played));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_declined_rejects_its_run() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix()]).await;
    happens(
        &played,
        &["comment = { ticket = \"PRODCM-399\", by = \"sam\", text = \"/cm decline Not before the freeze ends\" }"],
    )
    .await;
    assert_eq!((states(&played), told(&played).1), (vec!["rejected".to_owned()], "completed"));
    assert!(words(&played).contains("The change was declined"), "{}", words(&played));
    assert_eq!(uses(&played).await, 0);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_run_of_a_repository_or_workflow_that_is_not_registered_waits() {
    let other = WORKFLOW.replace("deploy.yml", "release.yml");
    let branch = WORKFLOW.replace("main", "release");
    for pins in [("700002", WORKFLOW), (REPOSITORY, other.as_str()), (REPOSITORY, branch.as_str())] {
        let played = trusting(clean(), pins).await;
        happens(&played, &[RUN]).await;
        is_not_let_through(&played, "Its repository and workflow are not those that are registered for billing\\-api")
            .await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_run_of_another_branch_event_or_fork_waits() {
    for (other, why) in [
        ("branch = \"round-totals\", by =", "Its repository and workflow are not those that are registered"),
        ("event = \"pull_request\", by =", "It was not started by a push, by hand, by a schedule"),
        ("event = \"pull_request_target\", by =", "It was not started by a push, by hand, by a schedule"),
        ("fork = true, by =", "Its commit is not in the repository itself, but in a fork"),
        ("workflow = \"acme/web/.github/workflows/deploy.yml\", by =", "Its workflow is not a file of its repository"),
        ("workflow = \".github/workflows/other.yml\", by =", "Its repository and workflow are not those"),
        ("workflow = \".github/workflows/deploy.yml@refs/heads/x\", by =", "Its workflow is not that of its branch"),
    ] {
        let played = after(clean()).await;
        happens(&played, &[&RUN.replace("by =", other)]).await;
        is_not_let_through(&played, why).await;
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g28_a_tag_that_is_called_like_the_branch_makes_the_run_wait() {
    let played = after(clean()).await;
    happens(&played, &["push_tag = { tag = \"main\", commit = \"merged\" }", RUN]).await;
    is_not_let_through(&played, "A tag has the name of the branch").await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_commit_that_is_not_on_the_branch_waits() {
    let played = after(clean()).await;
    happens(&played, &["push = { branch = \"main\", commit = \"v1\", by = \"dana\", force = true }", RUN]).await;
    assert_eq!((states(&played), told(&played).1), (Vec::new(), "waiting"), "{}", words(&played));
    assert_eq!(uses(&played).await, 0);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_nobody_has_named_is_told_so() {
    let played = after(clean()).await;
    happens(&played, &[&RUN.replace("production-us", "production-eu <x>")]).await;
    let why = "Nobody has said which environment of a service GitHub's production\\-eu \\<x\\> is";
    is_not_let_through(&played, why).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_the_answer_that_leads_elsewhere_is_never_called() {
    let played = after(clean()).await;
    let path = "repos/acme/billing-api/actions/runs/77/deployment_protection_rule";
    for odd in [
        format!("https://api.github.example/{}", path.replace("billing-api", "web")),
        format!("https://api.github.example/{path}/../../78/deployment_protection_rule"),
        format!("http://api.github.example/{path}"),
    ] {
        happens(&played, &[&RUN.replace("by =", &format!("answer_to = \"{odd}\", by ="))]).await;
        assert!(told(&played).0.is_empty(), "{odd}");
    }
    // Of the host nothing is taken: the answer goes to the GitHub of the settings.
    let elsewhere = format!("answer_to = \"https://127.0.0.1:1/{path}\", by =");
    happens(&played, &[&RUN.replace("by =", &elsewhere)]).await;
    assert_eq!(states(&played), ["approved"]);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_again_is_answered_once() {
    let played = after(clean()).await;
    happens(&played, &[RUN]).await;
    let (before, _) = told(&played);
    let github = played.world.addresses.github;
    let http = reqwest::Client::new();
    let list = http.get(format!("http://{github}/app/hook/deliveries?per_page=100")).bearer_auth("a.b.c");
    let list: serde_json::Value = list.send().await.unwrap().json().await.unwrap();
    let of_rule = list.as_array().unwrap().iter().find(|one| one["event"] == "deployment_protection_rule").unwrap();
    for _ in 0..2 {
        let again = format!("http://{github}/app/hook/deliveries/{}/attempts", of_rule["id"]);
        assert_eq!(http.post(again).bearer_auth("a.b.c").send().await.unwrap().status(), 202);
        settle(&played).await.unwrap();
    }
    assert_eq!(told(&played).0, before);
    assert_eq!(uses(&played).await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_lost_is_asked_for() {
    let played = after(clean()).await;
    happens(&played, &["fail = { system = \"github\", how = \"drops_webhooks\" }", RUN]).await;
    assert!(told(&played).0.is_empty());
    played.app.missed().once().await.unwrap();
    settle(&played).await.unwrap();
    assert_eq!(states(&played), ["approved"]);
    played.stop().await;
}

const NO_ANSWER: &str = "fail = { system = \"github\", how = \"bad_gateway\", on = \"deployment_protection_rule\" }";
const APPROVED_BY_BOTH: [&str; 2] = [
    "comment = { ticket = \"PRODCM-399\", by = \"sam\", text = \"/cm approve\" }",
    "comment = { ticket = \"PRODCM-399\", by = \"priya\", text = \"/cm approve\" }",
];

#[tokio::test(flavor = "multi_thread")]
async fn j01_an_approval_that_was_voided_before_github_was_told_rejects_the_run() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix(), NO_ANSWER]).await;
    happens(&played, &APPROVED_BY_BOTH).await;
    assert_eq!(uses(&played).await, 1, "the run was let through, and GitHub has not heard of it");
    let edit = "edit_ticket = { ticket = \"PRODCM-399\", by = \"dana\", fields = { rollback_plan = \"n/a\" } }";
    happens(&played, &[edit, "recover = { system = \"github\" }", "pass = \"10m\""]).await;
    assert_eq!(states(&played), ["rejected"], "{}", words(&played));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j01_twin_an_approval_that_still_stands_is_told_when_github_answers_again() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix(), NO_ANSWER]).await;
    happens(&played, &APPROVED_BY_BOTH).await;
    happens(&played, &["recover = { system = \"github\" }", "pass = \"10m\""]).await;
    assert_eq!(states(&played), ["approved"], "{}", words(&played));
    assert_eq!(uses(&played).await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_a_process_that_ends_between_the_use_and_the_answer_tells_github_once() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix(), NO_ANSWER]).await;
    happens(&played, &APPROVED_BY_BOTH).await;
    happens(&played, &["recover = { system = \"github\" }"]).await;
    let played = restarted(played, Duration::from_secs(600)).await;
    assert_eq!((states(&played), uses(&played).await), (vec!["approved".to_owned()], 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_an_answer_whose_arrival_was_not_confirmed_is_looked_for_before_it_is_repeated() {
    let played = after(unreviewed()).await;
    let lost = NO_ANSWER.replace("bad_gateway", "loses_answers").replace(" }", ", times = 1 }");
    happens(&played, &[&of_fix(), APPROVED_BY_BOTH[0], &lost, APPROVED_BY_BOTH[1], "pass = \"10m\""]).await;
    assert_eq!((states(&played), uses(&played).await), (vec!["approved".to_owned()], 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c07_another_attempt_of_the_run_needs_another_approval() {
    let played = after(clean()).await;
    happens(&played, &[RUN, RUN]).await;
    let (reviews, status) = told(&played);
    let of_second = reviews.iter().filter(|review| review.attempt == 2).collect::<Vec<_>>();
    assert!(of_second.iter().all(|review| review.state.is_none()) && !of_second.is_empty(), "{of_second:?}");
    assert_eq!(status, "waiting");
    assert_eq!(uses(&played).await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cancelled_is_told_nothing_and_uses_nothing() {
    let played = after(unreviewed()).await;
    happens(&played, &[&of_fix(), "cancel_run = { run = 77 }"]).await;
    happens(&played, &APPROVED_BY_BOTH).await;
    assert_eq!((states(&played), uses(&played).await), (Vec::new(), 0));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_app_cannot_answer_and_lets_nothing_through() {
    let watch = "watch = [{ environment = \"prod-us\", github_environment = \"production-us\" }]";
    let played = start_with(clean().parsed().variant(Variant::Scene), |settings| {
        let gate: toml::Table = format!(
            "{watch}\nrollback_plan = \"Deploy the build before with the same workflow, which takes two minutes.\"\n\
             identities = [{{ system = \"github-actions\", issuer = \"https://token.actions.githubusercontent.com\", \
             audience = \"cm-bot\", repository_id = \"{REPOSITORY}\", workflow = \"{WORKFLOW}\" }}]"
        )
        .parse()
        .unwrap();
        settings["services"][0].as_table_mut().unwrap().insert("gate".into(), gate.into());
    })
    .await;
    play_all(&played).await;
    happens(&played, &[RUN]).await;
    assert_eq!((told(&played).0, told(&played).1), (Vec::new(), "waiting"));
    played.stop().await;
}
