//! What an approval was given for (policy: peer review; facts of GitHub: it moves approvals to newer commits by itself).
//!
//! Best is our own record: GitHub told us, at the moment of the review, which commit it was for. Without it the moment is
//! reconstructed: the review names the final commit, GitHub had received that commit before the review, and nothing was
//! forced or retargeted after it, nor pushed as far as our record of pushes knows. A comment names no commit, so our record has
//! to say what stood there. What neither proves does not count.

use std::time::Duration;

use super::Case;
use super::branch::Branch;
use crate::model::{Account, CommitSha, Forge, Opinion, People, Push, Review, SeenReview, Timestamp};
use crate::policy::criteria::AfterMerge;
use crate::policy::facts::Gap;

/// How much later than it happened we may hear of something by a delivery that was not lost.
const LATE: Duration = Duration::from_secs(60);

/// How long after a push an approval does not count where the forge tells when it was given and not what was on the page: the
/// reviewer may have read what was there before, and a page does not change by itself.
const READING: Duration = Duration::from_secs(10 * 60);

/// The same for a comment on a page that does change by itself: whoever writes does not look up.
const WRITING: Duration = Duration::from_secs(2 * 60);

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
    let end = End { branch, finals: &finals, forge: case.service.forge, people: &case.criteria.people };
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
    forge: Forge,
    people: &'b People,
}

impl End<'_, '_> {
    fn head(&self) -> &str {
        self.branch.pull_request.head.short()
    }

    /// Why a review from this moment that was given for another commit is none of the final one, as the end of a sentence.
    fn head_came(&self, at: Timestamp) -> String {
        let head = &self.branch.pull_request.head;
        match self.branch.pull_request.first_seen.get(head) {
            Some(seen) if *seen < at => format!("{} was there already", head.short()),
            Some(_) | None => self.pushed_after(head),
        }
    }

    /// That a commit was pushed after a review and, as far as anybody recorded it, by whom.
    fn pushed_after(&self, sha: &CommitSha) -> String {
        let pushes = self.pushes().chain(&self.branch.pull_request.pushes);
        let mut of_it = pushes.filter(|push| push.before.is_some() && push.after == *sha);
        let by = of_it.find_map(|push| push.by.as_ref()).map(|by| format!(" by {}", self.name(by)));
        format!("{} was pushed after it{}", sha.short(), by.unwrap_or_default())
    }

    fn name<'c>(&'c self, account: &'c Account) -> &'c str {
        self.people.by_account(account.id).map_or(&account.login, |person| &person.name)
    }

    /// Nothing but clean updates came after the commit that the reviewer looked at.
    fn by_record(&self, seen: &SeenReview, review: &Review) -> Result<(), String> {
        let at = seen.submitted_at;
        let Some(place) = self.finals.iter().position(|sha| **sha == seen.commit) else {
            let moved = match &review.commit {
                Some(now) if *now != seen.commit => format!(" ({} now shows it for {})", self.forge, now.short()),
                Some(_) | None => String::new(),
            };
            let (seen, came) = (seen.commit.short(), self.head_came(at));
            return Err(format!("given for {seen} at {}{moved}; {came}", at.clock()));
        };
        self.unheard_of((at, seen.received_at), &self.finals[..=place])?;
        self.undisturbed_since(at)
    }

    /// Our own record knows of no push since then but of these commits, and of no other base branch. `since` is by our clock.
    fn unheard_of(&self, (at, since): (Timestamp, Timestamp), good: &[&CommitSha]) -> Result<(), String> {
        let ledger = &self.branch.pull_request.ledger;
        let strange = |push: &&Push| push.at >= since && !good.contains(&&push.after);
        if let Some(push) = ledger.pushes.iter().find(strange) {
            let (at, pushed, when) = (at.clock(), self.pushed_after(&push.after), push.at.clock());
            return Err(format!("given at {at}; {pushed}, at {when}"));
        }
        // What became of the base after the merge brought nothing in; but we may have heard late of what was before it.
        let merged = self.branch.pull_request.merged.as_ref().map(|merged| merged.at.plus(LATE));
        let matters = |change: &&Timestamp| **change >= since && merged.is_none_or(|merged| **change <= merged);
        match ledger.base_changes.iter().find(matters) {
            Some(change) => {
                Err(format!("given at {}, before the base branch was changed at {}", at.clock(), change.clock()))
            }
            None => Ok(()),
        }
    }

    /// GitHub had received one of the final commits before the review, and names that or a newer one for it today.
    fn by_reconstruction(&self, review: &Review) -> Result<(), String> {
        let at = review.submitted_at;
        let newest = self.named_by(review)?;
        self.undisturbed_since(at)?;
        self.unheard_of((at, at), self.finals)?;
        // GitHub may have had a commit on another branch long before somebody pushed it here. Opening again brings nothing.
        let stood = self.stood_at(at);
        let brings = |push: &&Push| push.before.is_some() || stood != Some(&push.after);
        let later: Vec<&Push> = self.pushes().filter(|push| push.at >= at).filter(brings).collect();
        let came_later = |sha: &CommitSha| later.iter().any(|push| push.after == *sha);
        let there: Vec<&CommitSha> = self.finals[newest..].iter().copied().filter(|sha| !came_later(sha)).collect();
        if there.is_empty() {
            return Err(format!("given at {}; {}", at.clock(), self.pushed_after(&self.branch.pull_request.head)));
        }
        if review.commit.is_none() {
            return self.is_final(stood, at).and_then(|()| self.written_meanwhile(at));
        }
        let first_seen = |sha: &&CommitSha| self.branch.pull_request.first_seen.get(*sha);
        let known: Vec<&Timestamp> = there.iter().filter_map(first_seen).collect();
        match known.first() {
            None => Err(format!(
                "{} has no record of when it received {}, so nobody can prove that it was seen",
                self.forge,
                self.head()
            )),
            Some(_) if known.iter().any(|seen| at > **seen) => self.read_meanwhile(at),
            Some(seen) => {
                let (at, forge, head, seen) = (at.clock(), self.forge, self.head(), seen.clock());
                Err(format!("given at {at}; {forge} received {head} at {seen}"))
            }
        }
    }

