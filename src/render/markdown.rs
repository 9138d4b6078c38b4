//! Markdown, as GitHub shows it: whatever comes from outside stays the characters that it is, by type.

use std::fmt::Write as _;

/// Characters that could begin something in Markdown, HTML, or one of GitHub's own marks (a mention, a reference).
const MARKS: &str = "\\`*_{}[]()<>#+-.!|~&@:/=^$";

/// A text in Markdown. There is no way to add words unescaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markdown(String);

impl Markdown {
    /// An empty text.
    #[must_use]
    pub fn new() -> Markdown {
        Markdown::default()
    }

    /// Goes on with words, whoever wrote them; they are one line.
    #[must_use]
    pub fn words(mut self, words: &str) -> Markdown {
        for char in words.chars() {
            match char {
                char if MARKS.contains(char) => {
                    self.0.push('\\');
                    self.0.push(char);
                }
                char if char.is_control() => self.0.push(' '),
                char => self.0.push(char),
            }
        }
        self
    }

    /// Goes on with words in bold; they stand alone.
    #[must_use]
    pub fn strong(self, words: &str) -> Markdown {
        let inner = Markdown::new().words(words).0;
        Markdown(format!("{}**{inner}**", self.0))
    }

    /// Goes on with a link; the address is built from our settings.
    #[must_use]
    pub fn link(mut self, words: &str, url: &str) -> Markdown {
        let address: String = url.chars().filter(|char| !char.is_whitespace() && !"()<>\\".contains(*char)).collect();
        let words = Markdown::new().words(words).0;
        let _ = write!(self.0, "[{words}](<{address}>)");
        self
    }

    /// Goes on with an entry of a list, in a line of its own.
    #[must_use]
    pub fn entry(self, words: &str) -> Markdown {
        Markdown(format!("{}\n- {}", self.0, Markdown::new().words(words).0))
    }

    /// Goes on with a new paragraph.
    #[must_use]
    pub fn paragraph(mut self) -> Markdown {
        self.0.push_str("\n\n");
        self
    }

    /// How many characters it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text as GitHub takes it.
    #[must_use]
    pub fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_begin_nothing() {
        let text = Markdown::new().words("@org/team [x](http://evil) <img> #1 `a`\n# b").text();
        assert_eq!(text, "\\@org\\/team \\[x\\]\\(http\\:\\/\\/evil\\) \\<img\\> \\#1 \\`a\\` \\# b");
    }

    #[test]
    fn an_address_stays_inside_of_its_link() {
        let text = Markdown::new().link("PRODCM-412", "https://jira.example/browse/PRODCM-412>) x").text();
        assert_eq!(text, "[PRODCM\\-412](<https://jira.example/browse/PRODCM-412x>)");
    }
}
