//! One ticket at a time in each scope: two that are judged at once would not see each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::model::Scope;

/// Who may judge now, by scope.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<Scope, Arc<AsyncMutex<()>>>>>);

/// The right to judge in a scope, as long as it is held.
#[derive(Debug)]
pub struct Turn {
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    /// Waits for the scope to be free.
    pub async fn take(&self, scope: &Scope) -> Turn {
        let lock = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(scope.clone()).or_default());
        Turn { _guard: lock.lock_owned().await }
    }
}
