//! Our documents as Atlassian Document Format
//! (<https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>).
//!
//! Text from outside can only end up in a `text` node, where Jira gives it no meaning. Empty text nodes are left out,
//! because Jira refuses the whole comment for one.

use serde_json::{Value, json};

use crate::render::document::{Block, Document, Inline, Line, Tone};

/// Largest comment in bytes of JSON. Jira takes 32,767 characters; how it counts is not documented.
const MOST_BYTES: usize = 30_000;

/// A document as ADF. One that would be too large loses its longest tables' last rows, and says so.
#[must_use]
pub fn document(document: &Document) -> Value {
    let mut document = document.clone();
    let mut adf = whole(&document);
    while adf.to_string().len() > MOST_BYTES && shorten(&mut document) {
        adf = whole(&document);
    }
    adf
}

/// A document with one more paragraph at its beginning.
#[must_use]
pub fn with_first_line(line: &Line, mut adf: Value) -> Value {
    if let Some(content) = adf.get_mut("content").and_then(Value::as_array_mut) {
        content.insert(0, paragraph(line));
    }
    adf
}

fn whole(document: &Document) -> Value {
    json!({"version": 1, "type": "doc", "content": document.0.iter().map(block).collect::<Vec<_>>()})
}

/// Halves the longest table. False when there is nothing left to halve.
pub(super) fn shorten(document: &mut Document) -> bool {
    let mut tables: Vec<&mut Vec<Vec<Line>>> = Vec::new();
    for block in &mut document.0 {
        match block {
            Block::Table(_, rows) => tables.push(rows),
            Block::Folded(_, inner) => tables.extend(inner.iter_mut().filter_map(|block| match block {
                Block::Table(_, rows) => Some(rows),
                _ => None,
            })),
            Block::Panel(..) | Block::Paragraph(_) | Block::Numbered(_) | Block::Rule => {}
        }
    }
    let Some(longest) = tables.into_iter().max_by_key(|rows| rows.len()).filter(|rows| rows.len() > 2) else {
        return false;
    };
    let half = longest.len() / 2;
    cut(longest, half);
    true
}

/// Leaves the first rows of a table, and says that there were more.
pub(super) fn cut(rows: &mut Vec<Vec<Line>>, most: usize) {
    if rows.len() <= most {
        return;
    }
    rows.truncate(most);
    let columns = rows.first().map_or(1, Vec::len);
    let mut note = vec![vec![Inline::Words("… more on the evidence page".into())]];
    note.resize(columns, Vec::new());
    rows.push(note);
}

fn block(block: &Block) -> Value {
    match block {
        Block::Panel(tone, lines) => {
            json!({"type": "panel", "attrs": {"panelType": panel(*tone)}, "content": paragraphs(lines)})
        }
        Block::Paragraph(line) => paragraph(line),
        Block::Numbered(items) => {
            let item = |lines: &Vec<Line>| json!({"type": "listItem", "content": paragraphs(lines)});
            json!({"type": "orderedList", "content": items.iter().map(item).collect::<Vec<_>>()})
        }
        Block::Table(head, rows) => table(head, rows),
        Block::Folded(title, inner) => {
            json!({"type": "expand", "attrs": {"title": title}, "content": inner.iter().map(self::block).collect::<Vec<_>>()})
        }
        Block::Rule => json!({"type": "rule"}),
    }
}

fn table(head: &[&str], rows: &[Vec<Line>]) -> Value {
    let title = |words: &&str| {
        let line = vec![Inline::Strong((*words).to_owned())];
        json!({"type": "tableHeader", "attrs": {}, "content": [paragraph(&line)]})
    };
    let cell = |line: &Line| json!({"type": "tableCell", "attrs": {}, "content": [paragraph(line)]});
    let row = |cells: Vec<Value>| json!({"type": "tableRow", "content": cells});
    let mut content = vec![row(head.iter().map(title).collect())];
    content.extend(rows.iter().map(|cells| row(cells.iter().map(cell).collect())));
    json!({"type": "table", "attrs": {"isNumberColumnEnabled": false, "layout": "default"}, "content": content})
}

fn paragraphs(lines: &[Line]) -> Vec<Value> {
    lines.iter().map(paragraph).collect()
}

fn paragraph(line: &Line) -> Value {
    json!({"type": "paragraph", "content": line.iter().filter_map(inline).collect::<Vec<_>>()})
}

fn inline(inline: &Inline) -> Option<Value> {
    let node = match inline {
        Inline::Words(text) => json!({"type": "text", "text": text}),
        Inline::Strong(text) => json!({"type": "text", "text": text, "marks": [{"type": "strong"}]}),
        Inline::Code(text) => json!({"type": "text", "text": text, "marks": [{"type": "code"}]}),
        Inline::Link(text, url) => {
            json!({"type": "text", "text": text, "marks": [{"type": "link", "attrs": {"href": url}}]})
        }
        Inline::Mention(account, name) => {
            return Some(json!({"type": "mention", "attrs": {"id": account.as_str(), "text": format!("@{name}")}}));
        }
        Inline::Lozenge(tone, word) => {
            let attrs = json!({"text": word, "color": colour(*tone), "localId": "", "style": ""});
            return Some(json!({"type": "status", "attrs": attrs}));
        }
    };
    (node["text"] != "").then_some(node)
}

fn panel(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "success",
        Tone::Waiting => "warning",
        Tone::Bad => "error",
        Tone::Neutral => "info",
    }
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "green",
        Tone::Waiting => "yellow",
        Tone::Bad => "red",
        Tone::Neutral => "neutral",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_comment_is_cut_and_stays_whole() {
        let row = |number: usize| vec![vec![Inline::Words(format!("{number} {}", "x".repeat(200)))], vec![]];
        let table = Block::Table(vec!["Commit", "Author"], (0..500).map(row).collect());
        let adf = document(&Document(vec![Block::Folded("500 commits".into(), vec![table])]));
        let text = adf.to_string();
        assert!(text.len() <= MOST_BYTES);
        assert!(text.contains("more on the evidence page"));
    }

    #[test]
    fn an_empty_text_never_becomes_a_node() {
        let adf = document(&Document(vec![Block::Paragraph(vec![Inline::Words(String::new())])]));
        assert_eq!(adf["content"][0]["content"], json!([]));
    }
}
