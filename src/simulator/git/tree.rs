//! Trees: building, listing, comparing and merging them, file by file.

use std::collections::BTreeMap;

use super::super::scene::SceneError;
use super::{Oid, Store};

/// The files of a tree with all its folders, by path.
pub type Files = BTreeMap<String, FileAt>;

/// One file in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAt {
    /// What kind of file.
    pub mode: Mode,
    /// Its content.
    pub blob: Oid,
}

/// The kinds of tree entries that scenes can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A plain file.
    File,
    /// A file that can be run.
    Executable,
    /// A symbolic link; its content is where it points to.
    Link,
    /// A commit of another repository.
    Submodule,
    /// A folder.
    Folder,
}

/// One line of a tree object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the folder.
    pub name: String,
    /// File or folder.
    pub mode: Mode,
    /// The blob or the tree.
    pub id: Oid,
}

/// A path that differs between two trees. Without `old` it was added, without `new` removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub path: String,
    /// The file before.
    pub old: Option<FileAt>,
    /// The file after.
    pub new: Option<FileAt>,
}

/// The result of a three-way merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The merged files; a path in conflict keeps our side.
    pub files: Files,
    /// Paths that both sides changed in different ways.
    pub conflicts: Vec<String>,
}

impl Mode {
    /// The mode as Git's listings and GitHub's API write it.
    #[must_use]
    pub fn digits(self) -> &'static str {
        match self {
            Mode::File => "100644",
            Mode::Executable => "100755",
            Mode::Link => "120000",
            Mode::Submodule => "160000",
            Mode::Folder => "040000",
        }
    }

    /// The mode as GraphQL writes it: the same digits, read as octal ones.
    #[must_use]
    pub fn number(self) -> u32 {
        u32::from_str_radix(self.digits(), 8).unwrap_or_default()
    }

    /// What the entry points to, as Git names it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Mode::Folder => "tree",
            Mode::Submodule => "commit",
            Mode::File | Mode::Executable | Mode::Link => "blob",
        }
    }
}

impl Change {
    /// The change as GitHub names it.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.old, self.new) {
            (None, _) => "added",
            (Some(_), None) => "removed",
            (Some(_), Some(_)) => "modified",
        }
    }
}

impl Merged {
    /// The files, when nothing is in conflict.
    ///
    /// # Errors
    /// Names the paths in conflict.
    pub fn clean(self) -> Result<Files, SceneError> {
        if self.conflicts.is_empty() {
            return Ok(self.files);
        }
        Err(SceneError(format!("this merge is in conflict over {}", self.conflicts.join(", "))))
    }
}

impl Store {
    /// Keeps a tree with all its folders.
    ///
    /// # Errors
    /// When a path is no relative path, or names a file inside of a file.
    pub fn put_tree(&mut self, files: &Files) -> Result<Oid, SceneError> {
        for path in files.keys() {
            if path.split('/').any(|part| matches!(part, "" | "." | ".." | ".git")) {
                return Err(SceneError(format!("`{path}` cannot be a path in a repository")));
            }
        }
        self.put_folder(files)
    }

    fn put_folder(&mut self, files: &Files) -> Result<Oid, SceneError> {
        let mut entries = Vec::new();
        let mut folders = BTreeMap::<&str, Files>::new();
        for (path, file) in files {
            match path.split_once('/') {
                None => entries.push(Entry { name: path.clone(), mode: file.mode, id: file.blob }),
                Some((folder, rest)) => drop(folders.entry(folder).or_default().insert(rest.to_owned(), *file)),
            }
        }
        for (folder, inside) in folders {
            if files.contains_key(folder) {
                return Err(SceneError(format!("`{folder}` cannot be both a file and a folder")));
            }
            entries.push(Entry { name: folder.to_owned(), mode: Mode::Folder, id: self.put_folder(&inside)? });
        }
        entries.sort_by_key(Entry::sort_key);
        let id = Oid::of("tree", &entries.iter().flat_map(Entry::bytes).collect::<Vec<u8>>());
        self.trees.insert(id, entries);
        Ok(id)
    }

    /// The lines of one tree object.
    #[must_use]
    pub fn tree(&self, id: Oid) -> Option<&[Entry]> {
        self.trees.get(&id).map(Vec::as_slice)
    }

    /// All files under a tree.
    #[must_use]
    pub fn files(&self, tree: Oid) -> Files {
        let mut files = Files::new();
        for (path, entry) in self.entries(tree) {
            if let Some(file) = entry.file() {
                files.insert(path, file);
            }
        }
        files
    }

