//! What people said about a pull request, and what of it counts for which commit.
//!
//! An approval counts when it comes from a known person with the right to push, who contributed nothing to what is
//! approved, and is bound to the final commit.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::binding::{Binding, Unbound, binding};
use super::branch::Branch;
use super::contributors::Contributions;
use crate::model::{Account, AccountKind, CommitSha, Dismissal, Opinion, People, Person, PullRequest, Review, UserId};
use crate::policy::facts::Gap;

/// What people said about one pull request.
pub(super) struct Standing {
    /// Who touched it.
    pub contributions: Contributions,
    /// Who approved it, bound to its final commit.
    pub approvals: Vec<Approval>,
    /// Approvals that count for no commit: who, and why.
    pub ignored: Vec<(String, String)>,
    /// Objections that nobody has taken back, as sentences.
    pub objections: Vec<String>,
    /// What could not be looked into, if that may be why an approval does not count.
    pub gap: Option<Gap>,
}

/// An approval by a person, given for the final commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Approval {
    /// The person's name.
    pub by: String,
    /// How it is known what it was given for.
    pub binding: Binding,
}

impl Standing {
    /// Looks at everything said about the pull request of a branch.
    pub(super) fn of<'a>(branch: &Branch<'a>, case: &Case<'a>) -> Standing {
        let (contributions, gap) = Contributions::of(branch, case);
        let mut standing =
            Standing { contributions, approvals: Vec::new(), ignored: Vec::new(), objections: Vec::new(), gap };
        let mut latest: Vec<&Review> = latest_opinions(branch.pull_request, case);
        latest.sort_by_key(|review| review.submitted_at);
        for review in latest {
            match review.opinion {
                Opinion::Approved | Opinion::Commented => standing.add_approval(review, branch, case),
                Opinion::ChangesRequested if !may_object(review, &case.criteria.people) => {}
                Opinion::ChangesRequested => {
                    let name = reviewer_name(review, &case.criteria.people);
                    standing.objections.push(format!("{name} asked for changes and has not approved since"));
                }
                Opinion::Dismissed => standing.add_dismissed(review, branch, &case.criteria.people),
            }
        }
        standing.ignore_own_work(branch, case);
        standing.count_each_person_once();
        standing
    }

    /// Those whose approval counts for one commit.
    pub(super) fn for_commit(&self, commit: &CommitSha, case: &Case<'_>) -> Vec<&Approval> {
        let whose = case.criteria.terms.commit_review.contributors;
        let counts = |approval: &&Approval| self.contributions.by(&approval.by, commit, whose).is_none();
        self.approvals.iter().filter(counts).collect()
    }

    fn add_approval<'a>(&mut self, review: &Review, branch: &Branch<'a>, case: &Case<'a>) {
        let people = &case.criteria.people;
        let person = match acceptable_person(review, people) {
            Ok(person) => person,
            Err(reason) => return self.ignored.push((reviewer_name(review, people), reason)),
        };
        if let (Opinion::Commented, Some(edited)) = (review.opinion, review.edited_at) {
            let reason = format!("the comment was changed at {}, so nobody can say what it said", edited.clock());
            return self.ignored.push((person.name.clone(), reason));
        }
        match binding(review, branch, case) {
            Ok(binding) => self.approvals.push(Approval { by: person.name.clone(), binding }),
            Err(Unbound::Because(why)) => self.ignored.push((person.name.clone(), why)),
            Err(Unbound::Unclear(gap)) => self.gap = Some(gap),
        }
    }

    fn add_dismissed(&mut self, review: &Review, branch: &Branch<'_>, people: &People) {
        match self.still_stands(review, branch, people) {
            Some(objection) => self.objections.push(objection),
            None => self.ignored.push((reviewer_name(review, people), "the review was dismissed".into())),
        }
    }

    /// What a dismissed review still objects to. A dismissed approval is gone. A dismissed objection stands when a contributor
    /// dismissed it. What is not known to have been an approval may have been an objection.
    fn still_stands(&self, review: &Review, branch: &Branch<'_>, people: &People) -> Option<String> {
        if !may_object(review, people) {
            return None;
        }
        let name = reviewer_name(review, people);
        let dismissals = || branch.pull_request.dismissals.iter().filter(|one| one.review == review.id);
        if dismissals().next().is_none() {
            return Some(format!(
                "a review by {name} was dismissed, and nobody can say whether it had asked for changes"
            ));
        }
        let dismissal = dismissals().find(|one| one.was == Opinion::ChangesRequested)?;
        let by = match &dismissal.actor {
            None => "somebody unknown".to_owned(),
            Some(actor) => match people.by_account(actor.id) {
                Some(person) if !self.contributions.include(&person.name) => return None,
                Some(person) => person.name.clone(),
                None => actor.login.clone(),
            },
        };
        Some(format!("{name} asked for changes; {by} dismissed that"))
    }

    /// Whoever approved and said "LGTM" too is one person, and need not hear of the one that does not count.
    fn count_each_person_once(&mut self) {
        let mut counted = BTreeSet::new();
        self.approvals.retain(|approval| counted.insert(approval.by.clone()));
        self.ignored.retain(|(name, _)| !counted.contains(name));
    }

    /// Approvals that count for none of the commits are told with the reason.
    fn ignore_own_work(&mut self, branch: &Branch<'_>, case: &Case<'_>) {
        let commits: Vec<&CommitSha> = branch.commits.iter().chain(&branch.copies).map(|commit| &commit.sha).collect();
        let whose = case.criteria.terms.commit_review.contributors;
        for approval in std::mem::take(&mut self.approvals) {
            let own = |commit: &&CommitSha| self.contributions.by(&approval.by, commit, whose);
            match commits.iter().map(own).collect::<Option<Vec<&str>>>().as_deref() {
                Some([how, ..]) => {
                    let reason = format!("{} {how}, and nobody's approval counts for their own work", approval.by);
                    self.ignored.push((approval.by, reason));
                }
                Some([]) | None => self.approvals.push(approval),
            }
        }
    }
}

