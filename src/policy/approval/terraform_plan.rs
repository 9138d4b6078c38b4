//! No risky infrastructure change is planned without a human who has looked at it (policy: infrastructure changes).
//!
//! Each risky change is a detail of its own, with the id that it has in every plan that wants the same. So whoever approved a
//! plan has approved these changes: a later plan with the same or fewer of them asks nobody again, and one with another asks.

use sha2::{Digest, Sha256};

use crate::model::{Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;
use crate::policy::plan::PlanRisk;

/// The rule's id.
pub const ID: &str = "terraform_plan";

/// Most changes that are named one by one.
const MOST_NAMED: usize = 100;

/// Is nothing planned at which a human must look?
#[must_use]
pub fn check(facts: &Facts, _: &Criteria) -> Finding {
    let Some(plan) = &facts.plan else {
        return Finding::not_applicable("no pipeline has sent a Terraform plan");
    };
    if !plan.is_risky() {
        return Finding::met(format!("no risky change among {}", plural(plan.counts.resources, "changed resource")));
    }
    let risky = plural(plan.items.len(), "risky infrastructure change");
    Finding::not_met(
        risky.clone(),
        format!("The Terraform plan has {risky}."),
        Todo::decide("look at the plan, then approve or decline it; nothing of it has been applied."),
    )
    .about(named(plan))
}

/// The changes. What is not named is bound all the same: by the digest of all ids, which is another when one is another.
fn named(plan: &PlanRisk) -> Vec<Text> {
    let mut named: Vec<Text> = plan.items.iter().take(MOST_NAMED).map(|item| item.sentence()).collect();
    let more = plan.items.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        let mut digest = Sha256::new();
        plan.items.iter().for_each(|item| digest.update(item.id.as_bytes()));
        let digest = hex::encode(digest.finalize());
        named.push(format!("and {more} more, which the plan shows (all of them: sha256 {digest})").into());
    }
    named
}
