//! Words, quoted texts and signs of a JQL query.

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word, which may be a keyword.
    Word(String),
    /// A text in quotes, which is never a keyword.
    Quoted(String),
    /// `=`, `!=`, `<`, …
    Sign(&'static str),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// The signs, longest first.
const SIGNS: [&str; 8] = ["!=", "!~", "<=", ">=", "=", "<", ">", "~"];

impl Token {
    /// Whether this is the keyword, in any case. A quoted text never is.
    pub(super) fn is_word(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Whether this can name a field or be a value.
    pub(super) fn is_name(&self) -> bool {
        matches!(self, Token::Word(_) | Token::Quoted(_))
    }

    /// The text of a word, a quoted text or a sign.
    pub(super) fn text(&self) -> &str {
        match self {
            Token::Word(text) | Token::Quoted(text) => text,
            Token::Sign(sign) => sign,
            Token::Open => "(",
            Token::Close => ")",
            Token::Comma => ",",
        }
    }
}

/// Cuts a query into pieces.
///
/// # Errors
/// When a quotation does not end.
pub(super) fn tokens(jql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = jql.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            ',' => (Token::Comma, &rest[1..]),
            '"' | '\'' => quoted(first, &rest[1..])?,
            _ => sign(rest).unwrap_or_else(|| word(rest)),
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn sign(rest: &str) -> Option<(Token, &str)> {
    SIGNS.iter().find_map(|sign| rest.strip_prefix(sign).map(|after| (Token::Sign(sign), after)))
}

fn word(rest: &str) -> (Token, &str) {
    let ends = |one: char| one.is_whitespace() || "()\"',=!<>~".contains(one);
    // A sign that is none, such as a lone `!`, must not be an empty word: that would never end.
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let end = rest[first..].find(ends).map_or(rest.len(), |end| end + first);
    (Token::Word(rest[..end].to_owned()), &rest[end..])
}

/// A text up to the closing quote; a backslash takes the next character as it is.
fn quoted(quote: char, rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((place, one)) = characters.next() {
        match one {
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            _ if one == quote => return Ok((Token::Quoted(text), &rest[place + 1..])),
            _ => text.push(one),
        }
    }
    Err("Error in the JQL Query: The quoted string has not been completed.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_undone() {
        let expected = vec![Token::Word("component".into()), Token::Sign("="), Token::Quoted(r#"a "b" \ c"#.into())];
        assert_eq!(tokens(r#"component = "a \"b\" \\ c""#), Ok(expected));
    }

    #[test]
    fn a_quoted_keyword_is_a_value() {
        assert!(!Token::Quoted("AND".into()).is_word("and"));
        assert!(Token::Word("And".into()).is_word("and"));
    }

    #[test]
    fn a_quotation_without_an_end_is_refused() {
        assert!(tokens("status = \"Approved").is_err());
        assert!(tokens("status = \"Approved\\").is_err());
    }

    #[test]
    fn a_lone_sign_is_a_word_and_reading_ends() {
        assert_eq!(tokens("!"), Ok(vec![Token::Word("!".into())]));
    }
}
