//! What an operator finds in the log: every line of a ticket's life by one id, and one line an event.

use std::time::Duration;

use cm_bot::model::TicketKey;
use cm_bot::simulator::scene::Variant;
use cm_bot::telemetry;
use proptest::prelude::*;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::log::Log;
use crate::support::scene;
use crate::webhooks::{post, running, status};

/// The tickets that a line says it is about.
fn about(line: &Value) -> Vec<String> {
    let spans = line["spans"].as_array().cloned().unwrap_or_default();
    spans.iter().chain([line]).filter_map(|part| part["ticket.id"].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_is_on_every_line_of_a_tickets_life() {
    let log = Log::of_all("cm_bot=debug");
    let fault = "[[timeline]]\nfail = { system = \"jira\", how = \"down\", on = \"POST /rest/api/3/issue/PRODCM-412/comment\", times = 1 }\n\n[[timeline]]\ncreate_ticket";
    let played = scene("clean-change").with("[[timeline]]\ncreate_ticket", fault).play(Variant::Scene).await;
    let key = TicketKey::parse("PRODCM-412").unwrap();
    let decision = played.app.context.sources.store.newest_decision(&key).await.unwrap().unwrap();
    let id = decision.facts.ticket.id.to_string();
    played.stop().await;
    let lines = log.lines();
    let of_ticket: Vec<&Value> = lines.iter().filter(|line| about(line).contains(&id)).collect();
    let told = of_ticket.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>().join("\n");
    let life = [
        "A webhook of jira: stored",
        "Decided PRODCM-412: approved-automatically",
        "Approved PRODCM-412",
        "An action for PRODCM-412 is tried again",
        "Carried out an action",
    ];
    for part in life {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    for line in &lines {
        let (text, about) = (line.to_string(), about(line));
        assert!(
            !text.contains("PRODCM-412") || about.iter().all(|ticket| *ticket == id) && !about.is_empty(),
            "{text}"
        );
        assert!(!about.contains(&id) || !text.contains("PRODCM-398"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_many_refusals_are_few_lines() {
    let log = Log::of_all("cm_bot=info");
    let played = running().await;
    let since = std::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(status(post(&played, "/webhooks/jira").body("{}")).await, StatusCode::UNAUTHORIZED);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(status(post(&played, "/webhooks/github").body("{}")).await, StatusCode::UNAUTHORIZED);
    played.stop().await;
    let lines = log.lines();
    let refused: Vec<_> = lines.iter().filter_map(|line| line["times"].as_u64()).collect();
    assert_eq!((refused[0], refused.iter().sum()), (1, 101), "the last one speaks of all that were kept back");
    assert!(refused.len() as u64 <= since.elapsed().as_secs() + 2, "one a second: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_many_refused_tokens_are_few_lines() {
    let log = Log::of_all("cm_bot=info");
    let played = running().await;
    for _ in 0..100 {
        let request = post(&played, "/api/v1/changes").bearer_auth("nobody-knows-it").body("{}");
        assert_eq!(status(request).await, StatusCode::UNAUTHORIZED);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let last = post(&played, "/api/v1/changes").bearer_auth("nobody-knows-it").body("{}");
    assert_eq!(status(last).await, StatusCode::UNAUTHORIZED);
    played.stop().await;
    let lines = log.lines();
    let is_ours = |line: &&Value| line["message"] == "Refused a token at the gate: nobody knows it";
    let refused: Vec<_> = lines.iter().filter(is_ours).filter_map(|line| line["times"].as_u64()).collect();
    assert_eq!((refused[0], refused.iter().sum()), (1, 101), "the last one speaks of all that were kept back");
    assert!(refused.len() <= 10, "{refused:?}");
}

proptest! {
    /// A line is a line whatever stands in it: no second one, no colours, nothing that a terminal would obey.
    #[test]
    fn x06_one_event_is_one_line(text in any::<String>(), more in "[\\n\\r\\t\\x00-\\x1f\\x7f\\u{9b}\\u{2028}\\\\\"{}]{0,40}") {
        let log = Log::of(|| {
            let span = tracing::error_span!("ticket", ticket.id = %more, ticket.key = tracing::field::Empty);
            span.record("ticket.key", text.as_str());
            let _inside = span.enter();
            tracing::warn!(text, %more, debugged = ?text, "{text}{more}");
        });
        prop_assert_eq!(log.text().matches('\n').count(), 1);
        let obeyed = |char: char| char.is_control() || char == '\u{202e}';
        prop_assert!(!log.text().trim_end_matches('\n').contains(obeyed));
        let line = &log.lines()[0];
        let message = format!("{text}{more}");
        prop_assert_eq!(line["message"].as_str(), Some(message.as_str()));
        prop_assert_eq!(line["spans"][0]["ticket.id"].as_str(), Some(more.as_str()));
    }
}

#[test]
fn x06_a_panic_is_one_line_too() {
    std::panic::set_hook(Box::new(telemetry::panicked));
    let log = Log::of(|| {
        let fault = std::panic::catch_unwind(|| panic!("first\nsecond {}", "x".repeat(1_000)));
        assert!(fault.is_err());
    });
    let _ = std::panic::take_hook();
    let lines = log.lines();
    assert_eq!((lines.len(), lines[0]["level"].as_str()), (1, Some("ERROR")));
    let said = lines[0]["message"].as_str().unwrap();
    assert!(said.contains("logs.rs") && said.contains("first\nsecond") && said.len() < 400, "{said}");
}
