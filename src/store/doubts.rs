//! Claims whose answers have not come, or never will: the server may have given work to a connection that broke before we
//! heard of it. Nobody works on that, and the process that holds it lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::claims::LEASE;

/// The claims of this process that are not answered.
#[derive(Clone, Default)]
pub(super) struct Doubts(Arc<Mutex<List>>);

#[derive(Default)]
struct List {
    last: i64,
    open: Vec<Doubt>,
}

struct Doubt {
    claim: i64,
    /// Since when nobody waits for the answer; nothing while somebody does.
    lost: Option<Instant>,
}

/// A claim that was sent. Dropped before it was answered, it is lost.
pub(super) struct Asked {
    /// Its number, which only this process uses.
    pub(super) claim: i64,
    doubts: Doubts,
}

impl Doubts {
    /// A claim that is in doubt until it is answered.
    pub(super) fn ask(&self) -> Asked {
        let mut list = self.list();
        list.last += 1;
        let claim = list.last;
        list.open.push(Doubt { claim, lost: None });
        Asked { claim, doubts: self.clone() }
    }

    /// The claims that nobody waits for. After a lease they have ended by themselves.
    pub(super) fn lost(&self) -> Vec<i64> {
        let mut list = self.list();
        list.open.retain(|doubt| doubt.lost.is_none_or(|since| since.elapsed() <= LEASE));
        list.open.iter().filter(|doubt| doubt.lost.is_some()).map(|doubt| doubt.claim).collect()
    }

    /// The list, also after somebody panicked while holding it: each change to it is a whole one.
    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// The answer came.
    pub(super) fn answered(self) {
        self.doubts.list().open.retain(|doubt| doubt.claim != self.claim);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut list = self.doubts.list();
        list.open
            .iter_mut()
            .filter(|doubt| doubt.claim == self.claim)
            .for_each(|doubt| doubt.lost = Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_claim_without_an_answer_is_lost() {
        let doubts = Doubts::default();
        let (first, second, third) = (doubts.ask(), doubts.ask(), doubts.ask());
        assert_eq!([first.claim, second.claim, third.claim], [1, 2, 3]);
        assert_eq!(doubts.lost(), [0; 0], "somebody waits for all of them");
        first.answered();
        drop(second);
        assert_eq!(doubts.lost(), [2]);
        third.answered();
        assert_eq!(doubts.lost(), [2], "it may still be carried out");
    }
}
