//! Every expected security scan of exactly this commit is done and clean (policy: security scans).
//!
//! No scan and a clean scan look alike to whoever counts findings. So a scan is proven first: its commit, no error, and
//! that it ran rules at all.

mod exceptions;
mod producers;
mod uploads;

use std::collections::BTreeSet;

use crate::model::{Analysis, CommitSha, Rules, ScanFinding, Scanner, Service, Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Outcome, Todo};
use crate::policy::facts::{Fact, Facts, Gap, Scans};
use exceptions::{Build, Exception, exception};

/// At most this many findings of a scan are named one by one.
const MOST_NAMED: usize = 5;

/// What one expected scan came to.
enum Scan {
    /// Done, and nothing blocks; with what passes although it would.
    Clean(Vec<String>),
    NotDone(Text),
    /// Done, and not all of it was kept: scanning again does not help.
    Cut(Text),
    Dirty(Vec<Text>),
    Unclear(Gap, Vec<Text>),
}

/// Are all security scans of exactly this commit done and clean?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let Some(service) = facts.placement.service() else {
        return Finding::unknown(&not_asked());
    };
    let Some(head) = facts.head() else { return Finding::unknown(&not_asked()) };
    if service.scanners.is_empty() {
        return Finding::not_met(
            "no scanner is registered",
            format!("No security scanner is registered for {}.", service.name),
            Todo::decide("register the service's scanners in cm-bot's settings; until then an approver decides."),
        );
    }
    let scans = match facts.scans.known() {
        Ok(scans) => scans,
        Err(gap) => return Finding::unknown(gap),
    };
    let build = Build::new(facts, criteria, (service, head, scans));
    let results: Vec<Scan> = service.scanners.iter().map(|scanner| result(scanner, &build)).collect();
    sum(results, &build.head)
}

/// The tools with a finding of this commit that blocks unless somebody dismissed its alert. Only then is it worth asking
/// for the alerts.
#[must_use]
pub fn tools_with_alerts<'a>(
    (service, head): (&'a Service, &CommitSha),
    scans: &Scans,
    criteria: &Criteria,
) -> BTreeSet<&'a str> {
    let has_alert = |analysis: &Analysis| {
        let findings = scans.findings.get(&analysis.id).and_then(|findings| findings.known().ok());
        findings.is_some_and(|all| all.iter().any(|one| one.alert.is_some() && blocks(one, criteria)))
    };
    let with_alert = |scanner: &'a Scanner| match scanner {
        Scanner::Analysis { tool, category, .. } => {
            analyses_of((tool, category), head, scans).any(has_alert).then_some(tool.as_str())
        }
        Scanner::Check { .. } | Scanner::Status { .. } | Scanner::Sarif { .. } => None,
    };
    service.scanners.iter().filter_map(with_alert).collect()
}

/// What files say that came after a change was judged: why its scans are not clean any more. Where they were not, and people
/// approved it all the same, only what they had not seen.
#[must_use]
pub fn against_since(then: &Facts, now: &Facts, criteria: &Criteria) -> Vec<Text> {
    let finding = check(now, criteria);
    if finding.outcome == Outcome::Met {
        return Vec::new();
    }
    if check(then, criteria).outcome == Outcome::Met {
        return finding.details;
    }
    let mut told = blocking_in_files(then, criteria);
    let mut new = Vec::new();
    for one in blocking_in_files(now, criteria) {
        if !told.contains(&one) {
            told.push(one.clone());
            new.push(one);
        }
    }
    first_of(new)
}

/// Everything that blocks in what pipelines sent; what several files found, as often.
fn blocking_in_files(facts: &Facts, criteria: &Criteria) -> Vec<Text> {
    let (Some(service), Some(head), Ok(scans)) = (facts.placement.service(), facts.head(), facts.scans.known()) else {
        return Vec::new();
    };
    let build = Build::new(facts, criteria, (service, head, scans));
    let files = service.scanners.iter().filter(|scanner| scanner.uploaded().is_some());
    let found = files.flat_map(|scanner| match result(scanner, &build) {
        Scan::Dirty(findings) | Scan::Unclear(_, findings) => findings,
        Scan::Clean(_) | Scan::NotDone(_) | Scan::Cut(_) => Vec::new(),
    });
    found.collect()
}

