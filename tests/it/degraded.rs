//! What cm-bot may not read, or cannot: an operator hears of it, the ticket says so, and nothing is approved meanwhile.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::Variant;

use crate::logins::trouble;
use crate::support::process::Service;
use crate::support::{page, play_all, scene, start, world};

/// The part that is named where troubles are named.
const PART: &str = "evidence of acme/billing-api";

async fn happens(played: &Played, verb: &str) {
    played.world.simulator.play(&toml::from_str(verb).unwrap()).await.unwrap();
    settle(played).await.unwrap();
}

/// The clean change, of which GitHub does not answer some questions when the ticket comes.
async fn judged_while(fails: &str) -> (Played, Outcome) {
    let ticket = "[[timeline]]\ncreate_ticket =";
    let fails = format!("[[timeline]]\nfail = {{ system = \"github\", {fails} }}\n{ticket}");
    let played = start("degraded", scene("clean-change").with(ticket, &fails).parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    (played, outcome)
}

/// The reason is where an operator looks and where people read; with the cause gone, the ticket is approved by itself.
async fn is_held_until_it_is_mended(fails: &str, sentence: &str) {
    let (played, outcome) = judged_while(fails).await;
    let text = outcome.comment_text();
    assert!(text.contains(sentence), "{sentence:?} is not in:\n{text}");
    assert!(text.contains(&format!("not well at that time: {PART}")), "{text}");
    assert!(outcome.transitions.is_empty() && outcome.decision["kind"] != "approve", "{fails}: {text}");
    let ready: serde_json::Value = serde_json::from_str(&page(&played, "/readyz").await).unwrap();
    let said = ready["troubles"][PART].as_str().unwrap();
    assert!(said.contains("until then nothing of acme/billing-api is approved automatically"), "{said}");
    let metric = "cm_bot_trouble{part=\"evidence\"} 1";
    assert!(page(&played, "/metrics").await.contains(metric));
    happens(&played, "recover = { system = \"github\" }").await;
    happens(&played, "pass = \"1h\"").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{fails}: {}", outcome.comment_text());
    assert!(!page(&played, "/readyz").await.contains(PART));
    assert!(!page(&played, "/metrics").await.contains(metric));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f24_a_token_that_was_revoked() {
    let sentence = "GitHub does not let cm-bot see the commits since the last approved change";
    is_held_until_it_is_mended("how = \"token_revoked\"", sentence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f24_a_right_that_was_taken_away() {
    let scans = "GitHub does not let cm-bot see the security scans of this commit";
    is_held_until_it_is_mended("how = \"forbidden\", on = \"/code-scanning/\"", scans).await;
    let reviews = "GitHub does not let cm-bot see the";
    is_held_until_it_is_mended("how = \"forbidden\", on = \"graphql\"", reviews).await;
}

/// GitHub says of a private repository that we may not see that there is none.
#[tokio::test(flavor = "multi_thread")]
async fn f24_a_repository_that_cannot_be_seen_any_more() {
    let sentence = "GitHub does not know the release branch, or does not let cm-bot see it";
    is_held_until_it_is_mended("how = \"not_found\"", sentence).await;
}

/// No ticket has to come before an operator hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn f24_a_right_that_is_missing_is_noticed_without_a_ticket() {
    let world = world(scene("clean-change").parsed().variant(Variant::Scene), Clock::scripted()).await;
    let (first, _) = world.scene.timeline.split_first().unwrap();
    world.simulator.play(first).await.unwrap();
    let fails = "fail = { system = \"github\", how = \"forbidden\", on = \"/pulls?\" }";
    world.simulator.play(&toml::from_str(fails).unwrap()).await.unwrap();
    let service = Service::start(&world).await;
    let said = trouble(&world, "github").await;
    assert!(said.starts_with("GitHub does not allow it (403,"), "{said}");
    assert!(said.ends_with("(asked for the pull requests of acme/billing-api)"), "{said}");
    service.kill();
}

/// The twin of both: nothing fails, and nobody hears of anything.
#[tokio::test(flavor = "multi_thread")]
async fn f24_while_everything_can_be_read_nothing_is_said() {
    let played = start("well", scene("clean-change").parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically");
    assert!(!outcome.comment_text().contains("not well at that time"));
    assert!(!page(&played, "/readyz").await.contains("evidence of"));
    played.stop().await;
}