    /// Whether the reviewer can have had nothing else on the page. GitHub names the commit that was there.
    fn read_meanwhile(&self, at: Timestamp) -> Result<(), String> {
        if self.forge == Forge::Github {
            return Ok(());
        }
        let seen = || self.branch.pull_request.first_seen.iter().filter(|(_, seen)| **seen < at);
        let newest_other = seen().filter(|(sha, _)| !self.finals.contains(sha)).map(|(_, seen)| *seen).max();
        let oldest_final = seen().filter(|(sha, _)| self.finals.contains(sha)).map(|(_, seen)| *seen).min();
        match (newest_other, oldest_final) {
            (Some(other), Some(came)) if came.plus(READING) > at && other < came => Err(format!(
                "given at {}; {} was pushed at {}, and {} does not tell which of its commits was on the page, so an approval counts from {} minutes after a push",
                at.clock(),
                self.head(),
                came.clock(),
                self.forge,
                READING.as_secs() / 60
            )),
            _ => Ok(()),
        }
    }

    /// Whether a comment can have been begun when something else stood there, by our own record.
    fn written_meanwhile(&self, at: Timestamp) -> Result<(), String> {
        let before = || self.pushes().filter(|push| push.at < at);
        let newest_other = before().filter(|push| !self.finals.contains(&&push.after)).max_by_key(|push| push.at);
        let after_other = newest_other.and_then(|other| before().map(|push| push.at).filter(|at| *at > other.at).min());
        // What stood there before the first push that we heard of stands in that push alone.
        let is_other = |sha: &CommitSha| !self.finals.contains(&sha);
        let replaced = before().filter(|push| push.before.as_ref().is_some_and(is_other) && !is_other(&push.after));
        match after_other.max(replaced.map(|push| push.at).max()) {
            Some(came) if came.plus(WRITING) > at => Err(format!(
                "given at {}; {} was pushed at {}, and a comment does not tell what its author had seen, so it counts from {} minutes after a push",
                at.clock(),
                self.head(),
                came.clock(),
                WRITING.as_secs() / 60
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Where our own record says that the end of the branch went.
    fn pushes(&self) -> impl Iterator<Item = &Push> {
        self.branch.pull_request.ledger.pushes.iter()
    }

    /// By our own record the end of the branch at that moment. What we heard of late stands in the record late.
    fn stood_at(&self, at: Timestamp) -> Option<&CommitSha> {
        self.pushes().filter(|push| push.at < at).max_by_key(|push| push.at).map(|push| &push.after)
    }

    /// Whether one of the final commits stood there.
    fn is_final(&self, stood: Option<&CommitSha>, at: Timestamp) -> Result<(), String> {
        match stood {
            Some(sha) if self.finals.contains(&sha) => Ok(()),
            Some(sha) => {
                let (at, sha, pushed) = (at.clock(), sha.short(), self.pushed_after(&self.branch.pull_request.head));
                Err(format!("given at {at}, when {sha} was the newest commit; {pushed}"))
            }
            None => Err(format!(
                "a comment names no commit, and cm-bot has no record of its own of what was there at {}",
                at.clock()
            )),
        }
    }

    /// The place, from the end, of the commit that GitHub names for the review. A comment names none.
    fn named_by(&self, review: &Review) -> Result<usize, String> {
        let at = review.submitted_at;
        match (&review.commit, review.opinion) {
            (Some(commit), _) => self
                .finals
                .iter()
                .position(|sha| *sha == commit)
                .ok_or_else(|| format!("given for {} at {}; {}", commit.short(), at.clock(), self.head_came(at))),
            (None, Opinion::Commented) => Ok(0),
            (None, _) if self.forge == Forge::Bitbucket => Err(
                "what it was given for does not follow from what Bitbucket tells, so nobody can prove what was seen"
                    .to_owned(),
            ),
            (None, _) if self.forge == Forge::Gitlab => {
                Err("GitLab does not say when it was given, so nobody can prove what was seen".to_owned())
            }
            (None, Opinion::Approved | Opinion::ChangesRequested | Opinion::Dismissed) => {
                Err(format!("given for a commit that is gone; {}", self.pushed_after(&self.branch.pull_request.head)))
            }
        }
    }

    /// No forced push and no other base since then, as far as GitHub tells. What became of the base after the merge brought
    /// nothing in.
    fn undisturbed_since(&self, at: Timestamp) -> Result<(), String> {
        let pull_request = self.branch.pull_request;
        if let Some(push) = pull_request.force_pushes.iter().find(|push| push.at >= at) {
            return Err(format!("given at {}, before the branch was force-pushed at {}", at.clock(), push.at.clock()));
        }
        let merged = pull_request.merged.as_ref().map(|merged| merged.at);
        let matters = |change: &&Timestamp| **change >= at && merged.is_none_or(|merged| **change <= merged);
        match pull_request.base_changes.iter().find(matters) {
            Some(change) => {
                Err(format!("given at {}, before the base branch was changed at {}", at.clock(), change.clock()))
            }
            None => Ok(()),
        }
    }
}
