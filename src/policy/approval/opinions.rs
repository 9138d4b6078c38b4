//! Who approved a pull request, and whether that counts for the commits that it brought.
//!
//! An approval counts when it comes from a known person with the right to push, who contributed nothing to the pull
//! request, and was given for its final commit after GitHub had received that commit. GitHub itself moves approvals to
//! newer commits, so the commit that a review names is needed but not enough.

use std::collections::BTreeMap;

use crate::model::{
    Account, AccountKind, Commit, GithubId, Opinion, People, Person, PullRequest, Review, Signature, Timestamp,
};

/// What people said about one pull request.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Who approved it and counts.
    pub counted: Vec<String>,
    /// Approvals that do not count: who, and why.
    pub ignored: Vec<(String, String)>,
    /// Objections that nobody has taken back, as sentences.
    pub objections: Vec<String>,
    /// People who touched it, for "somebody other than".
    pub contributors: Vec<String>,
    /// Contributors of whom nobody can say who they are, as clauses.
    pub unidentified: Vec<String>,
}

/// Looks at everything said about `pull_request`, given the commits that it brought.
pub(super) fn standing(pull_request: &PullRequest, brought: &[&Commit], people: &People) -> Standing {
    let touched = Contributions::of(pull_request, brought, people);
    let mut standing = Standing {
        contributors: touched.known.keys().cloned().collect(),
        unidentified: touched.unidentified.clone(),
        ..Standing::default()
    };
    let mut latest: Vec<&Review> = latest_opinions(&pull_request.reviews, people).into_values().collect();
    latest.sort_by_key(|review| review.submitted_at);
    for review in latest {
        let name = reviewer_name(review, people);
        match review.opinion {
            Opinion::Approved => match why_not(review, pull_request, &touched, people) {
                None => standing.counted.push(name),
                Some(reason) => standing.ignored.push((name, reason)),
            },
            Opinion::ChangesRequested => {
                standing.objections.push(format!("{name} asked for changes and has not approved since"));
            }
            Opinion::Dismissed => match dismissed_by_contributor(review, pull_request, &touched, people) {
                Some(by) => standing.objections.push(format!("{name} asked for changes; {by} dismissed that")),
                None => standing.ignored.push((name, "the review was dismissed".into())),
            },
            Opinion::Commented => {}
        }
    }
    standing
}

/// The people who touched a pull request, each with the way in which they did.
struct Contributions {
    known: BTreeMap<String, String>,
    unidentified: Vec<String>,
}

impl Contributions {
    fn of(pull_request: &PullRequest, brought: &[&Commit], people: &People) -> Contributions {
        let mut all = Contributions { known: BTreeMap::new(), unidentified: Vec::new() };
        let number = pull_request.number;
        all.add(pull_request.opener.as_ref(), format!("opened pull request {number}"), people);
        for commit in brought {
            all.add_commit(commit, people);
        }
        for pusher in &pull_request.head_pushers {
            all.add(Some(pusher), format!("pushed {}", pull_request.head.short()), people);
        }
        for push in &pull_request.force_pushes {
            all.add(push.actor.as_ref(), format!("force-pushed to pull request {number}"), people);
        }
        all.unidentified.dedup();
        all
    }

    /// Authors, co-authors and the committer. GitHub's own account as committer is nobody's work when GitHub signed it.
    fn add_commit(&mut self, commit: &Commit, people: &People) {
        for author in &commit.authors {
            let how = format!("wrote commit {}", commit.sha.short());
            match &author.account {
                None => self.unidentified.push(format!(
                    "{} names the author {}, whose e-mail address belongs to no GitHub account",
                    commit.sha.short(),
                    crate::model::shortened(&author.name, 60),
                )),
                Some(account) if account.kind != AccountKind::User && commit.signature == Signature::None => {
                    self.unidentified.push(format!(
                        "{} claims to be written by the bot {} but nobody signed it",
                        commit.sha.short(),
                        account.login,
                    ));
                }
                Some(account) => self.add(Some(account), how, people),
            }
        }
        if commit.signature != Signature::ByGithub {
            self.add(commit.committer.account.as_ref(), format!("committed {}", commit.sha.short()), people);
        }
    }

