//! Our documents as wiki markup, which Jira Data Center takes where Jira Cloud takes ADF
//! (<https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all>).
//!
//! Text from outside is written with a character reference for every sign that could mean something: the renderer of Jira
//! sees no sign of its language, and browsers show the reader the sign. So it is no macro, mention, link or emoticon, and a
//! ticket's key in it is no link either.
//!
//! A mention needs the name with which somebody logs in, which may change, and we know people by the key of their account,
//! which does not. So a body is kept in parts, and the name is looked up when it is sent ([`Part::Mention`]).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::adf;
use crate::model::AccountId;
use crate::render::document::{Block, Document, Inline, Line, Tone};

/// Largest comment, in characters. Jira takes 32,767 unless its administrator says otherwise; this leaves room for names.
const MOST: usize = 30_000;

/// Most rows of a table that other systems fold away. Nothing can be folded here, and the evidence page has them all.
const MOST_ROWS: usize = 25;

/// What stands where something was left out.
const MORE: &str = "… more on the evidence page";

/// A body, as it waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// Its parts, in order.
    pub wiki: Vec<Part>,
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    /// Markup.
    Markup(String),
    /// Somebody who must act.
    Mention {
        /// The key of the account.
        mention: AccountId,
        /// What people call them.
        name: String,
    },
}

/// A document as a body. One that would be too large loses rows and then its end, and says so.
#[must_use]
pub fn document(document: &Document) -> Value {
    let mut document = opened(document);
    let mut parts = blocks(&document.0);
    while size(&parts) > MOST && (adf::shorten(&mut document) || without_end(&mut document)) {
        parts = blocks(&document.0);
    }
    json!(Body { wiki: parts })
}

/// A body with one more paragraph at its beginning.
#[must_use]
pub fn with_first_line(first: &Line, body: Value) -> Value {
    match serde_json::from_value::<Body>(body.clone()) {
        Ok(body) => {
            let mut parts = line(first);
            parts.push(Part::Markup("\n\n".into()));
            parts.extend(body.wiki);
            json!(Body { wiki: merged(parts) })
        }
        Err(_) => body,
    }
}

/// A mention of somebody who logs in with this name; nothing where a name cannot stand in one.
#[must_use]
pub(super) fn mention(name: &str) -> Option<String> {
    let has_meaning = |sign: char| "[]|{}\\^".contains(sign) || sign.is_control();
    (!name.is_empty() && !name.contains(has_meaning)).then(|| format!("[~{name}]"))
}

/// The text of a field of several lines. A line that is an address becomes one that can be followed.
#[must_use]
pub(super) fn area(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let write = |line: &str| match address(line).filter(|address| address == line) {
        Some(address) => address,
        None => escaped(line),
    };
    lines.map(write).collect::<Vec<_>>().join("\n")
}

/// What people read where a field holds character references.
#[must_use]
pub(super) fn plain(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        words.push_str(before);
        let sign = after.split_once(';').and_then(|(number, rest)| Some((ascii(number)?, rest)));
        match sign {
            Some((sign, after)) => {
                words.push(sign);
                rest = after;
            }
            None => {
                words.push_str("&#");
                rest = after;
            }
        }
    }
    words.push_str(rest);
    words
}

fn ascii(number: &str) -> Option<char> {
    let is_number = (2..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let sign = char::from(number.parse::<u8>().ok().filter(|_| is_number)?);
    (sign.is_ascii_graphic()).then_some(sign)
}

/// Text in which nothing has a meaning, on one line.
#[must_use]
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = String::new();
    for sign in text.chars() {
        match sign {
            _ if sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}') => safe.push(' '),
            '.' if begins_markup(&before) => safe.push_str("&#46;"),
            _ if is_harmless(sign) => safe.push(sign),
            _ => safe.push_str(&format!("&#{};", u32::from(sign))),
        }
        before.push(sign);
    }
    safe
}

/// Letters, digits and what has no meaning anywhere. A list of what is harmless, and not of what is known to have a meaning.
fn is_harmless(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || !sign.is_ascii() || " .,;'\"=/%$".contains(sign)
}

