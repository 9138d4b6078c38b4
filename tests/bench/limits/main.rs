//! Where the limits are: webhooks that are acknowledged, answers of the gate beside them, what a killed process loses, plans of
//! any size.
//!
//! `cargo bench --bench limits` runs all of it beside programs that other people wrote, in one run, prints tables and ends
//! with 1 when a budget is broken. `-- ack`, `-- gate`, `-- kill`, `-- plan` run one part; `--quick` runs less of each. It needs Node.js
//! and npm for probot, and jq; what is missing is said and skipped.

mod ack;
mod ceiling;
mod gate;
mod kill;
mod load;
mod plan;
mod servers;

use std::process::ExitCode;

/// How much of each part is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    Whole,
    Quick,
}

/// What a part found out, for people, and which budgets it broke.
#[derive(Debug, Default)]
pub struct Report {
    pub text: String,
    pub broken: Vec<String>,
}

impl Report {
    /// Remembers a budget that was not kept.
    pub fn expect(&mut self, kept: bool, budget: &str) {
        if !kept {
            self.broken.push(budget.to_owned());
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == ceiling::ARGUMENT) {
        ceiling::serve().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let says = |what: &str| arguments.iter().any(|argument| argument == what);
    if !says("--bench") {
        return Ok(ExitCode::SUCCESS); // Built and started by a test runner, which wants no measurement.
    }
    let effort = if says("--quick") { Effort::Quick } else { Effort::Whole };
    let all = !["ack", "gate", "kill", "plan"].into_iter().any(says);
    let mut reports = Vec::new();
    if all || says("ack") {
        reports.push(ack::measure(effort).await?);
    }
    if all || says("gate") {
        reports.push(gate::measure(effort).await?);
    }
    if all || says("kill") {
        reports.push(kill::measure(effort).await?);
    }
    if all || says("plan") {
        reports.push(plan::measure(effort)?);
    }
    Ok(print(&reports))
}

fn print(reports: &[Report]) -> ExitCode {
    for report in reports {
        println!("{}", report.text);
    }
    let broken: Vec<&String> = reports.iter().flat_map(|report| &report.broken).collect();
    for sentence in &broken {
        println!("BUDGET BROKEN: {sentence}");
    }
    if broken.is_empty() {
        println!("Every budget was kept.");
    }
    ExitCode::from(u8::from(!broken.is_empty()))
}
