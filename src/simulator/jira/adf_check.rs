//! Whether Jira would take an ADF document: the nesting and the attributes that matter, not the whole schema.

use serde_json::Value;

use super::adf::{attribute, children, kind};

const INLINE: &[&str] = &["text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard"];
const TEXT: &[&str] = &["text"];
const LISTS: &[&str] = &["bulletList", "orderedList", "taskList", "decisionList"];
const LEAVES: &[&str] = &["paragraph", "heading", "codeBlock", "rule", "blockCard", "mediaGroup", "mediaSingle"];
const PANEL_TYPES: &[&str] = &["info", "note", "tip", "warning", "error", "success", "custom"];
const COLOURS: &[&str] = &["neutral", "purple", "blue", "red", "yellow", "green"];
const MARKS: &[&str] = &[
    "strong",
    "em",
    "code",
    "link",
    "strike",
    "underline",
    "subsup",
    "textColor",
    "backgroundColor",
    "annotation",
    "border",
];
/// Nodes that may not be empty.
const NEVER_EMPTY: &[&str] = &[
    "panel",
    "expand",
    "blockquote",
    "bulletList",
    "orderedList",
    "listItem",
    "table",
    "taskList",
    "decisionList",
    "tableCell",
    "tableHeader",
];

/// Checks a document.
///
/// # Errors
/// A sentence with the place of the first fault.
pub(super) fn check(document: &Value) -> Result<(), String> {
    if kind(document) != "doc" || document["version"] != 1 || !document["content"].is_array() {
        return Err("a document needs `type` doc, `version` 1 and `content`".into());
    }
    check_children(document, "")
}

fn check_children(node: &Value, path: &str) -> Result<(), String> {
    let parent = kind(node);
    if NEVER_EMPTY.contains(&parent) && children(node).is_empty() {
        return Err(format!("{parent} may not be empty at {path}"));
    }
    for (place, child) in children(node).iter().enumerate() {
        let path = format!("{path}/content/{place}");
        if !may_hold(parent, kind(child)) {
            return Err(format!("{parent} may not hold {} at {path}", child["type"]));
        }
        check_node(child).map_err(|fault| format!("{fault} at {path}"))?;
        check_children(child, &path)?;
    }
    Ok(())
}

/// The nesting rules of Atlassian's schema, for the nodes that a comment can have.
fn may_hold(parent: &str, child: &str) -> bool {
    let plain_block = LEAVES.contains(&child) || LISTS.contains(&child);
    match parent {
        "doc" => plain_block || ["panel", "table", "expand", "blockquote"].contains(&child),
        "expand" => plain_block || ["panel", "table", "blockquote", "nestedExpand"].contains(&child),
        "nestedExpand" => plain_block || ["panel", "blockquote"].contains(&child),
        "tableCell" | "tableHeader" => plain_block || ["panel", "blockquote", "nestedExpand"].contains(&child),
        "panel" => plain_block,
        "blockquote" => ["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"].contains(&child),
        "listItem" => {
            ["paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle", "taskList"].contains(&child)
        }
        "bulletList" | "orderedList" => child == "listItem",
        "table" => child == "tableRow",
        "tableRow" => ["tableCell", "tableHeader"].contains(&child),
        "taskList" => ["taskItem", "blockTaskItem", "taskList"].contains(&child),
        "decisionList" => child == "decisionItem",
        "paragraph" | "heading" | "taskItem" | "decisionItem" => INLINE.contains(&child),
        "blockTaskItem" => child == "paragraph",
        "codeBlock" => TEXT.contains(&child),
        _ => false,
    }
}

/// What one node must have by itself.
fn check_node(node: &Value) -> Result<(), String> {
    let has = |name: &str| node["attrs"][name].is_string();
    let fits = match kind(node) {
        "text" => return check_text(node),
        "panel" => PANEL_TYPES.contains(&attribute(node, "panelType")),
        "status" => !attribute(node, "text").is_empty() && is_colour(attribute(node, "color")),
        "mention" => has("id"),
        "emoji" => has("shortName"),
        "date" => attribute(node, "timestamp").parse::<i64>().is_ok(),
        "inlineCard" => has("url") || node["attrs"]["data"].is_object(),
        "heading" => (1..=6).contains(&node["attrs"]["level"].as_u64().unwrap_or(0)),
        "taskList" | "decisionList" => has("localId"),
        "taskItem" | "blockTaskItem" => has("localId") && ["TODO", "DONE"].contains(&attribute(node, "state")),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{} has wrong or missing attributes", kind(node))) }
}

fn is_colour(colour: &str) -> bool {
    COLOURS.contains(&colour) || (colour.len() == 7 && colour.starts_with('#'))
}

fn check_text(node: &Value) -> Result<(), String> {
    if node["text"].as_str().is_none_or(str::is_empty) {
        return Err("a text node may not be empty".into());
    }
    let marks = node["marks"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(mark) = marks.iter().find(|mark| !MARKS.contains(&kind(mark))) {
        return Err(format!("unknown mark {}", mark["type"]));
    }
    if marks.iter().any(|mark| kind(mark) == "link" && attribute(mark, "href").is_empty()) {
        return Err("a link needs an address".into());
    }
    let code = marks.iter().any(|mark| kind(mark) == "code");
    if code && marks.iter().any(|mark| !["code", "link", "annotation"].contains(&kind(mark))) {
        return Err("code goes together with a link only".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(content: &Value) -> String {
        let document = json!({ "type": "doc", "version": 1, "content": [content] });
        check(&document).err().unwrap_or_default()
    }

    fn paragraph(text: &str) -> Value {
        json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
    }

    #[test]
    fn a_good_document_is_taken() {
        let expand = json!({ "type": "expand", "attrs": { "title": "More" }, "content": [paragraph("text")] });
        assert_eq!(fault(&expand), "");
        assert_eq!(
            fault(&json!({ "type": "panel", "attrs": { "panelType": "note" }, "content": [paragraph("a")] })),
            ""
        );
    }

    #[test]
    fn a_string_is_no_document() {
        assert_eq!(
            check(&json!("text")).err().as_deref(),
            Some("a document needs `type` doc, `version` 1 and `content`")
        );
    }

    #[test]
    fn an_empty_text_node_is_refused() {
        assert_eq!(fault(&paragraph("")), "a text node may not be empty at /content/0/content/0");
    }

    #[test]
    fn an_expand_in_an_expand_or_a_panel_is_refused() {
        let inner = json!({ "type": "expand", "content": [paragraph("a")] });
        let outer = json!({ "type": "expand", "content": [inner.clone()] });
        assert_eq!(fault(&outer), "expand may not hold \"expand\" at /content/0/content/0");
        let panel = json!({ "type": "panel", "attrs": { "panelType": "info" }, "content": [inner] });
        assert_eq!(fault(&panel), "panel may not hold \"expand\" at /content/0/content/0");
    }

    #[test]
    fn a_table_in_a_panel_is_refused() {
        let row = json!({ "type": "tableRow", "content": [{ "type": "tableCell", "content": [paragraph("a")] }] });
        let table = json!({ "type": "table", "content": [row] });
        assert_eq!(fault(&table), "");
        let panel = json!({ "type": "panel", "attrs": { "panelType": "info" }, "content": [table] });
        assert_eq!(fault(&panel), "panel may not hold \"table\" at /content/0/content/0");
    }

    #[test]
    fn an_unknown_panel_type_is_refused() {
        let panel = json!({ "type": "panel", "attrs": { "panelType": "danger" }, "content": [paragraph("a")] });
        assert_eq!(fault(&panel), "panel has wrong or missing attributes at /content/0");
    }
}
