//! The rules. Everything here is a pure function of values; it asks nobody and cannot fail.
//!
//! [`RULES`] is the one table of rules; [`evaluate`] runs it. "Where is rule X?": the row says it.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod approval;
pub mod approvers;
pub mod controls;
pub mod criteria;
pub mod decision;
pub mod evidence;
pub mod facts;
pub mod follow_up;
pub mod gate;
pub mod hypothesis;
pub mod paths;
pub mod plan;
mod strict_json;
#[cfg(test)]
mod tests;
pub mod version_bump;

use crate::model::Timestamp;
use approval::{
    change_class, clocks, commit_range, commit_review, control_paths, first_deployment, hidden_characters,
    known_service, opaque_changes, pending_sibling, release_branch, required_fields, security_scan, self_change,
    sensitive_paths, signed_criteria, squash_merge, staging, terraform_plan, workflow,
};
use criteria::Criteria;
use decision::{Decision, Finding, judge};
use facts::Facts;

/// One sentence of the policy as a function.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name in criteria, records and scenes.
    pub id: &'static str,
    /// The question that it answers with yes.
    pub question: &'static str,
    /// Its name in tables that people read.
    pub title: &'static str,
    /// Where the policy demands it (`policy` is the change management policy that cm-bot automates).
    pub section: &'static str,
    /// Whether the criteria may switch it off.
    pub duty: Duty,
    /// The rule itself.
    pub check: fn(&Facts, &Criteria) -> Finding,
}

/// Whether criteria may do without a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Never.
    Always,
    /// If they say so.
    Optional,
}

/// Every rule, in the order in which people read the findings.
pub const RULES: &[Rule] = &[
    Rule {
        id: signed_criteria::ID,
        question: "Has whoever may signed the criteria and the people, and does that still count?",
        title: "Signed criteria",
        section: "approval of the criteria",
        duty: Duty::Always,
        check: signed_criteria::check,
    },
    Rule {
        id: "known_service",
        question: "Does the ticket name a registered service, and only what is registered for it?",
        title: "Registered service",
        section: "scope of the change",
        duty: Duty::Always,
        check: known_service::check,
    },
    Rule {
        id: "required_fields",
        question: "Is every required field filled in with something that means something?",
        title: "Required fields",
        section: "content of a change ticket",
        duty: Duty::Optional,
        check: required_fields::check,
    },
    Rule {
        id: "change_class",
        question: "Is it a class of change that may be approved automatically?",
        title: "Change class",
        section: "classes of change, emergencies",
        duty: Duty::Always,
        check: change_class::check,
    },
    Rule {
        id: "self_change",
        question: "Is it a change to something else than cm-bot itself?",
        title: "Not a change to cm-bot",
        section: "separation of duties",
        duty: Duty::Always,
        check: self_change::check,
    },
    Rule {
        id: "workflow",
        question: "Is the workflow of the ticket the one that was signed?",
        title: "Workflow as signed",
        section: "separation of duties",
        duty: Duty::Always,
        check: workflow::check,
    },
    Rule {
        id: "first_deployment",
        question: "Was a change of this service to this environment approved before?",
        title: "Earlier approval exists",
        section: "first deployments",
        duty: Duty::Always,
        check: first_deployment::check,
    },
    Rule {
        id: "pending_sibling",
        question: "Is every other ticket of this service and environment finished?",
        title: "No related ticket is pending",
        section: "related tickets",
        duty: Duty::Always,
        check: pending_sibling::check,
    },
    Rule {
        id: "clocks",
        question: "Do cm-bot's clock and that of GitHub or GitLab agree?",
        title: "Clocks agree",
        section: "evidence",
        duty: Duty::Always,
        check: clocks::check,
    },
    Rule {
        id: "release_branch",
        question: "Is the commit on the release branch?",
        title: "Commit is on the release branch",
        section: "same build",
        duty: Duty::Always,
        check: release_branch::check,
    },
    Rule {
        id: "commit_range",
        question: "Does the commit only add to the last approved change, and are all commits between known?",
        title: "Commits since the last approved change",
        section: "commits since the last approval",
        duty: Duty::Always,
        check: commit_range::check,
    },
    Rule {
        id: "commit_review",
        question: "Was every commit reviewed by somebody who did not contribute to it?",
        title: "Independent review of every commit",
        section: "peer review",
        duty: Duty::Always,
        check: commit_review::check,
    },
    Rule {
        id: "squash_merge",
        question: "Did every merge keep the commits that were reviewed, or is it proven to hold exactly those?",
        title: "No merge that lost reviewed commits",
        section: "peer review, squash merges",
        duty: Duty::Always,
        check: squash_merge::check,
    },
    Rule {
        id: "version_bump",
        question: "Does every commit that passes without review change a version number and nothing else?",
        title: "Version bumps change only the version",
        section: "peer review, version bumps",
        duty: Duty::Optional,
        check: approval::version_bump::check,
    },
    Rule {
        id: "sensitive_paths",
        question: "Did enough of the right people review what is sensitive?",
        title: "Reviews of sensitive paths",
        section: "peer review, sensitive code",
        duty: Duty::Always,
        check: sensitive_paths::check,
    },
    Rule {
        id: "control_paths",
        question: "Does the change leave alone what builds, checks and guards the code?",
        title: "No change of control files",
        section: "separation of duties",
        duty: Duty::Always,
        check: control_paths::check,
    },
    Rule {
        id: "opaque_changes",
        question: "Can every change be read line by line?",
        title: "No change that cannot be read",
        section: "peer review, opaque changes",
        duty: Duty::Always,
        check: opaque_changes::check,
    },
    Rule {
        id: "hidden_characters",
        question: "Does every changed text read as it runs?",
        title: "No hidden characters",
        section: "peer review, hidden characters",
        duty: Duty::Optional,
        check: hidden_characters::check,
    },
    Rule {
        id: "security_scan",
        question: "Are all security scans of exactly this commit done and clean?",
        title: "Security scan of exactly this build",
        section: "security scans",
        duty: Duty::Optional,
        check: security_scan::check,
    },
    Rule {
        id: "staging",
        question: "Did exactly this commit run where the criteria want it to run first?",
        title: "Staging before production",
        section: "staging before production",
        duty: Duty::Always,
        check: staging::check,
    },
    Rule {
        id: terraform_plan::ID,
        question: "Does the Terraform plan, if there is one, change nothing at which a human must look?",
        title: "No risky infrastructure change",
        section: "infrastructure changes",
        duty: Duty::Always,
        check: terraform_plan::check,
    },
];

/// Judges a ticket: every rule of [`RULES`], in order. Total and deterministic; the same arguments give the same decision.
#[must_use]
pub fn evaluate(facts: &Facts, criteria: &Criteria, now: Timestamp) -> Decision {
    let findings = RULES.iter().map(|rule| judge(rule, facts, criteria)).collect();
    Decision::of(findings, facts, criteria, now)
}