fn not_asked() -> Gap {
    use crate::policy::facts::{GapReason, Source};
    Gap { what: "the scans of the build".into(), source: Source::Github, reason: GapReason::NotAsked }
}

fn result(scanner: &Scanner, build: &Build<'_>) -> Scan {
    match scanner {
        Scanner::Analysis { tool, category, rules } => analysis((tool, category), *rules, build),
        Scanner::Check { check, app_id } => producers::check_run(check, *app_id, build),
        Scanner::Status { status, creator_id } => producers::status(status, *creator_id, build),
        Scanner::Sarif { sarif, rules } => uploads::uploaded(sarif, *rules, build),
    }
}

/// Newest first.
fn analyses_of<'a>(
    (tool, category): (&'a str, &'a str),
    head: &'a CommitSha,
    scans: &'a Scans,
) -> impl Iterator<Item = &'a Analysis> {
    scans.analyses.iter().filter(move |one| one.tool == tool && one.category == category && one.commit == *head)
}

/// The newest analysis must have ended well. What any of them found counts, also one that broke off: whoever may send one could
/// send a clean one after the scanner's.
fn analysis((tool, category): (&str, &str), rules: Rules, build: &Build<'_>) -> Scan {
    let scans = build.scans;
    let all = || analyses_of((tool, category), &build.head, scans);
    let Some(newest) = all().next() else {
        let of_tool = |analysis: &&Analysis| analysis.tool == tool && analysis.category == category;
        let newest = scans.analyses.iter().filter(of_tool).max_by_key(|analysis| analysis.created_at);
        return Scan::NotDone(missing(tool, newest));
    };
    if !newest.error.is_empty() {
        return Scan::NotDone(
            Text::new().words(format!("{tool} ended with an error: ")).quoted(&newest.error).words("."),
        );
    }
    if newest.rules == 0 && rules == Rules::All {
        return Scan::NotDone(format!("{tool} ran no rules, so it looked at nothing.").into());
    }
    let findings: Vec<&ScanFinding> = blocking(all(), scans, build.criteria);
    match (judged(tool, findings, build), all().find_map(|one| not_whole(one, scans))) {
        (Scan::Clean(_), Some(why)) => why,
        (result, _) => result,
    }
}

/// What blocks of all that these analyses found. One may find again what another has found.
fn blocking<'a>(
    analyses: impl Iterator<Item = &'a Analysis>,
    scans: &'a Scans,
    criteria: &Criteria,
) -> Vec<&'a ScanFinding> {
    let mut all: Vec<&ScanFinding> = Vec::new();
    for analysis in analyses {
        let findings = scans.findings.get(&analysis.id).and_then(|findings| findings.known().ok());
        let found = findings.into_iter().flatten().filter(|one| blocks(one, criteria));
        let new: Vec<&ScanFinding> = found.filter(|one| !all.contains(one)).collect();
        all.extend(new);
    }
    all
}

/// Why nobody can say that these are all findings of an analysis. Of one that broke off nobody expects all.
fn not_whole(analysis: &Analysis, scans: &Scans) -> Option<Scan> {
    let Analysis { id, tool, results, warning, error, .. } = analysis;
    if !warning.is_empty() {
        return Some(Scan::Cut(
            Text::new().words(format!("GitHub warns of the {tool} scan: ")).quoted(warning).words("."),
        ));
    }
    match scans.findings.get(id).map(Fact::known) {
        None | Some(Ok(_)) if !error.is_empty() => None,
        None => Some(Scan::Unclear(not_asked(), Vec::new())),
        Some(Err(gap)) => Some(Scan::Unclear(gap.clone(), Vec::new())),
        Some(Ok(findings)) if (findings.len() as u64) < *results => {
            Some(Scan::NotDone(format!("{tool} reports {results} results and lists {}.", findings.len()).into()))
        }
        Some(Ok(_)) => None,
    }
}

fn missing(tool: &str, newest: Option<&Analysis>) -> Text {
    match newest {
        None => format!("There is no {tool} scan of this repository.").into(),
        Some(other) => Text::new()
            .words(format!("The newest {tool} scan is of "))
            .code(other.commit.short())
            .words(format!(" ({}), not of this commit.", other.created_at.day_and_clock())),
    }
}