/// The newest opinion of each person, and the newest comment that the criteria take for an approval. A comment takes back
/// no objection, and a dismissed objection does not bring an older approval back.
fn latest_opinions<'a>(pull_request: &'a PullRequest, case: &Case<'_>) -> Vec<&'a Review> {
    let people = &case.criteria.people;
    let (comments, opinions): (Vec<&Review>, Vec<&Review>) =
        pull_request.reviews.iter().partition(|review| review.opinion == Opinion::Commented);
    let opinions = newest_of_each(opinions, people);
    let mut comments = newest_of_each(comments.into_iter().filter(|comment| approves(comment, case)), people);
    comments.retain(|by, comment| opinions.get(by).is_none_or(|opinion| stands_beside(comment, opinion, pull_request)));
    opinions.into_values().chain(comments.into_values()).collect()
}

/// Whether a comment says something that its author's opinion does not settle: it is newer, and when somebody dismissed their
/// approval, it was said after that.
fn stands_beside(comment: &Review, opinion: &Review, pull_request: &PullRequest) -> bool {
    let of_approval = |one: &&Dismissal| one.review == opinion.id && one.was == Opinion::Approved;
    let mut dismissals = pull_request.dismissals.iter().filter(of_approval);
    opinion.opinion != Opinion::ChangesRequested
        && opinion.submitted_at <= comment.submitted_at
        && dismissals.all(|one| one.at.is_some_and(|at| at < comment.submitted_at))
}

fn newest_of_each<'a>(
    reviews: impl IntoIterator<Item = &'a Review>,
    people: &People,
) -> BTreeMap<Reviewer<'a>, &'a Review> {
    let mut newest_of: BTreeMap<Reviewer<'_>, &Review> = BTreeMap::new();
    for review in reviews {
        let newest = newest_of.entry(Reviewer::of(review, people)).or_insert(review);
        if review.submitted_at >= newest.submitted_at {
            *newest = review;
        }
    }
    newest_of
}

/// Whose opinion it is. Deleted accounts may have been anybody, so each of their reviews stands for itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Reviewer<'a> {
    Known(UserId),
    Deleted(&'a str),
}

impl<'a> Reviewer<'a> {
    /// All accounts of one person are that person.
    fn of(review: &'a Review, people: &People) -> Reviewer<'a> {
        let Some(author) = &review.author else { return Reviewer::Deleted(&review.id) };
        let first = people.by_account(author.id).and_then(|person| person.accounts().next());
        Reviewer::Known(first.unwrap_or(author.id))
    }
}

/// Whether the criteria take the words of a comment for an approval.
fn approves(comment: &Review, case: &Case<'_>) -> bool {
    case.criteria.terms.commit_review.is_approving_comment(&comment.text)
}

fn reviewer_name(review: &Review, people: &People) -> String {
    match &review.author {
        Some(account) => {
            people.by_account(account.id).map_or_else(|| account.login.clone(), |person| person.name.clone())
        }
        None => "a deleted account".into(),
    }
}

/// Whether an objection stands in the way: that of anybody who may push, of everybody we know, who may have lost the right
/// since, and of accounts that are gone. What strangers say changes nothing on GitHub either: anybody can ask for changes
/// on a public repository, and an approval by somebody else is needed all the same.
fn may_object(review: &Review, people: &People) -> bool {
    let is_known = |account: &Account| people.by_account(account.id).is_some();
    review.may_push || review.author.as_ref().is_none_or(is_known)
}

fn acceptable_person<'a>(review: &Review, people: &'a People) -> Result<&'a Person, String> {
    let account = review.author.as_ref().ok_or("the account was deleted")?;
    if account.kind != AccountKind::User {
        return Err("a bot's approval does not count".into());
    }
    let person = people.by_account(account.id).ok_or_else(|| {
        format!("{} ({}) is not in the people file, so nobody can say who it is", account.id, account.login)
    })?;
    if review.may_push { Ok(person) } else { Err(format!("{} may not push to the repository", person.name)) }
}
