//! What people read about a Terraform plan. Addresses, actions, names of attributes and reasons; never a value.

use crate::model::{plural, shortened};
use crate::policy::plan::{PlanRisk, RiskItem};

/// How many characters of an address are shown.
const LONGEST_ADDRESS: usize = 200;

/// How many attributes of a resource are named.
const MOST_ATTRIBUTES: usize = 6;

/// The verdict in a line.
#[must_use]
pub fn verdict(risk: &PlanRisk) -> String {
    if risk.is_risky() {
        format!("Deploy paused: {}", plural(risk.items.len(), "risky infrastructure change"))
    } else {
        format!("No risky change among {}", plural(risk.counts.resources, "changed resource"))
    }
}

/// What the plan does, as Terraform sums it up.
#[must_use]
pub fn counts(risk: &PlanRisk) -> String {
    let counts = risk.counts;
    let mut parts = vec![format!("{} to add", counts.add), format!("{} to change", counts.change)];
    parts.push(format!("{} to destroy", counts.destroy));
    let rare = [(counts.import, "to import"), (counts.moved, "to move"), (counts.forget, "to forget")];
    parts.extend(rare.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    format!("Plan: {}", parts.join(", "))
}

/// What is going to happen: `update`, `move and delete`.
#[must_use]
pub fn actions(item: &RiskItem) -> String {
    item.actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// Why it is risky, with the names of what changes.
#[must_use]
pub fn why(item: &RiskItem) -> String {
    let reasons = item.reasons.join("; ");
    if item.attributes.is_empty() {
        return reasons;
    }
    let named: Vec<String> = item.attributes.iter().take(MOST_ATTRIBUTES).map(|name| shortened(name, 60)).collect();
    let more = item.attributes.len().saturating_sub(MOST_ATTRIBUTES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{reasons} ({}{more})", named.join(", "))
}

/// All of it for a terminal.
#[must_use]
pub fn terminal(risk: &PlanRisk) -> String {
    let mut lines = vec![verdict(risk), counts(risk)];
    let width = risk.items.iter().map(|item| actions(item).len()).max().unwrap_or(0);
    for item in &risk.items {
        let address = shortened(&item.address, LONGEST_ADDRESS);
        lines.push(format!("  {:width$}  {address}\n  {:width$}    {}", actions(item), "", why(item)));
    }
    if risk.is_risky() {
        if risk.low_risk() > 0 {
            lines.push(format!("The other {} low risk.", others(risk.low_risk())));
        }
        lines.push("Do this: let a human who may approve this change look at the plan. Nothing was applied.".into());
        lines.push(format!("plan sha256 {}: an approval counts for exactly these changes", risk.digest));
    } else {
        lines.push(format!("plan sha256 {}", risk.digest));
    }
    lines.join("\n") + "\n"
}

fn others(count: usize) -> String {
    if count == 1 { "change is".into() } else { format!("{count} changes are") }
}
