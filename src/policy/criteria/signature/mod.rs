//! Who vouches for the criteria: the signatures of both files, verified against the allowed signers.
//!
//! `ssh-keygen -Y sign -n cm-bot-criteria` writes a signature (PROTOCOL.sshsig of OpenSSH). It holds no time, so the criteria
//! say themselves on which day they are signed and until when that counts; the allowed-signers file may end a key sooner.
//! Whether a signature counts therefore depends on the moment at which it is asked.

mod file;
mod signers;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Terms;
use super::ticket::SignatureTerms;
use crate::model::{Day, People, RoleName, Timestamp};
pub use file::SignedFile;
use file::{Seal, verified};
use signers::Signers;

/// The namespace of signatures: one that was made for something else counts for nothing here.
pub const NAMESPACE: &str = "cm-bot-criteria";

/// Everything that a policy is read from, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTexts {
    /// `criteria.toml`.
    pub criteria: String,
    /// `people.toml`.
    pub people: String,
    /// What vouches for both.
    pub signatures: SignatureTexts,
}

/// The files that vouch for criteria and people. Nothing means that there is no such file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureTexts {
    /// The signature of `criteria.toml`.
    pub of_criteria: Option<String>,
    /// The signature of `people.toml`.
    pub of_people: Option<String>,
    /// Who may sign, in OpenSSH's format of allowed signers.
    pub allowed_signers: Option<String>,
}

/// The proof that criteria and people were signed by whoever may. Only a verified signature makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedBy {
    by: String,
    on: String,
    until: String,
    keys: Vec<String>,
}

/// Why nobody vouches for the criteria. Each is a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// These count instead of newer files that nobody has signed, for this reason.
    #[error("{0}")]
    PassedOver(String),
    /// No files are set.
    #[error("nobody has signed the criteria and the people file")]
    NothingGiven,
    /// The criteria do not say who may.
    #[error("the criteria do not say who may sign them and until when (the block [signature])")]
    NoTerms,
    /// A signature that is not there.
    #[error("there is no signature of the {0}")]
    Missing(SignedFile),
    /// The allowed signers are not there.
    #[error("there is no file of allowed signers")]
    NoSigners,
    /// They cannot be read.
    #[error("line {line} of the allowed signers cannot be used: {why}")]
    BadSigners {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something else in the place of a signature.
    #[error("what should be the signature of the {0} is no SSH signature")]
    NoSignature(SignedFile),
    /// Made for something else.
    #[error("the signature of the {0} was made for something else; its namespace has to be cm-bot-criteria")]
    OtherNamespace(SignedFile),
    /// A kind of key that is not verified here.
    #[error("the signature of the {0} was made with a key of the kind {1}; ed25519 and ecdsa-p256 keys are verified")]
    KindOfKey(SignedFile, String),
    /// Nobody's key.
    #[error("the signature of the {0} was made with the key {1}, which no allowed signer has for cm-bot-criteria")]
    UnknownKey(SignedFile, String),
    /// Not what was signed.
    #[error("the signature of the {0} does not fit: the file was changed after it was signed")]
    Changed(SignedFile),
    /// A security key that nobody touched.
    #[error("the signature of the {0} was made with a security key that nobody touched")]
    NotTouched(SignedFile),
    /// A signer whom the people file does not know.
    #[error("the signature of the {0} is by a principal that nobody in the people file signs as (signs_as)")]
    Nobody(SignedFile),
    /// A signer without the role.
    #[error("{person} signed the {file} and does not have the role {role}")]
    WrongRole {
        /// Who.
        person: String,
        /// What.
        file: SignedFile,
        /// The role that the criteria ask for.
        role: RoleName,
    },
    /// The day is over.
    #[error("the signature of the criteria counted until {0}, and that day is over")]
    Over(Day),
    /// The key does not count yet.
    #[error("the key of {0} counts as a signer's from {1} on")]
    KeyNotYet(String, Timestamp),
    /// The key does not count any more.
    #[error("the key of {0} counted as a signer's until {1}")]
    KeyOver(String, Timestamp),
}

/// What the signatures prove, whatever the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vouched {
    on: Day,
    until: Day,
    seals: [Seal; 2],
}

/// What stands in the place of a signature where criteria and people count instead of newer files; the reason follows.
const PASSED_OVER: &str = "no signature: ";

impl SignatureTexts {
    /// Nobody vouches for criteria and people that count instead of newer files. Why, is a text like the others, so that decisions
    /// under them come out the same when they are made again.
    #[must_use]
    pub fn passed_over(why: &Unsigned) -> SignatureTexts {
        SignatureTexts { of_criteria: Some(format!("{PASSED_OVER}{why}")), ..SignatureTexts::default() }
    }
}

/// Verifies both signatures.
pub(super) fn verify(texts: &PolicyTexts, terms: &Terms, people: &People) -> Result<Vouched, Unsigned> {
    let signatures = &texts.signatures;
    if let Some(why) = signatures.of_criteria.as_deref().and_then(|text| text.strip_prefix(PASSED_OVER)) {
        return Err(Unsigned::PassedOver(why.to_owned()));
    }
    if *signatures == SignatureTexts::default() {
        return Err(Unsigned::NothingGiven);
    }
    let SignatureTerms { role, on, until } = terms.signature.as_ref().ok_or(Unsigned::NoTerms)?;
    let signers = Signers::parse(signatures.allowed_signers.as_deref().ok_or(Unsigned::NoSigners)?)?;
    let seal = |file, text: &str, signature: Option<&str>| {
        verified(file, (text, signature.ok_or(Unsigned::Missing(file))?), &signers)?.by(people, role)
    };
    let seals = [
        seal(SignedFile::Criteria, &texts.criteria, signatures.of_criteria.as_deref())?,
        seal(SignedFile::People, &texts.people, signatures.of_people.as_deref())?,
    ];
    Ok(Vouched { on: *on, until: *until, seals })
}

impl Vouched {
    /// The proof, if it counts at this moment.
    pub(super) fn at(&self, now: Timestamp) -> Result<SignedBy, Unsigned> {
        if self.until.is_over_at(now) {
            return Err(Unsigned::Over(self.until));
        }
        for seal in &self.seals {
            seal.counts_at(now)?;
        }
        let [criteria, people] = &self.seals;
        let by = if criteria.person == people.person {
            criteria.person.clone()
        } else {
            format!("{} and {}", criteria.person, people.person)
        };
        let keys = self.seals.iter().map(|seal| seal.key.clone()).collect();
        Ok(SignedBy { by, on: self.on.to_string(), until: self.until.to_string(), keys })
    }
}

impl Vouched {
    /// The first moment at which it does not count any more.
    pub(super) fn end(&self) -> Timestamp {
        let keys = self.seals.iter().filter_map(|seal| seal.until);
        keys.fold(self.until.end(), Timestamp::min)
    }
}

impl SignedBy {
    /// Who signed, by name.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The last day on which it counts.
    #[must_use]
    pub fn until(&self) -> &str {
        &self.until
    }

    /// The keys that signed criteria and people, as `ssh-keygen -l` prints them.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signed by {} on {}", self.by, self.on)
    }
}
