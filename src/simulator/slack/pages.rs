//! The page of the simulated Slack: its channels with their messages and threads.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::super::page::{avatar, moment, outside_link, page};
use super::super::scene::Scene;
use super::Slack;
use super::mrkdwn::{Line, Span};
use super::names;
use super::pieces::{Button, Piece, pieces};
use super::state::{Channel, MessageView, State as Known, channels, direct};

const STYLE: &str = "
h2{border-bottom:1px solid var(--line);padding-bottom:.35rem}.message{display:flex;gap:.6rem;padding:.6rem 0}
.message>div{min-width:0;flex:1}.app{font-size:.65rem;padding:0 .3em;border-radius:2px;background:var(--grey);
color:var(--grey-ink);font-weight:700}.thread{margin:.25rem 0 .25rem .25rem;padding-left:.75rem;
border-left:3px solid var(--line)}.count{font-weight:700;font-size:.87rem;color:var(--link)}
.piece{margin:.15rem 0 .4rem}.fields{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.4rem 1.5rem}
@media (max-width:36rem){.fields{grid-template-columns:1fr}}
.context{display:flex;flex-wrap:wrap;gap:.25rem .75rem;color:var(--soft);font-size:.82rem}
.buttons{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}
.button{border:1px solid var(--line);border-radius:4px;padding:.2rem .7rem;font-weight:600;font-size:.87rem}
.button a{color:inherit;text-decoration:none}
.primary{background:var(--green-ink);color:var(--ground);border-color:transparent}
.danger{color:var(--red-ink);border-color:var(--red-ink)}.line{min-height:1.5em}.all{background:var(--yellow);
color:var(--yellow-ink)}
";

/// The page.
pub(super) fn router(slack: Arc<Slack>) -> Router {
    Router::new().route("/", get(show)).with_state(slack)
}

async fn show(State(slack): State<Arc<Slack>>) -> Response {
    let state = slack.locked();
    let scene = &*slack.shared.scene;
    let conversations = scene.people.iter().map(|person| direct(&person.slack_id()));
    let used = |channel: &Channel| state.messages.iter().any(|message| message.channel == channel.id);
    let body = html! {
        h1 { "Acme" }
        p .soft { "A simulated Slack. Times are in UTC." }
        @for channel in channels() {
            h2 id=(channel.name) { "#" (channel.name) }
            (messages(&channel, &state, scene))
        }
        @for channel in conversations.filter(used) {
            @let user = names::user(channel.user.as_deref().unwrap_or_default(), scene);
            h2 { "Direct messages to " (user.full_name) }
            (messages(&channel, &state, scene))
        }
    };
    page("Slack", STYLE, &body).into_response()
}

fn messages(channel: &Channel, state: &Known, scene: &Scene) -> Markup {
    let roots = || state.messages.iter().filter(|one| one.channel == channel.id && one.thread_ts.is_none());
    html! {
        @for root in roots() { (message(root, state, scene)) }
        @if roots().next().is_none() { p .soft { "No messages yet." } }
    }
}

fn message(root: &MessageView, state: &Known, scene: &Scene) -> Markup {
    let replies = state.replies(root).collect::<Vec<_>>();
    html! {
        article .message id={ "m" (root.ts.replace('.', "-")) } {
            (avatar("Change Bot"))
            div {
                (head(root))
                @for piece in pieces(root) { (piece_html(&piece, scene)) }
                @if !replies.is_empty() {
                    p .count { (replies.len()) @if replies.len() == 1 { " reply" } @else { " replies" } }
                    div .thread { @for reply in &replies { (message(reply, state, scene)) } }
                }
            }
        }
    }
}

fn head(message: &MessageView) -> Markup {
    html! {
        div {
            strong { "cm-bot" } " " span .app { "APP" } " "
            span .soft { (moment(message.posted_ms())) @if message.edits > 0 { " (edited)" } }
        }
    }
}

