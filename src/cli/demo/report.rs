//! What the demo prints.

use std::io::IsTerminal;

use serde_json::{Value, json};

use super::compare::{Outcome, commits};
use super::play::Played;
use crate::model::shortened;
use crate::simulator::jira::adf_text;
use crate::simulator::slack::{MessageView, plain_text};

/// One line a scene: whether it ended as it must, the ticket, what it is about, the verdict, and why.
pub(super) async fn line(played: &Played) -> anyhow::Result<String> {
    let Some(expect) = played.world.scene.expect.first() else {
        return Ok(format!("?     {}: the scene expects nothing\n", played.name));
    };
    let outcome = Outcome::of(played, &expect.ticket).await?;
    let sign = if played.differences.is_empty() { paint("ok  ", "32") } else { paint("FAIL", "31") };
    let verdict = format!("{:<32}", shortened(&outcome.verdict_words(), 32));
    let verdict = match outcome.decision["kind"].as_str() {
        Some("approve") => paint(&verdict, "32"),
        Some("block") => paint(&verdict, "31"),
        _ => paint(&verdict, "33"),
    };
    let title = shortened(&played.world.scene.title, 58);
    let why = match played.world.simulator.jira.refused_webhooks() {
        refused if outcome.decision.is_null() => format!("{refused} webhooks were refused with 401"),
        _ => outcome.why(),
    };
    let mut text = format!("{sign}  {:<11} {title:<58}  {verdict} {why}\n", expect.ticket);
    for difference in &played.differences {
        text += &format!("      {difference}\n");
    }
    Ok(text)
}

/// The last words.
pub(super) fn summary(played: &[Played]) -> String {
    let failed = played.iter().filter(|played| !played.differences.is_empty()).count();
    match failed {
        0 => format!("\n{} scenes, each ended as it says it must.\n", played.len()),
        failed => format!("\n{failed} of {} scenes did not end as they say they must.\n", played.len()),
    }
}

/// A scene with everything that people saw, for scripts and for the checks of our messages.
pub(super) async fn json(played: &Played) -> anyhow::Result<Value> {
    let mut tickets = Vec::new();
    for key in played.world.simulator.jira.tickets() {
        tickets.push(ticket(played, &key).await?);
    }
    Ok(json!({
        "scene": played.name,
        "title": played.world.scene.title,
        "ok": played.differences.is_empty(),
        "differences": played.differences,
        "refused_webhooks": played.world.simulator.jira.refused_webhooks(),
        "commits": commits(played).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "tickets": tickets,
    }))
}

async fn ticket(played: &Played, key: &str) -> anyhow::Result<Value> {
    let outcome = Outcome::of(played, key).await?;
    let finding =
        |judged: &Value| (judged["rule"].as_str().unwrap_or("").to_owned(), judged["finding"]["outcome"].clone());
    let findings: serde_json::Map<String, Value> =
        outcome.decision["findings"].as_array().into_iter().flatten().map(finding).collect();
    let comments = outcome
        .comments
        .iter()
        .map(|comment| json!({"text": adf_text(&comment.body), "adf": comment.body, "edits": comment.edits}));
    let message = |message: &MessageView| {
        json!({
            "channel": message.channel,
            "in_thread": message.thread_ts.is_some(),
            "shown": plain_text(message, &played.world.scene),
            "text": message.text,
            "blocks": message.blocks,
            "edits": message.edits,
        })
    };
    Ok(json!({
        "ticket": key,
        "verdict": outcome.verdict_words(),
        "decision": outcome.decision["kind"],
        "why": outcome.why(),
        "status": outcome.ticket.as_ref().map(|ticket| ticket.status.clone()),
        "findings": findings,
        "comments": comments.collect::<Vec<_>>(),
        "transitions": outcome.transitions,
        "messages": outcome.messages.iter().chain(&outcome.replies).map(message).collect::<Vec<_>>(),
    }))
}

/// Colour, if somebody is watching and wants it.
fn paint(text: &str, colour: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
