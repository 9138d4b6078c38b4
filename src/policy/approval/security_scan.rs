//! Every expected security scan of exactly this commit is done and clean (policy: security scans).
//!
//! No scan and a clean scan look alike to whoever counts findings. So a scan is proven first: its commit, no error, and
//! that it ran rules at all.

use crate::model::{Analysis, CheckRun, CommitSha, Conclusion, ScanFinding, Scanner, Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, Gap, Scans};

/// At most this many findings of a scan are named one by one.
const MOST_NAMED: usize = 5;

/// What one expected scan came to.
enum Scan {
    Clean,
    NotDone(Text),
    Dirty(Vec<Text>),
    Unclear(Gap),
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
    let results: Vec<Scan> = service.scanners.iter().map(|scanner| result(scanner, &head, scans, criteria)).collect();
    sum(&results, &head)
}

fn not_asked() -> Gap {
    use crate::policy::facts::{GapReason, Source};
    Gap { what: "the scans of the build".into(), source: Source::Github, reason: GapReason::NotAsked }
}

fn result(scanner: &Scanner, head: &CommitSha, scans: &Scans, criteria: &Criteria) -> Scan {
    match scanner {
        Scanner::Analysis { tool, category } => analysis(tool, category, head, scans, criteria),
        Scanner::Check { check, app_id } => check_run(check, *app_id, head, scans),
    }
}

fn analysis(tool: &str, category: &str, head: &CommitSha, scans: &Scans, criteria: &Criteria) -> Scan {
    let of_tool = |analysis: &&Analysis| analysis.tool == tool && analysis.category == category;
    let Some(found) = scans.analyses.iter().filter(of_tool).find(|analysis| analysis.commit == *head) else {
        let newest = scans.analyses.iter().filter(of_tool).max_by_key(|analysis| analysis.created_at);
        return Scan::NotDone(missing(tool, newest));
    };
    if !found.error.is_empty() {
        return Scan::NotDone(
            Text::new().words(format!("{tool} ended with an error: ")).quoted(&found.error).words("."),
        );
    }
    if found.rules == 0 {
        return Scan::NotDone(format!("{tool} ran no rules, so it looked at nothing.").into());
    }
    match scans.findings.get(&found.id) {
        None => Scan::Unclear(not_asked()),
        Some(findings) => match findings.known() {
            Err(gap) => Scan::Unclear(gap.clone()),
            Ok(findings) if (findings.len() as u64) < found.results => {
                Scan::NotDone(format!("{tool} reports {} results and lists {}.", found.results, findings.len()).into())
            }
            Ok(findings) => blocking(tool, findings, criteria),
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

fn blocking(tool: &str, findings: &[ScanFinding], criteria: &Criteria) -> Scan {
    let least = criteria.terms.security_scan.blocking_severity;
    let blocking: Vec<&ScanFinding> = findings.iter().filter(|finding| finding.severity >= least).collect();
    if blocking.is_empty() {
        Scan::Clean
    } else {
        Scan::Dirty(blocking.into_iter().map(|one| sentence(tool, one)).collect())
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

/// Only `success` is a yes: a scan that was skipped is no scan, although GitHub shows it green. Of several runs of one
/// check the worst counts.
fn check_run(name: &str, app_id: u64, head: &CommitSha, scans: &Scans) -> Scan {
    let is_it = |run: &&CheckRun| run.name == name && run.app_id == app_id && run.commit == *head;
    let ends: Vec<&Conclusion> = scans.checks.iter().filter(is_it).map(|run| &run.conclusion).collect();
    match ends.iter().find(|end| ***end != Conclusion::Success).or(ends.first()) {
        Some(Conclusion::Success) => Scan::Clean,
        Some(Conclusion::Running) => Scan::NotDone(format!("The check {name} is still running.").into()),
        Some(Conclusion::Other(how)) => Scan::NotDone(
            Text::new().words(format!("The check {name} ended with ")).quoted(how).words(", not with success."),
        ),
        None => Scan::NotDone(format!("There is no check {name} by App {app_id} on this commit.").into()),
    }
}

fn sum(results: &[Scan], head: &CommitSha) -> Finding {
    let mut not_done = Vec::new();
    let mut dirty = Vec::new();
    let mut unclear = None;
    for result in results {
        match result {
            Scan::Clean => {}
            Scan::NotDone(why) => not_done.push(why.clone()),
            Scan::Dirty(findings) => dirty.extend(findings.iter().cloned()),
            Scan::Unclear(gap) => unclear = Some(gap),
        }
    }
    match (dirty.is_empty(), not_done.is_empty(), unclear) {
        (false, _, _) => with_findings(dirty),
        (true, false, _) => without_scan(not_done, head),
        (true, true, Some(gap)) => Finding::unknown(gap),
        (true, true, None) => Finding::met(format!("{} of {} clean", plural(results.len(), "scan"), head.short())),
    }
}

fn with_findings(mut dirty: Vec<Text>) -> Finding {
    let count = dirty.len();
    let headline = format!("The security scan of this build has {}.", plural(count, "blocking finding"));
    if count > MOST_NAMED {
        dirty.truncate(MOST_NAMED);
        dirty.push(format!("And {} more in code scanning.", count - MOST_NAMED).into());
    }
    let todo = Todo::fix("fix it, build again and put the new commit into the ticket.");
    Finding::not_met(plural(count, "blocking finding"), headline, todo).about(dirty)
}

fn without_scan(not_done: Vec<Text>, head: &CommitSha) -> Finding {
    let todo = Todo::fix(format!("run the scan for commit {}; the ticket is checked again by itself.", head.short()));
    Finding::not_met("no scan of this build", "There is no finished security scan of exactly this build.", todo)
        .about(not_done)
}
