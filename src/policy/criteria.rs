//! The company's rules for automatic approval: the content of `criteria.toml`, together with the people they speak of.

use std::collections::BTreeSet;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::{Day, Field, GithubId, People, PeopleError, RepoName, RoleName, ServiceName, Severity};
use crate::policy::paths::{OnePath, PathPatterns};
use crate::policy::version_bump::{is_change_log, is_manifest, manifest_names};
use crate::policy::{Duty, RULES};

/// The criteria in force, and the people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criteria {
    /// What the criteria say.
    pub terms: Terms,
    /// Who is who.
    pub people: People,
    /// SHA-256 over both files: what a decision was made under.
    pub digest: String,
}

/// The keys of `criteria.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The name of this edition, shown in every message.
    pub version: String,
    /// What cm-bot may do when everything is met.
    pub mode: Mode,
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
    /// What cm-bot itself is made of.
    pub self_change: SelfChange,
    /// Who may approve by hand.
    pub approvers: Roles,
    /// Who is told.
    pub notify: Notify,
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

/// Terms of the rule `required_fields`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredFields {
    /// Fields that must be filled in.
    pub fields: BTreeSet<Field>,
    /// Those of them that must say something in words.
    pub in_words: BTreeSet<Field>,
    /// The least number of characters of a field in words.
    pub least_characters: usize,
    /// Texts that mean "nothing"; upper and lower case are the same.
    pub empty_words: BTreeSet<String>,
}

/// Terms of the rule `change_class`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeClasses {
    /// Classes that may be approved automatically.
    pub automatic: BTreeSet<String>,
    /// Classes that are emergencies.
    pub emergency: BTreeSet<String>,
}

/// Terms of the rule `commit_review`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitReview {
    /// Whose approval does not count because of what they did.
    pub contributors: Contributors,
    /// Whether an approval given after the merge counts.
    pub after_merge: AfterMerge,
    /// Services whose approvals count only when our own record shows what the reviewer saw.
    pub own_record_only: BTreeSet<ServiceName>,
    /// Bots that work by the clock, by GitHub's number. Whoever is assigned to another bot's pull request asked for it.
    pub unattended_bots: BTreeSet<GithubId>,
    /// Comments that count as an approval; upper and lower case are the same.
    pub approving_comments: BTreeSet<String>,
}

impl CommitReview {
    /// Whether these words, and nothing else, are taken for an approval.
    #[must_use]
    pub fn is_approving_comment(&self, text: &str) -> bool {
        let said = text.trim().to_lowercase();
        !said.is_empty() && self.approving_comments.iter().any(|text| text.trim().to_lowercase() == said)
    }
}

/// Whose approval does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contributors {
    /// Nobody's who touched the pull request.
    OfPullRequest,
    /// For each commit nobody's who touched that commit: two authors may review each other.
    OfCommit,
}

/// Whether an approval given after the merge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterMerge {
    /// It does: the code is not in production yet.
    Counts,
    /// It does not: a human decides about the ticket.
    Holds,
}

/// Terms of the rule `squash_merge`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquashMerge {
    /// Whether a squash or rebase passes that is proven to hold exactly what was reviewed.
    pub allow_verified_squash: bool,
}

/// Terms of the rule `control_paths`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPaths {
    /// What builds, checks and guards the code.
    pub paths: PathPatterns,
}

/// Terms of the rule `opaque_changes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpaqueChanges {
    /// Kinds that may pass like any other change.
    pub allowed: BTreeSet<OpaqueKind>,
}

/// A change that nobody can read line by line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpaqueKind {
    /// Another repository's commit.
    Submodule,
    /// A link to another path.
    Symlink,
    /// A file became executable, or is no longer.
    Executable,
    /// The number of a large file that lives elsewhere (Git LFS).
    LargeFile,
}

/// Terms of the rule `hidden_characters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenCharacterTerms {
    /// What is done about them.
    pub mode: HiddenCharacters,
}

/// What is done about characters that turn the direction of text around.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenCharacters {
    /// Nothing; reviewers look for themselves.
    #[default]
    Off,
    /// A human looks.
    Hold,
}

/// One demand of the rule `sensitive_paths`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivePath {
    /// Which paths.
    pub paths: PathPatterns,
    /// How many people must have approved each pull request that changes them.
    pub reviewers: usize,
    /// A role that one of them must have.
    pub role: Option<RoleName>,
}

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
    #[serde(deserialize_with = "day")]
    pub until: Day,
}

/// A day, written as TOML writes days.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    let written = toml::value::Datetime::deserialize(deserializer)?;
    Day::parse(&written.to_string()).map_err(serde::de::Error::custom)
}

/// Terms of the rule `version_bump`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionBump {
    /// Paths of manifests in which the version may change without review.
    pub manifests: BTreeSet<String>,
    /// Paths of change logs that may change with them. Criteria that say nothing allow none.
    #[serde(default)]
    pub companions: BTreeSet<String>,
}

impl VersionBump {
    /// Whether these files are worth a look: manifests and their companions only, and at least one manifest.
    #[must_use]
    pub fn covers<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> bool {
        let known = |path: &str| self.manifests.contains(path) || self.companions.contains(path);
        paths.clone().all(known) && paths.clone().any(|path| self.manifests.contains(path))
    }
}

/// Terms of the rule `self_change`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfChange {
    /// Repositories with cm-bot's own code, settings, criteria and people.
    pub repositories: BTreeSet<RepoName>,
}

/// A list of roles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Any one of them is enough.
    pub roles: Vec<RoleName>,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// When a ticket waits for a human.
    pub held: Vec<RoleName>,
    /// When an emergency is declared.
    pub emergency: Vec<RoleName>,
}

