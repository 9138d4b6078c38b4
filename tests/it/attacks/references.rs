//! X07 to X10: a ticket that names another repository, branch or service than is registered leads nobody there.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::simulator::scene::Variant;

use super::is_approved;
use super::stage::{TICKET, clean};
use crate::support::TestScene;

/// The clean change, whose ticket says something else in the attack.
fn says(fields: &str) -> TestScene {
    clean().attacked(TICKET, &TICKET.replace(" }", &format!(", {fields} }}")))
}

/// It is held with this sentence, and nobody was asked for anything with one of these words in it.
async fn leads_nowhere(scene: TestScene, sentence: &str, words: &[&str]) {
    let played = scene.play(Variant::Scene).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let text = outcome.comment_text();
    assert!(text.contains(sentence), "nobody reads {sentence:?} in:\n{text}");
    assert_ne!(outcome.decision["kind"], "approve", "{text}");
    assert!(outcome.transitions.is_empty(), "{:?}", outcome.transitions);
    for request in played.world.simulator.shared.faults.requests() {
        assert!(!words.iter().any(|word| request.path.contains(word)), "{request:?}");
    }
    played.stop().await;
}

const REGISTERED: &str = "The ticket names something else than what is registered for this service.";

async fn repository(names: &[&str], words: &[&str]) {
    for name in names {
        leads_nowhere(says(&format!("fields = {{ repository = \"{name}\" }}")), REGISTERED, words).await;
    }
    is_approved(says("fields = {}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x07_an_address_in_a_ticket_is_not_called() {
    let names = [
        "https://github.com@169.254.169.254/acme/billing-api",
        "http://0x7f000001/acme/billing-api",
        "http://2130706433/acme/billing-api",
        "http://[::1]/acme/billing-api",
        "file:///etc/passwd",
    ];
    repository(&names, &["169.254", "0x7f", "2130706433", "::1", "passwd", "@"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x08_a_path_in_a_ticket_is_not_followed() {
    let names = [
        "acme/../../admin",
        "acme/%2e%2e/%2e%2e/admin",
        "acme/billing-api/../secrets",
        "../acme",
        "acme/billing-api?x=",
    ];
    repository(&names, &["admin", "secrets", "/..", "../", "%2e", "x="]).await;
    let branch = says("fields = { branch = \"main/../../secrets\" }");
    leads_nowhere(branch, REGISTERED, &["secrets"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x09_a_name_that_only_looks_like_the_registered_one_is_another() {
    let names = [
        "acme/billing-\u{430}pi",
        "acme/billing-api.",
        "\u{430}cme/billing-api",
        "Acme/billing-api",
        "acme/billing-api\u{200b}",
    ];
    repository(&names, &["%D0", "billing-api.", "Acme", "%E2"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x10_a_query_in_the_name_of_a_service_is_a_name() {
    for name in ["billing-api\\\" OR project = PRODCM", "x\\\") OR (status = Approved"] {
        let scene = says(&format!("service = \"{name}\""));
        leads_nowhere(scene, "The component is not a registered service.", &["OR", "%20OR"]).await;
    }
    is_approved(says("fields = {}")).await;
}
