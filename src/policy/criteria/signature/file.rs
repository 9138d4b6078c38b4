//! One signature of one file.

use std::fmt;

use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PublicKey, SshSig};

use super::signers::{Signer, Signers};
use super::{NAMESPACE, Unsigned};
use crate::model::{People, RoleName, Timestamp};

/// The files that are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedFile {
    /// `criteria.toml`.
    Criteria,
    /// `people.toml`.
    People,
}

/// A signature that fits the file and an allowed key.
pub(super) struct Fitting<'a> {
    file: SignedFile,
    signer: &'a Signer,
}

/// A signature by a person who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    pub person: String,
    pub key: String,
    from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// The bit that a security key sets when somebody touched it (`SSH_SK_USER_PRESENCE_REQD` in OpenSSH's PROTOCOL.u2f).
const TOUCHED: u8 = 0x01;

/// How many bytes a security key adds to a signature: its flags, then a counter of four bytes.
const FLAGS_AND_COUNTER: usize = 5;

/// Holds a signature against the file and the allowed signers.
pub(super) fn verified<'a>(
    file: SignedFile,
    (text, signature): (&str, &str),
    signers: &'a Signers,
) -> Result<Fitting<'a>, Unsigned> {
    let signature = SshSig::from_pem(signature.trim_end()).map_err(|_| Unsigned::NoSignature(file))?;
    let key = PublicKey::from(signature.public_key().clone());
    if !is_supported(&key.algorithm()) {
        return Err(Unsigned::KindOfKey(file, key.algorithm().to_string()));
    }
    if signature.namespace() != NAMESPACE {
        return Err(Unsigned::OtherNamespace(file));
    }
    let signer = signers.with(&key).ok_or_else(|| Unsigned::UnknownKey(file, fingerprint(&key)))?;
    key.verify(NAMESPACE, text.as_bytes(), &signature).map_err(|_| Unsigned::Changed(file))?;
    if is_security_key(&key.algorithm()) && !was_touched(&signature) {
        return Err(Unsigned::NotTouched(file));
    }
    Ok(Fitting { file, signer })
}

/// As `ssh-keygen -l` prints it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn is_supported(kind: &Algorithm) -> bool {
    let p256 = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
    *kind == Algorithm::Ed25519 || *kind == p256 || is_security_key(kind)
}

fn is_security_key(kind: &Algorithm) -> bool {
    *kind == Algorithm::SkEd25519 || *kind == Algorithm::SkEcdsaSha2NistP256
}

fn was_touched(signature: &SshSig) -> bool {
    let bytes = signature.signature_bytes();
    let flags = bytes.len().checked_sub(FLAGS_AND_COUNTER).and_then(|place| bytes.get(place));
    flags.is_some_and(|flags| flags & TOUCHED != 0)
}

impl Fitting<'_> {
    /// Whose it is, if that person may sign.
    pub(super) fn by(&self, people: &People, role: &RoleName) -> Result<Seal, Unsigned> {
        let Fitting { file, signer } = *self;
        let signs_so = |name: &String| signer.principals.contains(name);
        let mut persons = people.everybody().iter().filter(|person| person.signs_as.as_ref().is_some_and(signs_so));
        let (Some(person), None) = (persons.next(), persons.next()) else { return Err(Unsigned::Nobody(file)) };
        if !person.roles.contains(role) {
            return Err(Unsigned::WrongRole { person: person.name.clone(), file, role: role.clone() });
        }
        Ok(Seal { person: person.name.clone(), key: fingerprint(&signer.key), from: signer.from, until: signer.until })
    }
}

impl Seal {
    /// Whether the key counts at this moment.
    pub(super) fn counts_at(&self, now: Timestamp) -> Result<(), Unsigned> {
        match (self.from, self.until) {
            (Some(from), _) if now < from => Err(Unsigned::KeyNotYet(self.person.clone(), from)),
            (_, Some(until)) if now >= until => Err(Unsigned::KeyOver(self.person.clone(), until)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SignedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignedFile::Criteria => "criteria",
            SignedFile::People => "people file",
        })
    }
}
