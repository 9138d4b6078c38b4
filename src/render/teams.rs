//! Messages in Microsoft Teams, where they go while Slack does not take them.
//!
//! A card is made of texts that Teams shows as they are: its one element that reads Markdown is not among them, so nothing from
//! outside becomes a link, a mention or a picture. Nobody decides here: of the buttons of a message only those that open
//! a page are left.

use super::slack::{Button, Control, Message, Mrkdwn, Part, Piece};
use super::view::Links;
use crate::model::{TicketKey, shortened};

/// Longest run of words, in characters.
const MOST: usize = 1_500;

/// What stands below each card.
pub const NOTE: &str = "This is here because Slack does not take it. What is answered here is read by nobody: whoever approves or \
                        declines does it in Jira.";

/// A card, before it is the JSON of Teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What is seen, line by line.
    pub lines: Vec<Line>,
    /// Pages that can be opened: what the button says, and where it leads.
    pub pages: Vec<(String, String)>,
}

/// A line of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub runs: Vec<Run>,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// It begins a paragraph.
    #[default]
    Start,
    /// It follows the line before.
    Next,
    /// It is small print.
    Small,
}

/// A piece of a line: words that are shown as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The words.
    pub words: String,
    /// How they look.
    pub look: Look,
    /// The page of ours or of Jira that they open.
    pub opens: Option<String>,
}

/// How words look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Look {
    #[default]
    Plain,
    Bold,
    Code,
}

/// The card that says what a message in Slack says.
#[must_use]
pub fn card(message: &Message) -> Card {
    let mut card = Card { lines: Vec::new(), pages: Vec::new() };
    for part in &message.parts {
        match part {
            Part::Section(text) => card.lines.extend(lines(text, Place::Start)),
            Part::Fields(fields) => card.lines.extend(fields.iter().flat_map(|text| lines(text, Place::Start))),
            Part::Context(text) => card.lines.extend(lines(text, Place::Small)),
            Part::Buttons(buttons) => buttons.iter().for_each(|button| card.page(button)),
            Part::Controls(controls) => controls.iter().for_each(|control| match control {
                Control::Open(button) => card.page(button),
                Control::Send(_) => {}
            }),
        }
    }
    card.noted()
}

/// The card for a message of which only its sentence is known, with where its ticket is.
#[must_use]
pub fn sentence(fallback: &str, (key, links): (&TicketKey, &Links)) -> Card {
    let run = Run { words: shown(fallback), ..Run::default() };
    let pages = [(key.as_str(), links.ticket_of(key)), ("Open evidence", links.evidence_of(key))];
    let pages = pages.map(|(words, url)| (words.to_owned(), url)).into();
    Card { lines: vec![Line { place: Place::Start, runs: vec![run] }], pages }.noted()
}

impl Card {
    fn page(&mut self, button: &Button) {
        self.pages.push((shown(&button.label), button.url.clone()));
    }

    /// The same with the note, and with a button for each page that a line leads to: not everybody's Teams lets words be
    /// clicked.
    fn noted(mut self) -> Card {
        let links = self.lines.iter().flat_map(|line| &line.runs);
        let links = links.filter_map(|run| Some((run.words.clone(), run.opens.clone()?)));
        for (words, url) in links.collect::<Vec<_>>() {
            if !self.pages.iter().any(|(_, known)| *known == url) {
                self.pages.push((words, url));
            }
        }
        let note = Run { words: NOTE.into(), ..Run::default() };
        self.lines.push(Line { place: Place::Small, runs: vec![note] });
        self
    }
}

/// A text as lines; those after the first follow it.
fn lines(text: &Mrkdwn, place: Place) -> Vec<Line> {
    let next = if place == Place::Small { Place::Small } else { Place::Next };
    let lines = text.pieces().split(|piece| *piece == Piece::Line);
    let lines = lines.map(|pieces| pieces.iter().map(run).collect::<Vec<_>>()).filter(|runs| !runs.is_empty());
    lines.enumerate().map(|(number, runs)| Line { place: if number == 0 { place } else { next }, runs }).collect()
}

