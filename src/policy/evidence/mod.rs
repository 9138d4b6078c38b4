//! What can be proven about each commit of the range: how it came, who had a hand in it, who approved it having seen what.
//!
//! From the ground up: [`look`] reads trees and contents and notes what is missing; [`history`] finds merge bases in the
//! known part of history; [`undo`], [`remerge`] and [`diff`] compare trees; [`mod@links`] says how each commit came to the release
//! branch; [`branch`] is a pull request with its own commits; [`mod@contributors`] says who touched it, [`binding`] what an
//! approval was given for, [`standing`] both together, [`bump`] whether it only counts a version up; [`proof`] is the
//! verdict on each commit, [`overview`] what people read of it.

pub(in crate::policy) mod binding;
mod branch;
mod bump;
mod contributors;
pub(in crate::policy) mod diff;
mod effort;
mod history;
pub(in crate::policy) mod links;
pub(in crate::policy) mod look;
pub(in crate::policy) mod overview;
pub(in crate::policy) mod proof;
mod remerge;
mod standing;
mod undo;

pub use overview::{contributors, expected, foreseen, hands_in, rewritten, wanted};

use crate::model::{Account, CommitSha, Forge, ObjectId, Relation, Service};
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Facts, Gap, GapReason, PullRequests, Range};
use history::{History, MergeBase};
use links::{Ends, Link, links};
use look::Look;

/// Everything that a proof looks at.
pub(in crate::policy) struct Case<'a> {
    pub criteria: &'a Criteria,
    pub look: &'a Look<'a>,
    pub service: &'a Service,
    pub range: &'a Range,
    pub pull_requests: &'a PullRequests,
    pub head: CommitSha,
    history: History<'a>,
    ended_in: Ends<'a>,
}

/// What re-merging says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Remerge {
    /// It holds exactly what its two lines bring.
    Clean,
    /// It holds something else at these paths.
    Differs(Vec<String>),
    /// There is no one commit at which the lines parted.
    NotOneBase,
}

impl<'a> Case<'a> {
    /// The case of a ticket whose range and pull requests are known.
    ///
    /// # Errors
    /// With the gap, when they are not.
    pub(in crate::policy) fn of(facts: &'a Facts, criteria: &'a Criteria, look: &'a Look<'a>) -> Result<Case<'a>, Gap> {
        let range = facts.range.known().map_err(Gap::clone)?;
        let pull_requests = facts.pull_requests.known().map_err(Gap::clone)?;
        let baseline = facts.baseline.known().map_err(Gap::clone)?.as_ref();
        let (Some(head), Some(service), Some(baseline)) = (facts.head(), facts.placement.service(), baseline) else {
            return Err(unreached(facts.forge()));
        };
        if range.relation == Relation::Identical && head != baseline.commit {
            return Err(unreached(facts.forge()));
        }
        let history = History::of(range, &baseline.commit, pull_requests);
        let ended_in = links::ends(pull_requests);
        Ok(Case { criteria, look, service, range, pull_requests, head, history, ended_in })
    }

    /// Who first pushed a commit, as far as our own record goes.
    fn first_pushed(&self, commit: &CommitSha) -> &'a [Account] {
        self.pull_requests.first_pushed.get(commit).map_or(&[], Vec::as_slice)
    }

    /// The links of the release branch, oldest first.
    pub(in crate::policy) fn links(&self) -> Vec<Link<'a>> {
        links(self.range, &self.head, (self.pull_requests, &self.ended_in), self.service)
    }

    /// The files of a commit, wherever it lies.
    pub(in crate::policy) fn tree(&self, sha: &CommitSha) -> Result<&'a ObjectId, Gap> {
        self.history.tree(sha, self.look)
    }

    /// Whether `result` holds exactly what the two lines `ours` and `theirs` bring.
    fn remerge(&self, ours: &'a CommitSha, theirs: &'a CommitSha, result: &'a ObjectId) -> Result<Remerge, Gap> {
        let base = match self.history.merge_base(ours, theirs, self.look) {
            Ok(MergeBase::NotOne) => return Ok(Remerge::NotOneBase),
            Ok(MergeBase::One(base)) => self.tree(&base),
            Err(gap) => Err(gap),
        };
        // Everything is asked for before any gap ends the attempt: what was merged will be looked into, whatever the base.
        let (ours, theirs) = (self.tree(ours), self.tree(theirs));
        if let (Err(_), Ok(ours)) = (&base, &ours) {
            self.look.whole(result);
            let _ = diff::changes(ours, result, self.look, &|_| true);
        }
        let merge = remerge::Merge { base: base?, ours: ours?, theirs: theirs?, result };
        if undo::proves(merge, self.look)? {
            return Ok(Remerge::Clean);
        }
        let differing = remerge::differences(merge, self.look)?;
        Ok(if differing.is_empty() { Remerge::Clean } else { Remerge::Differs(differing) })
    }
}

/// A commit that no link of the chain brought would be a commit that nobody judges.
fn unreached(forge: Forge) -> Gap {
    let what = "how the commits came to the release branch".to_owned();
    Gap { what, source: forge.into(), reason: GapReason::Incomplete }
}
