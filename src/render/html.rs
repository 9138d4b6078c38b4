//! The same findings as a page: the evidence that a comment links to.

use maud::{DOCTYPE, Markup, html};

use super::document::{Block, Document, Inline, Line, Tone};

/// The style sheet of every page; served as a file, so that no page needs inline styles.
pub const STYLE: &str = include_str!("style.css");

/// A whole page with a document in it.
#[must_use]
pub fn page(title: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/style.css";
            }
            body { main { (content) } }
        }
    }
    .into_string()
}

/// A document as HTML.
#[must_use]
pub fn document(document: &Document) -> Markup {
    html! { @for block in &document.0 { (self::block(block)) } }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Panel(tone, paragraphs) => html! {
            section class=(format!("panel {}", class(*tone))) { @for line in paragraphs { p { (self::line(line)) } } }
        },
        Block::Paragraph(line) => html! { p { (self::line(line)) } },
        Block::Numbered(items) => html! {
            ol { @for item in items { li { @for line in item { p { (self::line(line)) } } } } }
        },
        Block::Table(head, rows) => html! {
            table {
                thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (self::line(cell)) } } } } }
            }
        },
        Block::Folded(title, blocks) => html! {
            details open { summary { (title) } @for inner in blocks { (self::block(inner)) } }
        },
        Block::Rule => html! { hr; },
    }
}

fn line(line: &Line) -> Markup {
    html! { @for inline in line { (self::inline(inline)) } }
}

fn inline(inline: &Inline) -> Markup {
    match inline {
        Inline::Words(words) => html! { (words) },
        Inline::Strong(words) => html! { strong { (words) } },
        Inline::Code(code) => html! { code { (code) } },
        Inline::Link(words, url) => html! { a href=(url) { (words) } },
        Inline::Mention(_, name) => html! { span class="mention" { "@" (name) } },
        Inline::Lozenge(tone, word) => html! { span class=(format!("lozenge {}", class(*tone))) { (word) } },
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Waiting => "waiting",
        Tone::Bad => "bad",
        Tone::Neutral => "neutral",
    }
}
