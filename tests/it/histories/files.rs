//! Files of commits that nobody made. They lie in the facts; the repository only gives what they are made from.

use cm_bot::model::{Content, Mode, ObjectId, Tree, TreeEntry, blob_id};
use cm_bot::policy::facts::Objects;

use super::repository::Repository;

/// What is in the repository, and what is only in the facts.
pub struct Files<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// What the facts have of it, and more.
    pub objects: &'a mut Objects,
}

impl Files<'_> {
    /// What stands at a path below a top folder.
    pub fn at(&self, top: &ObjectId, path: &str) -> Option<TreeEntry> {
        let tree = self.tree(top)?;
        match path.split_once('/') {
            None => tree.entries.get(path).cloned(),
            Some((folder, below)) => self.at(&tree.entries.get(folder).filter(|entry| entry.is_folder())?.id, below),
        }
    }

    /// A file as text; nothing when it is none.
    pub fn text(&self, file: &TreeEntry) -> Option<String> {
        match self.repository.content(&file.id).filter(|_| file.mode.is_file())? {
            Content::Text(text) => Some(text),
            Content::Opaque => None,
        }
    }

    /// A new content for a file.
    pub fn write(&mut self, text: &str, mode: Mode) -> TreeEntry {
        let id = blob_id(text.as_bytes());
        self.objects.contents.insert(id.clone(), Content::Text(text.to_owned()));
        TreeEntry { mode, id }
    }

    /// A top folder with something else at a path.
    pub fn with(&mut self, top: &ObjectId, path: &str, entry: Option<TreeEntry>) -> Option<ObjectId> {
        let mut tree = self.tree(top)?;
        self.put(&mut tree, path, entry)?;
        Some(self.keep(tree))
    }

    fn put(&mut self, tree: &mut Tree, path: &str, entry: Option<TreeEntry>) -> Option<()> {
        let (name, entry) = match path.split_once('/') {
            None => (path, entry),
            Some((name, below)) => {
                let folder = tree.entries.get(name).filter(|entry| entry.is_folder());
                let mut folder = folder.map_or(Some(Tree::default()), |folder| self.tree(&folder.id))?;
                self.put(&mut folder, below, entry)?;
                let is_empty = folder.entries.is_empty();
                let entry = TreeEntry { mode: Mode::FOLDER, id: self.keep(folder) };
                (name, (!is_empty).then_some(entry))
            }
        };
        match entry {
            Some(entry) => tree.entries.insert(name.to_owned(), entry),
            None => tree.entries.remove(name),
        };
        Some(())
    }

    fn tree(&self, id: &ObjectId) -> Option<Tree> {
        self.objects.trees.get(id).cloned().or_else(|| self.repository.tree(id))
    }

    fn keep(&mut self, tree: Tree) -> ObjectId {
        let id = tree.id();
        self.objects.trees.insert(id.clone(), tree);
        id
    }
}
