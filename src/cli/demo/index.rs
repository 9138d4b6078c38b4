//! The page that leads to everything that the demo's scenes left behind.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use maud::html;
use tokio::net::TcpListener;

use super::compare::Outcome;
use super::play::Played;
use crate::render::html as render;

/// Where the page is, if nobody else is there.
const PORT: u16 = 9100;

/// Serves the page as long as the program runs.
pub(super) async fn serve(played: &[Played]) -> anyhow::Result<SocketAddr> {
    let page = page(played).await?;
    let app = Router::new()
        .route("/", get(move || async { Html(page) }))
        .route("/icon.svg", get(|| async { ([(header::CONTENT_TYPE, "image/svg+xml")], render::ICON) }))
        .route("/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], render::STYLE) }));
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    };
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn page(played: &[Played]) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for played in played {
        for expect in &played.world.scene.expect {
            rows.push((played, &expect.ticket, Outcome::of(played, &expect.ticket).await?));
        }
    }
    let content = html! {
        h1 { "cm-bot demo" }
        p class="soft" {
            "Each scene was played by the real service against a simulated Jira, GitHub and Slack of its own. "
            "Open a ticket to read cm-bot's comment as Jira shows it, and Slack to see the messages."
        }
        table {
            thead { tr {
                th scope="col" { "Scene" } th scope="col" { "Verdict" } th scope="col" { "Why" } th scope="col" { "Look" }
            } }
            tbody { @for (played, key, outcome) in &rows { tr {
                td { strong { (played.world.scene.title) } br; span class="soft" { (played.world.scene.about) } }
                td { span class=(format!("lozenge {}", tone(outcome))) { (outcome.verdict_words()) } }
                td { (outcome.why()) }
                td class="look" {
                    a href=(format!("http://{}/browse/{key}", played.world.addresses.jira)) { "Jira: " (key) } br;
                    a href=(format!("http://{}/", played.world.addresses.slack)) { "Slack" } br;
                    a href=(format!("http://{}/changes/{key}", played.world.service)) { "Evidence" }
                }
            } } }
        }
    };
    Ok(render::page("Demo", &content))
}

fn tone(outcome: &Outcome) -> &'static str {
    match outcome.decision["kind"].as_str() {
        Some("approve") => "good",
        Some("block") => "bad",
        Some("hold") => "waiting",
        _ => "neutral",
    }
}
