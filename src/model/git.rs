//! Git's objects: trees and file contents, each named by the hash of what it holds.
//!
//! The name is the proof: a list of entries that hashes to the tree's name is complete and unchanged, whoever sent it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::ids::ObjectId;

/// What kind of thing stands at a path, as Git writes it (`0o100644` is a plain file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mode(pub u32);

/// What stands at one name of a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TreeEntry {
    /// What kind of thing it is.
    pub mode: Mode,
    /// Its content: a blob, another tree, or a commit of another repository.
    pub id: ObjectId,
}

/// One folder at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tree {
    /// What it holds, by name.
    pub entries: BTreeMap<String, TreeEntry>,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// What a file holds.
    Blob,
    /// A name for another object, with a message.
    Tag,
}

/// The content of a file, as far as it can be looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text, whole.
    Text(String),
    /// No text, or too large to look into.
    Opaque,
}

impl Mode {
    /// A plain file.
    pub const FILE: Mode = Mode(0o100_644);
    /// A file that can be run.
    pub const EXECUTABLE: Mode = Mode(0o100_755);
    /// A symbolic link.
    pub const SYMLINK: Mode = Mode(0o120_000);
    /// Another folder.
    pub const FOLDER: Mode = Mode(0o040_000);
    /// A commit of another repository.
    pub const SUBMODULE: Mode = Mode(0o160_000);

    /// Whether it is a file with content of its own.
    #[must_use]
    pub fn is_file(self) -> bool {
        self == Mode::FILE || self == Mode::EXECUTABLE
    }
}

impl TreeEntry {
    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.mode == Mode::FOLDER
    }
}

impl Tree {
    /// The name that Git gives to a tree with these entries.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        let mut entries: Vec<(&String, &TreeEntry)> = self.entries.iter().collect();
        // Git sorts a folder as if its name ended in a slash.
        entries.sort_by_key(|(name, entry)| format!("{name}{}", if entry.is_folder() { "/" } else { "" }));
        let mut body = Vec::new();
        for (name, entry) in entries {
            body.extend(format!("{:o} {name}\0", entry.mode.0).into_bytes());
            body.extend(entry.id.bytes());
        }
        object_id(ObjectKind::Tree, &body)
    }
}

/// The name that Git gives to a file with this content.
#[must_use]
pub fn blob_id(content: &[u8]) -> ObjectId {
    object_id(ObjectKind::Blob, content)
}

/// The name that Git gives to an object.
#[must_use]
pub fn object_id(kind: ObjectKind, body: &[u8]) -> ObjectId {
    let kind = match kind {
        ObjectKind::Commit => "commit",
        ObjectKind::Tree => "tree",
        ObjectKind::Blob => "blob",
        ObjectKind::Tag => "tag",
    };
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", body.len()));
    hash.update(body);
    let mut hex = String::with_capacity(40);
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}"); // Writing to a String does not fail.
    }
    ObjectId::of_hex(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git() {
        // `printf 'hello\n' | git hash-object --stdin`, and `git mktree` of the same file and of nothing.
        assert_eq!(blob_id(b"hello\n").as_str(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(Tree::default().id().as_str(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        let entry = TreeEntry { mode: Mode::FILE, id: blob_id(b"hello\n") };
        let tree = Tree { entries: BTreeMap::from([("hello.txt".to_owned(), entry)]) };
        assert_eq!(tree.id().as_str(), "aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7");
    }

    #[test]
    fn a_folder_sorts_as_if_its_name_ended_in_a_slash() {
        let folder = ObjectId::parse("aaa96ced2d9a1c8e72c56b253a0e2fe78393feb7").unwrap();
        let entries = [("a", Mode::FOLDER, folder), ("a.b", Mode::FILE, blob_id(b"hello\n"))];
        let entries = entries.map(|(name, mode, id)| (name.to_owned(), TreeEntry { mode, id }));
        let tree = Tree { entries: entries.into() };
        // `git mktree` of the two: "a.b" stands before "a/".
        assert_eq!(tree.id().as_str(), "61f5d8a223ba7802dc77d7434efda6707c8d747a");
    }
}
