//! Sentences that people read, before they are Jira's, Slack's or a terminal's.
//!
//! A [`Text`] keeps what is a link and what is code apart from plain words, and it is escaped where it is rendered, by
//! the type of each span. So a commit message can say `<!channel>` and stays four harmless words.

use serde::Serialize;

/// A run of words of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Words.
    Plain(String),
    /// A name of a machine thing: a commit, a file, a field.
    Code(String),
    /// Words that lead somewhere.
    Link {
        /// What is shown.
        words: String,
        /// Where it leads; always built from our settings, never taken from a ticket.
        url: String,
    },
}

/// A sentence or two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Text(Vec<Span>);

impl Text {
    /// An empty text.
    #[must_use]
    pub fn new() -> Text {
        Text::default()
    }

    /// Goes on with words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Text {
        self.0.push(Span::Plain(words.into()));
        self
    }

    /// Goes on with a machine name.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Text {
        self.0.push(Span::Code(code.into()));
        self
    }

    /// Goes on with a link.
    #[must_use]
    pub fn link(mut self, words: impl Into<String>, url: impl Into<String>) -> Text {
        self.0.push(Span::Link { words: words.into(), url: url.into() });
        self
    }

    /// Goes on with words from outside: one line, no control or direction marks, at most 120 characters.
    #[must_use]
    pub fn quoted(self, outside: &str) -> Text {
        self.words(shortened(outside, 120))
    }

    /// Goes on with another text.
    #[must_use]
    pub fn then(mut self, more: Text) -> Text {
        self.0.extend(more.0);
        self
    }

    /// The spans, in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Only the words, without marks.
    #[must_use]
    pub fn plain(&self) -> String {
        let words = |span: &Span| match span {
            Span::Plain(words) | Span::Code(words) | Span::Link { words, .. } => words.clone(),
        };
        self.0.iter().map(words).collect()
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Text {
        Text::new().words(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Text {
        Text::new().words(words)
    }
}

/// Text from outside as one readable line: white space collapsed, control and direction marks removed, cut to `most`
/// characters.
#[must_use]
pub fn shortened(outside: &str, most: usize) -> String {
    let kept: String =
        outside.chars().map(|char| if char.is_whitespace() { ' ' } else { char }).filter(|c| !is_mark(*c)).collect();
    let line = kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// `1 commit`, `2 commits`.
#[must_use]
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// `Ana`, `Ana or Ben`, `Ana, Ben or Cleo`: a list with a joining word.
#[must_use]
pub fn listed(items: &[String], joint: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {joint} {last}", first.join(", ")),
    }
}

/// Marks that change how a line is read without being seen: control characters, direction marks, zero-width characters.
fn is_mark(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_becomes_one_plain_line() {
        assert_eq!(shortened("a\n\n  b\u{202e}c\u{200b}\u{7}", 10), "a bc");
        assert_eq!(shortened(&"x".repeat(4000), 5), "xxxx…");
    }

    #[test]
    fn lists_read_like_speech() {
        let names = ["Ana", "Ben", "Cleo"].map(String::from);
        assert_eq!(listed(&names, "or"), "Ana, Ben or Cleo");
        assert_eq!(plural(1, "commit"), "1 commit");
    }
}
