//! What people read about a Terraform plan. Addresses, actions, names of attributes and reasons; never a value.

use std::collections::BTreeSet;

use super::document::{Block, Document, Inline, Line, Tone, strong, words};
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
        let names = item.other_names().into_iter().map(|(what, name)| format!(" {what} {name}"));
        let address = shortened(&item.address, LONGEST_ADDRESS) + &names.collect::<String>();
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

/// Most risky changes that a page lists; more are no plan at which anybody looks.
const MOST_ROWS: usize = 200;

/// All of it for a page. `judged` holds the ids of the changes that the evaluation on the page was made from.
#[must_use]
pub fn document(risk: &PlanRisk, judged: &BTreeSet<String>) -> Document {
    let mut blocks = vec![Block::Paragraph(vec![strong(verdict(risk)), words(format!(". {}.", counts(risk)))])];
    if risk.is_risky() {
        let rows = risk.items.iter().take(MOST_ROWS).map(|item| row(item, judged)).collect();
        blocks.push(Block::Table(vec!["Action", "Resource", "Why it is risky", "Judged"], rows));
    }
    if risk.items.len() > MOST_ROWS {
        let more = risk.items.len() - MOST_ROWS;
        blocks.push(Block::Paragraph(vec![words(format!("And {more} more, which `terraform show` lists."))]));
    }
    if risk.is_risky() && risk.low_risk() > 0 {
        blocks.push(Block::Paragraph(vec![words(format!("The other {} low risk.", others(risk.low_risk())))]));
    }
    let made_by =
        risk.terraform_version.as_ref().map(|version| format!(", made by Terraform {}", shortened(version, 20)));
    blocks.push(Block::Paragraph(vec![
        words("Plan sha256 "),
        Inline::Code(shortened(&risk.digest, 64)),
        words(format!("{}. cm-bot keeps no value of a plan.", made_by.unwrap_or_default())),
    ]));
    Document(blocks)
}

fn row(item: &RiskItem, judged: &BTreeSet<String>) -> Vec<Line> {
    let (tone, word) = if judged.contains(&item.id) { (Tone::Neutral, "yes") } else { (Tone::Bad, "not yet") };
    vec![vec![words(actions(item))], resource(item), vec![words(why(item))], vec![Inline::Lozenge(tone, word)]]
}

fn resource(item: &RiskItem) -> Line {
    let names =
        item.other_names().into_iter().flat_map(|(what, name)| [words(format!(" {what} ")), Inline::Code(name)]);
    std::iter::once(Inline::Code(shortened(&item.address, LONGEST_ADDRESS))).chain(names).collect()
}

fn others(count: usize) -> String {
    if count == 1 { "change is".into() } else { format!("{count} changes are") }
}
