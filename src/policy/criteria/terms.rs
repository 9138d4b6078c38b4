//! The keys of `criteria.toml`. One line a block; the block itself is in the file of its topic.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::Field;

use super::content::{ControlPaths, HiddenCharacterTerms, OpaqueChanges, VersionBump};
use super::gate::GateTerms;
use super::review::{CommitReview, SensitivePath, SquashMerge};
use super::roles::{Approvers, Notify};
use super::scans::SecurityScan;
use super::ticket::{ChangeClasses, RequiredFields, SelfChange, SignatureTerms, StagingTerms, WorkflowTerms};
use super::{CriteriaError, checks};
use crate::policy::plan::PlanRules;

/// The keys of `criteria.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The name of this edition, shown in every message.
    pub version: String,
    /// What cm-bot may do when everything is met.
    pub mode: Mode,
    /// Who signs, and for how long. Criteria that do not say so count as not signed.
    pub signature: Option<SignatureTerms>,
    /// Rules that this company does not want, by id. Most rules cannot be switched off.
    pub switched_off: BTreeSet<String>,
    /// Which fields must be filled in.
    pub required_fields: RequiredFields,
    /// The classes of change.
    pub change_class: ChangeClasses,
    /// What counts as a review.
    pub commit_review: CommitReview,
    /// What is done about squash merges.
    pub squash_merge: SquashMerge,
    /// Paths that are never changed without a human.
    pub control_paths: ControlPaths,
    /// Changes that nobody can read line by line.
    pub opaque_changes: OpaqueChanges,
    /// Characters that make text look like something else.
    #[serde(default)]
    pub hidden_characters: HiddenCharacterTerms,
    /// Paths that want more than one review, or a certain reviewer.
    #[serde(default)]
    pub sensitive_paths: Vec<SensitivePath>,
    /// When a scan blocks.
    pub security_scan: SecurityScan,
    /// What counts as a manifest with a version.
    pub version_bump: VersionBump,
    /// Environments in which a commit runs before it goes further. Criteria that say nothing ask for none.
    #[serde(default)]
    pub staging: Vec<StagingTerms>,
    /// What cm-bot itself is made of.
    pub self_change: SelfChange,
    /// The workflow that the criteria were written for. Criteria that say nothing do not look at it.
    pub workflow: Option<WorkflowTerms>,
    /// Who may approve by hand.
    pub approvers: Approvers,
    /// Who is told.
    pub notify: Notify,
    /// What an approval is worth at the gate.
    #[serde(default)]
    pub gate: GateTerms,
    /// What is risky in a Terraform plan. Criteria that say nothing find every change risky.
    pub terraform: Option<PlanRules>,
}

impl Terms {
    /// Reads the text of the criteria alone, without the people whom they name.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and where.
    pub fn parse(text: &str) -> Result<Terms, CriteriaError> {
        let terms: Terms = toml::from_str(text).map_err(|error| CriteriaError::Unreadable(error.to_string()))?;
        checks::check(&terms)?;
        Ok(terms)
    }

    /// The rules for Terraform plans.
    #[must_use]
    pub fn plan_rules(&self) -> PlanRules {
        self.terraform.clone().unwrap_or_else(PlanRules::everything)
    }
}

/// What cm-bot may do when every criterion is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Approve the ticket.
    Approve,
    /// Recommend the approval; a human approves.
    Recommend,
    /// Only report; a human decides.
    Off,
}

impl Terms {
    /// Every field that some ticket must fill in.
    pub fn wanted_fields(&self) -> impl Iterator<Item = &Field> {
        self.required_fields.fields.iter().chain(self.change_class.classes.iter().flat_map(|class| &class.fields))
    }
}
