//! zlib streams of a known size.

use flate2::{Decompress, FlushDecompress, Status};

use crate::integrations::SourceError;

/// Reads the stream at the beginning of `input`, which holds exactly `size` bytes. Says also how long the stream is.
///
/// # Errors
/// When it is no stream, is cut off, or holds more or less.
pub(super) fn inflate(input: &[u8], size: usize) -> Result<(Vec<u8>, usize), SourceError> {
    let mut stream = Decompress::new(true);
    // One byte more than there should be: whoever says less than there is gets no further.
    let mut output = vec![0; size + 1];
    let status = stream.decompress(input, &mut output, FlushDecompress::Finish);
    let is_whole = matches!(status, Ok(Status::StreamEnd)) && usize::try_from(stream.total_out()) == Ok(size);
    if !is_whole {
        return Err(SourceError::Unreadable("an object that is not as large as it says".into()));
    }
    output.truncate(size);
    let read = usize::try_from(stream.total_in()).unwrap_or(input.len());
    Ok((output, read))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut writer = ZlibEncoder::new(Vec::new(), Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_stream_is_as_large_as_it_says() {
        for bytes in [&b""[..], b"hello", &[7; 100_000]] {
            let mut stream = deflated(bytes);
            let length = stream.len();
            stream.extend(b"the next one");
            assert_eq!(inflate(&stream, bytes.len()), Ok((bytes.to_vec(), length)));
            assert!(inflate(&stream, bytes.len() + 1).is_err(), "more");
            assert!(bytes.is_empty() || inflate(&stream, bytes.len() - 1).is_err(), "less");
            assert!(inflate(&stream[..length - 1], bytes.len()).is_err(), "cut off");
            let mut changed = stream.clone();
            changed[length - 1] ^= 1;
            assert!(inflate(&changed, bytes.len()).is_err(), "another checksum");
        }
    }
}