fn piece_html(piece: &Piece, scene: &Scene) -> Markup {
    match piece {
        Piece::Text(lines) => html! { div .piece { (lines_html(lines, scene)) } },
        Piece::Heading(lines) => html! { h3 { (lines_html(lines, scene)) } },
        Piece::Fields(parts) => {
            html! { div .piece.fields { @for part in parts { div { (lines_html(part, scene)) } } } }
        }
        Piece::Context(parts) => html! { div .context { @for part in parts { div { (lines_html(part, scene)) } } } },
        Piece::Buttons(buttons) => html! { div .buttons { @for one in buttons { (button(one)) } } },
        Piece::Rule => html! { hr; },
        Piece::Table(rows) => html! {
            table {
                @for (place, row) in rows.iter().enumerate() {
                    tr {
                        @for cell in row {
                            @if place == 0 { th { (lines_html(cell, scene)) } }
                            @else { td { (lines_html(cell, scene)) } }
                        }
                    }
                }
            }
        },
    }
}

/// A button that leads somewhere is a link; a click on any other would be sent to the app, which a page cannot do.
fn button(button: &Button) -> Markup {
    let style = match button.style.as_str() {
        "primary" => "button primary",
        "danger" => "button danger",
        _ => "button",
    };
    let label = html! { (button.label) };
    html! {
        span class=(style) title=(button.spoken) {
            @match &button.url { Some(url) => (outside_link(url, &label)), None => (label) }
        }
    }
}

fn lines_html(lines: &[Line], scene: &Scene) -> Markup {
    html! {
        @for line in lines {
            @match line {
                Line::Plain(spans) => div .line { (spans_html(spans, scene)) },
                Line::Quote(spans) => blockquote { (spans_html(spans, scene)) },
                Line::Code(code) => pre { (code) },
            }
        }
    }
}

fn spans_html(spans: &[Span], scene: &Scene) -> Markup {
    html! { @for span in spans { (span_html(span, scene)) } }
}

fn span_html(span: &Span, scene: &Scene) -> Markup {
    match span {
        Span::Text(text) => html! { (text) },
        Span::Strong(inner) => html! { strong { (spans_html(inner, scene)) } },
        Span::Em(inner) => html! { em { (spans_html(inner, scene)) } },
        Span::Strike(inner) => html! { s { (spans_html(inner, scene)) } },
        Span::Code(code) => html! { code { (code) } },
        Span::Link { url, label } => outside_link(url, &html! { (label) }),
        Span::User(id) => html! { span .mention { "@" (names::user(id, scene).full_name) } },
        Span::Group(id) => html! { span .mention { "@" (names::group(id)) } },
        Span::Channel(name) => html! { span .mention { "#" (name) } },
        Span::Everyone(name) => html! { span .mention.all { "@" (name) } },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::mrkdwn::parse;
    use super::*;

    fn html_of(markup: &str) -> String {
        let scene = Scene::parse("title = 't'\nabout = 'a'\ntimeline = []\nexpect = []").unwrap();
        lines_html(&parse(markup), &scene).into_string()
    }

    #[test]
    fn hostile_text_stays_text() {
        for hostile in ["<script>alert(1)</script>", "&lt;script&gt;", "`<script>`", "*<script>*", "```<script>```"] {
            assert!(!html_of(hostile).contains("<script"), "{hostile}");
        }
    }

    #[test]
    fn hostile_addresses_are_no_links() {
        for hostile in ["<javascript://x%0aalert(1)|PRODCM-1>", "<data://x|PRODCM-1>", "<mailto:a@b.example|PRODCM-1>"]
        {
            assert_eq!(html_of(hostile), r#"<div class="line">PRODCM-1</div>"#);
        }
        let quoted = html_of("<https://a.example/\" onclick=\"x|PRODCM-1>");
        assert!(!quoted.contains("\" onclick"), "{quoted}");
    }

    #[test]
    fn mentions_show_the_whole_name() {
        let expected = r#"<div class="line"><span class="mention">@Dana Reyes</span></div>"#;
        assert_eq!(html_of("<@U0DANA>"), expected);
    }
}
