//! Pull requests, their reviews and their timelines.

use std::collections::HashSet;

use super::accounts::Account;
use super::git::Oid;
use super::scene::{OpenPullRequest, SceneError};
use super::webhook::Notice;
use super::world::World;

/// A pull request.
#[derive(Debug)]
pub struct Pull {
    /// The id in GitHub's database.
    pub id: u64,
    /// The number in its repository.
    pub number: u64,
    /// The title.
    pub title: String,
    /// Who opened it.
    pub opener: Account,
    /// The branch with the work.
    pub head_branch: String,
    /// Where that branch stands; when merged, where it stood.
    pub head: Oid,
    /// The branch it is for.
    pub base_branch: String,
    /// Where that branch stood when the pull request last changed.
    pub base: Oid,
    /// What head has and base has not, oldest first.
    pub commits: Vec<Oid>,
    /// What merging would make now; GitHub builds it in advance. Without it the branches are in conflict.
    pub test_merge: Option<Oid>,
    /// Since when the test merge is out of date.
    pub test_merge_due: Option<i64>,
    /// When it was opened.
    pub created: i64,
    /// When it last changed.
    pub updated: i64,
    /// How it was merged.
    pub merged: Option<Landing>,
    /// When it was closed without being merged.
    pub closed: Option<i64>,
    /// Who is to look after it.
    pub assignees: Vec<Account>,
    /// What was said outside of reviews, oldest first.
    pub comments: Vec<Remark>,
    /// All reviews, oldest first.
    pub reviews: Vec<GivenReview>,
    /// What happened, oldest first.
    pub timeline: Vec<Item>,
}

/// How a pull request reached its base branch.
#[derive(Debug, Clone)]
pub struct Landing {
    /// When.
    pub at: i64,
    /// Who pressed the button or pushed.
    pub by: Account,
    /// The newest commit that it brought.
    pub commit: Oid,
    /// Everything on the base branch that was made by merging it.
    pub made: Vec<Oid>,
}

/// A submitted review.
#[derive(Debug, Clone)]
pub struct GivenReview {
    /// The id in GitHub's database.
    pub id: u64,
    /// Who reviewed.
    pub author: Account,
    /// The opinion now.
    pub state: Opinion,
    /// Its words.
    pub text: String,
    /// When it was submitted. This never changes.
    pub submitted: i64,
    /// When it last changed.
    pub updated: i64,
    /// The commit that GitHub shows it for. GitHub moves approvals to other commits.
    pub commit: Oid,
}

/// A comment in the conversation.
#[derive(Debug, Clone)]
pub struct Remark {
    /// The id in GitHub's database.
    pub id: u64,
    /// Who wrote it.
    pub author: Account,
    /// What it says.
    pub text: String,
    /// When.
    pub created: i64,
}

/// The state of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// An approval.
    Approved,
    /// A demand for changes.
    ChangesRequested,
    /// No opinion.
    Commented,
    /// An opinion that somebody took the force of.
    Dismissed,
}

/// An entry of a timeline.
#[derive(Debug, Clone)]
pub enum Item {
    /// A commit that is part of the pull request now.
    Commit(Oid),
    /// The review at this place of the list.
    Review(usize),
    /// Something that somebody did at a time.
    Event(Event),
}

/// Something that somebody did to a pull request.
#[derive(Debug, Clone)]
pub struct Event {
    /// The id in GitHub's database.
    pub id: u64,
    /// When.
    pub at: i64,
    /// Who.
    pub by: Account,
    /// What.
    pub what: Deed,
}

/// What somebody can do to a pull request.
#[derive(Debug, Clone)]
pub enum Deed {
    /// The head branch was forced to another commit.
    HeadForced { before: Oid, after: Oid },
    /// The base branch was forced to another commit.
    BaseForced { before: Oid, after: Oid },
    /// The pull request got another base branch.
    BaseChanged { from: String, to: String },
    /// GitHub gave it another base branch by itself, because the old one was merged and deleted.
    BaseMoved { from: String, to: String },
    /// The review at this place lost its force.
    Dismissed { review: usize, was: Opinion },
    /// Somebody was made responsible.
    Assigned { who: Account },
    /// It was merged.
    Merged,
    /// It was closed, which merging does as well.
    Closed,
}

