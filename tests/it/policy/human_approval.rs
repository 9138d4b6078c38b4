//! A human approved in Jira: whether that counts.

use std::collections::BTreeSet;

use cm_bot::model::AccountId;
use cm_bot::policy::approvers::human_approval::{Approval, judge};

use crate::support::facts::{criteria, passing};

fn by(handle: &str, contributors: &[&str]) -> Result<String, String> {
    let account = AccountId::parse(&format!("712020:{handle}")).unwrap();
    let contributors: BTreeSet<String> = contributors.iter().map(|name| (*name).to_owned()).collect();
    match judge(&account, &passing().ticket, &contributors, &criteria()) {
        Approval::Counts { by, role } => Ok(format!("{} as {}", by.name, role.title())),
        Approval::DoesNotCount(reason) => Err(reason),
    }
}

#[test]
fn a_lead_who_had_no_part_in_it_may_approve() {
    assert_eq!(by("priya", &["Dana Reyes"]), Ok("Priya Nair as Security Lead".into()));
}

#[test]
fn nobody_else_may() {
    let no = |reason: &str| Err(reason.to_owned());
    assert_eq!(by("dana", &[]), no("Dana Reyes requested this change, so somebody else has to approve it."));
    assert_eq!(by("lee", &[]), no("Lee Wong has none of the roles that may approve."));
    assert_eq!(
        by("priya", &["Priya Nair"]),
        no("Priya Nair worked on this change, so somebody else has to approve it.")
    );
    assert_eq!(by("ghost", &[]), no("The Jira account that approved it is not in the people file."));
}
