//! Attacks, each with its twin: the same situation without the attack is approved.
//!
//! The names are the rows of the threat model: G is a developer who wants unreviewed code approved, C is a pipeline.

mod approvals;
mod branch_and_range;
mod bumps;
mod changes;
mod clocks;
mod edge_cases;
mod edges;
mod edits;
mod machines;
mod merges;
mod moved_branch;
mod other_branches;
mod owners;
mod people;
mod references;
mod rewrites;
mod scans;
mod stage;
mod terms;
mod tickets;
mod workflow;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::Variant;

use crate::support::TestScene;

/// Plays a scene whose attack is marked `only = "scene"`: it is not approved and people read every one of `sentences`;
/// its twin is approved.
async fn attack(scene: TestScene, sentences: &[&str]) {
    is_held(scene.clone(), sentences).await;
    is_approved(scene).await;
}

/// Plays a scene as written: it is not approved, and people read every one of `sentences`.
async fn is_held(scene: TestScene, sentences: &[&str]) {
    let (played, outcome) = end(scene, Variant::Scene).await;
    let text = outcome.comment_text();
    for sentence in sentences {
        assert!(text.contains(sentence), "nobody reads {sentence:?} in:\n{text}");
    }
    assert_ne!(outcome.decision["kind"], "approve", "{text}");
    assert!(outcome.transitions.is_empty(), "{:?}", outcome.transitions);
    played.stop().await;
}

/// Plays the twin: it is approved by cm-bot.
async fn is_approved(scene: TestScene) {
    let (played, outcome) = end(scene, Variant::Twin).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}\n{}", outcome.why(), outcome.comment_text());
    assert_eq!(outcome.transitions, ["Approve"]);
    played.stop().await;
}

async fn end(scene: TestScene, variant: Variant) -> (Played, Outcome) {
    let played = scene.play(variant).await;
    let ticket = played.world.scene.expect[0].ticket.clone();
    let outcome = Outcome::of(&played, &ticket).await.unwrap();
    (played, outcome)
}
