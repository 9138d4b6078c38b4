//! What every manifest must be as plain text, and the comparison of bytes that decides.

use std::ops::Range;

use crate::model::shortened;

/// No manifest is longer than this many bytes.
const MOST_BYTES: usize = 1_000_000;

/// Refuses texts that people and tools can see differently.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.len() > MOST_BYTES {
        return Err("it is larger than 1 MB".into());
    }
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let lone_return = char == '\r' && chars.peek() != Some(&'\n');
        if lone_return || (char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
            return Err("it holds a control character".into());
        }
        match char {
            '\u{feff}' => return Err("it holds a byte order mark".into()),
            '\u{2028}' | '\u{2029}' => return Err("it holds a line separator that not every tool knows".into()),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                return Err("it holds a character that changes the direction of text".into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A version or a name as it may stand in a sentence.
pub(super) fn short(outside: &str) -> String {
    shortened(outside, 60)
}

/// Where a part of a text stands in it. The part must be cut out of the very same text.
pub(super) fn place(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let place = start..start.checked_add(part.len())?;
    (text.get(place.clone()) == Some(part)).then_some(place)
}

/// The place of a version between its quotes; it must be written there just as it is read.
pub(super) fn unquoted(text: &str, quoted: Range<usize>, version: &str) -> Result<Range<usize>, String> {
    let place = quoted.start.saturating_add(1)..quoted.end.saturating_sub(1);
    if text.get(place.clone()) == Some(version) { Ok(place) } else { Err("its version is not written plainly".into()) }
}

/// What differs outside the places on either side, in words.
pub(super) fn difference(before: (&str, &[Range<usize>]), after: (&str, &[Range<usize>])) -> Option<String> {
    let (Some(old), Some(new)) = (around(before.0, before.1), around(after.0, after.1)) else {
        return Some("the place of its version".into());
    };
    if old == new {
        return None;
    }
    if before.0.contains("\r\n") != after.0.contains("\r\n") {
        return Some("its line ends".into());
    }
    let mut line = 1;
    for (old, new) in old.iter().zip(&new) {
        let same = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
        line += new.bytes().take(same).filter(|byte| *byte == b'\n').count();
        if old != new {
            break;
        }
    }
    Some(format!("line {line}"))
}

/// The pieces of a text around places that stand in order.
fn around<'a>(text: &'a str, places: &[Range<usize>]) -> Option<Vec<&'a str>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for place in places {
        pieces.push(text.get(start..place.start)?);
        start = place.end;
    }
    pieces.push(text.get(start..)?);
    Some(pieces)
}