    fn add(&mut self, account: Option<&Account>, how: String, people: &People) {
        let Some(account) = account else {
            self.unidentified.push(format!("somebody without a GitHub account {how}"));
            return;
        };
        match (account.kind, people.by_github(account.id)) {
            (AccountKind::Bot, _) => {}
            (AccountKind::User | AccountKind::Other, Some(person)) => {
                self.known.entry(person.name.clone()).or_insert(how);
            }
            (AccountKind::User | AccountKind::Other, None) => self.unidentified.push(format!(
                "{} {how} and is not in the people file (GitHub account {})",
                account.login, account.id.0
            )),
        }
    }
}

/// The newest opinion of each person; a comment is none, and a dismissed objection does not bring an older approval back.
fn latest_opinions<'a>(reviews: &'a [Review], people: &People) -> BTreeMap<GithubId, &'a Review> {
    let mut latest: BTreeMap<GithubId, &Review> = BTreeMap::new();
    for review in reviews.iter().filter(|review| review.opinion != Opinion::Commented) {
        let Some(author) = &review.author else { continue };
        let who = people.by_github(author.id).and_then(|person| person.github.first()).copied().unwrap_or(author.id);
        let newest = latest.entry(who).or_insert(review);
        if review.submitted_at >= newest.submitted_at {
            *newest = review;
        }
    }
    latest
}

fn reviewer_name(review: &Review, people: &People) -> String {
    match &review.author {
        Some(account) => {
            people.by_github(account.id).map_or_else(|| account.login.clone(), |person| person.name.clone())
        }
        None => "a deleted account".into(),
    }
}

/// Why an approval does not count; nothing when it does.
fn why_not(review: &Review, pull_request: &PullRequest, touched: &Contributions, people: &People) -> Option<String> {
    let person = match acceptable_person(review, people) {
        Ok(person) => person,
        Err(reason) => return Some(reason),
    };
    if let Some(how) = touched.known.get(&person.name) {
        return Some(format!("{} {how}, and nobody's approval counts for their own work", person.name));
    }
    not_for_the_final_commit(review, pull_request)
}

fn acceptable_person<'a>(review: &Review, people: &'a People) -> Result<&'a Person, String> {
    let account = review.author.as_ref().ok_or("the account was deleted")?;
    if account.kind != AccountKind::User {
        return Err("a bot's approval does not count".into());
    }
    let person = people.by_github(account.id).ok_or_else(|| {
        format!(
            "GitHub account {} ({}) is not in the people file, so nobody can say who it is",
            account.id.0, account.login
        )
    })?;
    if review.may_push { Ok(person) } else { Err(format!("{} may not push to the repository", person.name)) }
}

fn not_for_the_final_commit(review: &Review, pull_request: &PullRequest) -> Option<String> {
    let head = pull_request.head.short();
    let at = review.submitted_at;
    match &review.commit {
        Some(commit) if *commit == pull_request.head => {}
        Some(commit) => {
            return Some(format!("given for {} at {}; {head} was pushed after it", commit.short(), at.clock()));
        }
        None => return Some(format!("given for a commit that is gone; {head} was pushed after it")),
    }
    if let Some(push) = pull_request.force_pushes.iter().find(|push| push.at >= at) {
        return Some(format!("given at {}, before the branch was force-pushed at {}", at.clock(), push.at.clock()));
    }
    if let Some(change) = pull_request.base_changes.iter().find(|change| **change >= at) {
        return Some(format!("given at {}, before the base branch was changed at {}", at.clock(), change.clock()));
    }
    not_after_its_arrival(at, pull_request.head_first_seen, head)
}

/// The server's first object for the final commit is later than its push, so an approval after it was given for that commit.
fn not_after_its_arrival(at: Timestamp, first_seen: Option<Timestamp>, head: &str) -> Option<String> {
    match first_seen {
        None => Some(format!("GitHub has no record of when it received {head}, so nobody can prove that it was seen")),
        Some(seen) if at > seen => None,
        Some(seen) => Some(format!("given at {}; GitHub received {head} at {}", at.clock(), seen.clock())),
    }
}

/// The contributor who dismissed this objection, if one did. Then it still stands.
fn dismissed_by_contributor(
    review: &Review,
    pull_request: &PullRequest,
    touched: &Contributions,
    people: &People,
) -> Option<String> {
    let dismissal = pull_request.dismissals.iter().find(|dismissal| dismissal.review == review.id)?;
    if dismissal.was != Opinion::ChangesRequested {
        return None;
    }
    let Some(actor) = &dismissal.actor else { return Some("somebody unknown".into()) };
    match people.by_github(actor.id) {
        Some(person) if !touched.known.contains_key(&person.name) => None,
        Some(person) => Some(person.name.clone()),
        None => Some(actor.login.clone()),
    }
}
