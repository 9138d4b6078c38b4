//! An emergency is announced at once and documented within 24 hours (policy: emergencies).

use std::time::Duration;

use crate::model::Timestamp;

/// How long the people have to document an emergency.
const TIME_TO_DOCUMENT: Duration = Duration::from_secs(24 * 60 * 60);

/// When the documentation of an emergency that was declared at `declared` is due.
#[must_use]
pub fn documentation_due(declared: Timestamp) -> Timestamp {
    declared.plus(TIME_TO_DOCUMENT)
}
