//! Terms about reviews: whose approval counts, and where more of them are wanted.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::{RoleName, ServiceName, UserId};
use crate::policy::paths::PathPatterns;

/// Terms of the rule `commit_review`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitReview {
    /// Whose approval does not count because of what they did.
    pub contributors: Contributors,
    /// Whether an approval given after the merge counts.
    pub after_merge: AfterMerge,
    /// Services whose approvals count only when our own record shows what the reviewer saw.
    pub own_record_only: BTreeSet<ServiceName>,
    /// Bots that work by the clock, by GitHub's number or as `gitlab:7`. Whoever is assigned to another bot's pull request asked for it.
    pub unattended_bots: BTreeSet<UserId>,
    /// Bots that assign whoever asked them for a pull request, so that their word on it is taken.
    #[serde(default)]
    pub coding_agents: BTreeSet<UserId>,
    /// Accounts in which writing assistants sign as co-authors of a person's commit. Such a line names nobody.
    #[serde(default)]
    pub writing_assistants: BTreeSet<UserId>,
    /// Comments that count as an approval; upper and lower case are the same.
    pub approving_comments: BTreeSet<String>,
}

impl CommitReview {
    /// Whether these words, and nothing else, are taken for an approval.
    #[must_use]
    pub fn is_approving_comment(&self, text: &str) -> bool {
        let said = text.trim().to_lowercase();
        !said.is_empty() && self.approving_comments.iter().any(|text| text.trim().to_lowercase() == said)
    }
}

/// Whose approval does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contributors {
    /// Nobody's who touched the pull request.
    OfPullRequest,
    /// For each commit nobody's who touched that commit: two authors may review each other.
    OfCommit,
}

/// Whether an approval given after the merge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterMerge {
    /// It does: the code is not in production yet.
    Counts,
    /// It does not: a human decides about the ticket.
    Holds,
}

/// Terms of the rule `squash_merge`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquashMerge {
    /// Whether a squash or rebase passes that is proven to hold exactly what was reviewed.
    pub allow_verified_squash: bool,
}

/// One demand of the rule `sensitive_paths`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivePath {
    /// Which paths.
    pub paths: PathPatterns,
    /// How many people must have approved each pull request that changes them.
    pub reviewers: usize,
    /// A role that one of them must have.
    pub role: Option<RoleName>,
}
