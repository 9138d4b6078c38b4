//! A service whose code and reviews are at GitLab, from end to end: each attack with its twin.
//!
//! The simulated GitLab numbers people the other way round than GitHub does, so whoever mixes the two up takes one person for
//! another, and nothing here would be approved.

mod attacks;
mod branches;
mod merges;
mod operators;
mod together;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};

use crate::support::{TestScene, scene, start};
use crate::uploads::{sarif, send};

/// The ticket that is judged.
const TICKET: &str = "PRODCM-412";

/// The clean change of a service at GitLab, in a repository below groups, whose pipeline sends a scan.
fn change() -> TestScene {
    change_in("")
}

/// The same in a project that is set otherwise.
fn change_in(project: &str) -> TestScene {
    let set = format!(
        "[[repositories]]\nname = \"acme/shop/billing-api\"\nforge = \"gitlab\"\n{project}\n\
         [[services]]\nname = \"billing-api\"\nrepository = \"acme/shop/billing-api\"\nscanners = [{{ sarif = \"Trivy\" }}]\n\
         [[timeline]]"
    );
    scene("clean-change").with("[[timeline]]", &set).with("[[timeline]]\nscan = { commit = \"merged\" }\n", "")
}

/// The criteria let squashes pass that are proven to hold what was reviewed.
fn with_squashes(scene: TestScene) -> TestScene {
    scene.with("[[repositories]]", "[criteria.squash_merge]\nallow_verified_squash = true\n[[repositories]]")
}

/// Pull request 871 of the change, with more commits, and with steps before its merge.
fn before_the_merge(scene: TestScene, (commits, steps): (&str, &str)) -> TestScene {
    scene
        .with(
            "[[timeline]]\npush = { branch = \"main\"",
            &format!("{commits}\n[[timeline]]\npush = {{ branch = \"main\""),
        )
        .with("[[timeline]]\nmerge =", &format!("{steps}\n[[timeline]]\nmerge ="))
}

/// A step of one variant.
fn step_in(only: &str, step: &str) -> String {
    format!("\n[[timeline]]\nonly = \"{only}\"\n{step}\n")
}

/// Plays a scene whose attack is marked `only = "scene"`: it is not approved and people read every one of `sentences`;
/// its twin is approved.
async fn attack(scene: TestScene, sentences: &[&str]) {
    is_held(scene.clone(), sentences).await;
    is_approved(scene).await;
}

async fn is_held(scene: TestScene, sentences: &[&str]) {
    let (played, outcome) = end(scene, Variant::Scene).await;
    let text = outcome.comment_text();
    for sentence in sentences {
        assert!(text.contains(sentence), "nobody reads {sentence:?} in:\n{text}");
    }
    assert_ne!(outcome.decision["kind"], "approve", "{text}");
    assert!(outcome.transitions.is_empty(), "{:?}", outcome.transitions);
    assert!(!text.contains("GitHub"), "it is at GitLab:\n{text}");
    played.stop().await;
}

async fn is_approved(scene: TestScene) {
    let (played, outcome) = end(scene, Variant::Twin).await;
    let text = outcome.comment_text();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}\n{text}", outcome.why());
    assert_eq!(outcome.transitions, ["Approve"]);
    assert!(!text.contains("GitHub"), "it is at GitLab:\n{text}");
    played.stop().await;
}

/// Plays a scene; the pipeline sends its scan before the ticket is made.
async fn end(scene: TestScene, variant: Variant) -> (Played, Outcome) {
    end_of(start("a service at GitLab", scene.parsed().variant(variant)).await).await
}

async fn end_of(played: Played) -> (Played, Outcome) {
    for now in played.world.scene.timeline.clone().iter().flat_map(Step::parts) {
        if now.create_ticket.as_ref().is_some_and(|ticket| ticket.key == TICKET) {
            let sent = send(&played, &[], &sarif(&[])).send().await.unwrap();
            assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
        }
        played.world.simulator.play(&now).await.unwrap();
        settle(&played).await.unwrap();
    }
    let outcome = Outcome::of(&played, TICKET).await.unwrap();
    (played, outcome)
}
