//! GitLab's JSON, as far as it is read.

use serde::Deserialize;

/// A branch.
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub(super) name: String,
    pub(super) commit: CommitName,
}

/// A commit of which the name is enough.
#[derive(Debug, Deserialize)]
pub(super) struct CommitName {
    pub(super) id: String,
}
