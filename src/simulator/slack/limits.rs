//! The limits of Block Kit. A block that breaks one is refused as Slack refuses it.

use std::collections::HashSet;

use serde_json::Value;

use super::api::Refusal;

/// The most blocks in a message.
const BLOCKS: usize = 50;
/// The most characters of all blocks together; undocumented, seen by others at about this number.
const ALL_BLOCKS: usize = 13_200;
/// The most characters of all markdown blocks together.
const ALL_MARKDOWN: usize = 12_000;

/// Blocks, and the keys that each may have besides `type` and `block_id`.
const KNOWN: [(&str, &[&str]); 9] = [
    ("section", &["text", "fields", "accessory", "expand"]),
    ("context", &["elements"]),
    ("actions", &["elements"]),
    ("header", &["text"]),
    ("divider", &[]),
    ("image", &["alt_text", "image_url", "slack_file", "title"]),
    ("table", &["rows", "column_settings"]),
    ("markdown", &["text"]),
    ("rich_text", &["elements"]),
];

/// What a text object may be.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Any,
}

/// The faults found so far, each with the place where it is.
#[derive(Default)]
struct Faults(Vec<String>);

/// Checks the blocks of a message.
///
/// # Errors
/// `invalid_blocks_format`, `invalid_blocks` with every fault and its place, or `msg_blocks_too_long`.
pub(super) fn check(blocks: &Value) -> Result<(), Refusal> {
    let list = blocks.as_array().ok_or_else(|| Refusal::of("invalid_blocks_format"))?;
    let mut faults = Faults::default();
    faults.at_most(list.len(), BLOCKS, ("items allowed", "/blocks"));
    let mut ids = HashSet::new();
    for (place, block) in list.iter().enumerate() {
        let path = format!("/blocks/{place}");
        faults.block(block, &path);
        if block["block_id"].as_str().is_some_and(|id| !ids.insert(id)) {
            faults.add("block_id already exists", &format!("{path}/block_id"));
        }
    }
    let of = |kind: &str| list.iter().filter(|block| block["type"] == kind).collect::<Vec<_>>();
    faults.at_most(of("table").len(), 1, ("table blocks allowed", "/blocks"));
    let markdown = of("markdown").iter().map(|block| length(&block["text"])).sum();
    faults.at_most(markdown, ALL_MARKDOWN, ("characters of markdown allowed", "/blocks"));
    if !faults.0.is_empty() {
        return Err(Refusal { error: "invalid_blocks", details: faults.0 });
    }
    if blocks.to_string().chars().count() > ALL_BLOCKS {
        return Err(Refusal::of("msg_blocks_too_long"));
    }
    Ok(())
}

fn length(text: &Value) -> usize {
    text.as_str().unwrap_or_default().chars().count()
}

fn array<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map_or(&[], Vec::as_slice)
}

impl Faults {
    fn add(&mut self, fault: &str, path: &str) {
        self.0.push(format!("[ERROR] {fault} [json-pointer:{path}]"));
    }

    fn at_most(&mut self, count: usize, most: usize, (what, path): (&str, &str)) {
        if count > most {
            self.add(&format!("no more than {most} {what}"), path);
        }
    }

    fn block(&mut self, block: &Value, path: &str) {
        let kind = block["type"].as_str().unwrap_or_default();
        let Some((_, keys)) = KNOWN.iter().find(|known| known.0 == kind) else {
            return self.add(&format!("unsupported type: {kind}"), &format!("{path}/type"));
        };
        let given = block.as_object().into_iter().flat_map(|block| block.keys());
        for key in given.filter(|key| !["type", "block_id"].contains(&key.as_str()) && !keys.contains(&key.as_str())) {
            self.add(&format!("invalid additional property: {key}"), path);
        }
        self.line(block, ("block_id", 255), path);
        match kind {
            "section" => self.section(block, path),
            "context" => self.context(block, path),
            "actions" => self.actions(block, path),
            "header" => self.text(&block["text"], (Kind::Plain, 150), &format!("{path}/text")),
            "table" => self.table(block, path),
            "markdown" if length(&block["text"]) == 0 => self.add("missing required field: text", path),
            "image" if length(&block["alt_text"]) == 0 => self.add("missing required field: alt_text", path),
            _ => {}
        }
    }

    fn section(&mut self, block: &Value, path: &str) {
        if block["text"].is_null() && array(block, "fields").is_empty() {
            self.add("missing required field: text or fields", path);
        }
        if !block["text"].is_null() {
            self.text(&block["text"], (Kind::Any, 3000), &format!("{path}/text"));
        }
        self.at_most(array(block, "fields").len(), 10, ("items allowed", &format!("{path}/fields")));
        for (place, field) in array(block, "fields").iter().enumerate() {
            self.text(field, (Kind::Any, 2000), &format!("{path}/fields/{place}"));
        }
        if block["accessory"]["type"] == "button" {
            self.button(&block["accessory"], &format!("{path}/accessory"));
        }
    }

    fn context(&mut self, block: &Value, path: &str) {
        let elements = array(block, "elements");
        if elements.is_empty() {
            self.add("missing required field: elements", path);
        }
        self.at_most(elements.len(), 10, ("items allowed", &format!("{path}/elements")));
        for (place, element) in elements.iter().enumerate().filter(|(_, element)| element["type"] != "image") {
            self.text(element, (Kind::Any, 3000), &format!("{path}/elements/{place}"));
        }
    }

