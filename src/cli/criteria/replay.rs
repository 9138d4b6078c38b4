//! `cm-bot criteria replay`: what would have become of past tickets under other criteria, before anybody signs them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

use super::{Exit, Files, unsigned};
use crate::cli::SettingsFile;
use crate::clock::Clock;
use crate::model::{Timestamp, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::Kind;
use crate::policy::hypothesis::{Hypothesis, as_if_signed};
use crate::store::{Store, StoredDecision};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How far back to look, such as 90d or 48h
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = span)]
    since: Duration,
    /// The new criteria
    #[arg(long, value_name = "FILE")]
    criteria: PathBuf,
    /// The new people file; that of the settings if it is not named
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// One ticket that would have ended differently.
#[derive(Debug, Serialize)]
struct Difference {
    ticket: String,
    decision: String,
    decided_at: Timestamp,
    was: Kind,
    would_be: Kind,
    because: String,
}

/// What comes of all of them.
#[derive(Debug, Default, Serialize)]
struct Report {
    decided: usize,
    same: usize,
    differences: Vec<Difference>,
}

/// Judges the newest decision about each ticket again. Nothing is written, inside or outside.
///
/// # Errors
/// When the new files are wrong, or the database cannot be read.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load()?;
    let files = Files {
        criteria: Some(arguments.criteria.clone()),
        people: arguments.people.clone(),
        settings: arguments.settings.clone(),
    };
    let criteria = unsigned(&files.settings()?)?;
    let store = Store::open(&settings.database_url).await?;
    let since = Timestamp(Clock::System.now().0.saturating_sub(i64::try_from(arguments.since.as_millis())?));
    let mut report = Report::default();
    for id in store.newest_decisions_since(since).await? {
        let stored = store.decision(id).await?.with_context(|| format!("there is no decision {id}"))?;
        report.add(&stored, &criteria);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    eprintln!("Judged as if the new criteria were signed. Nothing was changed, in Jira, in Slack or in the records.");
    Ok(Exit::Done)
}

impl Report {
    fn add(&mut self, stored: &StoredDecision, criteria: &Criteria) {
        let (was, would) = (as_if_signed(&stored.facts, &stored.criteria), as_if_signed(&stored.facts, criteria));
        self.decided += 1;
        if was.kind == would.kind {
            self.same += 1;
            return;
        }
        self.differences.push(Difference {
            ticket: stored.ticket.to_string(),
            decision: stored.id.to_string(),
            decided_at: stored.at,
            was: was.kind,
            would_be: would.kind,
            because: reason(&was, &would),
        });
    }

    fn print(&self) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for difference in &self.differences {
            *counts.entry(becomes(difference.would_be)).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(what, count)| format!(", {count} would {what}")).collect();
        println!("Of {}: {} the same{}.", plural(self.decided, "decided change"), self.same, counts.concat());
        for Difference { ticket, was, would_be, because, .. } in &self.differences {
            println!("{ticket:<12} {} -> {}: {because}", word(*was), word(*would_be));
        }
    }
}

/// The first thing that one of the two minds and the other does not.
fn reason(was: &Hypothesis, would: &Hypothesis) -> String {
    let headlines = |judged: &Hypothesis| -> Vec<String> {
        judged.problems().iter().map(|one| format!("{}: {}", one.rule, one.finding.headline)).collect()
    };
    let (before, after) = (headlines(was), headlines(would));
    let new = after.iter().find(|problem| !before.contains(problem)).cloned();
    let gone = || before.iter().find(|problem| !after.contains(problem)).map(|gone| format!("no longer {gone}"));
    new.or_else(gone).unwrap_or_else(|| "the mode of the criteria".into())
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Approve => "approved",
        Kind::Hold => "held",
        Kind::Block => "blocked",
        Kind::CouldNotCheck => "could not be checked",
    }
}

fn becomes(kind: Kind) -> &'static str {
    match kind {
        Kind::Approve => "be approved",
        Kind::Hold => "be held",
        Kind::Block => "be blocked",
        Kind::CouldNotCheck => "not be checked",
    }
}

/// `90d`, `48h`.
fn span(text: &str) -> Result<Duration, String> {
    let (number, hours) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => (days, 24),
        (None, Some(hours)) => (hours, 1),
        (None, None) => return Err("days or hours are expected, such as 90d or 48h".into()),
    };
    let number: u64 = number.parse().map_err(|_| "days or hours are expected, such as 90d or 48h".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(hours * 3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_days_or_hours() {
        assert_eq!(span("90d").unwrap(), Duration::from_secs(90 * 24 * 3600));
        assert_eq!(span("48h").unwrap(), Duration::from_secs(48 * 3600));
        assert!(span("90").is_err() && span("d").is_err() && span("-1d").is_err());
    }
}
