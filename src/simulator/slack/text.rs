//! A message as plain text, for expectations and for the terminal.

use super::super::scene::Scene;
use super::mrkdwn::{Line, Span};
use super::names;
use super::pieces::{Piece, pieces};
use super::state::MessageView;

/// The message as the reader sees it, one line a line, with mentions as `@handle`.
#[must_use]
pub fn plain_text(message: &MessageView, scene: &Scene) -> String {
    pieces(message).iter().flat_map(|piece| piece_lines(piece, scene)).collect::<Vec<_>>().join("\n")
}

fn piece_lines(piece: &Piece, scene: &Scene) -> Vec<String> {
    let each = |parts: &[Vec<Line>]| parts.iter().flat_map(|lines| lines_text(lines, scene)).collect();
    match piece {
        Piece::Text(lines) | Piece::Heading(lines) => lines_text(lines, scene),
        Piece::Fields(parts) | Piece::Context(parts) => each(parts),
        Piece::Buttons(buttons) => {
            let labels = buttons.iter().map(|button| format!("[{}]", button.label));
            vec![labels.collect::<Vec<_>>().join(" ")]
        }
        Piece::Table(rows) => rows.iter().map(|row| row_text(row, scene)).collect(),
        Piece::Rule => vec!["────".into()],
    }
}

fn row_text(row: &[Vec<Line>], scene: &Scene) -> String {
    row.iter().map(|cell| lines_text(cell, scene).join(" ")).collect::<Vec<_>>().join(" | ")
}

fn lines_text(lines: &[Line], scene: &Scene) -> Vec<String> {
    let text = |line: &Line| match line {
        Line::Plain(spans) => spans_text(spans, scene),
        Line::Quote(spans) => format!("> {}", spans_text(spans, scene)),
        Line::Code(code) => code.clone(),
    };
    lines.iter().map(text).collect()
}

fn spans_text(spans: &[Span], scene: &Scene) -> String {
    spans.iter().map(|span| span_text(span, scene)).collect()
}

fn span_text(span: &Span, scene: &Scene) -> String {
    match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Strong(inner) | Span::Em(inner) | Span::Strike(inner) => spans_text(inner, scene),
        Span::Link { label, .. } => label.clone(),
        Span::User(id) => format!("@{}", names::user(id, scene).handle),
        Span::Group(id) => format!("@{}", names::group(id)),
        Span::Channel(name) => format!("#{name}"),
        Span::Everyone(name) => format!("@{name}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(blocks: &serde_json::Value) -> String {
        let scene = Scene::parse("title = 't'\nabout = 'a'\ntimeline = []\nexpect = []").unwrap();
        let message = MessageView {
            channel: super::super::CHANGES.into(),
            ts: "1793610000.000000".into(),
            thread_ts: None,
            text: "Fallback for <@U0DANA>".into(),
            blocks: blocks.clone(),
            metadata: serde_json::Value::Null,
            edits: 0,
            broadcast: false,
        };
        plain_text(&message, &scene)
    }

    #[test]
    fn a_message_without_blocks_is_its_text() {
        assert_eq!(shown(&json!([])), "Fallback for @dana");
    }

    #[test]
    fn blocks_read_as_lines() {
        let mrkdwn = |text: &str| json!({ "type": "mrkdwn", "text": text });
        let button = |text: &str| json!({ "type": "button", "text": { "type": "plain_text", "text": text } });
        let cell = |text: &str| json!({ "type": "raw_text", "text": text });
        let link = json!({ "type": "link", "url": "https://a.example", "text": "PRODCM-1" });
        let rich = json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [link] }] });
        let blocks = json!([
            { "type": "section", "text": mrkdwn(":no_entry: *Blocked* · <https://a.example|PRODCM-412>\n> why") },
            { "type": "section", "fields": [mrkdwn("*Lead*\n<!subteam^S0SECLEAD>"), mrkdwn("*Who*\n<@U0SAM>")] },
            { "type": "table", "rows": [[cell("Ticket"), cell("Result")], [rich, cell("sound")]] },
            { "type": "actions", "elements": [button("Check again"), button("Open evidence")] },
            { "type": "divider" },
            { "type": "context", "elements": [mrkdwn("For <@U0NOBODY>")] },
        ]);
        let expected = "⛔ Blocked · PRODCM-412\n> why\nLead\n@security-leads\nWho\n@sam\nTicket | Result\n\
                        PRODCM-1 | sound\n[Check again] [Open evidence]\n────\nFor @U0NOBODY";
        assert_eq!(shown(&blocks), expected);
    }
}
