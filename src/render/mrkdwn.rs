//! Text in Slack's markup, and what it is made of.

use crate::model::{SlackId, Span, Text, Timestamp};

/// Text in Slack's markup. Words can only be added escaped, so nothing from outside becomes a mention or a link.
///
/// It keeps what it was made of, so that the same words can be said where Slack's markup means nothing (`teams.rs`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mrkdwn {
    markup: String,
    pieces: Vec<Piece>,
}

/// What a text is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// Bold words.
    Bold(String),
    /// Something that is written as a machine would write it.
    Code(String),
    /// A link.
    Link {
        /// What it says.
        words: String,
        /// Where it leads.
        url: String,
    },
    /// One of our own emoji, by the name that Slack has for it.
    Emoji(&'static str),
    /// The end of a line.
    Line,
}

impl Mrkdwn {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Mrkdwn {
        Mrkdwn::default()
    }

    /// Words, escaped.
    #[must_use]
    pub fn words(self, words: &str) -> Mrkdwn {
        self.with(&escaped(words), Piece::Words(words.to_owned()))
    }

    /// Bold words, escaped.
    #[must_use]
    pub fn bold(self, words: &str) -> Mrkdwn {
        let markup = format!("*{}*", escaped(words).replace('*', "∗"));
        self.with(&markup, Piece::Bold(words.to_owned()))
    }

    /// A link with our own address.
    #[must_use]
    pub fn link(self, words: &str, url: &str) -> Mrkdwn {
        let target = escaped(url).replace('|', "%7C");
        let markup = format!("<{target}|{}>", escaped(words).replace('|', "¦"));
        self.with(&markup, Piece::Link { words: words.to_owned(), url: url.to_owned() })
    }

    /// A mention, which notifies. Elsewhere than in Slack it is the name.
    #[must_use]
    pub fn mention(self, id: &SlackId, name: &str) -> Mrkdwn {
        self.with(&format!("<@{id}>"), Piece::Words(name.to_owned()))
    }

    /// A time in the reader's own zone.
    #[must_use]
    pub fn time(self, time: Timestamp) -> Mrkdwn {
        let words = time.day_and_clock();
        let markup = format!("<!date^{}^{{date_short_pretty}} {{time}}|{words}>", time.seconds());
        self.with(&markup, Piece::Words(words))
    }

    /// One of our own emoji, by its name.
    #[must_use]
    pub fn emoji(self, name: &'static str) -> Mrkdwn {
        self.with(&format!("{name} "), Piece::Emoji(name))
    }

    /// A text of the policy.
    #[must_use]
    pub fn text(self, text: &Text) -> Mrkdwn {
        text.spans().iter().fold(self, |so_far, span| match span {
            Span::Plain(words) => so_far.words(words),
            Span::Code(code) => so_far.code(code),
            Span::Link { words, url } => so_far.link(words, url),
        })
    }

    /// The next line.
    #[must_use]
    pub fn line(self) -> Mrkdwn {
        self.with("\n", Piece::Line)
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.markup
    }

    /// What it is made of, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    fn code(self, code: &str) -> Mrkdwn {
        let markup = format!("`{}`", escaped(code).replace('`', "'"));
        self.with(&markup, Piece::Code(code.to_owned()))
    }

    fn with(mut self, markup: &str, piece: Piece) -> Mrkdwn {
        self.markup.push_str(markup);
        self.pieces.push(piece);
        self
    }
}

/// The only three characters that Slack's markup gives a meaning that can be taken away.
fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
