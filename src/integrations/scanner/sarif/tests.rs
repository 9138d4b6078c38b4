use super::*;
use serde_json::{Value, json};

/// A file with one run of the tool T with one rule, changed by a test.
fn file(change: impl Fn(&mut Value)) -> Value {
    let rule = json!({"id": "r", "defaultConfiguration": {"level": "note"}, "properties": {}});
    let run = json!({"tool": {"driver": {"name": "T", "rules": [rule]}}, "results": []});
    let mut file = json!({"version": "2.1.0", "runs": [run]});
    change(&mut file);
    file
}

fn parsed(file: &Value) -> Result<Vec<Run>, SarifError> {
    read(file.to_string().as_bytes())
}

/// How bad one result is.
fn of(result: &Value) -> Severity {
    let file = file(|file| file["runs"][0]["results"] = json!([result]));
    parsed(&file).unwrap()[0].findings[0].severity
}

#[test]
fn severity_comes_from_the_rule_then_from_the_level() {
    let rule_with = |severity: Option<Value>, level: Option<&str>| wire::Rule {
        id: "r".into(),
        properties: Some(wire::RuleProperties { security_severity: severity }),
        default_configuration: Some(wire::DefaultConfiguration { level: level.map(str::to_owned) }),
    };
    let rule = |severity: Option<&str>, level| rule_with(severity.map(Value::from), level);
    assert_eq!(severity(&rule(Some("9.8"), None), Some("note")), Severity::Critical);
    assert_eq!(severity(&rule_with(Some(json!(9.8)), None), Some("note")), Severity::Critical, "a number as it is");
    assert_eq!(severity(&rule_with(Some(json!(4)), None), Some("note")), Severity::Medium);
    assert_eq!(severity(&rule_with(Some(json!(["9.8"])), Some("none")), None), Severity::Unrated);
    assert_eq!(severity(&rule(Some("7.0"), None), None), Severity::High);
    assert_eq!(severity(&rule(Some("0.1"), Some("error")), None), Severity::Low);
    for level in ["note", "none", "error"] {
        assert_eq!(severity(&rule(Some("0.0"), Some(level)), None), Severity::Unrated, "not rated yet");
    }
    assert_eq!(severity(&rule(None, Some("error")), None), Severity::High);
    assert_eq!(severity(&rule(None, None), None), Severity::Medium);
    assert_eq!(severity(&rule(Some("NaN"), None), None), Severity::Unrated);
    assert_eq!(severity(&rule(None, None), Some("odd")), Severity::Unrated);
}

#[test]
fn a_rule_is_found_by_its_id_by_the_part_before_a_slash_and_by_its_place() {
    let text = json!({"text": "m"});
    assert_eq!(of(&json!({"ruleId": "r", "message": text})), Severity::Low);
    assert_eq!(of(&json!({"ruleId": "r/1", "message": text})), Severity::Low);
    assert_eq!(of(&json!({"ruleIndex": 0, "message": text})), Severity::Low);
    assert_eq!(of(&json!({"rule": {"id": "r"}, "message": text})), Severity::Low);
    assert_eq!(of(&json!({"ruleId": "other", "ruleIndex": -1, "message": text})), Severity::Unrated);
    assert_eq!(of(&json!({"ruleId": "other", "ruleIndex": 0, "message": text})), Severity::Unrated, "another rule");
}

#[test]
fn a_rule_of_an_extension_is_found_and_of_two_the_worse_counts() {
    let bad = json!({"id": "x", "properties": {"security-severity": "9.1"}});
    let with_extension = |result: Value| {
        let file = file(|file| {
            file["runs"][0]["tool"]["extensions"] = json!([{"name": "pack", "rules": [bad]}]);
            file["runs"][0]["results"] = json!([result]);
        });
        let run = parsed(&file).unwrap().remove(0);
        assert_eq!(run.rules, 2);
        run.findings[0].severity
    };
    let by_place = json!({"index": 0, "toolComponent": {"index": 0}});
    assert_eq!(with_extension(json!({"rule": by_place, "message": {}})), Severity::Critical);
    let by_name = json!({"index": 0, "toolComponent": {"name": "pack"}});
    assert_eq!(with_extension(json!({"rule": by_name, "message": {}})), Severity::Unrated, "not the tool's own list");
    assert_eq!(with_extension(json!({"ruleId": "x", "message": {}})), Severity::Critical);
    assert_eq!(with_extension(json!({"ruleId": "x", "ruleIndex": 0, "message": {}})), Severity::Critical);
    assert_eq!(with_extension(json!({"ruleId": "r", "rule": by_place, "message": {}})), Severity::Critical);
}

#[test]
fn what_is_no_finding_is_a_remark_and_what_is_not_sure_is_not_rated() {
    let kind = |kind: &str| of(&json!({"ruleId": "r", "level": "error", "kind": kind, "message": {}}));
    assert_eq!(kind("fail"), Severity::High);
    for harmless in ["pass", "informational", "notApplicable"] {
        assert_eq!(kind(harmless), Severity::None);
    }
    for unsure in ["open", "review", "something new"] {
        assert_eq!(kind(unsure), Severity::Unrated);
    }
}

#[test]
fn suppressions_are_not_honoured() {
    let suppressed = json!({"ruleId": "r", "level": "error", "message": {},
        "suppressions": [{"kind": "inSource", "status": "accepted"}]});
    assert_eq!(of(&suppressed), Severity::High);
    assert_eq!(
        of(&json!({"ruleId": "r", "level": "error", "message": {}, "baselineState": "unchanged"})),
        Severity::High
    );
    assert_eq!(of(&json!({"ruleId": "r", "level": "error", "message": {}, "baselineState": "absent"})), Severity::None);
}

#[test]
fn a_run_tells_whether_it_ended_well_and_what_it_scanned() {
    let invoked =
        |list: Value| parsed(&file(|file| file["runs"][0]["invocations"] = list.clone())).unwrap()[0].completed;
    assert!(invoked(json!(null)) && invoked(json!([{"executionSuccessful": true}])));
    assert!(!invoked(json!([{"executionSuccessful": true}, {"executionSuccessful": false}])));
    assert!(!invoked(json!([{}])), "an end that is not told is none");
    let sha = |digit: &str| digit.repeat(40);
    let scanned = json!([{"repositoryUri": "u", "revisionId": sha("a")}]);
    let file = file(|file| file["runs"][0]["versionControlProvenance"] = scanned.clone());
    let run = parsed(&file).unwrap().remove(0);
    assert!(!run.is_of_another(&CommitSha::parse(&sha("a")).unwrap()));
    assert!(run.is_of_another(&CommitSha::parse(&sha("b")).unwrap()));
}

#[test]
fn a_file_that_proves_no_scan_is_an_error() {
    let fault = |change: &dyn Fn(&mut Value)| parsed(&file(change)).unwrap_err().to_string();
    assert_eq!(fault(&|file| file["runs"] = json!([])), "it has no run, so nothing was scanned");
    let no_results = fault(&|file| file["runs"][0]["results"] = json!(null));
    assert_eq!(no_results, "the run of T has no list of results, so it did not scan");
    assert_eq!(fault(&|file| file["version"] = json!("2.0.0")), "it is SARIF 2.0.0, and only 2.1.0 is read");
    assert!(fault(&|file| file["runs"][0]["tool"] = json!({})).contains("missing field `driver`"));
    assert!(matches!(read(b"<html>"), Err(SarifError::Unreadable(_))));
}
