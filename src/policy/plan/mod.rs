//! "Is this Terraform plan risky?" A plan as `terraform show -json` prints it, judged by rules that the criteria hold.
//!
//! [`reader::PlanReader`] takes a plan in pieces of any size, as a file or an HTTP body gives them, and keeps only what a
//! human must look at. What it does not recognise is risky: an unknown format, action or part of a plan, a plan that is not
//! whole. Values are compared and hashed, and never leave this folder.

mod change;
mod configuration;
mod diff;
pub mod reader;
pub mod risk;
pub mod rules;
mod splitter;

pub use reader::PlanReader;
pub use risk::{Action, Counts, PlanError, PlanRisk, RiskItem};
pub use rules::{PlanRules, Target};

/// Judges a plan that is in memory as a whole.
///
/// # Errors
/// When it is no plan, or cannot be read to its end.
pub fn judge(plan: &[u8], rules: &PlanRules, target: Target<'_>) -> Result<PlanRisk, PlanError> {
    let mut reader = PlanReader::new(rules, target);
    reader.push(plan)?;
    reader.finish()
}