impl Opinion {
    /// As GraphQL and REST write it; webhooks write it in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Opinion::Approved => "APPROVED",
            Opinion::ChangesRequested => "CHANGES_REQUESTED",
            Opinion::Commented => "COMMENTED",
            Opinion::Dismissed => "DISMISSED",
        }
    }
}

impl Pull {
    /// Whether it can still be merged.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.merged.is_none() && self.closed.is_none()
    }

    /// Takes commits off the list that are on the base branch already.
    pub(super) fn take_away(&mut self, contained: &HashSet<Oid>) {
        self.commits.retain(|oid| !contained.contains(oid));
        let commits = &self.commits;
        self.timeline.retain(|item| !matches!(item, Item::Commit(oid) if !commits.contains(oid)));
    }

    /// When it was merged or closed.
    #[must_use]
    pub fn ended(&self) -> Option<i64> {
        self.merged.as_ref().map(|landing| landing.at).or(self.closed)
    }

    /// Each person's last opinion; a comment is none, and a dismissed opinion hides the ones before it.
    #[must_use]
    pub fn opinions(&self) -> Vec<&GivenReview> {
        let with_opinion = |review: &&GivenReview| review.state != Opinion::Commented;
        let reviews = self.reviews.iter().enumerate().filter(|(_, review)| with_opinion(review));
        let last = |(place, review): &(usize, &GivenReview)| {
            let later = self.reviews.iter().skip(place + 1).filter(with_opinion);
            later.filter(|other| other.author.id == review.author.id).count() == 0
        };
        reviews.filter(last).map(|(_, review)| review).collect()
    }

    /// GitHub's own opinion about the reviews of a pull request into a protected branch, of those reviewers who count.
    #[must_use]
    pub fn decision(&self, counts: impl Fn(&Account) -> bool) -> &'static str {
        let opinions = self.opinions();
        let says = |wanted| opinions.iter().any(|review| review.state == wanted && counts(&review.author));
        match (says(Opinion::ChangesRequested), says(Opinion::Approved)) {
            (true, _) => "CHANGES_REQUESTED",
            (false, true) => "APPROVED",
            (false, false) => "REVIEW_REQUIRED",
        }
    }
}

impl World {
    /// Opens a pull request.
    ///
    /// # Errors
    /// When the number is taken, a branch does not exist, or there is nothing to merge.
    pub fn open_pull_request(&mut self, step: &OpenPullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, id, opener) = (self.now(), self.next_id(), self.account(&step.by)?);
        let repo = &mut self.repos[place];
        let base_branch = step.into.clone().unwrap_or_else(|| repo.default_branch.clone());
        let (head, base) = (repo.tip(&step.from)?, repo.tip(&base_branch)?);
        if repo.pulls.contains_key(&step.number) {
            return Err(SceneError(format!("there is a pull request {} already", step.number)));
        }
        if repo.git.is_ancestor(head, base) {
            return Err(SceneError(format!("`{}` has nothing that `{base_branch}` has not", step.from)));
        }
        let title = step.title.clone().unwrap_or_else(|| step.from.replace(['-', '_', '/'], " "));
        let pull = Pull {
            id,
            number: step.number,
            title,
            opener: opener.clone(),
            head_branch: step.from.clone(),
            head,
            base_branch,
            base,
            commits: Vec::new(),
            test_merge: None,
            test_merge_due: None,
            created: now,
            updated: now,
            merged: None,
            closed: None,
            assignees: Vec::new(),
            comments: Vec::new(),
            reviews: Vec::new(),
            timeline: Vec::new(),
        };
        repo.pulls.insert(step.number, pull);
        self.refresh_pull(place, step.number)?;
        self.announce(place, &Notice::Opened { number: step.number, by: &opener });
        Ok(())
    }
}
