//! Checkpoints: "at this moment the trail had so many entries, and this was their hash", signed.
//!
//! The format is that of <https://c2sp.org/tlog-checkpoint>, signed as in <https://c2sp.org/signed-note> with Ed25519, so
//! that anybody's tools can read one. Whoever keeps a checkpoint outside of our database can tell later whether the trail
//! still begins with what it began with then.

use std::fmt;

use ed25519_dalek::SigningKey;
use signed_note::{Note, Signer as _, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint as Text;
use tlog_tiles::tlog::Hash;

use super::tree::Root;

/// The private key that signs checkpoints.
pub struct Signer {
    signer: StandardSigner,
    public: String,
}

/// The public key that checkpoints are checked with.
pub struct Verifier(VerifierList);

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose trail it is.
    pub origin: String,
    /// How many entries there were.
    pub size: u64,
    /// Their hash.
    pub root: Root,
}

/// Why a checkpoint or a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The key's text is no key.
    #[error("this is no key of the form NAME+ID+BASE64 (private keys begin with PRIVATE+KEY+)")]
    NoKey,
    /// The text is no signed checkpoint.
    #[error("this is no signed checkpoint")]
    NoCheckpoint,
    /// Nobody whose key is known has signed it.
    #[error("it is not signed with this key")]
    NotSigned,
}

impl Signer {
    /// Reads a private key: `PRIVATE+KEY+NAME+ID+BASE64`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(key: &str) -> Result<Signer, CheckpointError> {
        let signer = StandardSigner::new(key.trim()).map_err(|_| CheckpointError::NoKey)?;
        let secret = key.trim().splitn(5, '+').last().and_then(secret_bytes).ok_or(CheckpointError::NoKey)?;
        let public =
            signed_note::new_ed25519_verifier_key(signer.name(), &SigningKey::from_bytes(&secret).verifying_key());
        Ok(Signer { signer, public })
    }

    /// The public key to check signatures with: `NAME+ID+BASE64`.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Signs what the trail was.
    ///
    /// # Errors
    /// When the name of the key cannot stand in a checkpoint.
    pub fn sign(&self, size: u64, root: Root) -> Result<String, CheckpointError> {
        let text = Text::new(self.signer.name(), size, Hash(root.0), "").map_err(|_| CheckpointError::NoKey)?;
        let mut note = Note::new(&text.to_bytes(), &[]).map_err(|_| CheckpointError::NoCheckpoint)?;
        note.add_sigs(&[&self.signer]).map_err(|_| CheckpointError::NoKey)?;
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::NoCheckpoint)
    }
}

impl Signer {
    /// Signs a text that is no checkpoint: lines, of which the first says what it is about.
    ///
    /// # Errors
    /// When the text cannot stand in a note, or could be taken for a checkpoint.
    pub fn sign_text(&self, text: &str) -> Result<String, CheckpointError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| CheckpointError::NoCheckpoint)?;
        if Text::from_bytes(text.as_bytes()).is_ok() {
            return Err(CheckpointError::NoCheckpoint);
        }
        note.add_sigs(&[&self.signer]).map_err(|_| CheckpointError::NoKey)?;
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::NoCheckpoint)
    }
}

/// The 32 bytes after the byte that names the algorithm.
fn secret_bytes(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    bytes.get(1..)?.try_into().ok()
}

/// The name alone; a key never shows.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.public).finish()
    }
}

impl Checkpoint {
    /// What a note says, whoever signed it.
    ///
    /// # Errors
    /// When it is no checkpoint.
    pub fn unverified(text: &str) -> Result<Checkpoint, CheckpointError> {
        let note = Note::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::NoCheckpoint)?;
        let text = Text::from_bytes(note.text()).map_err(|_| CheckpointError::NoCheckpoint)?;
        Ok(Checkpoint { origin: text.origin().to_owned(), size: text.size(), root: Root(text.hash().0) })
    }
}

impl Verifier {
    /// Reads a public key: `NAME+ID+BASE64`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(key: &str) -> Result<Verifier, CheckpointError> {
        let verifier = StandardVerifier::new(key.trim()).map_err(|_| CheckpointError::NoKey)?;
        Ok(Verifier(VerifierList::new(vec![Box::new(verifier)])))
    }

    /// Reads a checkpoint and checks its signature.
    ///
    /// # Errors
    /// When it is none, or not signed with this key.
    pub fn read(&self, text: &str) -> Result<Checkpoint, CheckpointError> {
        let note = Note::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::NoCheckpoint)?;
        note.verify(&self.0).map_err(|_| CheckpointError::NotSigned)?;
        Checkpoint::unverified(text)
    }
}

/// A new pair of keys for a name: private, public.
#[must_use]
pub fn new_keys(name: &str) -> (String, String) {
    signed_note::generate_key(&mut rand_core::OsRng, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (Signer, Verifier) {
        let (private, public) = new_keys("cm-bot.example");
        let signer = Signer::parse(&format!("{private}\n")).unwrap();
        assert_eq!(signer.public(), public);
        assert!(!format!("{signer:?}").contains(&private));
        (signer, Verifier::parse(&public).unwrap())
    }

    #[test]
    fn every_key_that_was_made_can_be_used() {
        for _ in 0..200 {
            keys(); // Base64 has a `+` of its own in some of them.
        }
    }

    #[test]
    fn what_was_signed_is_read_again() {
        let (signer, verifier) = keys();
        let text = signer.sign(912, Root([7; 32])).unwrap();
        assert!(text.starts_with("cm-bot.example\n912\nBwcHBwcH"), "{text}");
        let read = verifier.read(&text).unwrap();
        assert_eq!(read, Checkpoint { origin: "cm-bot.example".into(), size: 912, root: Root([7; 32]) });
    }

    #[test]
    fn any_other_word_or_key_is_found() {
        let (signer, verifier) = keys();
        let text = signer.sign(912, Root([7; 32])).unwrap();
        assert_eq!(verifier.read(&text.replacen("912", "913", 1)), Err(CheckpointError::NotSigned));
        assert_eq!(keys().1.read(&text), Err(CheckpointError::NotSigned), "same name, another key");
        let unsigned = text.split("\n\n").next().unwrap();
        for odd in ["", "912", unsigned, &format!("{unsigned}\n\n")] {
            assert_eq!(verifier.read(odd), Err(CheckpointError::NoCheckpoint), "{odd:?}");
        }
        assert_eq!(Signer::parse("PRIVATE+KEY+x").unwrap_err(), CheckpointError::NoKey);
        assert!(Verifier::parse(signer.public().split('+').next().unwrap()).is_err());
    }
}
