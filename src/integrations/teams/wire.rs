//! The JSON of Teams: a message with one Adaptive Card (<https://adaptivecards.io/explorer/>).

use serde_json::{Value, json};

use crate::render::teams::{Card, Line, Look, Place, Run};

/// Largest message that Teams takes, in bytes. It may count each character of ASCII as two.
const MOST: usize = 28 * 1024;

/// Most buttons that a card shows.
const BUTTONS: usize = 6;

/// A card as the body of a request. What is too long for Teams ends early, before its last line, and says so.
#[must_use]
pub fn to_json(card: &Card) -> Value {
    let whole = message(card, &card.lines);
    let Some((note, lines)) = card.lines.split_last() else { return whole };
    if fits(&whole) {
        return whole;
    }
    let more = Line {
        place: Place::Start,
        runs: vec![Run { words: "… and more, see the ticket".into(), ..Run::default() }],
    };
    let shorter = |kept: usize| {
        let rest = [more.clone(), note.clone()];
        message(card, &lines.iter().take(kept).cloned().chain(rest).collect::<Vec<_>>())
    };
    let lengths: Vec<usize> = (1..=lines.len()).collect();
    shorter(lengths.partition_point(|kept| fits(&shorter(*kept))))
}

fn fits(message: &Value) -> bool {
    let text = message.to_string();
    text.len().max(text.encode_utf16().count() * 2) <= MOST
}

fn message(card: &Card, lines: &[Line]) -> Value {
    let actions = card.pages.iter().take(BUTTONS);
    let actions = actions.map(|(words, url)| json!({"type": "Action.OpenUrl", "title": words, "url": url}));
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": "A message of cm-bot that needs a newer Teams.",
        "msteams": {"width": "Full"},
        "body": lines.iter().map(line).collect::<Vec<_>>(),
        "actions": actions.collect::<Vec<_>>(),
    });
    let attachment =
        json!({"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": content});
    json!({"type": "message", "attachments": [attachment]})
}

/// A line is a `RichTextBlock`, whose words are shown as they are; a `TextBlock` reads Markdown.
fn line(line: &Line) -> Value {
    let spacing = if line.place == Place::Next { "None" } else { "Default" };
    let runs: Vec<Value> = line.runs.iter().map(|one| run(one, line.place)).collect();
    json!({"type": "RichTextBlock", "spacing": spacing, "inlines": runs})
}

fn run(run: &Run, place: Place) -> Value {
    let mut text = json!({"type": "TextRun", "text": run.words});
    if place == Place::Small {
        text["size"] = json!("Small");
        text["isSubtle"] = json!(true);
    }
    match run.look {
        Look::Plain => {}
        Look::Bold => text["weight"] = json!("Bolder"),
        Look::Code => text["fontType"] = json!("Monospace"),
    }
    if let Some(url) = &run.opens {
        text["selectAction"] = json!({"type": "Action.OpenUrl", "url": url});
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::slack::{Message, Mrkdwn, Part};
    use crate::render::teams::{NOTE, card};

    #[test]
    fn what_is_too_long_ends_early_and_says_so() {
        let long = |lines: usize| {
            let text = (0..lines).fold(Mrkdwn::new(), |text, number| text.words(&format!("reason {number}")).line());
            to_json(&card(&Message { fallback: "Held.".into(), parts: vec![Part::Section(text)] }))
        };
        let (short, cut) = (long(20), long(2_000));
        assert!(fits(&short) && fits(&cut) && !short.to_string().contains("and more"));
        let body = cut["attachments"][0]["content"]["body"].as_array().unwrap();
        let last = |from_end: usize| body[body.len() - from_end]["inlines"][0]["text"].as_str().unwrap();
        assert_eq!((last(2), last(1)), ("… and more, see the ticket", NOTE));
        assert!(body.len() > 50, "most of it is there: {}", body.len());
    }
}