/// Whether a dot after this text makes a heading, a quotation or an address of it. At the very beginning nobody knows what
/// stands before.
fn begins_markup(before: &str) -> bool {
    let word = before.rsplit(|sign: char| !sign.is_alphanumeric()).next().unwrap_or(before).to_ascii_lowercase();
    let is_heading = word.len() == 2 && word.starts_with('h') && word.ends_with(|sign: char| sign.is_ascii_digit());
    before.is_empty() || is_heading || word == "bq" || word == "www"
}

/// An address as a link takes it: of the web, and without a sign that would end the link.
fn address(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if rest.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    let mut safe = String::from(url.get(..url.len() - rest.len())?);
    for byte in rest.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => safe.push(char::from(byte)),
            _ if b".-_~:/?#@$&',;=%+".contains(&byte) => safe.push(char::from(byte)),
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(safe)
}

/// The document without what other systems fold away.
fn opened(document: &Document) -> Document {
    let mut document = document.clone();
    for block in &mut document.0 {
        if let Block::Folded(_, inner) = block {
            for table in inner {
                if let Block::Table(_, rows) = table {
                    adf::cut(rows, MOST_ROWS);
                }
            }
        }
    }
    document
}

/// Takes the last block away. False when only the first is left.
fn without_end(document: &mut Document) -> bool {
    let note = Block::Paragraph(vec![Inline::Words(MORE.into())]);
    if document.0.last() == Some(&note) {
        document.0.pop();
    }
    if document.0.len() <= 1 {
        return false;
    }
    document.0.pop();
    document.0.push(note);
    document.0.len() > 1
}

fn size(parts: &[Part]) -> usize {
    let characters = |part: &Part| match part {
        Part::Markup(text) => text.chars().count(),
        Part::Mention { name, .. } => name.chars().count() + 40,
    };
    parts.iter().map(characters).sum()
}

fn blocks(all: &[Block]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, one) in all.iter().enumerate() {
        if number > 0 {
            parts.push(Part::Markup("\n\n".into()));
        }
        parts.extend(block(one));
    }
    merged(parts)
}

fn block(block: &Block) -> Vec<Part> {
    match block {
        Block::Panel(tone, lines) => {
            let mut parts = vec![Part::Markup(format!("{{panel:bgColor={}}}\n", ground(*tone)))];
            parts.extend(joined(lines, "\n\n"));
            parts.push(Part::Markup("\n{panel}".into()));
            parts
        }
        Block::Paragraph(words) => line(words),
        Block::Numbered(items) => {
            let mut parts = Vec::new();
            for (number, lines) in items.iter().enumerate() {
                parts.push(Part::Markup(if number == 0 { "# " } else { "\n# " }.into()));
                parts.extend(joined(lines, " \\\\ "));
            }
            parts
        }
        Block::Table(head, rows) => table(head, rows),
        Block::Folded(title, inner) => {
            let mut parts = vec![Part::Markup(format!("h5. {}\n\n", escaped(title)))];
            parts.extend(blocks(inner));
            parts
        }
        Block::Rule => vec![Part::Markup("----".into())],
    }
}

fn table(head: &[&str], rows: &[Vec<Line>]) -> Vec<Part> {
    let mut top = String::from("||");
    for title in head {
        top.push_str(&format!(" {} ||", escaped(title)));
    }
    let mut parts = vec![Part::Markup(top)];
    for row in rows {
        parts.push(Part::Markup("\n|".into()));
        for cell in row {
            parts.push(Part::Markup(" ".into()));
            parts.extend(line(cell));
            parts.push(Part::Markup(" |".into()));
        }
    }
    parts
}

fn joined(lines: &[Line], between: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, one) in lines.iter().enumerate() {
        if number > 0 {
            parts.push(Part::Markup(between.into()));
        }
        parts.extend(line(one));
    }
    parts
}

fn line(line: &Line) -> Vec<Part> {
    merged(line.iter().map(inline).collect())
}