fn blocks(finding: &ScanFinding, criteria: &Criteria) -> bool {
    finding.severity >= criteria.terms.security_scan.blocking_severity
}

/// What the findings of a finished scan come to.
fn judged<'a>(tool: &str, findings: impl IntoIterator<Item = &'a ScanFinding>, build: &Build<'_>) -> Scan {
    let (mut passing, mut blocking, mut unclear) = (Vec::new(), Vec::new(), None);
    for finding in findings.into_iter().filter(|finding| blocks(finding, build.criteria)) {
        match exception(tool, finding, build) {
            Exception::Passes(how) => passing.push(how),
            Exception::Blocks(why) => blocking.push(sentence(tool, finding).then(why)),
            Exception::Unclear(gap) => {
                blocking.push(sentence(tool, finding));
                unclear = Some(gap);
            }
        }
    }
    match (unclear, blocking.is_empty()) {
        (Some(gap), _) => Scan::Unclear(gap, blocking),
        (None, false) => Scan::Dirty(blocking),
        (None, true) => Scan::Clean(passing),
    }
}

fn sentence(tool: &str, finding: &ScanFinding) -> Text {
    let start =
        Text::new().words(format!("{}: ", finding.severity)).quoted(&finding.rule).words(", ").quoted(&finding.message);
    match &finding.path {
        Some(path) => start.words(" in ").quoted(path).words(format!(" ({tool}).")),
        None => start.words(format!(" ({tool}).")),
    }
}

fn sum(results: Vec<Scan>, head: &CommitSha) -> Finding {
    let scans = plural(results.len(), "scan");
    let (mut passing, mut not_done, mut cut, mut dirty, mut unclear) = (vec![], vec![], vec![], vec![], None);
    for result in results {
        match result {
            Scan::Clean(how) => passing.extend(how),
            Scan::NotDone(why) => not_done.push(why),
            Scan::Cut(why) => cut.push(why),
            Scan::Dirty(findings) => dirty.extend(findings),
            Scan::Unclear(gap, findings) => unclear = Some((gap, findings)),
        }
    }
    match unclear {
        _ if !dirty.is_empty() => with_findings(dirty),
        _ if !not_done.is_empty() => without_scan(not_done, head),
        _ if !cut.is_empty() => not_kept(cut),
        Some((gap, findings)) => Finding::unknown(&gap).about(first_of(findings)),
        None => clean(&format!("{scans} of {}", head.short()), &passing),
    }
}

/// Everything that passes although it would block is told, also to those who look at it a year later.
fn clean(scans: &str, passing: &[String]) -> Finding {
    if passing.is_empty() {
        return Finding::met(format!("{scans} clean"));
    }
    let more = passing.len().saturating_sub(MOST_NAMED);
    let named = passing.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
    let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
    Finding::met(format!("{scans} clean but for {}: {named}{rest}", plural(passing.len(), "finding")))
        .about(passing.iter().map(|one| Text::from(one.as_str())).collect())
}

fn with_findings(dirty: Vec<Text>) -> Finding {
    let count = dirty.len();
    let headline = format!("The security scan of this build has {}.", plural(count, "blocking finding"));
    let todo = Todo::fix("fix it, build again and put the new commit into the ticket.");
    Finding::not_met(plural(count, "blocking finding"), headline, todo).about(first_of(dirty))
}

fn first_of(mut findings: Vec<Text>) -> Vec<Text> {
    let more = findings.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        findings.truncate(MOST_NAMED);
        findings.push(format!("And {more} more.").into());
    }
    findings
}

fn without_scan(not_done: Vec<Text>, head: &CommitSha) -> Finding {
    let todo = Todo::fix(format!("run the scan for commit {}; the ticket is checked again by itself.", head.short()));
    Finding::not_met("no scan of this build", "There is no finished security scan of exactly this build.", todo)
        .about(not_done)
}

/// Another scan of the same commit would not make up for it: whoever may send one could send a clean one.
fn not_kept(cut: Vec<Text>) -> Finding {
    let todo =
        Todo::decide("an approver looks at the results and decides, or a build with fewer of them is requested.");
    Finding::not_met(
        "a scan of which not all was kept",
        "Not all that a security scan of this build found was kept.",
        todo,
    )
    .about(cut)
}
