//! Slack's markup, read into spans that know nothing of HTML.

use super::date;
use super::names::emoji;

/// One line, or a block of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// An ordinary line.
    Plain(Vec<Span>),
    /// A line that quotes somebody.
    Quote(Vec<Span>),
    /// A block of code, which may have several lines.
    Code(String),
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    /// Words as they are.
    Text(String),
    /// Bold.
    Strong(Vec<Span>),
    /// Italic.
    Em(Vec<Span>),
    /// Struck out.
    Strike(Vec<Span>),
    /// Code.
    Code(String),
    /// A link; the address is what somebody wrote and may be anything.
    Link { url: String, label: String },
    /// A user by id.
    User(String),
    /// A user group by id.
    Group(String),
    /// A channel: what to show after the `#`.
    Channel(String),
    /// `here`, `channel` or `everyone`.
    Everyone(String),
}

/// Reads a text with markup.
pub(super) fn parse(text: &str) -> Vec<Line> {
    let parts = text.split("```").collect::<Vec<_>>();
    let mut lines = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let closed = place + 1 < parts.len();
        match place % 2 {
            1 if closed => lines.push(Line::Code(unescaped(part.trim_matches('\n')))),
            1 => lines.extend(format!("```{part}").split('\n').map(line)),
            _ if part.is_empty() && parts.len() > 1 => {}
            _ => {
                let begun = if place > 0 { part.strip_prefix('\n').unwrap_or(part) } else { part };
                let ended = if closed { begun.strip_suffix('\n').unwrap_or(begun) } else { begun };
                lines.extend(ended.split('\n').map(line));
            }
        }
    }
    lines
}

/// Reads a text in which nothing is markup but emoji.
pub(super) fn parse_plain(text: &str) -> Vec<Line> {
    text.split('\n').map(|line| Line::Plain(vec![Span::Text(with_emoji(line))])).collect()
}

fn line(text: &str) -> Line {
    let quoted = text.strip_prefix("&gt;").or_else(|| text.strip_prefix('>'));
    match quoted {
        Some(quoted) => Line::Quote(spans(quoted.trim_start())),
        None => Line::Plain(spans(text)),
    }
}

/// Reads the markup of one line.
fn spans(text: &str) -> Vec<Span> {
    let mut reader = Reader { spans: Vec::new(), words: String::new() };
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '<' => reader.reference(rest),
            '`' => reader.code(rest),
            '*' | '_' | '~' if !before.is_some_and(char::is_alphanumeric) => reader.styled(rest, first),
            ':' => reader.shortcode(rest),
            '&' => reader.entity(rest),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            reader.words.push(first);
            first.len_utf8()
        });
        before = rest[..taken].chars().next_back();
        rest = &rest[taken..];
    }
    reader.end_words();
    reader.spans
}

/// Collects spans. Each method takes one kind of markup from the front of the rest and says how long it was.
struct Reader {
    spans: Vec<Span>,
    words: String,
}

impl Reader {
    fn end_words(&mut self) {
        if !self.words.is_empty() {
            self.spans.push(Span::Text(std::mem::take(&mut self.words)));
        }
    }

    fn push(&mut self, span: Span) {
        self.end_words();
        self.spans.push(span);
    }

    fn reference(&mut self, rest: &str) -> Option<usize> {
        let end = rest.find('>')?;
        match reference(&rest[1..end])? {
            Span::Text(text) => self.words.push_str(&text),
            span => self.push(span),
        }
        Some(end + 1)
    }

    fn code(&mut self, rest: &str) -> Option<usize> {
        let end = rest[1..].find('`').filter(|end| *end > 0)?;
        self.push(Span::Code(unescaped(&rest[1..=end])));
        Some(end + 2)
    }

    fn styled(&mut self, rest: &str, marker: char) -> Option<usize> {
        let end = closing(&rest[1..], marker)?;
        let inner = spans(&rest[1..=end]);
        self.push(match marker {
            '*' => Span::Strong(inner),
            '_' => Span::Em(inner),
            _ => Span::Strike(inner),
        });
        Some(end + 2)
    }

    fn shortcode(&mut self, rest: &str) -> Option<usize> {
        let end = rest[1..].find(':')?;
        self.words.push_str(emoji(&rest[1..=end])?);
        Some(end + 2)
    }

    fn entity(&mut self, rest: &str) -> Option<usize> {
        let (entity, character) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity))?;
        self.words.push_str(character);
        Some(entity.len())
    }
}

/// The only escapes that Slack knows.
const ENTITIES: [(&str, &str); 3] = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];

