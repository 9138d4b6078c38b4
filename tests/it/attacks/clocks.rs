//! F: clocks that do not agree. Approvals, pushes and the ends of accepted risks are compared by time.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::model::RepoName;
use cm_bot::simulator::scene::Variant;

use super::stage::{TICKET, attacks, clean, step};
use super::{attack, end};

fn fails(how: &str) -> String {
    attacks(&format!("fail = {{ system = \"github\", how = \"{how}\" }}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_clock_that_is_behind() {
    let sentence = "cm-bot's clock is 45 seconds behind GitHub's; 30 are allowed.";
    attack(clean().before(TICKET, &fails("clock_ahead")), &[sentence, "the operator of cm-bot sets the clock"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_clock_that_is_ahead() {
    let sentence = "cm-bot's clock is 44 seconds ahead of GitHub's; 30 are allowed.";
    attack(clean().before(TICKET, &fails("clock_behind")), &[sentence]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_answers_without_a_time() {
    attack(clean().before(TICKET, &fails("no_clock")), &["GitHub's clock"]).await;
}

/// When the clocks agree again, the ticket is approved by itself.
#[tokio::test(flavor = "multi_thread")]
async fn f15_a_clock_that_is_set_right() {
    let recover = step("recover = { system = \"github\" }");
    let scene =
        clean().before(TICKET, &fails("clock_ahead")).after(TICKET, &format!("{recover}{}", step("pass = \"1h\"")));
    let (played, outcome) = end(scene, Variant::Scene).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}

/// The decision is made while the clocks agree, Jira takes the transition later, and GitHub is asked something in between.
async fn approved_later(how: Option<&str>) -> (Played, Outcome) {
    let down = "fail = { system = \"jira\", how = \"down\", on = \"POST /rest/api/3/issue/PRODCM-412/transitions\" }";
    let (played, _) = end(clean().before(TICKET, &step(down)), Variant::Scene).await;
    if let Some(how) = how {
        happens(&played, &format!("fail = {{ system = \"github\", how = \"{how}\" }}")).await;
    }
    played.app.context.sources.github.check(&RepoName::parse("acme/billing-api").unwrap()).await.unwrap();
    happens(&played, "recover = { system = \"jira\" }").await;
    happens(&played, "pass = \"1h\"").await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    (played, outcome)
}

async fn happens(played: &Played, verb: &str) {
    played.world.simulator.play(&toml::from_str(verb).unwrap()).await.unwrap();
    settle(played).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_clock_that_goes_wrong_before_the_transition() {
    let (played, outcome) = approved_later(Some("clock_ahead")).await;
    assert!(outcome.transitions.is_empty(), "{:?}", outcome.transitions);
    assert!(outcome.comment_text().contains("seconds behind GitHub's"), "{}", outcome.comment_text());
    played.stop().await;
    let (played, outcome) = approved_later(None).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}
