//! Webhooks that never arrive: Jira and GitHub are asked for what they should have told.

use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::model::RepoName;
use cm_bot::simulator::scene::{Scene, Step, Variant};

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::logins::{APP, private_key};
use crate::support::process::Service;
use crate::support::{TestScene, scene, start_with, world};

/// Jira sends no webhook at all, from the beginning.
fn deaf(scene: TestScene) -> TestScene {
    let push = "[[timeline]]\npush = { branch = \"main\", commit = \"v1\" }";
    scene.with(push, &format!("[[timeline]]\nfail = {{ system = \"jira\", how = \"drops_webhooks\" }}\n{push}"))
}

async fn ends_with(scene: Scene, expected: (usize, usize, usize)) {
    let clock = same_time();
    let world = world(scene.clone(), clock.clone()).await;
    // Jira's index is seconds late, and so is what the search finds.
    let hurry = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            clock.pass(Duration::from_secs(1));
        }
    });
    let file = world.settings_file();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}\n[jobs]\nreconcile_seconds = 1\n")).unwrap();
    let service = Service::start(&world).await;
    play(&world, scene.timeline.iter()).await;
    let since = std::time::Instant::now();
    while seen(&world, "PRODCM-412") != expected {
        assert!(since.elapsed() < PATIENCE, "{:?} instead of {expected:?}", seen(&world, "PRODCM-412"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Our own comment is a change too, and is looked at once more.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(seen(&world, "PRODCM-412"), expected, "nothing is said twice");
    hurry.abort();
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_without_any_webhook_of_jira_every_ticket_is_still_decided() {
    ends_with(deaf(scene("clean-change")).parsed().variant(Variant::Scene), (1, 1, 1)).await;
    ends_with(deaf(scene("no-scan")).parsed().variant(Variant::Scene), (0, 1, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_and_the_look_for_lost_ones_together_decide_once() {
    ends_with(scene("clean-change").parsed().variant(Variant::Scene), (1, 1, 1)).await;
}

/// Approvals count only when we have a record of our own of what they were given for.
const OWN_RECORD: &str = "[criteria.commit_review]\nown_record_only = [\"billing-api\"]\n\n[[timeline]]";

/// GitHub sends no webhook at all, from the beginning.
const DEAF: &str = "[[timeline]]\nfail = { system = \"github\", how = \"drops_webhooks\" }\n[[timeline]]";

/// A service that is GitHub's App, after all but the ticket has happened.
async fn before_the_ticket(scene: TestScene) -> Played {
    let played = start_with(scene.parsed().variant(Variant::Scene), |settings| {
        let github = settings["github"].as_table_mut().unwrap();
        github.remove("token");
        github.insert("app_id".into(), APP.to_string().into());
        github.insert("private_key".into(), private_key().into());
    })
    .await;
    let steps = played.world.scene.timeline.clone();
    let (_, before) = steps.split_last().unwrap();
    for step in before.iter().flat_map(Step::parts) {
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    played
}

/// What becomes of the ticket.
async fn with_the_ticket(played: &Played) -> Outcome {
    played.world.simulator.play(played.world.scene.timeline.last().unwrap()).await.unwrap();
    settle(played).await.unwrap();
    Outcome::of(played, "PRODCM-412").await.unwrap()
}

/// How many reviews and pushes of the pull request the ledger knows, and when they happened.
async fn known(played: &Played) -> (usize, Vec<i64>) {
    let repository = RepoName::parse("acme/billing-api").unwrap();
    let ledger = played.app.context.sources.store.ledger(&repository, &[871]).await.unwrap();
    let ledger = ledger.get(&871).cloned().unwrap_or_default();
    let reviews = ledger.reviews.iter().map(|review| review.received_at.0);
    (ledger.reviews.len() + ledger.pushes.len(), ledger.pushes.iter().map(|push| push.at.0).chain(reviews).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_without_any_webhook_of_github_the_ledger_is_filled_all_the_same() {
    let scene = || scene("clean-change").with("[[timeline]]", OWN_RECORD);
    let deaf = before_the_ticket(scene().with("[[timeline]]", DEAF)).await;
    assert_eq!(known(&deaf).await, (0, Vec::new()));
    let mut missed = deaf.app.missed();
    let found = missed.once().await.unwrap();
    assert!(found >= 4, "{found}: opened, reviewed, merged, pushed");
    let (lines, times) = known(&deaf).await;
    let outcome = with_the_ticket(&deaf).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    let all = deaf.app.missed().once().await.unwrap();
    assert_eq!(all, 0, "what is known is not asked for again, also by a new process");
    deaf.stop().await;
    let twin = before_the_ticket(scene()).await;
    assert_eq!(twin.app.missed().once().await.unwrap(), 0, "everything arrived");
    let (heard, at) = known(&twin).await;
    assert_eq!((lines, times.len()), (heard, at.len()), "as if all had arrived");
    let gaps = |times: &[i64]| times.iter().map(|time| time - times[0]).collect::<Vec<_>>();
    assert_eq!(gaps(&times), gaps(&at), "and at the times when it happened");
    assert_eq!(with_the_ticket(&twin).await.verdict_words(), "Approved automatically");
    twin.stop().await;
}

/// The attack on it: nobody asks, so nobody knows, and the ticket waits.
#[tokio::test(flavor = "multi_thread")]
async fn f12_while_nothing_is_known_of_a_review_nothing_is_approved() {
    let scene = scene("clean-change").with("[[timeline]]", OWN_RECORD).with("[[timeline]]", DEAF);
    let played = before_the_ticket(scene).await;
    let outcome = with_the_ticket(&played).await;
    let text = outcome.comment_text();
    assert!(text.contains("cm-bot has no record of its own of what it was given for"), "{text}");
    assert!(outcome.transitions.is_empty());
    played.app.missed().once().await.unwrap();
    settle(&played).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "it is judged again by itself: {}", outcome.why());
    played.stop().await;
}

/// We answered so that GitHub took it for lost, or it was lost on the way: only that one is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn f14_a_single_lost_webhook_is_asked_for() {
    let lost = "[[timeline]]\nfail = { system = \"github\", how = \"drops_webhooks\", times = 1 }\n";
    let review = "[[timeline]]\nreview =";
    let scene = scene("clean-change").with("[[timeline]]", OWN_RECORD).with(review, &format!("{lost}{review}"));
    let played = before_the_ticket(scene).await;
    assert_eq!(played.app.missed().once().await.unwrap(), 1);
    assert_eq!(with_the_ticket(&played).await.verdict_words(), "Approved automatically");
    played.stop().await;
}

/// A list of several pages is read to its end, and what GitHub does not tell now is asked for in the next look.
#[tokio::test(flavor = "multi_thread")]
async fn f12_what_could_not_be_asked_for_is_asked_for_again() {
    let many: String = (0..120).map(|number| {
        format!("[[timeline]]\nstatus = {{ commit = \"v1\", context = \"ci/{number}\", state = \"success\", by = \"dana\" }}\n")
    }).collect();
    let deployed = "[[timeline]]\ndeployed_before";
    let scene = scene("clean-change").with("[[timeline]]", DEAF).with(deployed, &format!("{many}{deployed}"));
    let played = before_the_ticket(scene).await;
    let simulator = &played.world.simulator;
    let fails = "fail = { system = \"github\", how = \"forbidden\", on = \"/app/hook/deliveries/\" }";
    simulator.play(&toml::from_str(fails).unwrap()).await.unwrap();
    let mut missed = played.app.missed();
    assert!(missed.once().await.is_err());
    assert_eq!(known(&played).await.0, 0);
    simulator.play(&toml::from_str("recover = { system = \"github\" }").unwrap()).await.unwrap();
    assert!(missed.once().await.unwrap() > 120);
    assert!(known(&played).await.0 >= 2);
    assert_eq!(missed.once().await.unwrap(), 0);
    played.stop().await;
}

/// With a token nobody can ask, and that is no trouble.
#[tokio::test(flavor = "multi_thread")]
async fn f12_with_a_token_github_cannot_be_asked() {
    let played = crate::support::start("token", scene("clean-change").parsed().variant(Variant::Scene)).await;
    assert!(!played.app.context.sources.github.tells_deliveries());
    assert!(played.app.missed().once().await.is_err());
    played.stop().await;
}
