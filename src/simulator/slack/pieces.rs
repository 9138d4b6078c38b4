//! The blocks of a message as a reader sees them: the common ground of the page and the plain text.

use serde_json::Value;

use super::mrkdwn::{Line, parse, parse_plain};
use super::rich_text;
use super::state::MessageView;

/// A part of a message.
#[derive(Debug)]
pub(super) enum Piece {
    /// Lines of text.
    Text(Vec<Line>),
    /// A heading.
    Heading(Vec<Line>),
    /// Short texts in two columns.
    Fields(Vec<Vec<Line>>),
    /// Small print.
    Context(Vec<Vec<Line>>),
    /// Buttons.
    Buttons(Vec<Button>),
    /// Rows of cells; the first row is the heading.
    Table(Vec<Vec<Vec<Line>>>),
    /// A line across.
    Rule,
}

/// A button.
#[derive(Debug)]
pub(super) struct Button {
    /// What stands on it.
    pub label: String,
    /// What screen readers say.
    pub spoken: String,
    /// Where it leads; without this, a click is sent to the app.
    pub url: Option<String>,
    /// `primary`, `danger` or nothing.
    pub style: String,
}

/// The parts of a message. Without blocks it is its text.
pub(super) fn pieces(message: &MessageView) -> Vec<Piece> {
    match message.blocks.as_array() {
        Some(blocks) if !blocks.is_empty() => blocks.iter().flat_map(of_block).collect(),
        _ => vec![Piece::Text(parse(&message.text))],
    }
}

fn list<'a>(block: &'a Value, name: &str) -> &'a [Value] {
    block[name].as_array().map_or(&[], Vec::as_slice)
}

fn of_block(block: &Value) -> Vec<Piece> {
    match block["type"].as_str().unwrap_or_default() {
        "section" => section(block),
        "context" => vec![Piece::Context(list(block, "elements").iter().map(text).collect())],
        "actions" => vec![Piece::Buttons(list(block, "elements").iter().map(button).collect())],
        "header" => vec![Piece::Heading(text(&block["text"]))],
        "divider" => vec![Piece::Rule],
        "table" => vec![Piece::Table(list(block, "rows").iter().map(row).collect())],
        "rich_text" => vec![Piece::Text(rich_text::lines(block))],
        "markdown" => vec![Piece::Text(parse_plain(block["text"].as_str().unwrap_or_default()))],
        _ => vec![Piece::Text(parse_plain(block["alt_text"].as_str().unwrap_or_default()))],
    }
}

fn section(block: &Value) -> Vec<Piece> {
    let words = (!block["text"].is_null()).then(|| Piece::Text(text(&block["text"])));
    let fields = list(block, "fields").iter().map(text).collect::<Vec<_>>();
    let fields = (!fields.is_empty()).then_some(Piece::Fields(fields));
    let accessory = (block["accessory"]["type"] == "button").then(|| Piece::Buttons(vec![button(&block["accessory"])]));
    [words, fields, accessory].into_iter().flatten().collect()
}

/// A text object or an image in a context block.
fn text(object: &Value) -> Vec<Line> {
    let words = object["text"].as_str().or(object["alt_text"].as_str()).unwrap_or_default();
    if object["type"] == "mrkdwn" { parse(words) } else { parse_plain(words) }
}

fn button(element: &Value) -> Button {
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let label = words(&element["text"]["text"]);
    let spoken = element["accessibility_label"].as_str().map_or_else(|| label.clone(), String::from);
    Button { label, spoken, url: element["url"].as_str().map(String::from), style: words(&element["style"]) }
}

fn row(row: &Value) -> Vec<Vec<Line>> {
    let cells = row.as_array().map_or(&[][..], Vec::as_slice);
    cells.iter().map(cell).collect()
}

fn cell(cell: &Value) -> Vec<Line> {
    match cell["type"].as_str().unwrap_or_default() {
        "rich_text" => rich_text::lines(cell),
        "raw_number" => parse_plain(&cell["number"].to_string()),
        _ => parse_plain(cell["text"].as_str().unwrap_or_default()),
    }
}