    fn actions(&mut self, block: &Value, path: &str) {
        let elements = array(block, "elements");
        if elements.is_empty() {
            self.add("missing required field: elements", path);
        }
        self.at_most(elements.len(), 25, ("items allowed", &format!("{path}/elements")));
        let mut ids = HashSet::new();
        for (place, element) in elements.iter().enumerate() {
            let path = format!("{path}/elements/{place}");
            if element["type"] == "button" {
                self.button(element, &path);
            }
            if element["action_id"].as_str().is_some_and(|id| !ids.insert(id)) {
                self.add("action_id already exists", &format!("{path}/action_id"));
            }
        }
    }

    fn button(&mut self, button: &Value, path: &str) {
        self.text(&button["text"], (Kind::Plain, 75), &format!("{path}/text"));
        for limit in [("action_id", 255), ("value", 2000), ("url", 3000), ("accessibility_label", 75)] {
            self.line(button, limit, path);
        }
        if !["", "primary", "danger"].contains(&button["style"].as_str().unwrap_or_default()) {
            self.add("style must be primary or danger", &format!("{path}/style"));
        }
        let confirm = &button["confirm"];
        if confirm.is_object() {
            self.text(&confirm["title"], (Kind::Plain, 100), &format!("{path}/confirm/title"));
            self.text(&confirm["text"], (Kind::Any, 300), &format!("{path}/confirm/text"));
            self.text(&confirm["confirm"], (Kind::Plain, 30), &format!("{path}/confirm/confirm"));
            self.text(&confirm["deny"], (Kind::Plain, 30), &format!("{path}/confirm/deny"));
        }
    }

    fn table(&mut self, block: &Value, path: &str) {
        let rows = array(block, "rows");
        if rows.is_empty() {
            self.add("missing required field: rows", path);
        }
        self.at_most(rows.len(), 100, ("rows allowed", &format!("{path}/rows")));
        for (place, row) in rows.iter().enumerate() {
            let path = format!("{path}/rows/{place}");
            let cells = row.as_array().map_or(&[][..], Vec::as_slice);
            self.at_most(cells.len(), 20, ("columns allowed", &path));
            for (place, cell) in cells.iter().enumerate() {
                match cell["type"].as_str() {
                    Some("raw_text") if length(&cell["text"]) > 0 => {}
                    Some("raw_number" | "rich_text") => {}
                    Some("raw_text") => self.add("must be more than 0 characters", &format!("{path}/{place}/text")),
                    _ => self.add("unsupported type of cell", &format!("{path}/{place}/type")),
                }
            }
        }
    }

    /// A text object.
    fn text(&mut self, text: &Value, (kind, most): (Kind, usize), path: &str) {
        let fits = match (kind, text["type"].as_str()) {
            (_, Some("plain_text")) | (Kind::Any, Some("mrkdwn")) => text["text"].is_string(),
            _ => false,
        };
        if !fits {
            return self.add("must be a valid text object", path);
        }
        match length(&text["text"]) {
            0 => self.add("must be more than 0 characters", &format!("{path}/text")),
            count if count > most => {
                self.add(&format!("must be less than {} characters", most + 1), &format!("{path}/text"));
            }
            _ => {}
        }
    }

    /// A simple text that may be absent.
    fn line(&mut self, object: &Value, (name, most): (&str, usize), path: &str) {
        if length(&object[name]) > most {
            self.add(&format!("must be less than {} characters", most + 1), &format!("{path}/{name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(blocks: &Value) -> (&'static str, String) {
        check(blocks).err().map_or(("", String::new()), |refusal| (refusal.error, refusal.details.join("; ")))
    }

    fn section(text: &str) -> Value {
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
    }

    #[test]
    fn good_blocks_are_taken() {
        let button = json!({ "type": "button", "action_id": "a", "text": { "type": "plain_text", "text": "Open" } });
        let table = json!({ "type": "table", "rows": [[{ "type": "raw_text", "text": "a" }]] });
        let blocks = json!([section("a"), { "type": "divider" }, { "type": "actions", "elements": [button] }, table]);
        assert_eq!(refusal(&blocks), ("", String::new()));
    }

    #[test]
    fn a_text_has_a_limit_and_may_not_be_empty() {
        let long = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]";
        assert_eq!(refusal(&json!([section(&"x".repeat(3001))])), ("invalid_blocks", long.into()));
        assert_eq!(refusal(&json!([section(&"x".repeat(3000))])).0, "");
        assert_eq!(refusal(&json!([section("")])).0, "invalid_blocks");
    }

    #[test]
    fn ids_are_unique_and_short() {
        let with_id = |id: &str| json!({ "type": "divider", "block_id": id });
        assert_eq!(refusal(&json!([with_id("a"), with_id("b")])).0, "");
        assert!(refusal(&json!([with_id("a"), with_id("a")])).1.contains("block_id already exists"));
        assert!(refusal(&json!([with_id(&"x".repeat(256))])).1.contains("less than 256"));
    }

    #[test]
    fn a_header_is_plain_text() {
        let header = json!({ "type": "header", "text": { "type": "mrkdwn", "text": "a" } });
        assert!(refusal(&json!([header])).1.contains("valid text object"));
    }

    #[test]
    fn unknown_blocks_and_properties_are_refused() {
        assert!(refusal(&json!([{ "type": "alert" }])).1.contains("unsupported type: alert"));
        assert!(refusal(&json!([{ "type": "divider", "colour": "red" }])).1.contains("additional property: colour"));
        assert_eq!(refusal(&json!({ "type": "divider" })).0, "invalid_blocks_format");
    }

    #[test]
    fn all_blocks_together_have_a_limit() {
        assert_eq!(refusal(&json!(vec![section(&"x".repeat(2900)); 5])).0, "msg_blocks_too_long");
        assert!(refusal(&json!(vec![section("a"); 51])).1.contains("no more than 50 items"));
    }
}
