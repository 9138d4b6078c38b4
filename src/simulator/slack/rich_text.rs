//! `rich_text` blocks, read into the same lines as Slack's markup.

use serde_json::Value;

use super::date;
use super::mrkdwn::{Line, Span};
use super::names::emoji;

/// The lines of a `rich_text` block or table cell.
pub(super) fn lines(block: &Value) -> Vec<Line> {
    elements(block).iter().flat_map(part).collect()
}

fn elements(node: &Value) -> &[Value] {
    node["elements"].as_array().map_or(&[], Vec::as_slice)
}

fn part(part: &Value) -> Vec<Line> {
    match part["type"].as_str().unwrap_or_default() {
        "rich_text_list" => list(part),
        "rich_text_quote" => split(spans(part)).into_iter().map(Line::Quote).collect(),
        "rich_text_preformatted" => {
            let texts =
                elements(part).iter().filter_map(|element| element["text"].as_str().or(element["url"].as_str()));
            vec![Line::Code(texts.collect())]
        }
        _ => split(spans(part)).into_iter().map(Line::Plain).collect(),
    }
}

fn list(list: &Value) -> Vec<Line> {
    let ordered = list["style"] == "ordered";
    let items = (1..).zip(elements(list)).map(|(number, item)| {
        let mark = if ordered { format!("{number}. ") } else { "• ".to_owned() };
        Line::Plain(std::iter::once(Span::Text(mark)).chain(spans(item)).collect())
    });
    items.collect()
}

fn spans(section: &Value) -> Vec<Span> {
    elements(section).iter().map(|element| styled(span(element), &element["style"])).collect()
}

fn span(element: &Value) -> Span {
    let text = |name: &str| element[name].as_str().unwrap_or_default().to_owned();
    match element["type"].as_str().unwrap_or_default() {
        "link" => {
            let label = if text("text").is_empty() { text("url") } else { text("text") };
            Span::Link { url: text("url"), label }
        }
        "user" => Span::User(text("user_id")),
        "usergroup" => Span::Group(text("usergroup_id")),
        "channel" => Span::Channel(text("channel_id")),
        "broadcast" => Span::Everyone(text("range")),
        "emoji" => Span::Text(emoji(&text("name")).map_or_else(|| format!(":{}:", text("name")), String::from)),
        "date" => {
            let time = element["timestamp"].as_i64().map(|time| time.to_string()).unwrap_or_default();
            Span::Text(date::render(&time, &text("format")).unwrap_or_else(|| text("fallback")))
        }
        _ => Span::Text(text("text")),
    }
}

fn styled(span: Span, style: &Value) -> Span {
    let span = match span {
        Span::Text(text) if style["code"] == true => Span::Code(text),
        other => other,
    };
    let span = if style["strike"] == true { Span::Strike(vec![span]) } else { span };
    let span = if style["italic"] == true { Span::Em(vec![span]) } else { span };
    if style["bold"] == true { Span::Strong(vec![span]) } else { span }
}

/// Cuts at line breaks in the texts.
fn split(spans: Vec<Span>) -> Vec<Vec<Span>> {
    let mut lines = vec![Vec::new()];
    for span in spans {
        let Span::Text(text) = &span else {
            if let Some(line) = lines.last_mut() {
                line.push(span);
            }
            continue;
        };
        for (place, part) in text.split('\n').enumerate() {
            if place > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !part.is_empty()) {
                line.push(Span::Text(part.to_owned()));
            }
        }
    }
    lines
}
