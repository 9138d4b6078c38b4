//! What one look at a ticket has read and need not read again.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::pushes::Events;
use crate::model::{Account, ObjectId, Tree};

/// Answers of one look.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By number; nothing where there is no such account any more.
    pub(super) accounts: Answers<u64, Option<Account>>,
    /// By address; nothing where GitLab does not say whose it is.
    pub(super) addresses: Answers<String, Option<Account>>,
    /// Who may push, by project and number.
    pub(super) rights: Answers<(String, u64), bool>,
    /// The numbers of projects.
    pub(super) projects: Answers<String, u64>,
    /// Folders that came with commits.
    pub(super) trees: Mutex<BTreeMap<ObjectId, Tree>>,
    /// What people pushed, by project.
    pub(super) events: tokio::sync::Mutex<HashMap<u64, Events>>,
}

/// Answers to one kind of question.
#[derive(Debug)]
pub(super) struct Answers<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Answers<K, V> {
    fn default() -> Answers<K, V> {
        Answers(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    pub(super) fn get(&self, question: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned()
    }

    pub(super) fn keep(&self, question: K, answer: &V) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer.clone());
    }
}
