//! pkt-lines: four hex digits that say how long a line is, and the line (<https://git-scm.com/docs/gitprotocol-common>).

use crate::integrations::SourceError;
use crate::model::shortened;

/// Bytes of the length, which counts itself.
const HEAD: usize = 4;

/// The longest line, its length included.
const LONGEST: usize = 65_520;

/// Between two parts of a request.
pub(super) const DELIMITER: &[u8; 4] = b"0001";

/// The end of a request.
pub(super) const FLUSH: &[u8; 4] = b"0000";

/// One piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// A line, or a piece of something longer.
    Data(&'a [u8]),
    /// The end of a message.
    Flush,
    /// The end of a part of a message.
    Delimiter,
    /// The end of an answer.
    End,
}

/// The pieces of an answer, one after the other.
#[derive(Debug)]
pub(super) struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    /// The pieces of this answer.
    pub(super) fn of(answer: &'a [u8]) -> Packets<'a> {
        Packets { rest: answer }
    }

    /// The next piece; nothing at the end.
    ///
    /// # Errors
    /// When it is cut off, or none, or the server says why it gives nothing.
    pub(super) fn next(&mut self) -> Result<Option<Packet<'a>>, SourceError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let length = self.rest.get(..HEAD).ok_or_else(cut_off)?;
        let length = number(length).ok_or_else(|| SourceError::Unreadable("this is not Git's protocol".into()))?;
        let end = length.max(HEAD);
        let line = self.rest.get(HEAD..end).ok_or_else(cut_off)?;
        self.rest = self.rest.get(end..).unwrap_or_default();
        match length {
            0 => Ok(Some(Packet::Flush)),
            1 => Ok(Some(Packet::Delimiter)),
            2 => Ok(Some(Packet::End)),
            HEAD..=LONGEST => line.strip_prefix(b"ERR ").map_or(Ok(Some(Packet::Data(line))), |why| Err(refusal(why))),
            _ => Err(SourceError::Unreadable(format!("a line of {length} bytes"))),
        }
    }
}

/// Writes a line.
pub(super) fn line(into: &mut Vec<u8>, text: &str) {
    into.extend(format!("{:04x}{text}\n", HEAD + text.len() + 1).into_bytes());
}

/// An answer that ends too early.
pub(super) fn cut_off() -> SourceError {
    SourceError::Incomplete("it was cut off".into())
}

/// Why a server gives nothing, in its words. `upload-pack: not our ref` is what Git says of an object that is not there, or
/// that we may not see.
pub(super) fn refusal(why: &[u8]) -> SourceError {
    let why = String::from_utf8_lossy(why);
    if why.contains("not our ref") {
        return SourceError::NotFound;
    }
    SourceError::Refused { status: 200, message: shortened(why.trim_end(), 200) }
}

/// Exactly four hex digits: `from_str_radix` alone would take a sign.
fn number(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    usize::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(answer: &[u8]) -> Result<Vec<Packet<'_>>, SourceError> {
        let mut packets = Packets::of(answer);
        std::iter::from_fn(|| packets.next().transpose()).collect()
    }

    #[test]
    fn lines_and_marks() {
        let mut written = Vec::new();
        line(&mut written, "hello");
        assert_eq!(written, b"000ahello\n");
        assert_eq!(
            all(b"0006a\n000100040000").unwrap(),
            [Packet::Data(b"a\n"), Packet::Delimiter, Packet::Data(b""), Packet::Flush]
        );
    }

    #[test]
    fn what_is_cut_off_is_no_end() {
        assert_eq!(all(b"0006a"), Err(cut_off()));
        assert_eq!(all(b"00"), Err(cut_off()));
    }

    #[test]
    fn what_is_no_length_is_no_line() {
        for odd in ["<htm", "+00a", "-001", "0003", "fff1"] {
            let long = format!("{odd}{}", "x".repeat(70_000));
            assert!(matches!(all(long.as_bytes()), Err(SourceError::Unreadable(_))), "{odd}");
        }
    }

    #[test]
    fn a_server_that_says_no_is_heard() {
        let mut answer = Vec::new();
        line(&mut answer, "ERR upload-pack: not our ref 11");
        assert_eq!(all(&answer), Err(SourceError::NotFound));
        answer.clear();
        line(&mut answer, "ERR filter 'tree' not supported");
        let message = "filter 'tree' not supported".into();
        assert_eq!(all(&answer), Err(SourceError::Refused { status: 200, message }));
    }
}
