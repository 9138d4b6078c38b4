//! Pages: their frame, and documents such as the findings of a comment as HTML.

use maud::{DOCTYPE, Markup, html};

use super::document::{Block, Document, Inline, Line, Tone};

/// The style sheet of every page; served as a file, so that no page needs inline styles.
pub const STYLE: &str = include_str!("style.css");

/// The picture of every page's tab.
pub const ICON: &str = include_str!("icon.svg");

/// What stands around the content of a page.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What the page is, for the title of the window.
    pub title: &'a str,
    /// Where its reader may go.
    pub places: &'a [Place<'a>],
    /// Who reads it, if somebody has signed in.
    pub who: Option<&'a Badge>,
}

/// A page that one can go to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it is this page.
    pub is_here: bool,
}

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub struct Badge {
    /// The name.
    pub name: String,
    /// `Viewer, Approver`.
    pub roles: String,
    /// What stands in every form of the session.
    pub form_key: String,
}

/// A page without places to go to.
#[must_use]
pub fn page(title: &str, content: &Markup) -> String {
    framed(&Frame { title, places: &[], who: None }, content)
}

/// A whole page.
#[must_use]
pub fn framed(frame: &Frame<'_>, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (frame.title) " · cm-bot" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" type="image/svg+xml" href="/icon.svg";
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                (header(frame))
                main id="content" tabindex="-1" { (content) }
            }
        }
    }
    .into_string()
}

fn header(frame: &Frame<'_>) -> Markup {
    html! {
        header class="top" {
            a class="brand" href="/" { "cm-bot" }
            @if !frame.places.is_empty() {
                nav aria-label="Pages" {
                    ul {
                        @for place in frame.places {
                            li { a href=(place.path) aria-current=[place.is_here.then_some("page")] { (place.name) } }
                        }
                    }
                }
            }
            @if let Some(badge) = frame.who {
                div class="who" {
                    span { strong { (badge.name) } " " span class="soft" { (badge.roles) } }
                    form method="post" action="/sign-out" {
                        input type="hidden" name="form_key" value=(badge.form_key);
                        button class="quiet" type="submit" { "Sign out" }
                    }
                }
            }
        }
    }
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
        Inline::Lozenge(tone, word) => lozenge(*tone, word),
    }
}

/// A word in a coloured field. The word carries the meaning.
#[must_use]
pub fn lozenge(tone: Tone, word: &str) -> Markup {
    html! { span class=(format!("lozenge {}", class(tone))) { (word) } }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Waiting => "waiting",
        Tone::Bad => "bad",
        Tone::Neutral => "neutral",
    }
}
