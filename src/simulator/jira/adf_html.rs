//! The Atlassian Document Format as HTML, the way Jira shows it.

use maud::{Markup, html};
use serde_json::Value;

use super::super::page::outside_link;
use super::adf::{attribute, children, date, kind};

/// Panel types: the class of the colour, and the word and the sign that say the same without colour.
const PANELS: [(&str, &str, &str, &str); 6] = [
    ("info", "blue", "Info", "ℹ"),
    ("note", "purple", "Note", "✎"),
    ("tip", "green", "Tip", "★"),
    ("success", "green", "Success", "✔"),
    ("warning", "yellow", "Warning", "⚠"),
    ("error", "red", "Error", "✖"),
];

/// A document.
pub(super) fn render(body: &Value) -> Markup {
    html! { @for block in children(body) { (render_block(block)) } }
}

fn render_block(node: &Value) -> Markup {
    match kind(node) {
        "paragraph" => html! { p { (inline(node)) } },
        "heading" => heading(node),
        "bulletList" | "decisionList" => html! { ul { (items(node)) } },
        "orderedList" => {
            html! { ol start=[node["attrs"]["order"].as_u64()] { (items(node)) } }
        }
        "taskList" => html! { ul .tasks { @for item in children(node) { li { (task(item)) } } } },
        "codeBlock" => html! { pre { (inline(node)) } },
        "blockquote" => html! { blockquote { (render(node)) } },
        "panel" => panel(node),
        "expand" | "nestedExpand" => html! { details { summary { (title(node)) } (render(node)) } },
        "rule" => html! { hr; },
        "table" => {
            html! { table { @for row in children(node) { tr { @for cell in children(row) { (table_cell(cell)) } } } } }
        }
        "blockCard" | "embedCard" => html! { p { (card(node)) } },
        _ => render(node),
    }
}

fn items(list: &Value) -> Markup {
    html! {
        @for item in children(list) {
            li { @if kind(item) == "decisionItem" { (inline(item)) } @else { (render(item)) } }
        }
    }
}

/// The page has headings of its own, so that those of a comment begin lower.
fn heading(node: &Value) -> Markup {
    match node["attrs"]["level"].as_u64() {
        Some(1 | 2) => html! { h3 { (inline(node)) } },
        Some(3) => html! { h4 { (inline(node)) } },
        _ => html! { h5 { (inline(node)) } },
    }
}

fn task(item: &Value) -> Markup {
    let done = attribute(item, "state") == "DONE";
    let sign = if done { "☑" } else { "☐" };
    let word = if done { "done: " } else { "to do: " };
    match kind(item) {
        "taskList" => render_block(item),
        "blockTaskItem" => html! { span aria-label=(word) { (sign) } " " (render(item)) },
        _ => html! { span aria-label=(word) { (sign) } " " (inline(item)) },
    }
}

fn panel(node: &Value) -> Markup {
    let known = PANELS.iter().find(|panel| panel.0 == attribute(node, "panelType"));
    let (_, colour, word, sign) = known.unwrap_or(&PANELS[0]);
    html! {
        div class={ "panel " (colour) } role="note" {
            span .sign title=(word) aria-label=(word) { (sign) }
            div { (render(node)) }
        }
    }
}

fn title(node: &Value) -> &str {
    match attribute(node, "title") {
        "" => "More",
        title => title,
    }
}

fn table_cell(cell: &Value) -> Markup {
    let columns = cell["attrs"]["colspan"].as_u64().filter(|columns| *columns > 1);
    let rows = cell["attrs"]["rowspan"].as_u64().filter(|rows| *rows > 1);
    match kind(cell) {
        "tableHeader" => html! { th colspan=[columns] rowspan=[rows] { (render(cell)) } },
        _ => html! { td colspan=[columns] rowspan=[rows] { (render(cell)) } },
    }
}

fn inline(block: &Value) -> Markup {
    html! { @for node in children(block) { (inline_node(node)) } }
}

fn inline_node(node: &Value) -> Markup {
    match kind(node) {
        "text" => marked(node),
        "hardBreak" => html! { br; },
        "status" => html! { span class={ "lozenge " (colour(node)) } { (attribute(node, "text")) } },
        "mention" => html! { span .mention { "@" (attribute(node, "text").trim_start_matches('@')) } },
        "date" => html! { time .lozenge { (date(node)) } },
        "inlineCard" => card(node),
        "emoji" if attribute(node, "text").is_empty() => html! { (attribute(node, "shortName")) },
        _ => html! { (attribute(node, "text")) },
    }
}

fn colour(status: &Value) -> &'static str {
    let known = ["purple", "blue", "red", "yellow", "green"];
    known.into_iter().find(|colour| *colour == attribute(status, "color")).unwrap_or("grey")
}

fn card(node: &Value) -> Markup {
    let address = attribute(node, "url");
    outside_link(address, &html! { (address) })
}

/// Text within its marks, the first innermost.
fn marked(node: &Value) -> Markup {
    let text = html! { (node["text"].as_str().unwrap_or_default()) };
    let marks = node["marks"].as_array().map_or(&[][..], Vec::as_slice);
    marks.iter().fold(text, |inner, mark| match kind(mark) {
        "strong" => html! { strong { (inner) } },
        "em" => html! { em { (inner) } },
        "code" => html! { code { (inner) } },
        "strike" => html! { s { (inner) } },
        "underline" => html! { u { (inner) } },
        "subsup" if attribute(mark, "type") == "sub" => html! { sub { (inner) } },
        "subsup" => html! { sup { (inner) } },
        "link" => outside_link(attribute(mark, "href"), &inner),
        _ => inner,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn html_of(block: &Value) -> String {
        render(&json!({ "type": "doc", "version": 1, "content": [block] })).into_string()
    }

    #[test]
    fn hostile_text_stays_text() {
        let text = json!({ "type": "text", "text": "<script>alert(1)</script>" });
        let page = html_of(&json!({ "type": "paragraph", "content": [text] }));
        assert_eq!(page, "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    }

    #[test]
    fn a_link_that_runs_a_script_is_no_link() {
        let mark = json!({ "type": "link", "attrs": { "href": "javascript:alert(1)" } });
        let text = json!({ "type": "text", "text": "click", "marks": [mark] });
        assert_eq!(html_of(&json!({ "type": "paragraph", "content": [text] })), "<p>click</p>");
    }

    #[test]
    fn attributes_cannot_leave_their_quotes() {
        let status = json!({ "type": "status", "attrs": { "text": "\"><b>", "color": "\" onclick=\"x" } });
        let page = html_of(&json!({ "type": "paragraph", "content": [status] }));
        assert_eq!(page, r#"<p><span class="lozenge grey">&quot;&gt;&lt;b&gt;</span></p>"#);
    }

    #[test]
    fn a_panel_has_a_colour_and_a_word() {
        let inner = json!({ "type": "paragraph", "content": [] });
        let page = html_of(&json!({ "type": "panel", "attrs": { "panelType": "error" }, "content": [inner] }));
        assert!(page.starts_with(r#"<div class="panel red" role="note"><span class="sign" title="Error""#), "{page}");
    }
}
