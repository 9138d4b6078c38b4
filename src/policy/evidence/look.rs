//! Looks into the repository on behalf of a proof, and notes what is still missing to see.
//!
//! A proof never waits: what is not there is a gap for now, and a wish that gathering fulfils before it asks again.

use std::cell::RefCell;

use crate::model::{CommitSha, Content, Forge, ObjectId, Relation, Tree};
use crate::policy::facts::{Facts, Gap, GapReason, Objects, Source, Wanted};

/// What was read of a repository, and what proofs would have liked to read.
#[derive(Debug)]
pub(in crate::policy) struct Look<'a> {
    objects: &'a Objects,
    /// Who was asked for them.
    forge: Forge,
    missed: RefCell<Wanted>,
}

impl<'a> Look<'a> {
    pub(in crate::policy) fn into(facts: &'a Facts) -> Look<'a> {
        Look::at(&facts.objects, facts.forge())
    }

    pub(in crate::policy) fn at(objects: &'a Objects, forge: Forge) -> Look<'a> {
        Look { objects, forge, missed: RefCell::default() }
    }

    /// Who is to be named where something is too much.
    pub(in crate::policy) fn source(&self) -> Source {
        self.forge.into()
    }

    /// What was missed and has not been asked for in vain.
    pub(in crate::policy) fn wanted(self) -> Wanted {
        self.missed.into_inner().without(self.objects)
    }

    /// The entries of a folder.
    pub(in crate::policy) fn tree(&self, id: &ObjectId) -> Result<&'a Tree, Gap> {
        let missing = || {
            self.missed.borrow_mut().trees.insert(id.clone());
            self.gap(id.as_str(), "the files of the repository")
        };
        self.objects.trees.get(id).ok_or_else(missing)
    }

    /// Says that below a top folder, every folder that was changed will be looked into.
    pub(in crate::policy) fn whole(&self, top: &ObjectId) {
        self.missed.borrow_mut().whole.insert(top.clone());
    }

    /// The content of a file.
    pub(in crate::policy) fn content(&self, id: &ObjectId) -> Result<&'a Content, Gap> {
        let missing = || {
            self.missed.borrow_mut().contents.insert(id.clone());
            self.gap(id.as_str(), "the content of a file")
        };
        self.objects.contents.get(id).ok_or_else(missing)
    }

    /// The files of a commit that is not in the range.
    pub(super) fn tree_of(&self, commit: &CommitSha) -> Result<&'a ObjectId, Gap> {
        let missing = || {
            self.missed.borrow_mut().tree_of.insert(commit.clone());
            self.gap(commit.as_str(), &format!("the files of commit {}", commit.short()))
        };
        self.objects.tree_of.get(commit).ok_or_else(missing)
    }

    /// How the second commit stands to the first.
    pub(super) fn relation(&self, first: &CommitSha, second: &CommitSha) -> Result<Relation, Gap> {
        if first == second {
            return Ok(Relation::Identical);
        }
        let pair = Objects::pair(first, second);
        let missing = || {
            self.missed.borrow_mut().relations.insert((first.clone(), second.clone()));
            self.gap(&pair, &format!("how {} and {} are related", first.short(), second.short()))
        };
        self.objects.relations.get(&pair).copied().ok_or_else(missing)
    }

    fn gap(&self, key: &str, what: &str) -> Gap {
        let not_asked = || Gap { what: what.to_owned(), source: self.source(), reason: GapReason::NotAsked };
        self.objects.gaps.get(key).cloned().unwrap_or_else(not_asked)
    }
}
