//! The company's rules for automatic approval: the content of `criteria.toml`, together with the people they speak of.
//!
//! A new term is a field of the struct in the file of its topic, and what it must agree with is a function of `checks`.

mod checks;
mod content;
mod difference;
mod gate;
mod review;
mod roles;
mod scans;
mod signature;
mod terms;
mod ticket;

use serde::Deserialize as _;
use sha2::{Digest, Sha256};

pub use content::{ControlPaths, HiddenCharacterTerms, HiddenCharacters, OpaqueChanges, OpaqueKind, VersionBump};
pub use difference::differences;
pub use gate::{ApproverRoles, GateTerms};
pub use review::{AfterMerge, CommitReview, Contributors, SensitivePath, SquashMerge};
pub use roles::{Approvers, MoreApprovers, Notify, Seat};
pub use scans::{AcceptedRisk, SecurityScan};
pub use signature::{NAMESPACE, PolicyTexts, SignatureTexts, SignedBy, SignedFile, Unsigned};
pub use terms::{Mode, Terms};
pub use ticket::{
    Brings, ChangeClasses, ClassTerms, RequiredFields, SelfChange, SignatureTerms, StagingTerms, WorkflowTerms,
    class_of,
};

use crate::model::{Day, Environment, People, PeopleError, RoleName, Timestamp};
use signature::Vouched;

/// The criteria in force, and the people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criteria {
    /// What the criteria say.
    pub terms: Terms,
    /// Who is who.
    pub people: People,
    /// SHA-256 over both files and what vouches for them: what a decision was made under.
    pub digest: String,
    /// Private, because nothing but a verified signature vouches for anything.
    vouched: Result<Vouched, Unsigned>,
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
    /// More approvers that are none.
    #[error("`approvers.more` number {0} {1}")]
    More(usize, String),
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
    /// An environment that would have to come before itself.
    #[error("`staging` wants {0} before {0}; name two different environments")]
    Staging(Environment),
    /// A class that contradicts itself.
    #[error("the change class `{0}` {1}")]
    Class(String, &'static str),
    /// A class that cannot be both.
    #[error("the change class `{0}` is both automatic and an emergency")]
    TwoClasses(String),
}

impl Criteria {
    /// Reads criteria and people from the texts of their files, and verifies what vouches for them. That nobody does is no
    /// error: such criteria approve nothing.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and where.
    pub fn read(texts: &PolicyTexts) -> Result<Criteria, CriteriaError> {
        let people = People::parse(&texts.people)?;
        let terms = Terms::parse(&texts.criteria)?;
        checks::check_roles(&terms, &people)?;
        let vouched = signature::verify(texts, &terms, &people);
        Ok(Criteria { terms, people, digest: digest(texts), vouched })
    }

    /// Reads criteria and people for which nobody vouches.
    ///
    /// # Errors
    /// As [`Criteria::read`].
    pub fn parse(terms: &str, people: &str) -> Result<Criteria, CriteriaError> {
        let (criteria, people) = (terms.to_owned(), people.to_owned());
        Criteria::read(&PolicyTexts { criteria, people, signatures: SignatureTexts::default() })
    }

    /// Who vouches for the criteria at this moment.
    ///
    /// # Errors
    /// With the reason when nobody does.
    pub fn standing_at(&self, now: Timestamp) -> Result<SignedBy, Unsigned> {
        self.vouched.as_ref().map_err(Unsigned::clone)?.at(now)
    }

    /// When the signature stops counting, if there is one: the first moment after its last day, or the end of a key.
    #[must_use]
    pub fn vouched_until(&self) -> Option<Timestamp> {
        self.vouched.as_ref().ok().map(Vouched::end)
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn demands(&self, rule: &str) -> bool {
        !self.terms.switched_off.contains(rule)
    }
}

/// SHA-256 over all texts, each with its length before it. What is not there adds nothing.
fn digest(texts: &PolicyTexts) -> String {
    let PolicyTexts { criteria, people, signatures } = texts;
    let SignatureTexts { of_criteria, of_people, allowed_signers } = signatures;
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(criteria);
    add(people);
    for (name, text) in [("criteria.sig", of_criteria), ("people.sig", of_people), ("allowed_signers", allowed_signers)]
    {
        if let Some(text) = text {
            add(name);
            add(text);
        }
    }
    hex::encode(hash.finalize())
}

/// A day, written as TOML writes days.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    let written = toml::value::Datetime::deserialize(deserializer)?;
    Day::parse(&written.to_string()).map_err(serde::de::Error::custom)
}
