//! The scans of exactly this build are done and clean.

use std::collections::BTreeMap;

use cm_bot::model::{
    Account, AccountKind, AlertDismissal, CheckRun, CommitStatus, Conclusion, Field, GithubId, Rules, ScanFinding,
    Scanner, Severity, Text, Timestamp, UploadedRun,
};
use cm_bot::policy::approval::security_scan::{against_since, tools_with_alerts};
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::{Finding, Kind, Outcome};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts, Gap, GapReason, Placement, Source};

use crate::support::facts::{NOW, criteria, criteria_with, finding, judge, passing, range, read, scans, sha, user};

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
        alert: None,
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

/// A blocking finding whose alert 12 somebody dismissed.
fn dismissed(by: Option<Account>) -> Facts {
    let mut facts = with_finding(Severity::High);
    if let Some(Fact::Known(findings)) = scans(&mut facts).findings.get_mut(&1) {
        findings[0].alert = Some(12);
    }
    let dismissal = AlertDismissal {
        tool: "CodeQL".into(),
        rule: Some("js/sql-injection".into()),
        by,
        reason: Some("false positive".into()),
        comment: Some("The value is a constant.".into()),
    };
    scans(&mut facts).dismissals = Fact::Known(BTreeMap::from([(12, dismissal)]));
    facts
}

fn alert(facts: &mut Facts) -> &mut AlertDismissal {
    match &mut scans(facts).dismissals {
        Fact::Known(all) => all.get_mut(&12).unwrap(),
        Fact::Unknown(gap) => panic!("{gap}"),
    }
}

