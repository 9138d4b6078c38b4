//! The folder that is written, with the SHA-256 of each file in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::audit::checkpoint::Signer;

/// The list of all files, and its signature.
const SUMS: &str = "SHA256SUMS";

/// What the first line of the signed text says, so that nobody takes it for a checkpoint.
const ABOUT: &str = "cm-bot evidence bundle";

/// A folder that is being written.
pub(super) struct Bundle {
    folder: PathBuf,
    sums: BTreeMap<String, String>,
}

impl Bundle {
    /// A new folder; never one that exists.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Bundle> {
        fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for inner in ["changes", "policy", "inspections", "checkpoints"] {
            fs::create_dir(folder.join(inner))?;
        }
        Ok(Bundle { folder: folder.to_owned(), sums: BTreeMap::new() })
    }

    /// Writes a file.
    pub(super) fn write(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        self.sums.insert(name.to_owned(), hex::encode(Sha256::digest(text)));
        Ok(())
    }

    /// Writes a value as JSON that people can read.
    pub(super) fn write_json(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        self.write(name, &(serde_json::to_string_pretty(value)? + "\n"))
    }

    /// Writes a file line by line, however large it is.
    pub(super) fn lines(&mut self, name: &str) -> anyhow::Result<Lines<'_>> {
        let file = BufWriter::new(File::create(self.folder.join(name))?);
        Ok(Lines { bundle: self, name: name.to_owned(), file, hash: Sha256::new() })
    }

    /// Writes the list of all files, and signs it if there is a key.
    pub(super) fn close(self, signer: Option<&Signer>) -> anyhow::Result<()> {
        let sums: String = self.sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        fs::write(self.folder.join(SUMS), &sums)?;
        if let Some(signer) = signer {
            let text = format!("{ABOUT}\nsha256:{}\n", hex::encode(Sha256::digest(&sums)));
            fs::write(self.folder.join(format!("{SUMS}.sig")), signer.sign_text(&text)?)?;
        }
        Ok(())
    }
}

/// A file that is written line by line.
pub(super) struct Lines<'a> {
    bundle: &'a mut Bundle,
    name: String,
    file: BufWriter<File>,
    hash: Sha256,
}

impl Lines<'_> {
    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) -> std::io::Result<()> {
        self.hash.update(text.as_bytes());
        self.hash.update(b"\n");
        self.file.write_all(text.as_bytes())?;
        self.file.write_all(b"\n")
    }

    /// The file is whole.
    pub(super) fn end(mut self) -> std::io::Result<()> {
        self.file.flush()?;
        self.bundle.sums.insert(self.name, hex::encode(self.hash.finalize()));
        Ok(())
    }
}

/// Which program has made it. A program that was built to be debugged says nothing about what runs elsewhere.
pub(super) fn program_sha256() -> Option<String> {
    if cfg!(debug_assertions) {
        return None;
    }
    let mut file = File::open(std::env::current_exe().ok()?).ok()?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece).ok()? {
            0 => return Some(hex::encode(hash.finalize())),
            length => hash.update(piece.get(..length)?),
        }
    }
}
