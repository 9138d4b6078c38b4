//! A scan that found more than people want to read.

use cm_bot::model::{ScanFinding, Severity};
use cm_bot::policy::decision::Kind;
use cm_bot::policy::facts::{Fact, Facts};

use crate::support::facts::{finding, judge, passing, scans};

fn with_findings(many: u64, severity: Severity) -> Facts {
    let mut facts = passing();
    let found = |number| ScanFinding {
        rule: format!("rule-{number}"),
        message: "This is wrong.".into(),
        severity,
        path: Some("src/totals.js".into()),
        alert: None,
    };
    scans(&mut facts).analyses[0].results = many;
    scans(&mut facts).findings.insert(1, Fact::Known((1..=many).map(found).collect()));
    facts
}

#[test]
fn five_findings_are_named_and_the_rest_is_a_number() {
    let named = |many| {
        let facts = with_findings(many, Severity::High);
        assert_eq!(judge(&facts).kind(), Kind::Block);
        let details = finding(&facts, "security_scan").details;
        details.iter().map(|detail| detail.plain()).collect::<Vec<_>>()
    };
    let five = named(5);
    assert_eq!((five.len(), five[4].as_str()), (5, "High: rule-5, This is wrong. in src/totals.js (CodeQL)."));
    assert_eq!(named(7), [&five[..], &["And 2 more.".to_owned()]].concat());
    assert_eq!(judge(&with_findings(7, Severity::Low)).kind(), Kind::Approve, "what does not block is not counted");
}