/// What is wrong with the criteria or the people file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CriteriaError {
    /// Not readable.
    #[error("the criteria cannot be read: {0}")]
    Unreadable(String),
    /// The people file.
    #[error("the people file cannot be read: {0}")]
    People(#[from] PeopleError),
    /// A rule that does not exist.
    #[error("`switched_off` names `{0}`, which is no rule; the rules are: {1}")]
    NoSuchRule(String, String),
    /// A rule that everything rests on.
    #[error("`{0}` cannot be switched off: without it nothing that cm-bot approves would mean anything")]
    NotOptional(String),
    /// A list that must not be empty.
    #[error("`{0}` is empty: {1}")]
    Empty(&'static str, &'static str),
    /// A role that nobody has.
    #[error("`{0}` names the role `{1}`, which nobody in the people file has")]
    NobodyInRole(&'static str, RoleName),
    /// A file that nobody could prove anything of.
    #[error("`version_bump.manifests` names `{0}`, which is no manifest that cm-bot can read; it reads: {1}")]
    NoManifest(String, String),
    /// A file that must not change freely.
    #[error("`version_bump.companions` names `{0}`, which is no change log, such as CHANGELOG.md")]
    NoChangeLog(String),
    /// An accepted risk that leaves something out.
    #[error("`security_scan.accepted` number {0} has no {1}: {2}")]
    VagueRisk(usize, &'static str, &'static str),
    /// A class that cannot be both.
    #[error("the change class `{0}` is both automatic and an emergency")]
    TwoClasses(String),
}

impl Criteria {
    /// Reads criteria and people from the texts of their files.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and where.
    pub fn parse(terms: &str, people: &str) -> Result<Criteria, CriteriaError> {
        let digest = digest(terms, people);
        let people = People::parse(people)?;
        let terms: Terms = toml::from_str(terms).map_err(|error| CriteriaError::Unreadable(error.to_string()))?;
        check_rules(&terms)?;
        check_lists(&terms)?;
        check_manifests(&terms.version_bump)?;
        check_roles(&terms, &people)?;
        check_risks(&terms.security_scan)?;
        Ok(Criteria { terms, people, digest })
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn demands(&self, rule: &str) -> bool {
        !self.terms.switched_off.contains(rule)
    }
}

/// SHA-256 over both texts, each with its length before it.
fn digest(terms: &str, people: &str) -> String {
    let mut hash = Sha256::new();
    for text in [terms, people] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex::encode(hash.finalize())
}

fn check_rules(terms: &Terms) -> Result<(), CriteriaError> {
    for id in &terms.switched_off {
        let Some(rule) = RULES.iter().find(|rule| rule.id == id) else {
            let all = RULES.iter().map(|rule| rule.id).collect::<Vec<_>>().join(", ");
            return Err(CriteriaError::NoSuchRule(id.clone(), all));
        };
        match rule.duty {
            Duty::Optional => {}
            Duty::Always => return Err(CriteriaError::NotOptional(id.clone())),
        }
    }
    Ok(())
}

fn check_lists(terms: &Terms) -> Result<(), CriteriaError> {
    if terms.self_change.repositories.is_empty() {
        return Err(CriteriaError::Empty("self_change.repositories", "name the repository with cm-bot's own settings"));
    }
    if terms.approvers.roles.is_empty() {
        return Err(CriteriaError::Empty("approvers.roles", "then nobody could decide what cm-bot holds"));
    }
    if terms.notify.emergency.is_empty() {
        return Err(CriteriaError::Empty("notify.emergency", "then nobody would learn of an emergency"));
    }
    match terms.change_class.automatic.intersection(&terms.change_class.emergency).next() {
        Some(class) => Err(CriteriaError::TwoClasses(class.clone())),
        None => Ok(()),
    }
}

fn check_manifests(terms: &VersionBump) -> Result<(), CriteriaError> {
    if let Some(path) = terms.manifests.iter().find(|path| !is_manifest(path)) {
        return Err(CriteriaError::NoManifest(path.clone(), manifest_names()));
    }
    match terms.companions.iter().find(|path| !is_change_log(path)) {
        Some(path) => Err(CriteriaError::NoChangeLog(path.clone())),
        None => Ok(()),
    }
}

fn check_roles(terms: &Terms, people: &People) -> Result<(), CriteriaError> {
    let lists = [
        ("approvers.roles", &terms.approvers.roles),
        ("notify.held", &terms.notify.held),
        ("notify.emergency", &terms.notify.emergency),
    ];
    let named = lists.into_iter().flat_map(|(key, roles)| roles.iter().map(move |role| (key, role)));
    let reviewers = terms.sensitive_paths.iter().filter_map(|path| path.role.as_ref());
    for (key, role) in named.chain(reviewers.map(|role| ("sensitive_paths.role", role))) {
        if people.with_any_role(std::slice::from_ref(role)).next().is_none() {
            return Err(CriteriaError::NobodyInRole(key, role.clone()));
        }
    }
    Ok(())
}

fn check_risks(terms: &SecurityScan) -> Result<(), CriteriaError> {
    for (place, risk) in terms.accepted.iter().enumerate() {
        let said = [
            ("tool", &risk.tool, "name the tool as the scanner's settings do"),
            ("rule", &risk.rule, "nobody accepts everything that a tool may find"),
            ("owner", &risk.owner, "somebody of the people file must answer for it"),
            ("reason", &risk.reason, "say why it is no danger for now"),
        ];
        if let Some((key, _, why)) = said.into_iter().find(|(_, text, _)| text.trim().is_empty()) {
            return Err(CriteriaError::VagueRisk(place + 1, key, why));
        }
    }
    Ok(())
}
