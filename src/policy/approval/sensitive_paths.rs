//! Sensitive paths want more than one review, or a certain reviewer (policy: peer review, sensitive code).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CommitSha, Text, listed, plural, shortened};
use crate::policy::criteria::{Criteria, SensitivePath};
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::diff::changes;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::net_changes;
use crate::policy::evidence::proof::reviewed;
use crate::policy::facts::{Facts, Gap};

/// At most this many are named one by one.
const MOST_NAMED: usize = 5;

/// A sensitive path that was changed with too few reviews, or not the right ones.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct Unmet {
    path: String,
    commit: CommitSha,
    pull_request: Option<u64>,
    lacks: String,
}

/// Did enough of the right people review what is sensitive?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if criteria.terms.sensitive_paths.is_empty() {
        return Finding::not_applicable("the criteria name no sensitive paths");
    }
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to compare with");
    }
    let look = Look::into(facts);
    match Case::of(facts, criteria, &look).and_then(|case| demands(&case)) {
        Err(gap) => Finding::unknown(&gap),
        Ok(None) => Finding::met("none of them changed"),
        Ok(Some(unmet)) if unmet.is_empty() => Finding::met("reviewed as demanded"),
        Ok(Some(unmet)) => not_met(&unmet, facts),
    }
}

fn not_met(unmet: &[Unmet], facts: &Facts) -> Finding {
    let sentence = |one: &Unmet| {
        let text = match one.pull_request {
            Some(number) => Text::new().link(format!("Pull request {number}"), facts.pull_request_url(number)),
            None => Text::new().link(one.commit.short(), facts.commit_url(&one.commit)),
        };
        text.words(format!(" changes {}; {}.", shortened(&one.path, 200), one.lacks))
    };
    let details = unmet.iter().take(MOST_NAMED).map(sentence).collect();
    let todo = match unmet.iter().find_map(|one| one.pull_request) {
        Some(number) => Todo::fix(format!("have pull request {number} approved by the people that are missing.")),
        None => Todo::decide("look at the change of the sensitive path, then approve or decline the ticket."),
    };
    Finding::not_met(
        format!("{} too little", plural(unmet.len(), "review")),
        "A sensitive path was changed without the reviews that it demands.",
        todo,
    )
    .about(details)
}

/// What is not met; nothing at all when nothing sensitive would change in production.
///
/// # Errors
/// With the gap when the files cannot be read.
pub(in crate::policy) fn demands(case: &Case<'_>) -> Result<Option<Vec<Unmet>>, Gap> {
    let terms = &case.criteria.terms.sensitive_paths;
    if terms.is_empty() {
        return Ok(None);
    }
    let net = net_changes(case)?;
    let touched: Vec<&SensitivePath> =
        terms.iter().filter(|term| net.iter().any(|change| term.paths.matches(&change.path))).collect();
    if touched.is_empty() {
        return Ok(None);
    }
    let approvers: BTreeMap<u64, BTreeSet<String>> =
        reviewed(case).iter().map(|one| (one.pull_request.number, one.independent())).collect();
    let mut unmet = Vec::new();
    let mut gap = None;
    for term in touched {
        match unmet_of(term, &approvers, case) {
            Ok(more) => unmet.extend(more),
            Err(missing) => gap = Some(missing),
        }
    }
    gap.map_or(Ok(Some(unmet)), Err)
}

fn unmet_of(
    term: &SensitivePath,
    approvers: &BTreeMap<u64, BTreeSet<String>>,
    case: &Case<'_>,
) -> Result<Vec<Unmet>, Gap> {
    let mut unmet: Vec<Unmet> = Vec::new();
    let mut gap = None;
    for link in case.links() {
        let path = match sensitive_change(term, link.tip.parents.first(), &link.tip.sha, case) {
            Ok(Some(path)) => path,
            Ok(None) => continue,
            Err(missing) => {
                gap = Some(missing);
                continue;
            }
        };
        let numbers: Vec<u64> = link.through.iter().map(|through| through.pull_request.number).collect();
        let lacking = |number: &u64| lacks(term, approvers.get(number), case);
        if numbers.iter().any(|number| lacking(number).is_none()) {
            continue;
        }
        let pull_request = numbers.first().copied();
        let lacks = pull_request.as_ref().and_then(lacking).unwrap_or_else(|| "it came without a pull request".into());
        if pull_request.is_none() || unmet.iter().all(|one| one.pull_request != pull_request) {
            unmet.push(Unmet { path, commit: link.tip.sha.clone(), pull_request, lacks });
        }
    }
    gap.map_or(Ok(unmet), Err)
}

/// The first sensitive path that a link changes.
fn sensitive_change(
    term: &SensitivePath,
    parent: Option<&CommitSha>,
    tip: &CommitSha,
    case: &Case<'_>,
) -> Result<Option<String>, Gap> {
    let Some(parent) = parent else { return Ok(Some("everything".into())) };
    let (before, after) = (case.tree(parent), case.tree(tip));
    let changed = changes(before?, after?, case.look, &|folder| term.paths.may_match_below(folder))?;
    Ok(changed.into_iter().map(|change| change.path).find(|path| term.paths.matches(path)))
}

/// What the approvals lack, as a clause.
fn lacks(term: &SensitivePath, approvers: Option<&BTreeSet<String>>, case: &Case<'_>) -> Option<String> {
    let none = BTreeSet::new();
    let approvers = approvers.unwrap_or(&none);
    let people = case.criteria.people.everybody();
    let has_role =
        |name: &String, role| people.iter().any(|person| person.name == *name && person.roles.contains(role));
    let who = match approvers.len() {
        0 => "nobody".to_owned(),
        _ => listed(&approvers.iter().cloned().collect::<Vec<_>>(), "and"),
    };
    if approvers.len() < term.reviewers {
        let wanted =
            if term.reviewers == 1 { "somebody else".to_owned() } else { format!("{} other people", term.reviewers) };
        return Some(format!("{wanted} must approve it, and {who} did"));
    }
    match &term.role {
        Some(role) if !approvers.iter().any(|name| has_role(name, role)) => {
            Some(format!("somebody in the role {role} must approve it, and {who} did"))
        }
        Some(_) | None => None,
    }
}
