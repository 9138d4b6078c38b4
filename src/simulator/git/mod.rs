//! A small Git object store in memory. Ids are the ones that Git itself computes for the same content.

pub mod history;
mod packing;
pub mod patch;
pub mod tree;
pub mod upload_pack;

use std::collections::HashMap;
use std::fmt;

use sha1::{Digest, Sha1};

/// The id of a Git object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid([u8; 20]);

/// Every object of one repository.
#[derive(Debug, Default)]
pub struct Store {
    blobs: HashMap<Oid, Vec<u8>>,
    trees: HashMap<Oid, Vec<tree::Entry>>,
    commits: HashMap<Oid, Stored>,
}

/// A commit with its place in the order of making, which settles ties between equal dates.
#[derive(Debug)]
struct Stored {
    commit: Commit,
    place: usize,
}

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The root tree.
    pub tree: Oid,
    /// The parents, in order.
    pub parents: Vec<Oid>,
    /// Who claims to have written it.
    pub author: Stamp,
    /// Who claims to have committed it.
    pub committer: Stamp,
    /// The text of the `gpgsig` header.
    pub signature: Option<String>,
    /// The message with its last newline, if it has one.
    pub message: String,
}

/// A name, an e-mail address and a time, as Git writes them into a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Seconds since the epoch; the time zone is always UTC.
    pub seconds: i64,
}

impl Oid {
    /// Reads 40 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Oid> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Oid(bytes))
    }

    /// The first seven hex digits.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(self.0).chars().take(7).collect()
    }

    fn of(kind: &str, content: &[u8]) -> Oid {
        let mut hash = Sha1::new();
        hash.update(format!("{kind} {}\0", content.len()));
        hash.update(content);
        Oid(hash.finalize().into())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Store {
    /// Keeps a file's content.
    pub fn put_blob(&mut self, content: &[u8]) -> Oid {
        let id = Oid::of("blob", content);
        self.blobs.entry(id).or_insert_with(|| content.to_vec());
        id
    }

    /// A file's content.
    #[must_use]
    pub fn blob(&self, id: Oid) -> Option<&[u8]> {
        self.blobs.get(&id).map(Vec::as_slice)
    }

    /// Keeps a commit.
    pub fn put_commit(&mut self, commit: Commit) -> Oid {
        let id = Oid::of("commit", commit.text().as_bytes());
        let place = self.commits.len();
        self.commits.entry(id).or_insert(Stored { commit, place });
        id
    }

    /// What a commit says.
    #[must_use]
    pub fn commit(&self, id: Oid) -> Option<&Commit> {
        self.commits.get(&id).map(|stored| &stored.commit)
    }

    /// The only commit whose id starts with these hex digits.
    #[must_use]
    pub fn commit_starting_with(&self, digits: &str) -> Option<Oid> {
        let mut found = self.commits.keys().filter(|id| id.to_string().starts_with(digits));
        match (found.next(), found.next()) {
            (Some(id), None) => Some(*id),
            _ => None,
        }
    }
}

impl Commit {
    /// The text that a signature signs: everything but the signature.
    #[must_use]
    pub fn payload(&self) -> String {
        format!("{}\n{}", self.head(), self.message)
    }

    /// The message as GitHub shows it, without newlines at its end.
    #[must_use]
    pub fn shown_message(&self) -> &str {
        self.message.trim_end_matches('\n')
    }

    fn text(&self) -> String {
        // Git continues a header on lines that begin with a space.
        let signature = self.signature.iter().map(|text| format!("gpgsig {}\n", text.replace('\n', "\n ")));
        format!("{}{}\n{}", self.head(), signature.collect::<String>(), self.message)
    }

    fn head(&self) -> String {
        let parents = self.parents.iter().map(|parent| format!("parent {parent}\n")).collect::<String>();
        format!("tree {}\n{parents}author {}\ncommitter {}\n", self.tree, self.author, self.committer)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}> {} +0000", self.name, self.email, self.seconds)
    }
}

#[cfg(test)]
mod tests;
