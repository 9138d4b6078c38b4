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
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, Gap, Scans};
use exceptions::{Build, Exception, exception};

/// At most this many findings of a scan are named one by one.
const MOST_NAMED: usize = 5;

/// What one expected scan came to.
enum Scan {
    /// Done, and nothing blocks; with what passes although it would.
    Clean(Vec<String>),
    NotDone(Text),
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
            let found = analysis_of((tool, category), head, scans);
            found.is_some_and(has_alert).then_some(tool.as_str())
        }
        Scanner::Check { .. } | Scanner::Status { .. } | Scanner::Sarif { .. } => None,
    };
    service.scanners.iter().filter_map(with_alert).collect()
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

fn analysis_of<'a>((tool, category): (&str, &str), head: &CommitSha, scans: &'a Scans) -> Option<&'a Analysis> {
    let is_it = |one: &&Analysis| one.tool == tool && one.category == category && one.commit == *head;
    scans.analyses.iter().find(is_it)
}

fn analysis((tool, category): (&str, &str), rules: Rules, build: &Build<'_>) -> Scan {
    let scans = build.scans;
    let Some(found) = analysis_of((tool, category), &build.head, scans) else {
        let of_tool = |analysis: &&Analysis| analysis.tool == tool && analysis.category == category;
        let newest = scans.analyses.iter().filter(of_tool).max_by_key(|analysis| analysis.created_at);
        return Scan::NotDone(missing(tool, newest));
    };
    if !found.error.is_empty() {
        return Scan::NotDone(
            Text::new().words(format!("{tool} ended with an error: ")).quoted(&found.error).words("."),
        );
    }
    if found.rules == 0 && rules == Rules::All {
        return Scan::NotDone(format!("{tool} ran no rules, so it looked at nothing.").into());
    }
    match scans.findings.get(&found.id) {
        None => Scan::Unclear(not_asked(), Vec::new()),
        Some(findings) => match findings.known() {
            Err(gap) => Scan::Unclear(gap.clone(), Vec::new()),
            Ok(findings) if (findings.len() as u64) < found.results => {
                Scan::NotDone(format!("{tool} reports {} results and lists {}.", found.results, findings.len()).into())
            }
            Ok(findings) => judged(tool, findings, build),
        },
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
fn judged(tool: &str, findings: &[ScanFinding], build: &Build<'_>) -> Scan {
    let (mut passing, mut blocking, mut unclear) = (Vec::new(), Vec::new(), None);
    for finding in findings.iter().filter(|finding| blocks(finding, build.criteria)) {
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
    let (mut passing, mut not_done, mut dirty, mut unclear) = (Vec::new(), Vec::new(), Vec::new(), None);
    for result in results {
        match result {
            Scan::Clean(how) => passing.extend(how),
            Scan::NotDone(why) => not_done.push(why),
            Scan::Dirty(findings) => dirty.extend(findings),
            Scan::Unclear(gap, findings) => unclear = Some((gap, findings)),
        }
    }
    match (dirty.is_empty(), not_done.is_empty(), unclear) {
        (false, _, _) => with_findings(dirty),
        (true, false, _) => without_scan(not_done, head),
        (true, true, Some((gap, findings))) => Finding::unknown(&gap).about(first_of(findings)),
        (true, true, None) => clean(&format!("{scans} of {}", head.short()), &passing),
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
