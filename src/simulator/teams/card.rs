//! What people see of an Adaptive Card.

use serde_json::Value;

use super::CardView;

/// The newest version that Teams shows.
const NEWEST: (u64, u64) = (1, 5);

/// The first card of a message as people see it; nothing when Teams cannot show it.
pub(super) fn view(channel: &'static str, message: &Value) -> Option<CardView> {
    let attachment = &message["attachments"][0];
    let card = &attachment["content"];
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive" || card["type"] != "AdaptiveCard" {
        return None;
    }
    if version(card["version"].as_str()?)? > NEWEST {
        return None;
    }
    let mut links = Vec::new();
    let lines = card["body"].as_array()?.iter().map(|element| line(element, &mut links)).collect::<Option<Vec<_>>>()?;
    for action in card["actions"].as_array().into_iter().flatten() {
        links.push(link(action["title"].as_str()?, action)?);
    }
    Some(CardView { channel, text: lines.join("\n"), links, card: card.clone() })
}

fn version(text: &str) -> Option<(u64, u64)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// An element that is text. Only a `TextBlock` reads Markdown, of which links are looked for.
fn line(element: &Value, links: &mut Vec<(String, String)>) -> Option<String> {
    match element["type"].as_str()? {
        "TextBlock" => {
            let text = element["text"].as_str()?;
            links.extend(markdown_links(text));
            Some(text.to_owned())
        }
        "RichTextBlock" => {
            let mut line = String::new();
            for run in element["inlines"].as_array()? {
                let text = if run["type"] == "TextRun" { run["text"].as_str()? } else { return None };
                if !run["selectAction"].is_null() {
                    links.push(link(text, &run["selectAction"])?);
                }
                line.push_str(text);
            }
            Some(line)
        }
        _ => None,
    }
}

/// What an action opens. Teams opens pages of the web alone.
fn link(words: &str, action: &Value) -> Option<(String, String)> {
    let url = action["url"].as_str()?;
    let is_page = action["type"] == "Action.OpenUrl" && (url.starts_with("https://") || url.starts_with("http://"));
    is_page.then(|| (words.to_owned(), url.to_owned()))
}

fn markdown_links(text: &str) -> Vec<(String, String)> {
    let found = text.split('[').skip(1).filter_map(|rest| {
        let (words, rest) = rest.split_once("](")?;
        Some((words.to_owned(), rest.split_once(')')?.0.to_owned()))
    });
    found.collect()
}
