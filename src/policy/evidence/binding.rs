//! What an approval was given for (policy: peer review; facts of GitHub: it moves approvals to newer commits by itself).
//!
//! Best is our own record: GitHub told us, at the moment of the review, which commit it was for. Without it the moment is
//! reconstructed: the review names the final commit, GitHub had received that commit before the review, and nothing was
//! forced or retargeted after it. What neither proves does not count.

use super::Case;
use super::branch::Branch;
use crate::model::{CommitSha, Opinion, Push, Review, SeenReview, Timestamp};
use crate::policy::criteria::AfterMerge;
use crate::policy::facts::Gap;

/// How it is known that an approval was given for what came to the release branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum Binding {
    /// Our own record of GitHub's delivery.
    OwnRecord,
    /// Reconstructed from what GitHub says today.
    Reconstructed,
}

impl Binding {
    /// As people read it, after "bound by".
    pub(in crate::policy) fn in_words(self) -> &'static str {
        match self {
            Binding::OwnRecord => "our own record",
            Binding::Reconstructed => "reconstruction",
        }
    }
}

/// Why an approval is not bound to the final commit.
pub(super) enum Unbound {
    /// It was given for something else, or nobody can prove for what. A clause.
    Because(String),
    /// The repository could not be looked into.
    Unclear(Gap),
}

/// What binds `review` to the end of its branch.
///
/// # Errors
/// With the reason when nothing does.
pub(super) fn binding<'a>(review: &Review, branch: &Branch<'a>, case: &Case<'a>) -> Result<Binding, Unbound> {
    after_merge(review, branch, case)?;
    let (finals, gap) = branch.finals(case);
    let end = End { branch, finals: &finals };
    let seen = branch.pull_request.ledger.reviews.iter().find(|seen| seen.id == review.id);
    let bound = match seen {
        Some(seen) => end.by_record(seen, review).map(|()| Binding::OwnRecord),
        None if case.criteria.terms.commit_review.own_record_only.contains(&case.service.name) => {
            Err("cm-bot has no record of its own of what it was given for, and this service demands one".to_owned())
        }
        None => end.by_reconstruction(review).map(|()| Binding::Reconstructed),
    };
    // An update that could not be looked into may be what keeps the approval from counting.
    bound.map_err(|why| gap.map_or(Unbound::Because(why), Unbound::Unclear))
}

fn after_merge(review: &Review, branch: &Branch<'_>, case: &Case<'_>) -> Result<(), Unbound> {
    let merged = branch.pull_request.merged.as_ref().map(|merged| merged.at);
    match (case.criteria.terms.commit_review.after_merge, merged) {
        (AfterMerge::Holds, Some(merged)) if review.submitted_at > merged => Err(Unbound::Because(format!(
            "given at {}, after the merge at {}",
            review.submitted_at.clock(),
            merged.clock()
        ))),
        (AfterMerge::Holds | AfterMerge::Counts, _) => Ok(()),
    }
}

/// The end of a branch: the final commit, and what it was before clean updates.
struct End<'a, 'b> {
    branch: &'b Branch<'a>,
    finals: &'b [&'a CommitSha],
}

impl End<'_, '_> {
    fn head(&self) -> &str {
        self.branch.pull_request.head.short()
    }

    /// Nothing but clean updates came after the commit that the reviewer looked at.
    fn by_record(&self, seen: &SeenReview, review: &Review) -> Result<(), String> {
        let at = seen.submitted_at;
        let Some(place) = self.finals.iter().position(|sha| **sha == seen.commit) else {
            let moved = match &review.commit {
                Some(now) if *now != seen.commit => format!(" (GitHub now shows it for {})", now.short()),
                Some(_) | None => String::new(),
            };
            let (seen, head) = (seen.commit.short(), self.head());
            return Err(format!("given for {seen} at {}{moved}; {head} was pushed after it", at.clock()));
        };
        let updates = &self.finals[..place];
        let since = seen.received_at;
        let strange = |push: &&Push| push.at >= since && push.after != seen.commit && !updates.contains(&&push.after);
        if let Some(push) = self.branch.pull_request.ledger.pushes.iter().find(strange) {
            return Err(format!(
                "given at {}; {} was pushed after it, at {}",
                at.clock(),
                push.after.short(),
                push.at.clock()
            ));
        }
        let ledger = &self.branch.pull_request.ledger;
        if let Some(change) = ledger.base_changes.iter().find(|change| **change >= since) {
            let (at, change) = (at.clock(), change.clock());
            return Err(format!("given at {at}, before the base branch was changed at {change}"));
        }
        self.undisturbed_since(at)
    }

    /// GitHub had received one of the final commits before the review, and names that or a newer one for it today.
    fn by_reconstruction(&self, review: &Review) -> Result<(), String> {
        let at = review.submitted_at;
        let newest = self.named_by(review)?;
        self.undisturbed_since(at)?;
        let first_seen = |sha: &&CommitSha| self.branch.pull_request.first_seen.get(*sha);
        let known: Vec<&Timestamp> = self.finals[newest..].iter().filter_map(first_seen).collect();
        match known.first() {
            None => Err(format!(
                "GitHub has no record of when it received {}, so nobody can prove that it was seen",
                self.head()
            )),
            Some(_) if known.iter().any(|seen| at > **seen) => Ok(()),
            Some(seen) => Err(format!("given at {}; GitHub received {} at {}", at.clock(), self.head(), seen.clock())),
        }
    }

    /// The place, from the end, of the commit that GitHub names for the review. A comment names none.
    fn named_by(&self, review: &Review) -> Result<usize, String> {
        let head = self.head();
        match (&review.commit, review.opinion) {
            (Some(commit), _) => self.finals.iter().position(|sha| *sha == commit).ok_or_else(|| {
                format!("given for {} at {}; {head} was pushed after it", commit.short(), review.submitted_at.clock())
            }),
            (None, Opinion::Commented) => Ok(0),
            (None, Opinion::Approved | Opinion::ChangesRequested | Opinion::Dismissed) => {
                Err(format!("given for a commit that is gone; {head} was pushed after it"))
            }
        }
    }

    /// No forced push and no new base branch since then, as far as GitHub tells.
    fn undisturbed_since(&self, at: Timestamp) -> Result<(), String> {
        let pull_request = self.branch.pull_request;
        if let Some(push) = pull_request.force_pushes.iter().find(|push| push.at >= at) {
            return Err(format!("given at {}, before the branch was force-pushed at {}", at.clock(), push.at.clock()));
        }
        match pull_request.base_changes.iter().find(|change| **change >= at) {
            Some(change) => {
                Err(format!("given at {}, before the base branch was changed at {}", at.clock(), change.clock()))
            }
            None => Ok(()),
        }
    }
}
