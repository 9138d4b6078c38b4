//! A small vocabulary of rich text: what Jira comments, evidence pages and the terminal have in common.

use crate::model::{AccountId, Span, Text};

/// A rich text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document(pub Vec<Block>);

/// One block of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A coloured box; each entry is a paragraph.
    Panel(Tone, Vec<Line>),
    /// A paragraph.
    Paragraph(Line),
    /// A numbered list; each item is a list of paragraphs.
    Numbered(Vec<Vec<Line>>),
    /// A table with a heading row.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
    /// Something that the reader opens when it matters.
    Folded(String, Vec<Block>),
    /// A line across.
    Rule,
}

/// One paragraph's content.
pub type Line = Vec<Inline>;

/// A run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Words.
    Words(String),
    /// Words that matter.
    Strong(String),
    /// A machine name.
    Code(String),
    /// A link.
    Link(String, String),
    /// A person who must act; Jira notifies them.
    Mention(AccountId, String),
    /// A word in a coloured field. The word carries the meaning.
    Lozenge(Tone, &'static str),
}

/// The mood of a panel or a lozenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, good.
    Good,
    /// Somebody must decide.
    Waiting,
    /// Something must be fixed.
    Bad,
    /// For information.
    Neutral,
}

/// Words.
#[must_use]
pub fn words(text: impl Into<String>) -> Inline {
    Inline::Words(text.into())
}

/// Words that matter.
#[must_use]
pub fn strong(text: impl Into<String>) -> Inline {
    Inline::Strong(text.into())
}

/// A text of the policy as a line of a document.
#[must_use]
pub fn line(text: &Text) -> Line {
    let inline = |span: &Span| match span {
        Span::Plain(words) => Inline::Words(words.clone()),
        Span::Code(code) => Inline::Code(code.clone()),
        Span::Link { words, url } => Inline::Link(words.clone(), url.clone()),
    };
    text.spans().iter().map(inline).collect()
}
