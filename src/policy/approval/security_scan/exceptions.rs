//! Why a blocking finding may pass all the same: somebody who had no hand in the change looked at it and said so.
//!
//! A word of a bot, of somebody whom nobody knows, or of those whose change it is does not count, and the finding says
//! whose word that was.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::model::{Account, AccountKind, AlertDismissal, CommitSha, ScanFinding, Service, Text, shortened};
use crate::policy::criteria::{AcceptedRisk, Criteria};
use crate::policy::evidence::overview::hands_in;
use crate::policy::facts::{Facts, Gap, Scans};
use crate::policy::paths::OnePath;

/// The build whose scans are judged.
pub(super) struct Build<'a> {
    pub facts: &'a Facts,
    pub criteria: &'a Criteria,
    pub service: &'a Service,
    pub head: CommitSha,
    pub scans: &'a Scans,
    hands: OnceCell<Hands>,
}

/// Who had a hand in the change; nothing when there is no earlier change to count from.
type Hands = Result<Option<BTreeSet<String>>, Gap>;

/// What becomes of a blocking finding.
pub(super) enum Exception {
    /// It may pass: what people read of it.
    Passes(String),
    /// It blocks, with a sentence about every word that does not count.
    Blocks(Text),
    /// Nobody can tell for now.
    Unclear(Gap),
}

/// What somebody's word is worth.
enum Word {
    Counts(String),
    DoesNot(String),
}

impl<'a> Build<'a> {
    pub(super) fn new(
        facts: &'a Facts,
        criteria: &'a Criteria,
        (service, head, scans): (&'a Service, CommitSha, &'a Scans),
    ) -> Build<'a> {
        Build { facts, criteria, service, head, scans, hands: OnceCell::new() }
    }

    fn hands(&self) -> Result<&Option<BTreeSet<String>>, Gap> {
        self.hands.get_or_init(|| hands_in(self.facts, self.criteria)).as_ref().map_err(Gap::clone)
    }

    /// What a person's word is worth for this change.
    fn word_of(&self, name: &str) -> Result<Word, Gap> {
        Ok(match self.hands()? {
            None => Word::DoesNot("nothing was approved before, so nobody can say who had a hand in this".to_owned()),
            Some(hands) if hands.contains(name) => Word::DoesNot(format!("{name} had a hand in this change")),
            Some(_) => Word::Counts(name.to_owned()),
        })
    }
}

/// Looks for somebody's word about a blocking finding of a tool: in the criteria first, then in code scanning.
pub(super) fn exception(tool: &str, finding: &ScanFinding, build: &Build<'_>) -> Exception {
    either(tool, finding, build).unwrap_or_else(Exception::Unclear)
}

fn either(tool: &str, finding: &ScanFinding, build: &Build<'_>) -> Result<Exception, Gap> {
    let said = match accepted(tool, finding, build)? {
        Exception::Blocks(said) => said,
        other @ (Exception::Passes(_) | Exception::Unclear(_)) => return Ok(other),
    };
    Ok(match dismissed(tool, finding, build)? {
        Exception::Blocks(more) => Exception::Blocks(said.then(more)),
        other @ (Exception::Passes(_) | Exception::Unclear(_)) => other,
    })
}

/// What the criteria accept for a time.
fn accepted(tool: &str, finding: &ScanFinding, build: &Build<'_>) -> Result<Exception, Gap> {
    let mut said = Text::new();
    let risks = &build.criteria.terms.security_scan.accepted;
    for risk in risks.iter().filter(|risk| is_about(risk, (tool, finding), build)) {
        match worth(risk, build)? {
            Word::Counts(owner) => {
                let (rule, until) = (shortened(&finding.rule, 60), risk.until);
                let reason = shortened(&risk.reason, 120);
                return Ok(Exception::Passes(format!("{rule} accepted by {owner} until {until} ({reason})")));
            }
            Word::DoesNot(why) => said = said.words(format!(" {why}.")),
        }
    }
    Ok(Exception::Blocks(said))
}

/// A finding without a path is nowhere, so only a risk that is accepted everywhere is about it.
fn is_about(risk: &AcceptedRisk, (tool, finding): (&str, &ScanFinding), build: &Build<'_>) -> bool {
    let here = |at: &OnePath| finding.path.as_deref().is_some_and(|path| at.matches(path));
    risk.tool == tool
        && risk.rule == finding.rule
        && risk.service.as_ref().is_none_or(|service| *service == build.service.name)
        && risk.path.as_ref().is_none_or(here)
}

/// Whether the owner of a risk may still answer for it, or the sentence that says why not.
fn worth(risk: &AcceptedRisk, build: &Build<'_>) -> Result<Word, Gap> {
    let (owner, until) = (&risk.owner, risk.until);
    if until.is_over_at(build.facts.gathered_at) {
        return Ok(Word::DoesNot(format!("{owner} accepted it until {until}, and that day is over")));
    }
    if build.criteria.people.everybody().iter().all(|person| person.name != *owner) {
        let why = format!("{owner} accepted it, which does not count: nobody in the people file has this name");
        return Ok(Word::DoesNot(why));
    }
    Ok(match build.word_of(owner)? {
        Word::DoesNot(why) => Word::DoesNot(format!("{owner} accepted it, which does not count: {why}")),
        counts => counts,
    })
}

/// What became of the finding's alert in code scanning. An alert of another tool or rule is another finding's.
fn dismissed(tool: &str, finding: &ScanFinding, build: &Build<'_>) -> Result<Exception, Gap> {
    let Some(alert) = finding.alert else { return Ok(Exception::Blocks(Text::new())) };
    let dismissed = build.scans.dismissals.known().map_err(Gap::clone)?.get(&alert);
    let same = |one: &&AlertDismissal| one.tool == tool && one.rule.as_deref() == Some(finding.rule.as_str());
    let Some(dismissal) = dismissed.filter(same) else { return Ok(Exception::Blocks(Text::new())) };
    let (rule, reason) = (shortened(&finding.rule, 60), reason(dismissal));
    Ok(match dismissed_by(dismissal.by.as_ref(), build)? {
        Word::Counts(who) => Exception::Passes(format!("{rule} dismissed by {who} ({reason})")),
        Word::DoesNot(why) => {
            let who = name(dismissal.by.as_ref(), build);
            let words = format!(" {who} dismissed alert {alert} ({reason}), which does not count: {why}.");
            Exception::Blocks(Text::new().words(words))
        }
    })
}

fn reason(dismissal: &AlertDismissal) -> String {
    let reason = dismissal.reason.as_deref().map_or_else(|| "no reason".to_owned(), |reason| shortened(reason, 40));
    match dismissal.comment.as_deref().map(|comment| shortened(comment, 80)) {
        Some(comment) if !comment.is_empty() => format!("{reason}: {comment}"),
        Some(_) | None => reason,
    }
}

fn name(account: Option<&Account>, build: &Build<'_>) -> String {
    let Some(account) = account else { return "A deleted account".into() };
    let person = build.criteria.people.by_account(account.id);
    person.map_or_else(|| shortened(&account.login, 60), |person| person.name.clone())
}

fn dismissed_by(account: Option<&Account>, build: &Build<'_>) -> Result<Word, Gap> {
    let Some(account) = account else { return Ok(Word::DoesNot("nobody can say who that was".into())) };
    if account.kind != AccountKind::User {
        return Ok(Word::DoesNot("it is not a person's account".into()));
    }
    match build.criteria.people.by_account(account.id) {
        Some(person) => build.word_of(&person.name),
        None => Ok(Word::DoesNot(format!("{} is not in the people file", account.id))),
    }
}
