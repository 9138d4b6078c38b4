//! The scans of exactly this build are done and clean.

use cm_bot::model::{CheckRun, Conclusion, ScanFinding, Scanner, Severity};
use cm_bot::policy::decision::{Kind, Outcome};
use cm_bot::policy::facts::{Fact, Facts, Placement};

use crate::support::facts::{finding, judge, passing, read, scans, sha};

const RULE: &str = "security_scan";

fn blocked(facts: &Facts) -> String {
    let finding = finding(facts, RULE);
    assert_eq!(finding.outcome, Outcome::NotMet);
    assert_eq!(judge(facts).kind(), Kind::Block);
    read(&finding)
}

fn with_finding(severity: Severity) -> Facts {
    let mut facts = passing();
    let found = ScanFinding {
        rule: "js/sql-injection".into(),
        message: "This query depends on a user-provided value.".into(),
        severity,
        path: Some("src/totals.js".into()),
    };
    scans(&mut facts).analyses[0].results = 1;
    scans(&mut facts).findings.insert(1, Fact::Known(vec![found]));
    facts
}

fn with_check(conclusion: Conclusion) -> Facts {
    let mut facts = passing();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.scanners = vec![Scanner::Check { check: "container-scan".into(), app_id: 7 }];
    }
    let run = CheckRun { name: "container-scan".into(), app_id: 7, commit: sha('c'), conclusion };
    scans(&mut facts).checks = vec![run];
    facts
}

#[test]
fn a_clean_scan_of_this_commit_is_enough() {
    assert_eq!(finding(&passing(), RULE).seen, "1 scan of ccccccc clean");
}

#[test]
fn a_repository_that_nobody_scans_is_not_clean() {
    let mut facts = passing();
    scans(&mut facts).analyses.clear();
    insta::assert_snapshot!(blocked(&facts), @r"
    There is no finished security scan of exactly this build.
      There is no CodeQL scan of this repository.
      Do this: run the scan for commit ccccccc; the ticket is checked again by itself.
    ");
}

#[test]
fn a_scan_of_another_commit_does_not_count() {
    let mut facts = passing();
    scans(&mut facts).analyses[0].commit = sha('b');
    assert!(
        blocked(&facts).contains("The newest CodeQL scan is of bbbbbbb (2026-11-02 09:00 UTC), not of this commit.")
    );
}

#[test]
fn a_scan_of_another_category_does_not_count() {
    let mut facts = passing();
    scans(&mut facts).analyses[0].category = "/language:python".into();
    assert!(blocked(&facts).contains("There is no CodeQL scan of this repository."));
}

#[test]
fn a_scan_that_failed_or_looked_at_nothing_does_not_count() {
    let mut facts = passing();
    scans(&mut facts).analyses[0].error = "out of memory".into();
    assert!(blocked(&facts).contains("CodeQL ended with an error: out of memory."));
    let mut facts = passing();
    scans(&mut facts).analyses[0].rules = 0;
    assert!(blocked(&facts).contains("CodeQL ran no rules, so it looked at nothing."));
}

#[test]
fn findings_from_the_threshold_on_block() {
    insta::assert_snapshot!(blocked(&with_finding(Severity::High)), @r"
    The security scan of this build has 1 blocking finding.
      High: js/sql-injection, This query depends on a user-provided value. in src/totals.js (CodeQL).
      Do this: fix it, build again and put the new commit into the ticket.
    ");
    for blocking in [Severity::Critical, Severity::Unrated] {
        blocked(&with_finding(blocking));
    }
    for harmless in [Severity::Medium, Severity::Low, Severity::None] {
        assert_eq!(judge(&with_finding(harmless)).kind(), Kind::Approve);
    }
}

#[test]
fn fewer_findings_than_reported_are_not_all() {
    let mut facts = passing();
    scans(&mut facts).analyses[0].results = 3;
    assert!(blocked(&facts).contains("CodeQL reports 3 results and lists 0."));
}

#[test]
fn findings_that_could_not_be_read_are_unknown() {
    let mut facts = passing();
    scans(&mut facts).findings.insert(1, Fact::not_asked("the findings"));
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
    scans(&mut facts).findings.clear();
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
}

#[test]
fn a_check_counts_only_when_it_succeeded() {
    assert_eq!(judge(&with_check(Conclusion::Success)).kind(), Kind::Approve);
    assert!(blocked(&with_check(Conclusion::Running)).contains("The check container-scan is still running."));
    for end in ["failure", "skipped", "neutral", "stale", "something new"] {
        let said = blocked(&with_check(Conclusion::Other(end.into())));
        assert!(said.contains(&format!("The check container-scan ended with {end}, not with success.")), "{said}");
    }
}

#[test]
fn a_check_of_another_app_or_commit_does_not_count() {
    let mut facts = with_check(Conclusion::Success);
    scans(&mut facts).checks[0].app_id = 8;
    assert!(blocked(&facts).contains("There is no check container-scan by App 7 on this commit."));
    let mut facts = with_check(Conclusion::Success);
    scans(&mut facts).checks[0].commit = sha('b');
    blocked(&facts);
}

#[test]
fn of_several_runs_of_a_check_the_worst_counts() {
    let mut facts = with_check(Conclusion::Success);
    let mut failed = scans(&mut facts).checks[0].clone();
    failed.conclusion = Conclusion::Other("failure".into());
    scans(&mut facts).checks.push(failed);
    assert!(blocked(&facts).contains("ended with failure"));
}

#[test]
fn a_service_without_a_scanner_is_for_a_human() {
    let mut facts = passing();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.scanners.clear();
    }
    assert_eq!(judge(&facts).kind(), Kind::Hold);
    assert_eq!(finding(&facts, RULE).headline, "No security scanner is registered for billing-api.");
}