    /// All entries under a tree with their paths, a folder before what is in it.
    #[must_use]
    pub fn entries(&self, tree: Oid) -> Vec<(String, &Entry)> {
        let mut found = Vec::new();
        for entry in self.tree(tree).unwrap_or_default() {
            found.push((entry.name.clone(), entry));
            if entry.mode == Mode::Folder {
                let inside = self.entries(entry.id).into_iter();
                found.extend(inside.map(|(path, inner)| (format!("{}/{path}", entry.name), inner)));
            }
        }
        found
    }

    /// What differs between two trees, by path. No old tree means an empty one.
    #[must_use]
    pub fn changes(&self, old: Option<Oid>, new: Oid) -> Vec<Change> {
        let mut found = BTreeMap::new();
        self.compare("", (old, Some(new)), &mut found);
        found.into_values().collect()
    }

    /// Compares two folders, and looks only into those that differ.
    fn compare(&self, prefix: &str, sides: (Option<Oid>, Option<Oid>), found: &mut BTreeMap<String, Change>) {
        let entries = |tree: Option<Oid>| tree.and_then(|tree| self.tree(tree)).unwrap_or_default();
        let mut pairs = BTreeMap::<&str, (Option<&Entry>, Option<&Entry>)>::new();
        entries(sides.0).iter().for_each(|entry| pairs.entry(&entry.name).or_default().0 = Some(entry));
        entries(sides.1).iter().for_each(|entry| pairs.entry(&entry.name).or_default().1 = Some(entry));
        for (name, (old, new)) in pairs.into_iter().filter(|(_, (old, new))| old != new) {
            let path = format!("{prefix}{name}");
            let folder = |side: Option<&Entry>| side.filter(|entry| entry.mode == Mode::Folder).map(|entry| entry.id);
            let folders = (folder(old), folder(new));
            if folders != (None, None) {
                self.compare(&format!("{path}/"), folders, found);
            }
            let file = |side: Option<&Entry>| side.and_then(Entry::file);
            let (old, new) = (file(old), file(new));
            if old != new {
                found.insert(path.clone(), Change { path, old, new });
            }
        }
    }

    /// Puts the changes from `base` to `theirs` on top of `ours`. No base means an empty tree.
    #[must_use]
    pub fn merge_trees(&mut self, base: Option<Oid>, ours: Oid, theirs: Oid) -> Merged {
        let mut files = self.files(ours);
        let mut conflicts = Vec::new();
        for change in self.changes(base, theirs) {
            let here = files.get(&change.path).copied();
            if here == change.new {
                continue;
            }
            let merged = if here == change.old { Some(change.new) } else { self.merge_lines(&change, here).map(Some) };
            match merged {
                None => conflicts.push(change.path),
                Some(Some(file)) => drop(files.insert(change.path, file)),
                Some(None) => drop(files.remove(&change.path)),
            }
        }
        Merged { files, conflicts }
    }

    /// A plain file that both sides changed, merged line by line; nothing when the same lines were changed.
    fn merge_lines(&mut self, change: &Change, ours: Option<FileAt>) -> Option<FileAt> {
        let (old, ours, theirs) = (change.old?, ours?, change.new?);
        if [old, ours, theirs].iter().any(|file| file.mode != old.mode || !matches!(file.mode, Mode::File)) {
            return None;
        }
        let text = |file: FileAt| std::str::from_utf8(self.blob(file.blob)?).ok();
        let merged = diffy::merge(text(old)?, text(ours)?, text(theirs)?).ok()?;
        Some(FileAt { blob: self.put_blob(merged.as_bytes()), ..old })
    }
}

impl Entry {
    /// The entry, unless it is a folder.
    fn file(&self) -> Option<FileAt> {
        (self.mode != Mode::Folder).then_some(FileAt { mode: self.mode, blob: self.id })
    }

    /// Git sorts a folder as if its name ended with a slash.
    fn sort_key(&self) -> Vec<u8> {
        let slash = if self.mode == Mode::Folder { "/" } else { "" };
        format!("{}{slash}", self.name).into_bytes()
    }

    /// Git writes the mode of a folder without its first zero.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mode = self.mode.digits().trim_start_matches('0');
        let mut bytes = format!("{mode} {}\0", self.name).into_bytes();
        bytes.extend(self.id.0);
        bytes
    }
}
