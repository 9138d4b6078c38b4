//! Terms about security scans: what blocks, and which risks are accepted for a time.

use serde::Deserialize;

use crate::model::{Day, ServiceName, Severity};
use crate::policy::paths::OnePath;

/// Terms of the rule `security_scan`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityScan {
    /// The least severity that blocks. A finding that the tool did not rate always blocks.
    pub blocking_severity: Severity,
    /// Findings that somebody has accepted for a time. Criteria that say nothing accept none.
    #[serde(default)]
    pub accepted: Vec<AcceptedRisk>,
}

/// A finding that somebody has accepted for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRisk {
    /// The tool that finds it.
    pub tool: String,
    /// The rule's id, or a CVE number.
    pub rule: String,
    /// Where; everywhere when it says nothing.
    pub path: Option<OnePath>,
    /// In which service; in every one when it says nothing.
    pub service: Option<ServiceName>,
    /// Who answers for it: a name of the people file.
    pub owner: String,
    /// Why it is no danger for now.
    pub reason: String,
    /// The last day on which it counts, in UTC.
    #[serde(deserialize_with = "super::day")]
    pub until: Day,
}