fn tools(facts: &Facts) -> Vec<&str> {
    let service = facts.placement.service().unwrap();
    let scans = facts.scans.known().unwrap();
    tools_with_alerts((service, &sha('c')), scans, &criteria()).into_iter().collect()
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

/// What an analysis found that broke off counts, so it counts as well that nobody could read it.
#[test]
fn findings_of_a_broken_analysis_that_cannot_be_read_are_not_none() {
    let with_broken = |findings| {
        let mut facts = passing();
        let mut broken = scans(&mut facts).analyses[0].clone();
        (broken.id, broken.error, broken.results) = (2, "out of memory".into(), 3);
        scans(&mut facts).analyses.push(broken);
        scans(&mut facts).findings.insert(2, findings);
        judge(&facts).kind()
    };
    assert_eq!(with_broken(Fact::Known(Vec::new())), Kind::Approve, "fewer than it says: it broke off");
    assert_ne!(with_broken(Fact::not_asked("the findings")), Kind::Approve);
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

#[test]
fn a_finding_that_somebody_else_dismissed_passes_and_says_who_and_why() {
    let mut facts = dismissed(Some(user("priya", 1003)));
    // Whoever only merged had no hand in the change.
    range(&mut facts).commits[1].authors[0].account = Some(user("priya", 1003));
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    assert_eq!(
        finding(&facts, RULE).seen,
        "1 scan of ccccccc clean but for 1 finding: js/sql-injection dismissed by Priya Nair (false positive: The value is a constant.)"
    );
}

#[test]
fn a_dismissal_by_a_contributor_does_not_count() {
    insta::assert_snapshot!(blocked(&dismissed(Some(user("dana", 1001)))), @r"
    The security scan of this build has 1 blocking finding.
      High: js/sql-injection, This query depends on a user-provided value. in src/totals.js (CodeQL). Dana Reyes dismissed alert 12 (false positive: The value is a constant.), which does not count: Dana Reyes had a hand in this change.
      Do this: fix it, build again and put the new commit into the ticket.
    ");
}

#[test]
fn a_dismissal_without_words_says_only_its_reason() {
    let mut facts = dismissed(Some(user("dana", 1001)));
    for nothing in [None, Some(" \n".to_owned())] {
        alert(&mut facts).comment = nothing;
        assert!(blocked(&facts).contains("Dana Reyes dismissed alert 12 (false positive), which does not count"));
    }
}

#[test]
fn a_dismissal_by_the_author_of_a_commit_without_a_pull_request_does_not_count() {
    let mut facts = dismissed(Some(user("priya", 1003)));
    range(&mut facts).commits[0].authors[0].account = Some(user("priya", 1003));
    assert!(blocked(&facts).contains("which does not count: Priya Nair had a hand in this change."));
}

#[test]
fn a_dismissal_by_a_bot_a_stranger_or_nobody_does_not_count() {
    let bot = Account { kind: AccountKind::Bot, ..user("tidy", 1003) };
    let said = blocked(&dismissed(Some(bot)));
    assert!(said.contains("dismissed alert 12 (false positive: The value is a constant.), which does not count: it is not a person's account."), "{said}");
    let said = blocked(&dismissed(Some(user("mallory", 66))));
    assert!(said.contains("mallory dismissed alert 12"), "{said}");
    assert!(said.contains("which does not count: GitHub account 66 is not in the people file."), "{said}");
    let said = blocked(&dismissed(None));
    assert!(said.contains("A deleted account dismissed alert 12"), "{said}");
}

#[test]
fn a_dismissal_of_another_alert_tool_or_rule_does_not_count() {
    let by_priya = || dismissed(Some(user("priya", 1003)));
    let mut facts = by_priya();
    alert(&mut facts).rule = Some("js/xss".into());
    assert!(!blocked(&facts).contains("dismissed"));
    let mut facts = by_priya();
    alert(&mut facts).tool = "Semgrep".into();
    blocked(&facts);
    let mut facts = by_priya();
    scans(&mut facts).dismissals = Fact::Known(BTreeMap::new());
    blocked(&facts);
}

#[test]
fn alerts_that_could_not_be_read_are_unknown_and_the_findings_are_named() {
    let mut facts = dismissed(Some(user("priya", 1003)));
    let gap = Gap { what: "the dismissed alerts".into(), source: Source::Github, reason: GapReason::Unreachable };
    scans(&mut facts).dismissals = Fact::Unknown(gap);
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
    assert_eq!(judge(&facts).kind(), Kind::CouldNotCheck);
    insta::assert_snapshot!(read(&finding(&facts, RULE)), @r"
    GitHub did not answer when asked for the dismissed alerts.
      High: js/sql-injection, This query depends on a user-provided value. in src/totals.js (CodeQL).
      Do this: nothing; cm-bot tries again by itself.
    ");
}

#[test]
fn a_dismissal_counts_only_when_it_is_known_who_had_a_hand_in_the_change() {
    let mut facts = dismissed(Some(user("priya", 1003)));
    facts.pull_requests = Fact::not_asked("the pull requests of the commits");
    assert_eq!(finding(&facts, RULE).outcome, Outcome::Unknown);
    let mut facts = dismissed(Some(user("priya", 1003)));
    facts.baseline = Fact::Known(None);
    assert!(blocked(&facts).contains("nothing was approved before, so nobody can say who had a hand in this."));
}

#[test]
fn alerts_are_asked_for_only_when_a_finding_of_this_commit_blocks() {
    assert!(tools(&passing()).is_empty());
    assert!(tools(&with_finding(Severity::High)).is_empty(), "without an alert nobody can have dismissed it");
    let mut facts = dismissed(None);
    assert_eq!(tools(&facts), ["CodeQL"]);
    scans(&mut facts).analyses[0].commit = sha('b');
    assert!(tools(&facts).is_empty(), "the scan is of another commit");
    let mut facts = dismissed(None);
    if let Some(Fact::Known(findings)) = scans(&mut facts).findings.get_mut(&1) {
        findings[0].severity = Severity::Medium;
    }
    assert!(tools(&facts).is_empty());
}

/// The shipped criteria with an accepted risk; `old` becomes `new` in it.
fn accepting(old: &str, new: &str) -> Criteria {
    let risk = "[[security_scan.accepted]]\ntool = \"CodeQL\"\nrule = \"js/sql-injection\"\npath = \"src/**\"\nservice = \"billing-api\"\nowner = \"Priya Nair\"\nreason = \"The value is a constant.\"\nuntil = 2026-11-02\n";
    assert!(risk.contains(old));
    criteria_with("[version_bump]", &format!("{}\n[version_bump]", risk.replacen(old, new, 1)))
}

fn under(criteria: &Criteria, facts: &Facts) -> Finding {
    let decision = evaluate(facts, criteria, NOW);
    let judged = decision.findings().iter().find(|judged| judged.rule == RULE).unwrap();
    assert_eq!(decision.kind() == Kind::Approve, judged.finding.outcome == Outcome::Met);
    judged.finding.clone()
}

#[test]
fn an_accepted_risk_passes_and_says_who_answers_for_it_and_until_when() {
    let found = under(&accepting("", ""), &with_finding(Severity::High));
    let passes = "js/sql-injection accepted by Priya Nair until 2026-11-02 (The value is a constant.)";
    assert_eq!(found.seen, format!("1 scan of ccccccc clean but for 1 finding: {passes}"));
    assert_eq!(found.details.iter().map(Text::plain).collect::<Vec<_>>(), [passes]);
    for anywhere in ["path = \"src/**\"\n", "service = \"billing-api\"\n"] {
        assert_eq!(under(&accepting(anywhere, ""), &with_finding(Severity::High)).outcome, Outcome::Met);
    }
}

#[test]
fn an_accepted_risk_ends_with_its_day() {
    let mut facts = with_finding(Severity::High);
    facts.gathered_at = Timestamp::parse("2026-11-03T00:00:00Z").unwrap();
    let said = read(&under(&accepting("", ""), &facts));
    assert!(said.contains("(CodeQL). Priya Nair accepted it until 2026-11-02, and that day is over."), "{said}");
    facts.gathered_at = Timestamp::parse("2026-11-02T23:59:59Z").unwrap();
    assert_eq!(under(&accepting("", ""), &facts).outcome, Outcome::Met);
}

#[test]
fn the_owner_of_a_risk_is_known_and_had_no_hand_in_the_change() {
    let said = |owner| read(&under(&accepting("Priya Nair", owner), &with_finding(Severity::High)));
    let own = said("Dana Reyes");
    assert!(
        own.contains("Dana Reyes accepted it, which does not count: Dana Reyes had a hand in this change."),
        "{own}"
    );
    let nobody = said("Nobody Atall");
    assert!(
        nobody.contains("Nobody Atall accepted it, which does not count: nobody in the people file has this name.")
    );
}

#[test]
fn an_accepted_risk_is_about_its_tool_rule_path_and_service() {
    let others = [
        ("\"CodeQL\"", "\"Semgrep\""),
        ("js/sql-injection", "js/sql-injectio"),
        ("src/**", "lib/**"),
        ("billing-api", "ledger"),
    ];
    for (old, new) in others {
        assert_eq!(under(&accepting(old, new), &with_finding(Severity::High)).outcome, Outcome::NotMet, "{new}");
    }
    let mut facts = with_finding(Severity::High);
    if let Some(Fact::Known(findings)) = scans(&mut facts).findings.get_mut(&1) {
        findings[0].path = None;
    }
    assert_eq!(under(&accepting("", ""), &facts).outcome, Outcome::NotMet, "a finding without a path is nowhere");
}

#[test]
fn an_ended_risk_does_not_stand_in_the_way_of_a_dismissal() {
    let found = under(&accepting("Priya Nair", "Dana Reyes"), &dismissed(Some(user("priya", 1003))));
    assert_eq!(found.outcome, Outcome::Met);
    assert!(found.seen.contains("dismissed by Priya Nair"), "{}", found.seen);
}

#[test]
fn a_vague_risk_is_an_error_that_names_it() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let people = std::fs::read_to_string("config/people.toml").unwrap();
    let fault = |risk: &str| {
        let text = terms.replacen("[version_bump]", &format!("[[security_scan.accepted]]\n{risk}\n[version_bump]"), 1);
        Criteria::parse(&text, &people).unwrap_err().to_string()
    };
    let risk = "tool = \"T\"\nrule = \"r\"\nowner = \"Priya Nair\"\nreason = \" \"\nuntil = 2027-01-31";
    assert_eq!(fault(risk), "`security_scan.accepted` number 1 has no reason: say why it is no danger for now");
    let timeless = fault(&risk.replace("until = 2027-01-31", "until = 2027-01-31T10:00:00Z"));
    assert!(timeless.contains("a day such as 2026-11-22"), "{timeless}");
    let open_ended = fault(&risk.replace("until = 2027-01-31", ""));
    assert!(open_ended.contains("missing field `until`"), "{open_ended}");
}

#[test]
fn the_example_of_the_shipped_criteria_can_be_used() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let people = std::fs::read_to_string("config/people.toml").unwrap();
    let (before, example) = terms.split_once("# [[security_scan.accepted]]\n").unwrap();
    let (example, after) = example.split_once("\n\n").unwrap();
    let example = example.replace("# ", "");
    let text = format!("{before}[[security_scan.accepted]]\n{example}\n\n{after}");
    assert_eq!(Criteria::parse(&text, &people).unwrap().terms.security_scan.accepted.len(), 1);
}

fn with_status(creator: Option<Account>, state: Conclusion) -> Facts {
    let mut facts = passing();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.scanners = vec![Scanner::Status { status: "ci/scan".into(), creator_id: GithubId(77) }];
    }
    let status = CommitStatus { context: "CI/scan".into(), creator, commit: sha('c'), state };
    scans(&mut facts).statuses = vec![status];
    facts
}

#[test]
fn a_status_counts_only_when_its_newest_is_a_success_of_the_right_account() {
    let by_ci = |state| with_status(Some(user("ci", 77)), state);
    assert_eq!(judge(&by_ci(Conclusion::Success)).kind(), Kind::Approve);
    assert!(blocked(&by_ci(Conclusion::Running)).contains("The status ci/scan is still pending."));
    for end in ["failure", "error", "something new"] {
        let said = blocked(&by_ci(Conclusion::Other(end.into())));
        assert!(said.contains(&format!("The status ci/scan is {end}, not success.")), "{said}");
    }
    let said = blocked(&with_status(Some(user("mallory", 66)), Conclusion::Success));
    let sentence = "The status ci/scan was set by mallory (GitHub account 66), and only GitHub account 77 counts.";
    assert!(said.contains(sentence), "{said}");
    let said = blocked(&with_status(None, Conclusion::Success));
    assert!(said.contains("was set by a deleted account"), "{said}");
}

#[test]
fn a_status_of_another_context_or_commit_is_missing() {
    let mut facts = with_status(Some(user("ci", 77)), Conclusion::Success);
    scans(&mut facts).statuses[0].commit = sha('b');
    assert!(blocked(&facts).contains("There is no status ci/scan on this commit."));
    let mut facts = with_status(Some(user("ci", 77)), Conclusion::Success);
    scans(&mut facts).statuses[0].context = "ci/scan2".into();
    assert!(blocked(&facts).contains("There is no status ci/scan on this commit."));
}

/// The pipeline sent one clean file of Trivy of this build.
fn with_upload() -> Facts {
    let mut facts = passing();
    if let Placement::Registered { service, .. } = &mut facts.placement {
        service.scanners = vec![Scanner::Sarif { sarif: "Trivy".into(), rules: Rules::All }];
    }
    let run = UploadedRun {
        tool: "Trivy".into(),
        build: facts.build().unwrap(),
        rules: 3,
        completed: true,
        findings: Vec::new(),
        received_at: NOW,
        file_sha256: String::new(),
    };
    scans(&mut facts).uploads = vec![run];
    facts
}

fn vulnerable(rule: &str) -> ScanFinding {
    let (rule, message) = (rule.into(), "A package is vulnerable.".into());
    ScanFinding { rule, message, severity: Severity::Critical, path: None, alert: None }
}

/// One file of Trivy for each list of rules that it says are broken.
fn with_files(files: &[&[&str]]) -> Facts {
    let mut facts = with_upload();
    let clean = scans(&mut facts).uploads[0].clone();
    let file = |rules: &&[&str]| {
        let findings = rules.iter().map(|rule| vulnerable(rule)).collect();
        UploadedRun { findings, ..clean.clone() }
    };
    scans(&mut facts).uploads = files.iter().map(file).collect();
    facts
}

fn other_upload(change: impl Fn(&mut UploadedRun)) -> Facts {
    let mut facts = with_upload();
    change(&mut scans(&mut facts).uploads[0]);
    facts
}

#[test]
fn a_file_of_exactly_this_build_counts() {
    assert_eq!(judge(&with_upload()).kind(), Kind::Approve);
    let said = blocked(&other_upload(|run| run.build.number = "1870".into()));
    assert!(
        said.contains("The newest Trivy scan that the pipeline sent is of build 1870 of billing-api/release from commit ccccccc (2026-11-02 09:00 UTC), not of build 1871 of billing-api/release from commit ccccccc."),
        "{said}"
    );
    blocked(&other_upload(|run| run.build.job = "billing-api/nightly".into()));
    blocked(&other_upload(|run| run.build.commit = sha('b')));
    let said = blocked(&other_upload(|run| run.tool = "trivy".into()));
    assert!(said.contains("The pipeline has sent no Trivy scan."), "{said}");
}

#[test]
fn a_ticket_that_names_no_build_has_no_scan_of_its_build() {
    let mut facts = with_upload();
    facts.ticket.fields.remove(&Field::BuildNumber);
    assert!(
        read(&finding(&facts, RULE)).contains("The ticket does not name the build job and number that were scanned.")
    );
}

#[test]
fn of_several_files_of_a_build_the_worst_counts() {
    let mut facts = with_upload();
    let mut worse = scans(&mut facts).uploads[0].clone();
    worse.rules = 0;
    scans(&mut facts).uploads.insert(0, worse.clone());
    assert!(blocked(&facts).contains("lists no rules, so nobody can tell whether it looked at anything."));
    (worse.rules, worse.completed) = (3, false);
    scans(&mut facts).uploads[0] = worse.clone();
    assert!(blocked(&facts).contains("did not end well, and no later one makes up for it."));
    worse.findings = vec![ScanFinding { alert: Some(12), ..vulnerable("CVE-2026-1") }];
    scans(&mut facts).uploads[0] = worse;
    scans(&mut facts).dismissals = Fact::Known(BTreeMap::new());
    assert!(blocked(&facts).contains("Critical: CVE-2026-1, A package is vulnerable. (Trivy)."));
}

#[test]
fn files_that_come_after_the_approval_say_what_is_new_in_them() {
    let since = |then: &Facts, now: &Facts| -> Vec<String> {
        against_since(then, now, &criteria()).iter().map(Text::plain).collect()
    };
    let named = |rule: &str| format!("Critical: {rule}, A package is vulnerable. (Trivy).");
    let clean = with_files(&[&[]]);
    let found = with_files(&[&["CVE-1"]]);
    assert_eq!(since(&clean, &with_files(&[&[], &[]])), [""; 0]);
    assert_eq!(since(&found, &clean), [""; 0], "what was found is taken back by nobody, but nothing is against it");
    assert_eq!(since(&clean, &with_files(&[&[], &["CVE-1"]])), [named("CVE-1")]);
    let undone = other_upload(|run| run.completed = false);
    assert!(since(&clean, &undone)[0].contains("did not end well"), "a scan that broke off is not clean");
    assert_eq!(since(&found, &found), [""; 0], "whoever approved saw it");
    let more = with_files(&[&["CVE-1"], &["CVE-1", "CVE-2", "CVE-2"]]);
    assert_eq!(since(&found, &more), [named("CVE-2")], "once, however often it was found");
    let mut both = with_finding(Severity::High);
    if let Placement::Registered { service, .. } = &mut both.placement {
        service.scanners.push(Scanner::Sarif { sarif: "Trivy".into(), rules: Rules::All });
    }
    scans(&mut both).uploads = found.scans.known().unwrap().uploads.clone();
    assert_eq!(since(&both, &both), [""; 0]);
    let mut without_file = both.clone();
    scans(&mut without_file).uploads.clear();
    assert_eq!(since(&without_file, &both), [named("CVE-1")], "of what pipelines send alone");
}
