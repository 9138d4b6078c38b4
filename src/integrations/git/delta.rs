//! One object told as a change of another: pieces that are copied, and pieces that are new
//! (<https://git-scm.com/docs/gitformat-pack#_deltified_representation>).

use crate::integrations::SourceError;

/// What a copy without a size copies.
const WHOLE_PIECE: usize = 0x1_0000;

/// The object that `delta` makes of `base`, of at most so many bytes.
///
/// # Errors
/// When it is for another base, copies what is not there, makes more or less than it says, or too much.
pub(super) fn apply(base: &[u8], delta: &[u8], most: usize) -> Result<Vec<u8>, SourceError> {
    let mut rest = Bytes(delta);
    let (from, size) = (rest.size()?, rest.size()?);
    if from != base.len() {
        return Err(odd("a change of another object"));
    }
    if size > most {
        return Err(SourceError::TooMuch(format!("an object of {size} bytes")));
    }
    let mut made = Vec::with_capacity(size);
    while let Some(step) = rest.next() {
        let piece = match step {
            0 => return Err(odd("a change of no known kind")),
            1..=0x7f => rest.take(usize::from(step))?,
            0x80.. => {
                let (offset, length) = rest.place(step)?;
                let end = offset.checked_add(length).ok_or_else(|| odd("a copy of nothing"))?;
                base.get(offset..end).ok_or_else(|| odd("a copy of what is not there"))?
            }
        };
        if made.len() + piece.len() > size {
            return Err(odd("a change that makes more than it says"));
        }
        made.extend_from_slice(piece);
    }
    if made.len() == size { Ok(made) } else { Err(odd("a change that makes less than it says")) }
}

/// What is left of a delta.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], SourceError> {
        let (piece, rest) = self.0.split_at_checked(length).ok_or_else(|| odd("a change that is cut off"))?;
        self.0 = rest;
        Ok(piece)
    }

    /// Seven bits a byte, the lowest first.
    fn size(&mut self) -> Result<usize, SourceError> {
        let (mut size, mut shift) = (0_usize, 0);
        loop {
            let byte = self.next().ok_or_else(|| odd("a change that is cut off"))?;
            if shift > 49 {
                return Err(odd("a size without an end"));
            }
            size |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(size);
            }
            shift += 7;
        }
    }

    /// Where a copy begins and how long it is: only the bytes that are not zero stand there, as the step says.
    fn place(&mut self, step: u8) -> Result<(usize, usize), SourceError> {
        let (mut offset, mut length) = (0, 0);
        for bit in 0..7 {
            if step & (1 << bit) == 0 {
                continue;
            }
            let byte = usize::from(self.next().ok_or_else(|| odd("a change that is cut off"))?);
            if bit < 4 {
                offset |= byte << (8 * bit);
            } else {
                length |= byte << (8 * (bit - 4));
            }
        }
        Ok((offset, if length == 0 { WHOLE_PIECE } else { length }))
    }
}

fn odd(what: &str) -> SourceError {
    SourceError::Unreadable(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = b"line one\nline two\n";

    #[test]
    fn pieces_are_copied_and_added() {
        // 18 bytes become 13: nine from the beginning, then four new ones.
        let delta = [&[18, 13, 0b1001_0000, 9, 4][..], b"end\n"].concat();
        assert_eq!(apply(BASE, &delta, 100).unwrap(), b"line one\nend\n");
        // From the tenth byte on; an offset is written like a length.
        let delta = [18, 9, 0b1001_0001, 9, 9];
        assert_eq!(apply(BASE, &delta, 100).unwrap(), b"line two\n");
    }

    #[test]
    fn a_copy_without_a_size_is_a_large_one() {
        let base = vec![7; WHOLE_PIECE + 5];
        let size = |number: usize| {
            [number & 0x7f | 0x80, number >> 7 & 0x7f | 0x80, number >> 14].map(|byte| u8::try_from(byte).unwrap())
        };
        let delta = [&size(base.len())[..], &size(WHOLE_PIECE), &[0x80]].concat();
        assert_eq!(apply(&base, &delta, 100_000).unwrap().len(), WHOLE_PIECE);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (why, delta) in [
            ("another base", &[17, 1, 1, b'x'][..]),
            ("a step that is none", &[18, 1, 0]),
            ("beyond the end", &[18, 9, 0b1001_0001, 10, 9]),
            ("too little", &[18, 2, 1, b'x']),
            ("too much", &[18, 1, 2, b'x', b'y']),
            ("cut off in a piece", &[18, 5, 5, b'x']),
            ("cut off in a copy", &[18, 9, 0b1001_0001, 9]),
            ("cut off in a size", &[18]),
            ("a size without an end", &[0xff; 12]),
            ("nothing", &[]),
        ] {
            assert!(matches!(apply(BASE, delta, 100), Err(SourceError::Unreadable(_))), "{why}");
        }
        assert!(matches!(apply(BASE, &[18, 101], 100), Err(SourceError::TooMuch(_))));
    }
}
