//! G41 and G42: tickets that are each fine alone, and services that nobody knows.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::simulator::scene::Variant;

use super::attack;
use super::stage::{DEPLOYED, TICKET, attacks, clean, in_twin, step};

#[tokio::test(flavor = "multi_thread")]
async fn g41_two_tickets_at_once() {
    // GitHub is away while they are created, so that both are looked at in the same moment when it is back.
    let both = [
        step("fail = { system = \"github\" }"),
        attacks(&TICKET.replace("412", "411")),
        step(TICKET),
        step("recover = { system = \"github\" }"),
        step("pass = \"30m\""),
    ];
    let scene = clean().with(&step(TICKET), &both.concat());
    let played = scene.clone().play(Variant::Scene).await;
    let other = Outcome::of(&played, "PRODCM-411").await.unwrap();
    assert!(other.transitions.is_empty(), "{}", other.comment_text());
    assert!(other.comment_text().contains("PRODCM-412 for the same service and environment is not finished."));
    played.stop().await;
    attack(scene, &["PRODCM-411 for the same service and environment is not finished."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g42_a_first_deployment() {
    let scene = clean().with(&step(DEPLOYED), &in_twin(DEPLOYED));
    attack(scene, &["This is the first deployment of billing-api to prod-us"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g42_a_service_that_nobody_registered() {
    let scene = clean().attacked(TICKET, &TICKET.replace(" }", ", service = \"biling-api\" }"));
    attack(scene, &["The component is not a registered service.", "The ticket says biling-api."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g42_an_environment_that_nobody_registered() {
    let scene = clean().attacked(TICKET, &TICKET.replace(" }", ", fields = { environment = \"prod-eu\" } }"));
    attack(scene, &["billing-api is not registered for this target environment.", "The ticket says prod-eu."]).await;
}