fn inline(inline: &Inline) -> Part {
    Part::Markup(match inline {
        Inline::Words(text) => escaped(text),
        Inline::Strong(text) => around(text, ("{*}", "{*}")),
        Inline::Code(text) => around(text, ("{{", "}}")),
        Inline::Link(text, url) => match address(url).filter(|_| !text.trim().is_empty()) {
            Some(address) => format!("[{}|{address}]", escaped(text.trim())),
            None => escaped(text),
        },
        Inline::Mention(account, name) => {
            return Part::Mention { mention: account.clone(), name: name.clone() };
        }
        Inline::Lozenge(tone, word) => format!("{{color:{}}}{}{{color}}", ink(*tone), around(word, ("{*}", "{*}"))),
    })
}

/// Marks stand next to the words: with a space between them they would mean nothing.
fn around(text: &str, (begin, end): (&str, &str)) -> String {
    let words = text.trim();
    if words.is_empty() {
        return escaped(text);
    }
    let space = |is_there| if is_there { " " } else { "" };
    let (before, after) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
    format!("{}{begin}{}{end}{}", space(before), escaped(words), space(after))
}

/// Neighbours that are markup, as one.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (Some(Part::Markup(before)), Part::Markup(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    all
}

fn ground(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#e3fcef",
        Tone::Waiting => "#fffae6",
        Tone::Bad => "#ffebe6",
        Tone::Neutral => "#deebff",
    }
}

