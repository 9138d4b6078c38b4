//! What is owed after an emergency.

use std::time::Duration;

use cm_bot::policy::follow_up::emergency::documentation_due;

use crate::support::facts::NOW;

#[test]
fn an_emergency_is_documented_within_a_day() {
    assert_eq!(documentation_due(NOW), NOW.plus(Duration::from_secs(86_400)));
}