/// Undoes the escapes, the ampersand last: `&amp;lt;` is the text `&lt;`.
fn unescaped(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// Where a style ends: a marker after something that is no space, and before something that is no letter.
fn closing(inner: &str, marker: char) -> Option<usize> {
    if inner.starts_with(char::is_whitespace) {
        return None;
    }
    let mut in_reference = false;
    let mut before = None;
    let mut characters = inner.char_indices().peekable();
    while let Some((place, one)) = characters.next() {
        let after = characters.peek().map(|(_, after)| *after);
        let may_close = before.is_some_and(|before: char| !before.is_whitespace() && before != marker);
        if one == marker && !in_reference && may_close && !after.is_some_and(char::is_alphanumeric) {
            return Some(place);
        }
        in_reference = (in_reference || one == '<') && one != '>';
        before = Some(one);
    }
    None
}

/// What stands between `<` and `>`; `None` when it is neither a link nor anything else that Slack knows.
fn reference(inner: &str) -> Option<Span> {
    let (target, label) = inner.split_once('|').map_or((inner, None), |(target, label)| (target, Some(label)));
    if let Some(user) = target.strip_prefix('@') {
        return Some(Span::User(user.to_owned()));
    }
    if let Some(channel) = target.strip_prefix('#') {
        return Some(Span::Channel(unescaped(label.unwrap_or(channel))));
    }
    if let Some(special) = target.strip_prefix('!') {
        return special_reference(special, label);
    }
    let is_address = target.contains("://") || target.starts_with("mailto:");
    let (url, label) = (unescaped(target), with_emoji(&unescaped(label.unwrap_or(target))));
    is_address.then_some(Span::Link { url, label })
}

fn special_reference(special: &str, label: Option<&str>) -> Option<Span> {
    if let Some(group) = special.strip_prefix("subteam^") {
        return Some(Span::Group(group.to_owned()));
    }
    if let Some(date) = special.strip_prefix("date^") {
        let mut parts = date.split('^');
        let shown = parts.next().zip(parts.next()).and_then(|(time, format)| date::render(time, format));
        return Some(Span::Text(shown.unwrap_or_else(|| unescaped(label.unwrap_or_default()))));
    }
    let name = special.split('^').next().unwrap_or_default();
    ["here", "channel", "everyone"].contains(&name).then(|| Span::Everyone(name.to_owned()))
}

/// A text with the short codes of known emoji replaced.
fn with_emoji(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let after = &rest[start + 1..];
        let found = after.find(':').and_then(|end| Some((end, emoji(&after[..end])?)));
        shown.push_str(&rest[..start]);
        match found {
            Some((end, character)) => {
                shown.push_str(character);
                rest = &after[end + 1..];
            }
            None => {
                shown.push(':');
                rest = after;
            }
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Span {
        Span::Text(words.into())
    }

    fn one_line(markup: &str) -> Vec<Span> {
        match parse(markup).as_slice() {
            [Line::Plain(spans)] => spans.clone(),
            other => vec![text(&format!("{other:?}"))],
        }
    }

    #[test]
    fn styles_need_borders() {
        assert_eq!(one_line("*a b*, _c_"), [Span::Strong(vec![text("a b")]), text(", "), Span::Em(vec![text("c")])]);
        for plain in ["2*3*4", "* a*", "*a *", "**", "snake_case_name", "a ~ b ~ c"] {
            assert_eq!(one_line(plain), [text(plain)]);
        }
    }

    #[test]
    fn a_marker_in_an_address_ends_no_style() {
        let link = Span::Link { url: "https://a.example/*".into(), label: "a".into() };
        assert_eq!(one_line("*<https://a.example/*|a>*"), [Span::Strong(vec![link])]);
    }

    #[test]
    fn references_are_told_apart() {
        assert_eq!(one_line("<@U0DANA>"), [Span::User("U0DANA".into())]);
        assert_eq!(one_line("<!subteam^S0SECLEAD|@x>"), [Span::Group("S0SECLEAD".into())]);
        assert_eq!(one_line("<!channel>"), [Span::Everyone("channel".into())]);
        assert_eq!(one_line("<b>x</b>"), [text("<b>x</b>")]);
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(one_line("&lt;!channel&gt; &amp;lt; `&lt;`"), [text("<!channel> &lt; "), Span::Code("<".into())]);
    }

    #[test]
    fn a_date_is_shown_in_utc() {
        assert_eq!(
            one_line("due <!date^1795608000^{date_short_pretty} {time}|soon>"),
            [text("due Nov 25, 2026 12:00 UTC")]
        );
        assert_eq!(one_line("<!date^never^{time}|soon>"), [text("soon")]);
    }

    #[test]
    fn quotes_and_code_are_blocks() {
        let expected = [
            Line::Plain(vec![text("a")]),
            Line::Quote(vec![text("b")]),
            Line::Code("*c*\nd".into()),
            Line::Plain(vec![text("e")]),
        ];
        assert_eq!(parse("a\n&gt; b\n```*c*\nd```\ne"), expected);
    }

    #[test]
    fn emoji_are_shown_and_other_colons_stay() {
        assert_eq!(one_line(":no_entry: 12:30:45 :nothing_known:"), [text("⛔ 12:30:45 :nothing_known:")]);
    }
}
