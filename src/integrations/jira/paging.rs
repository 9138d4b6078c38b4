//! Lists that come in pages by number, each with the number of all there are.

use super::super::SourceError;

/// Whether a list is read to its end, with `seen` of its `total` entries and so many of them on the last page. A page without
/// an entry is the end only of a list that has no more: Jira caps pages as it likes, and what it does not show is not known.
pub(super) fn is_read((seen, total): (u64, u64), on_page: usize, what: &str) -> Result<bool, SourceError> {
    match (seen >= total, on_page) {
        (true, _) => Ok(true),
        (false, 0) => Err(SourceError::Incomplete(format!("{seen} of {total} {what}"))),
        (false, _) => Ok(false),
    }
}
