//! Lines and packs, as Git writes them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest, Sha1};

/// The end of a message.
pub(super) const FLUSH: &[u8; 4] = b"0000";

/// The end of a part.
pub(super) const DELIMITER: &[u8; 4] = b"0001";

/// Bytes of a pack in one line, beside the length and the byte that says that they belong to the pack.
const PIECE: usize = 65_515;

/// A request: its command and what stands after the mark.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub command: String,
    arguments: Vec<String>,
}

impl Lines {
    /// Reads a request. What cannot be read is not there.
    pub(super) fn of(request: &[u8]) -> Lines {
        let (mut lines, mut rest, mut after) = (Lines::default(), request, false);
        while let Some((length, more)) = rest.split_at_checked(4) {
            let length = std::str::from_utf8(length).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
            let Some(length) = length.filter(|length| *length > 0) else { break };
            after |= length == 1;
            let Some((line, more)) = more.split_at_checked(length.saturating_sub(4)) else { break };
            let line = String::from_utf8_lossy(line).trim_end_matches('\n').to_owned();
            match line.strip_prefix("command=") {
                Some(command) => command.clone_into(&mut lines.command),
                None if after && !line.is_empty() => lines.arguments.push(line),
                None => {}
            }
            rest = more;
        }
        lines
    }

    /// Whether a word stands there.
    pub(super) fn has(&self, word: &str) -> bool {
        self.arguments.iter().any(|line| line == word)
    }

    /// What stands behind a word, each time it comes.
    pub(super) fn behind<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.arguments.iter().filter_map(move |line| line.strip_prefix(word))
    }
}

/// Writes a line.
pub(super) fn line(into: &mut Vec<u8>, text: &str) {
    into.extend(format!("{:04x}{text}\n", text.len() + 5).into_bytes());
}

/// Writes a pack in pieces.
pub(super) fn send(into: &mut Vec<u8>, pack: &[u8]) {
    for piece in pack.chunks(PIECE) {
        into.extend(format!("{:04x}\u{1}", piece.len() + 5).into_bytes());
        into.extend(piece);
    }
}

/// A pack of whole objects, each with its kind.
pub(super) fn pack(objects: Vec<(&'static str, Vec<u8>)>) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(u32::try_from(objects.len()).unwrap_or_default().to_be_bytes());
    for (kind, body) in objects {
        let kind: u8 = match kind {
            "commit" => 1,
            "tree" => 2,
            _ => 3,
        };
        let mut size = body.len();
        let mut byte = kind << 4 | low(size, 4);
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = low(size, 7);
            size >>= 7;
        }
        pack.push(byte);
        pack = deflated(pack, &body);
    }
    let checksum = Sha1::digest(&pack);
    pack.extend(checksum);
    pack
}

/// The lowest bits of a number.
fn low(number: usize, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap_or_default()
}

/// Writing to a vector does not fail.
fn deflated(into: Vec<u8>, body: &[u8]) -> Vec<u8> {
    let mut writer = ZlibEncoder::new(into, Compression::fast());
    let _ = writer.write_all(body);
    writer.finish().unwrap_or_default()
}
