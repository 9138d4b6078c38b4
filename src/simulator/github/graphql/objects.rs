//! Git objects by id or by name: commits, trees and files.

use apollo_compiler::resolvers::{ObjectValue, ResolveInfo, ResolvedValue};

use super::super::git::Oid;
use super::super::git::tree::{Entry, Mode};
use super::super::ids::NodeId;
use super::super::shapes::View;
use super::commit::CommitObject;
use super::query::RepoObject;
use super::record::{Object, Record, Resolved, leaf, object};

/// GitHub cuts off the text of larger files, in bytes.
const SHOWN: usize = 512 * 1024;

/// Git looks this far for a zero byte before it calls a file text.
const LOOKED_AT: usize = 8000;

/// A tree. Its entries are made only when a query asks for them.
#[derive(Debug, Clone)]
struct TreeObject<'w> {
    view: View<'w>,
    oid: Oid,
    path: String,
}

/// The object with this id, of whatever kind, if the repository has it.
#[must_use]
pub fn with_id(view: View<'_>, oid: Oid) -> Option<Object<'_>> {
    let git = &view.repo.git;
    if git.tree(oid).is_some() {
        return Some(tree(view, oid, ""));
    }
    match git.blob(oid) {
        Some(content) => Some(blob(view, oid, content)),
        None => CommitObject::boxed(view, oid),
    }
}

/// What a name like Git's own means: a branch, a SHA, or either one with a path in it (`main:src/lib.rs`).
#[must_use]
pub fn named<'w>(view: View<'w>, expression: &str) -> Option<Object<'w>> {
    let Some((name, path)) = expression.split_once(':') else {
        let oid = view.repo.resolve(expression).or_else(|| Oid::parse(expression))?;
        return with_id(view, oid);
    };
    let git = &view.repo.git;
    let mut found = git.commit(view.repo.resolve(name)?)?.tree;
    let path = path.trim_end_matches('/');
    for part in path.split('/').filter(|_| !path.is_empty()) {
        found = git.tree(found)?.iter().find(|entry| entry.name == part)?.id;
    }
    match git.tree(found) {
        Some(_) => Some(tree(view, found, path)),
        None => git.blob(found).map(|content| blob(view, found, content)),
    }
}

/// A tree at a path; without one, its entries know nothing but their names.
#[must_use]
pub fn tree<'w>(view: View<'w>, oid: Oid, path: &str) -> Object<'w> {
    Box::new(TreeObject { view, oid, path: path.to_owned() })
}

impl ObjectValue for TreeObject<'_> {
    fn type_name(&self) -> &str {
        "Tree"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let repo = self.view.repo;
        match info.field_name() {
            "id" => Ok(leaf(NodeId::Tree { repo: repo.id, oid: self.oid }.text())),
            "oid" => Ok(leaf(self.oid.to_string())),
            "abbreviatedOid" => Ok(leaf(self.oid.short())),
            "repository" => Ok(ResolvedValue::object(RepoObject(self.view))),
            "entries" => {
                let entries = repo.git.tree(self.oid).unwrap_or_default();
                Ok(ResolvedValue::list(
                    entries.iter().map(|entry| ResolvedValue::object(EntryObject { of: self, entry })),
                ))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// One line of a tree.
#[derive(Debug, Clone, Copy)]
struct EntryObject<'a, 'w> {
    of: &'a TreeObject<'w>,
    entry: &'w Entry,
}

impl ObjectValue for EntryObject<'_, '_> {
    fn type_name(&self) -> &str {
        "TreeEntry"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, entry) = (self.of.view, self.entry);
        match info.field_name() {
            "name" => Ok(leaf(entry.name.as_str())),
            "mode" => Ok(leaf(entry.mode.number())),
            "type" => Ok(leaf(entry.mode.kind())),
            "oid" => Ok(leaf(entry.id.to_string())),
            "path" if self.of.path.is_empty() => Ok(leaf(entry.name.as_str())),
            "path" => Ok(leaf(format!("{}/{}", self.of.path, entry.name))),
            "size" => Ok(leaf(view.repo.git.blob(entry.id).map_or(0, <[u8]>::len))),
            "repository" => Ok(ResolvedValue::object(RepoObject(view))),
            // The commit of a submodule is in another repository.
            "object" => Ok(object((entry.mode != Mode::Submodule).then(|| with_id(view, entry.id)).flatten())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn blob<'w>(view: View<'w>, oid: Oid, content: &'w [u8]) -> Object<'w> {
    let binary = content.iter().take(LOOKED_AT).any(|byte| *byte == 0);
    let shown = content.get(..SHOWN).unwrap_or(content);
    let text = (!binary).then(|| String::from_utf8_lossy(shown).into_owned());
    Record::new("Blob")
        .leaf("id", NodeId::Blob { repo: view.repo.id, oid }.text())
        .leaf("oid", oid.to_string())
        .leaf("abbreviatedOid", oid.short())
        .leaf("byteSize", content.len())
        .leaf("isBinary", binary)
        .leaf("isTruncated", content.len() > SHOWN)
        .leaf("text", text)
        .object("repository", Some(Box::new(RepoObject(view))))
        .boxed()
}
