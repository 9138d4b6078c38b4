//! The company's rules for automatic approval: the content of `criteria.toml`, together with the people they speak of.
//!
//! A new term is a field of the struct in the file of its topic, and what it must agree with is a function of `checks`.

mod checks;
mod content;
mod gate;
mod review;
mod roles;
mod scans;
mod terms;
mod ticket;

use sha2::{Digest, Sha256};

pub use content::{ControlPaths, HiddenCharacterTerms, HiddenCharacters, OpaqueChanges, OpaqueKind, VersionBump};
pub use gate::{ApproverRoles, GateTerms};
pub use review::{AfterMerge, CommitReview, Contributors, SensitivePath, SquashMerge};
pub use roles::{Notify, Roles};
pub use scans::{AcceptedRisk, SecurityScan};
pub use terms::{Mode, Terms};
pub use ticket::{ChangeClasses, RequiredFields, SelfChange};

use crate::model::{People, PeopleError, RoleName};

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
        let terms = Terms::parse(terms)?;
        checks::check_roles(&terms, &people)?;
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
