//! Code-scanning analyses, alerts, and analyses as SARIF.

use serde_json::{Value, json};

use super::super::scanning::{Alert, Analysis, severity_level};
use super::super::scene::ScanFinding;
use super::super::time_text;
use super::View;

/// The workflow that uploads analyses.
const KEY: &str = ".github/workflows/scan.yml:analyze";

impl View<'_> {
    /// An analysis without its results.
    #[must_use]
    pub fn analysis_json(&self, analysis: &Analysis) -> Value {
        json!({
            "ref": analysis.reference,
            "commit_sha": analysis.commit.to_string(),
            "analysis_key": KEY,
            "environment": "{}",
            "category": analysis.category,
            "error": analysis.error,
            "warning": analysis.warning,
            "created_at": time_text(analysis.created),
            "results_count": analysis.results.len(),
            "rules_count": analysis.rules,
            "id": analysis.id,
            "url": format!("{}/code-scanning/analyses/{}", self.api(), analysis.id),
            "sarif_id": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, &analysis.id.to_be_bytes()).to_string(),
            "tool": tool_json(&analysis.tool),
            "deletable": true,
        })
    }

    /// An alert.
    #[must_use]
    pub fn alert_json(&self, alert: &Alert) -> Value {
        let api = format!("{}/code-scanning/alerts/{}", self.api(), alert.number);
        let seen = self.repo.analyses.iter().find(|analysis| analysis.id == alert.seen_in);
        let (dismissed, instance) = (alert.dismissed.as_ref(), if alert.fixed.is_some() { "fixed" } else { "open" });
        json!({
            "number": alert.number,
            "created_at": time_text(alert.created),
            "updated_at": time_text(alert.fixed.or(dismissed.map(|by| by.at)).unwrap_or(alert.created)),
            "url": api,
            "html_url": format!("{}/security/code-scanning/{}", self.web(), alert.number),
            "state": alert.state(),
            "fixed_at": alert.fixed.map(time_text),
            "dismissed_by": dismissed.map(|dismissal| self.user_or_null_json(&dismissal.by)),
            "dismissed_at": dismissed.map(|dismissal| time_text(dismissal.at)),
            "dismissed_reason": dismissed.map(|dismissal| &dismissal.reason),
            "dismissed_comment": dismissed.and_then(|dismissal| dismissal.comment.as_ref()),
            "rule": alert_rule_json(&alert.finding),
            "tool": tool_json(&alert.tool),
            "most_recent_instance": {
                "ref": seen.map(|analysis| &analysis.reference),
                "analysis_key": KEY,
                "environment": "{}",
                "category": seen.map(|analysis| &analysis.category),
                "state": instance,
                "commit_sha": seen.map(|analysis| analysis.commit.to_string()),
                "message": { "text": alert.finding.message },
                "location": {
                    "path": alert.finding.path,
                    "start_line": 1, "end_line": 1, "start_column": 1, "end_column": 2,
                },
                "classifications": [],
            },
            "instances_url": format!("{api}/instances"),
        })
    }

    /// An analysis with its rules and results.
    #[must_use]
    pub fn sarif_json(&self, analysis: &Analysis) -> Value {
        let rules = rules_of(analysis);
        let results = analysis.results.iter().map(|(alert, finding)| {
            let rule = rules.iter().position(|rule| rule["id"] == finding.rule);
            json!({
                "ruleId": finding.rule,
                "ruleIndex": rule,
                "level": finding.level,
                "message": { "text": finding.message },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": finding.path, "uriBaseId": "%SRCROOT%" },
                    "region": { "startLine": 1 },
                } }],
                "partialFingerprints": { "primaryLocationLineHash": format!("{alert:016x}:1") },
                "properties": { "github/alertNumber": alert, "github/alertUrl":
                    format!("{}/code-scanning/alerts/{alert}", self.api()) },
            })
        });
        let results = results.collect::<Vec<_>>();
        let mut sarif = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "automationDetails": { "id": format!("{}/", analysis.category.trim_end_matches('/')) },
                "tool": { "driver": { "name": analysis.tool, "semanticVersion": "2.25.0", "rules": rules } },
                "results": results,
                "versionControlProvenance": [{
                    "branch": analysis.reference,
                    "repositoryUri": self.web(),
                    "revisionId": analysis.commit.to_string(),
                }],
            }],
        });
        // GitHub's documentation shows none where nothing went wrong.
        if analysis.broke_off {
            sarif["runs"][0]["invocations"] = json!([{ "executionSuccessful": false }]);
        }
        sarif
    }
}

/// The rules that found something, then as many others as ran.
fn rules_of(analysis: &Analysis) -> Vec<Value> {
    let mut rules = Vec::<Value>::new();
    for (_, finding) in &analysis.results {
        if !rules.iter().any(|rule| rule["id"] == finding.rule) {
            rules.push(rule_json(finding));
        }
    }
    for number in rules.len() as u64 + 1..=analysis.rules {
        let id = format!("rule-{number}");
        rules.push(json!({ "id": id, "name": id, "defaultConfiguration": { "level": "warning" }, "properties": {} }));
    }
    rules
}

/// GitHub keeps the security severity of a rule as text.
fn rule_json(finding: &ScanFinding) -> Value {
    let mut properties = json!({ "tags": ["security"] });
    if let Some(score) = finding.security_severity {
        properties["security-severity"] = json!(format!("{score:.1}"));
    }
    json!({
        "id": finding.rule,
        "name": finding.rule,
        "shortDescription": { "text": finding.message },
        "defaultConfiguration": { "level": finding.level },
        "properties": properties,
    })
}

fn alert_rule_json(finding: &ScanFinding) -> Value {
    json!({
        "id": finding.rule,
        "name": finding.rule,
        "severity": finding.level,
        "description": finding.message,
        "full_description": finding.message,
        "tags": ["security"],
        "security_severity_level": finding.security_severity.map(severity_level),
    })
}

fn tool_json(name: &str) -> Value {
    json!({ "name": name, "guid": null, "version": "2.25.0" })
}
