//! What happens to pull requests: opened, reviewed, retargeted, closed, talked about.

use serde::Deserialize;

/// A pull request is opened.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPullRequest {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// Its number.
    pub number: u64,
    /// The branch with the work.
    pub from: String,
    /// The branch it is for; without this, the repository's default branch.
    pub into: Option<String>,
    /// Who opens it.
    pub by: String,
    /// Its title; without this, one made from the branch.
    pub title: Option<String>,
}

/// A review of the pull request's head at this moment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who reviews. GitHub refuses an approval by the opener; a scene may let it happen, because nothing should rest on that.
    pub by: String,
    /// What the reviewer says.
    #[serde(default)]
    pub state: ReviewState,
    /// The words of the review.
    #[serde(default)]
    pub text: String,
}

/// The opinion in a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Approved.
    #[default]
    Approve,
    /// Changes requested.
    RequestChanges,
    /// A comment, no opinion.
    Comment,
}

/// A review loses its force.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissReview {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Whose newest review.
    pub review_by: String,
    /// Who dismisses it.
    pub by: String,
}

/// A pull request gets another base branch.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBase {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// The new base branch.
    pub into: String,
    /// Who does it.
    pub by: String,
}

/// A pull request is closed without being merged.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosePullRequest {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who does it.
    pub by: String,
}

/// A comment in the conversation of a pull request, not in a review.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentOnPullRequest {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who writes.
    pub by: String,
    /// The text.
    pub text: String,
}

/// A pull request is assigned to somebody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// To whom.
    pub who: String,
    /// Who does it.
    pub by: String,
}