fn ink(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#006644",
        Tone::Waiting => "#974f00",
        Tone::Bad => "#bf2600",
        Tone::Neutral => "#42526e",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markup(document_of: Vec<Block>) -> String {
        let body: Body = serde_json::from_value(document(&Document(document_of))).unwrap();
        let text = |part: Part| match part {
            Part::Markup(text) => text,
            Part::Mention { mention, name } => format!("<{mention} {name}>"),
        };
        body.wiki.into_iter().map(text).collect()
    }

    fn words(text: &str) -> Line {
        vec![Inline::Words(text.into())]
    }

    #[test]
    fn a_comment_reads_like_one_of_jira() {
        let dana = Inline::Mention(AccountId::parse("JIRAUSER10100").unwrap(), "Dana Reyes".into());
        let head = vec![Inline::Lozenge(Tone::Waiting, "WAITING"), Inline::Words(" for ".into()), dana];
        let link = Inline::Link("evidence".into(), "https://cm-bot.example.com/c/1?a=b&c=[d]|e".into());
        let steps = vec![vec![words("Ask a reviewer"), words("of the team")], vec![words("Deploy")]];
        let checks = Block::Table(vec!["Check", "Result"], vec![vec![words("Reviewed"), vec![]]]);
        let text = markup(vec![
            Block::Panel(Tone::Waiting, vec![head, vec![Inline::Strong("Bold ".into()), Inline::Code("a1".into())]]),
            Block::Numbered(steps),
            Block::Folded("9 checks".into(), vec![checks]),
            Block::Rule,
            Block::Paragraph(vec![link]),
        ]);
        assert_eq!(
            text,
            "{panel:bgColor=#fffae6}\n{color:#974f00}{*}WAITING{*}{color} for <JIRAUSER10100 Dana Reyes>\n\n\
             {*}Bold{*} {{a1}}\n{panel}\n\n# Ask a reviewer \\\\ of the team\n# Deploy\n\nh5. 9 checks\n\n\
             || Check || Result ||\n| Reviewed |  |\n\n----\n\n\
             [evidence|https://cm-bot.example.com/c/1?a=b&c=%5Bd%5D%7Ce]"
        );
    }

    #[test]
    fn text_from_outside_is_no_markup_mention_macro_or_link() {
        let written = |text: &str| markup(vec![Block::Paragraph(words(text))]);
        assert_eq!(written("{color:red}x"), "&#123;color&#58;red&#125;x");
        assert_eq!(written("[~lee] [a|https://b]"), "&#91;&#126;lee&#93; &#91;a&#124;https&#58;//b&#93;");
        assert_eq!(written("PRODCM-1 (/) :)"), "PRODCM&#45;1 &#40;/&#41; &#58;&#41;");
        assert_eq!(written("*a* _b_ -c- +d+ ^e^ ~f~ ??g?? {{h}} !i!").matches(is_mark).count(), 0);
        assert_eq!(written("a\r\n\r\n# b\u{2028}h1. c"), "a    &#35; b h1&#46; c");
        assert_eq!((written("bq. x"), written("H6. x")), ("bq&#46; x".into(), "H6&#46; x".into()));
        assert_eq!(
            (written("&#123; &amp;"), written("\\\\ \\{")),
            ("&#38;&#35;123; &#38;amp;".into(), "&#92;&#92; &#92;&#123;".into())
        );
        assert_eq!(written("See v1.2, 3% of $4 = \"x\"; Zoë's ✅"), "See v1.2, 3% of $4 = \"x\"; Zoë's ✅");
        let split = vec![Inline::Words("h1".into()), Inline::Words(". x".into())];
        assert_eq!(markup(vec![Block::Paragraph(split)]), "h1&#46; x");
    }

    fn is_mark(sign: char) -> bool {
        "*_-+^~?{}!|[]".contains(sign)
    }

    #[test]
    fn only_an_address_of_the_web_becomes_a_link() {
        let link = |url: &str| markup(vec![Block::Paragraph(vec![Inline::Link("here".into(), url.into())])]);
        assert_eq!(link("https://acme.example/a b"), "here");
        assert_eq!(
            (link("javascript:alert(1)"), link("file:///etc"), link("~lee")),
            ("here".into(), "here".into(), "here".into())
        );
        assert_eq!(link("https://acme.example/a]b|c{d}!e!"), "[here|https://acme.example/a%5Db%7Cc%7Bd%7D%21e%21]");
    }

    #[test]
    fn a_name_that_could_end_a_mention_is_in_none() {
        assert_eq!(mention("dana.reyes@acme.example").as_deref(), Some("[~dana.reyes@acme.example]"));
        assert_eq!((mention("a]b"), mention("a|b"), mention(""), mention("a\nb")), (None, None, None, None));
    }

    #[test]
    fn a_field_is_read_as_people_read_it() {
        let text = "Roll back: helm rollback -n billing {release} [see] #3\nhttps://wiki.acme.example/x?a=1";
        let field = area(text);
        assert!(
            field.ends_with("&#35;3\nhttps://wiki.acme.example/x?a=1") && !field.contains(['{', '[', '-']),
            "{field}"
        );
        assert_eq!(plain(&field), text);
        assert_eq!(plain("R&D &#x41; &#7; &#200; &#12345; &#45 &#"), "R&D &#x41; &#7; &#200; &#12345; &#45 &#");
    }

    #[test]
    fn a_large_comment_is_cut_and_stays_whole() {
        let row = |number: usize| vec![words(&format!("{number} {}", "{".repeat(200))), vec![]];
        let table = Block::Table(vec!["Commit", "Author"], (0..500).map(row).collect());
        let text = markup(vec![Block::Paragraph(words("Blocked")), Block::Folded("500 commits".into(), vec![table])]);
        assert!(text.starts_with("Blocked\n\nh5. 500 commits") && text.chars().count() <= MOST, "{}", text.len());
        assert!(text.ends_with(&format!("| {MORE} |  |")));
        let long = || Block::Paragraph(words(&"{".repeat(3_000)));
        let text = markup(vec![Block::Paragraph(words("Blocked")), long(), long(), long()]);
        assert!(text.starts_with("Blocked\n\n&#123;") && text.ends_with(MORE) && text.chars().count() <= MOST);
    }

    #[test]
    fn a_first_line_stands_before_what_was_said() {
        let body = document(&Document(vec![Block::Paragraph(words("Blocked"))]));
        let body = with_first_line(&vec![Inline::Strong("Old".into())], body);
        assert_eq!(body, json!({"wiki": ["{*}Old{*}\n\nBlocked"]}));
    }
}