fn run(piece: &Piece) -> Run {
    let plain = |words: &str| Run { words: shown(words), ..Run::default() };
    match piece {
        Piece::Words(words) => plain(words),
        Piece::Bold(words) => Run { look: Look::Bold, ..plain(words) },
        Piece::Code(words) => Run { look: Look::Code, ..plain(words) },
        Piece::Link { words, url } => Run { opens: Some(url.clone()), ..plain(words) },
        Piece::Emoji(name) => plain(&format!("{} ", symbol(name))),
        Piece::Line => Run::default(),
    }
}

/// Words as they are shown: on one line, without the marks that change their direction. Teams turns `{{DATE(…)}}` into a date
/// wherever it stands, so no two braces stand together.
fn shown(words: &str) -> String {
    let end = |found: bool| if found { " " } else { "" };
    let (before, after) = (words.starts_with(' '), words.len() > 1 && words.ends_with(' '));
    let mut shown = format!("{}{}{}", end(before), shortened(words, MOST), end(after));
    while shown.contains("{{") {
        shown = shown.replace("{{", "{ {");
    }
    shown
}

/// The emoji that Slack has under a name.
fn symbol(name: &str) -> &'static str {
    match name {
        ":white_check_mark:" => "✅",
        ":hourglass_flowing_sand:" => "⏳",
        ":no_entry:" => "⛔",
        ":grey_question:" => "❔",
        ":rotating_light:" => "🚨",
        ":checkered_flag:" => "🏁",
        ":x:" => "❌",
        ":mag:" => "🔍",
        ":red_circle:" => "🔴",
        ":lock:" => "🔒",
        _ => "•",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::slack::{Send, Style};

    fn said(card: &Card) -> Vec<String> {
        card.lines.iter().map(|line| line.runs.iter().map(|run| run.words.as_str()).collect()).collect()
    }

    #[test]
    fn a_card_says_what_the_message_says_and_lets_nobody_decide() {
        let text = Mrkdwn::new().emoji(":x:").bold("Not done").words(" · ").link("PRODCM-1", "https://jira.example/1");
        let open = Button {
            id: "a",
            label: "Open evidence".into(),
            aloud: String::new(),
            url: "https://cm-bot.example/1".into(),
        };
        let send = Send {
            id: "b",
            label: "Approve".into(),
            aloud: String::new(),
            value: String::new(),
            style: Style::Primary,
            question: None,
        };
        let parts = vec![
            Part::Section(text.line().words("one reason")),
            Part::Controls(vec![Control::Send(send), Control::Open(open)]),
        ];
        let card = card(&Message { fallback: "Not done: PRODCM-1.".into(), parts });
        assert_eq!(said(&card), ["❌ Not done · PRODCM-1", "one reason", NOTE]);
        let pages: Vec<(&str, &str)> = card.pages.iter().map(|(words, url)| (words.as_str(), url.as_str())).collect();
        assert_eq!(pages, [("Open evidence", "https://cm-bot.example/1"), ("PRODCM-1", "https://jira.example/1")]);
    }

    #[test]
    fn words_stay_words() {
        let hostile = "[a](https://evil.example) <at>Dana</at> ![x](y)\n{{DATE(2026-01-01T00:00:00Z, SHORT)}}\u{202e}";
        let card = card(&Message { fallback: String::new(), parts: vec![Part::Section(Mrkdwn::new().words(hostile))] });
        let shown = "[a](https://evil.example) <at>Dana</at> ![x](y) { {DATE(2026-01-01T00:00:00Z, SHORT)}}";
        assert_eq!(said(&card), [shown, NOTE]);
        assert!(card.pages.is_empty(), "words from outside lead nowhere: {:?}", card.pages);
        assert_eq!(super::shown("{{{DATE(2026-01-01T00:00:00Z)}}}"), "{ { {DATE(2026-01-01T00:00:00Z)}}}");
    }
}
