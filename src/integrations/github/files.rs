//! What one commit changes, and files at a commit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{CommitSha, RepoName};

/// GitHub lists at most this many files on the first page.
const MOST_FILES: usize = 300;

impl GithubClient {
    /// The paths that a commit changes against its first parent, each with GitHub's word for the change, and that parent.
    ///
    /// # Errors
    /// [`SourceError::TooMuch`] when the commit changes more files than GitHub lists at once.
    pub async fn changed_files(
        &self,
        repository: &RepoName,
        sha: &CommitSha,
    ) -> Result<(Option<CommitSha>, Vec<(String, String)>), SourceError> {
        let details: wire::CommitDetails = self.get(repository, &format!("/commits/{sha}"), None).await?.json()?;
        if details.files.len() >= MOST_FILES {
            return Err(SourceError::TooMuch(format!("{} changed files", details.files.len())));
        }
        let parent =
            details.parents.first().map(|parent| CommitSha::parse(&parent.sha)).transpose().map_err(unreadable)?;
        Ok((parent, details.files.into_iter().map(|file| (file.filename, file.status)).collect()))
    }

    /// The text of a plain file at a commit; nothing when it is a link, a submodule or no text.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such file.
    pub async fn file(&self, repository: &RepoName, path: &str, at: &CommitSha) -> Result<Option<String>, SourceError> {
        let content: wire::Content = self.get(repository, &format!("/contents/{path}?ref={at}"), None).await?.json()?;
        let encoded = match (content.kind.as_str(), content.encoding.as_deref(), content.content) {
            ("file", Some("base64"), Some(encoded)) => encoded,
            _ => return Ok(None),
        };
        let encoded: String = encoded.split_whitespace().collect();
        Ok(STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()))
    }
}
