//! O01 and O03: whoever runs cm-bot cannot let it approve under criteria that the Security Officer has not signed.

use std::path::Path;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::play_in;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::Variant;

use super::is_approved;
use super::stage::{TICKET, clean, step};
use crate::support::{TestScene, world};

/// Plays the clean change under files that somebody has changed in a folder; `signs` says what the officer does then.
async fn under(change: impl FnOnce(&Path), then: Then) -> (Outcome, Vec<String>) {
    let clock = Clock::scripted();
    let world = world(clean().parsed(), clock.clone()).await;
    change(world.settings_file().parent().unwrap());
    match then {
        Then::Nobody => {}
        Then::OfficerSigns => world.sign().unwrap(),
    }
    let played = play_in("criteria of an operator", world, &clock, Variant::Twin).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let trail = played.app.context.sources.store.trail_after(0, i64::MAX).await.unwrap();
    played.stop().await;
    (outcome, trail.into_iter().map(|(_, body, _)| body).collect())
}

enum Then {
    Nobody,
    OfficerSigns,
}

fn relax(folder: &Path) {
    let file = folder.join("criteria.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("blocking_severity = \"high\""));
    std::fs::write(file, text.replace("blocking_severity = \"high\"", "blocking_severity = \"critical\"")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_criteria_that_an_operator_relaxed_approve_nothing() {
    let (outcome, trail) = under(relax, Then::Nobody).await;
    let comment = outcome.comment_text();
    assert!(comment.starts_with("Waiting for 2 of 2 approvals"), "{comment}");
    for sentence in [
        "Nobody vouches for the criteria, so cm-bot approves nothing by itself.",
        "The signature of the criteria does not fit: the file was changed after it was signed.",
        "Do this: an approver decides; the Security Officer signs the criteria",
        "criteria v1, not signed",
    ] {
        assert!(comment.contains(sentence), "{sentence}\n{comment}");
    }
    assert!(outcome.transitions.is_empty());
    let entry = trail.iter().find(|entry| entry.contains("policy_activated")).unwrap();
    assert!(entry.contains("not signed: the signature of the criteria does not fit"), "{entry}");
    // The twin: the same criteria, signed.
    let (outcome, trail) = under(relax, Then::OfficerSigns).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically");
    assert!(outcome.comment_text().contains("criteria v1, signed by Alex Silva on 2026-11-02"));
    let entry = trail.iter().find(|entry| entry.contains("policy_activated")).unwrap();
    assert!(entry.contains("signed by Alex Silva on 2026-11-02"), "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_a_signature_that_is_gone_is_no_signature() {
    let gone = |folder: &Path| std::fs::remove_file(folder.join("people.toml.sig")).unwrap();
    let (outcome, _) = under(gone, Then::Nobody).await;
    assert!(outcome.comment_text().contains("There is no signature of the people file."), "{}", outcome.comment_text());
    assert!(outcome.transitions.is_empty());
}

fn until(scene: TestScene, day: &str) -> TestScene {
    scene.with("[[commits]]", &format!("criteria = {{ signature = {{ until = {day} }} }}\n\n[[commits]]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn o03_a_signature_whose_day_is_over_approves_nothing() {
    let sentences = ["The signature of the criteria counted until 2026-11-01, and that day is over.", "not signed"];
    super::is_held(until(clean(), "2026-11-01"), &sentences).await;
    is_approved(until(clean(), "2026-11-02")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o03_a_signature_that_ends_before_the_approval_is_made_stops_it() {
    let down = step("fail = { system = \"jira\", how = \"down\", on = \"/transitions\" }");
    let up = step("pass = \"24h\"") + &step("recover = { system = \"jira\" }") + &step("pass = \"20m\"");
    let delayed = clean().before(TICKET, &down).after(TICKET, &up);
    let sentences = ["The signature of the criteria counted until 2026-11-02, and that day is over."];
    super::is_held(until(delayed.clone(), "2026-11-02"), &sentences).await;
    is_approved(until(delayed, "2026-11-03")).await;
}
