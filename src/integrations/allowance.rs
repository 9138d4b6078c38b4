//! How many requests one ticket may cost. All tickets share a rate limit, so one giant must not use it up.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::integrations::SourceError;

/// Requests that may be sent, counted down.
#[derive(Debug)]
pub(super) struct Allowance {
    all: usize,
    left: AtomicUsize,
}

impl Allowance {
    pub(super) fn of(all: usize) -> Allowance {
        Allowance { all, left: AtomicUsize::new(all) }
    }

    /// Uses one of them up.
    ///
    /// # Errors
    /// [`SourceError::UsedUp`] when there is none left.
    pub(super) fn take(&self) -> Result<(), SourceError> {
        let used = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        used.map(drop).map_err(|_| SourceError::UsedUp(self.all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_last_one_there_is_none() {
        let allowance = Allowance::of(2);
        assert!(allowance.take().is_ok() && allowance.take().is_ok());
        assert_eq!(allowance.take(), Err(SourceError::UsedUp(2)));
        assert_eq!(allowance.take(), Err(SourceError::UsedUp(2)));
    }
}
