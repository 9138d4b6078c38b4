//! The Atlassian Document Format: making it from text, and reading it as text.

use serde_json::{Value, json};

/// A document with one paragraph a line.
pub(super) fn document(text: &str) -> Value {
    let paragraphs = text.lines().map(paragraph).collect::<Vec<_>>();
    json!({ "type": "doc", "version": 1, "content": paragraphs })
}

/// A paragraph. A text node may not be empty, so an empty line has no content.
fn paragraph(line: &str) -> Value {
    if line.is_empty() {
        return json!({ "type": "paragraph", "content": [] });
    }
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": line }] })
}

/// The type of a node.
pub(super) fn kind(node: &Value) -> &str {
    node["type"].as_str().unwrap_or_default()
}

/// The children of a node.
pub(super) fn children(node: &Value) -> &[Value] {
    node["content"].as_array().map_or(&[], Vec::as_slice)
}

/// A text attribute of a node, or nothing.
pub(super) fn attribute<'a>(node: &'a Value, name: &str) -> &'a str {
    node["attrs"][name].as_str().unwrap_or_default()
}

/// Plain text of a document: one line a paragraph, list item, table row or title.
pub(super) fn text(body: &Value) -> String {
    lines(body).join("\n")
}

fn lines(node: &Value) -> Vec<String> {
    match kind(node) {
        "paragraph" | "heading" | "codeBlock" | "taskItem" | "decisionItem" => {
            inline(node).split('\n').map(String::from).collect()
        }
        "bulletList" | "decisionList" => items(node, |_| "- ".into()),
        "orderedList" => {
            let first = node["attrs"]["order"].as_u64().unwrap_or(1);
            items(node, |place| format!("{}. ", first + place))
        }
        "taskList" => children(node).iter().flat_map(task).collect(),
        "table" => children(node).iter().map(row).collect(),
        "expand" | "nestedExpand" => {
            let title = format!("▸ {}", attribute(node, "title"));
            std::iter::once(title).chain(all_lines(node)).collect()
        }
        "rule" => vec!["────".into()],
        "blockCard" | "embedCard" => vec![attribute(node, "url").to_owned()],
        _ => all_lines(node),
    }
}

fn all_lines(node: &Value) -> Vec<String> {
    children(node).iter().flat_map(lines).collect()
}

/// Each item after its mark; what belongs to an item is indented below it.
fn items(node: &Value, mark: impl Fn(u64) -> String) -> Vec<String> {
    let numbered = (0..).zip(children(node));
    numbered.flat_map(|(place, item)| hanging(&mark(place), lines(item))).collect()
}

fn hanging(mark: &str, lines: Vec<String>) -> Vec<String> {
    let indent = " ".repeat(mark.chars().count());
    let prefixes = std::iter::once(mark).chain(std::iter::repeat(indent.as_str()));
    prefixes.zip(lines).map(|(prefix, line)| format!("{prefix}{line}")).collect()
}

fn task(item: &Value) -> Vec<String> {
    match (kind(item), attribute(item, "state")) {
        ("taskList", _) => hanging("  ", lines(item)),
        (_, "DONE") => hanging("[x] ", lines(item)),
        _ => hanging("[ ] ", lines(item)),
    }
}

fn row(row: &Value) -> String {
    children(row).iter().map(|cell| all_lines(cell).join(" ")).collect::<Vec<_>>().join(" | ")
}

/// The text of the inline nodes of a block.
fn inline(block: &Value) -> String {
    children(block).iter().map(inline_text).collect()
}

fn inline_text(node: &Value) -> String {
    match kind(node) {
        "text" => node["text"].as_str().unwrap_or_default().to_owned(),
        "hardBreak" => "\n".into(),
        "status" => format!("[{}]", attribute(node, "text").to_uppercase()),
        "emoji" if attribute(node, "text").is_empty() => attribute(node, "shortName").to_owned(),
        "date" => date(node),
        "inlineCard" => attribute(node, "url").to_owned(),
        _ => attribute(node, "text").to_owned(),
    }
}

/// The day of a `date` node, in UTC. Its timestamp is a text of milliseconds.
pub(super) fn date(node: &Value) -> String {
    let time = attribute(node, "timestamp").parse().ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(String::new, |time| time.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strong(text: &str) -> Value {
        json!({ "type": "text", "text": text, "marks": [{ "type": "strong" }] })
    }

    fn block(kind: &str, content: &[Value]) -> Value {
        json!({ "type": kind, "content": content })
    }

    fn doc(content: &[Value]) -> Value {
        json!({ "type": "doc", "version": 1, "content": content })
    }

    #[test]
    fn a_document_of_text_reads_back_as_the_text() {
        let text = "One line.\n\nAnother.";
        assert_eq!(super::text(&document(text)), text);
    }

    #[test]
    fn a_numbered_item_keeps_its_paragraphs_together() {
        let item = block("listItem", &[block("paragraph", &[strong("A")]), block("paragraph", &[strong("Fix: b")])]);
        let list = block("orderedList", &[item.clone(), item]);
        assert_eq!(text(&doc(&[list])), "1. A\n   Fix: b\n2. A\n   Fix: b");
    }

    #[test]
    fn tables_expands_lozenges_and_mentions_are_readable() {
        let status = json!({ "type": "status", "attrs": { "text": "passed", "color": "green" } });
        let mention = json!({ "type": "mention", "attrs": { "id": "1", "text": "@Dana Reyes" } });
        let cell = |inline: Value| block("tableCell", &[block("paragraph", &[inline])]);
        let table = block("table", &[block("tableRow", &[cell(strong("Review")), cell(status), cell(mention)])]);
        let expand = json!({ "type": "expand", "attrs": { "title": "All checks" }, "content": [table] });
        assert_eq!(text(&doc(&[expand])), "▸ All checks\nReview | [PASSED] | @Dana Reyes");
    }

    #[test]
    fn tasks_show_whether_they_are_done() {
        let words = strong("Test it");
        let attrs = |state: &str| json!({ "localId": "a", "state": state });
        let item = |state: &str| json!({ "type": "taskItem", "attrs": attrs(state), "content": [words] });
        let list = block("taskList", &[item("TODO"), item("DONE")]);
        assert_eq!(text(&doc(&[list])), "[ ] Test it\n[x] Test it");
    }
}
