//! `cm-bot audit export`: one folder with everything that an auditor asks for about a period.

mod bundle;
mod changes;
mod lists;
mod trail;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::Serialize;

pub(in crate::cli::audit) use self::changes::read;

use self::bundle::Bundle;
use self::trail::{Trail, read_trail, write_trail};
use crate::app::{App, signer};
use crate::cli::{Exit, SettingsFile};
use crate::clock::Clock;
use crate::gather::evidence::{Population, Reach, Request, population};
use crate::model::{Day, ServiceName, Timestamp, Watched, Witness, plural};
use crate::policy::follow_up::completeness::{Comparison, OrphanKind, Question, compare};
use crate::render::evidence::{IndexPage, how_it_was_made, index};
use crate::settings::Settings;

/// The verifier that needs nothing of ours.
const VERIFIER: &str = include_str!("../../../../tests/verify.py");

/// What lies in the folder, and how it is verified.
const README: &str = include_str!("README.txt");

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder to write; it must not exist. Without it: cm-bot-evidence-FROM-TO, here
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The first day of the period, such as 2026-10-01; without it, the day of the first record
    #[arg(long, value_name = "DAY", value_parser = Day::parse)]
    from: Option<Day>,
    /// The last day of the period; without it, today
    #[arg(long, value_name = "DAY", value_parser = Day::parse)]
    to: Option<Day>,
    /// Ask neither Jira nor GitHub nor Jenkins; then nothing shows that the list is complete
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// What is exported.
struct Export {
    app: App,
    period: (Day, Day),
    question: Question,
    trail: Trail,
    population: Population,
    comparison: Comparison,
}

/// Tickets, answers of the gate, runs and deployments of the period; why one of them is not known.
type Numbers = [(&'static str, Result<usize, &'static str>); 4];

/// How the list was made, for programs: `totals.json`.
#[derive(Serialize)]
struct Totals<'a> {
    program: &'a str,
    program_sha256: Option<String>,
    made_at: String,
    made_by: String,
    records: &'a str,
    from: String,
    to: String,
    asked: &'a [String],
    gaps: &'a [String],
    rows: usize,
    first: Option<&'a str>,
    last: Option<&'a str>,
    keys_sha256: String,
    numbers: serde_json::Map<String, serde_json::Value>,
    orphans: serde_json::Map<String, serde_json::Value>,
    /// Decisions in the trail up to this entry are in `changes/`.
    collected_up_to: i64,
}

/// Exports.
///
/// # Errors
/// When the records cannot be read or the folder cannot be written.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    crate::telemetry::start("error", None);
    let settings = arguments.settings.load()?;
    let signer = signer(&settings)?;
    let watched: Vec<(ServiceName, Vec<Watched>)> =
        settings.gates.iter().map(|gate| (gate.service.clone(), gate.watch.clone())).collect();
    let longest = settings.report_after;
    let export = collect(arguments, (settings, &watched), longest).await?;
    let (first, last) = export.period;
    let folder = arguments.folder.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from(format!("cm-bot-evidence-{first}-{last}")));
    let mut bundle = Bundle::create(&folder)?;
    let store = &export.app.context.sources.store;
    if let Some(signer) = &signer {
        store.checkpoint(signer, Clock::System.now()).await?;
    }
    export.write(&mut bundle).await?;
    let entries = write_trail(store, &mut bundle).await?;
    let checkpoints = trail::write_checkpoints(store, &mut bundle).await?;
    bundle.close(signer.as_ref())?;
    export.say();
    println!("{entries} entries and {checkpoints} checkpoints are in {}", folder.display());
    Ok(if export.population.is_cut_short { Exit::Unreachable } else { Exit::Done })
}

async fn collect(
    arguments: &Arguments,
    (settings, watched): (Settings, &[(ServiceName, Vec<Watched>)]),
    longest: std::time::Duration,
) -> anyhow::Result<Export> {
    let app = App::build(settings, Clock::System).await?;
    let context = &app.context;
    eprintln!("Reading the audit trail");
    let trail = read_trail(&context.sources.store).await?;
    // A machine whose clock is behind its own records asks as of the newest of them.
    let now = trail.times.map_or(Clock::System.now(), |(_, newest)| newest.max(Clock::System.now()));
    let first = arguments.from.or_else(|| Day::of(trail.times.map_or(now, |(oldest, _)| oldest)));
    let (first, last) = (first.context("--from")?, arguments.to.or_else(|| Day::of(now)).context("--to")?);
    ensure!(first <= last, "--from {first} lies after --to {last}");
    let question = Question { from: first.start(), to: last.end(), now, longest };
    let request = Request {
        sources: &context.sources,
        jenkins: context.jenkins.as_ref(),
        watched,
        period: (question.from, question.to),
        approval: std::time::Duration::from_secs(
            context.policy.criteria.terms.gate.approval_hours.saturating_mul(3600),
        ),
        now,
        emergencies: &trail.emergencies,
        project: &context.project,
        reach: if arguments.offline { Reach::Records } else { Reach::Everybody },
        progress: |line| eprintln!("{line}"),
    };
    let population = population(&request).await?;
    let comparison = compare(&population.traces, &question);
    Ok(Export { period: (first, last), question, trail, population, comparison, app })
}

impl Export {
    async fn write(&self, bundle: &mut Bundle) -> anyhow::Result<()> {
        let store = &self.app.context.sources.store;
        let rows = changes::write(self, bundle).await?;
        lists::write_policies(self, bundle).await?;
        lists::write_inspections(store, bundle).await?;
        bundle.write("population.csv", &lists::population(self))?;
        bundle.write("orphans.csv", &lists::orphans(&self.comparison.orphans))?;
        bundle.write("controls.csv", &lists::controls())?;
        bundle.write("config-history.csv", &lists::history(&self.trail))?;
        bundle.write_json("reconciliation.json", &lists::reconciliation(self))?;
        let totals = self.totals();
        bundle.write_json("totals.json", &totals)?;
        bundle.write("IPE.txt", &self.how(&totals))?;
        bundle.write("index.html", &self.index(&rows))?;
        bundle.write("style.css", crate::render::html::STYLE)?;
        bundle.write("verify.py", VERIFIER)?;
        bundle.write("README.txt", README)
    }

    fn numbers(&self) -> Numbers {
        let (traces, question) = (&self.population.traces, &self.question);
        let is_known = traces.tickets.iter().all(|ticket| ticket.in_jira.is_some())
            && !self.population.gaps.iter().any(|gap| gap.starts_with("The tickets") || gap.starts_with("Jira"));
        let answers = traces.answers.iter().filter(|answer| question.covers(answer.at)).count();
        let of = |witness: Witness| {
            let is_watched = traces.watched.iter().any(|(_, watched)| *watched == witness);
            let in_period = |one: &&crate::policy::follow_up::completeness::SightingTrace| {
                one.sighting.witness == witness && question.covers(one.sighting.at)
            };
            if is_watched {
                Ok(traces.sightings.iter().filter(in_period).count())
            } else {
                Err("not watched, or not read")
            }
        };
        [
            ("tickets", if is_known { Ok(traces.tickets.len()) } else { Err("not known: Jira was not read") }),
            ("gate answers", Ok(answers)),
            ("runs", of(Witness::Jenkins)),
            ("deployments", of(Witness::Github)),
        ]
    }

    fn totals(&self) -> Totals<'_> {
        let keys: Vec<&str> = self.population.changes.iter().map(|change| change.record.ticket.as_str()).collect();
        let number = |(name, number): (&str, Result<usize, &str>)| {
            (name.replace(' ', "_"), number.map_or_else(|why| why.into(), serde_json::Value::from))
        };
        let count = |kind: OrphanKind| {
            let number = self.comparison.orphans.iter().filter(|orphan| orphan.kind == kind).count();
            (kind.id().to_owned(), number.into())
        };
        Totals {
            program: concat!("cm-bot ", env!("CARGO_PKG_VERSION")),
            program_sha256: bundle::program_sha256(),
            made_at: Clock::System.now().rfc3339(),
            made_by: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "not known".into()),
            records: self.app.context.sources.store.place(),
            from: self.question.from.rfc3339(),
            to: self.question.to.rfc3339(),
            asked: &self.population.asked,
            gaps: &self.population.gaps,
            rows: keys.len(),
            first: keys.first().copied(),
            last: keys.last().copied(),
            keys_sha256: bundle::keys_sha256(&keys),
            numbers: self.numbers().into_iter().map(number).collect(),
            orphans: OrphanKind::ALL.into_iter().map(count).collect(),
            collected_up_to: self.trail.length,
        }
    }

    fn how(&self, totals: &Totals<'_>) -> String {
        let mut facts = vec![
            ("System", format!("{} on the records {}", totals.program, totals.records)),
            ("SHA-256 of the program", totals.program_sha256.clone().unwrap_or_else(|| "not computed".into())),
            ("Made", format!("{} by the account {}", totals.made_at, totals.made_by)),
            ("Period", format!("from {} up to before {}", totals.from, totals.to)),
            ("Rows of population.csv", totals.rows.to_string()),
            (
                "First and last ticket",
                format!("{} and {}", totals.first.unwrap_or("none"), totals.last.unwrap_or("none")),
            ),
            ("SHA-256 of the sorted keys", totals.keys_sha256.clone()),
        ];
        for (name, number) in self.numbers() {
            facts.push((name, number.map_or_else(str::to_owned, |number| number.to_string())));
        }
        for (kind, number) in &totals.orphans {
            facts.push(("Orphans", format!("{kind}: {number}")));
        }
        how_it_was_made(&facts, totals.asked, totals.gaps)
    }

    fn index(&self, rows: &[[String; 4]]) -> String {
        let (first, last) = (self.period.0.to_string(), self.period.1.to_string());
        index(&IndexPage {
            period: (&first, &last),
            made_at: Clock::System.now(),
            numbers: self.numbers(),
            orphans: &self.comparison.orphans,
            gaps: &self.population.gaps,
            changes: rows,
        })
    }

    /// The four numbers and what does not fit, always.
    fn say(&self) {
        let number = |(name, number): (&str, Result<usize, &str>)| match number {
            Ok(number) => format!("{name} {number}"),
            Err(why) => format!("{name} {why}"),
        };
        println!("{}", self.numbers().into_iter().map(number).collect::<Vec<_>>().join(" · "));
        let of = |kind: OrphanKind| self.comparison.orphans.iter().filter(|orphan| orphan.kind == kind).count();
        let kinds: Vec<String> =
            OrphanKind::ALL.into_iter().map(|kind| format!("{} {}", kind.id(), of(kind))).collect();
        println!("{}: {}", plural(self.comparison.orphans.len(), "orphan"), kinds.join(" · "));
        for orphan in &self.comparison.orphans {
            let ticket = orphan.ticket.as_ref().map_or_else(|| "no ticket".to_owned(), ToString::to_string);
            println!("  {}  {ticket}  {} ({})", orphan.kind.id(), orphan.kind.sentence(), orphan.seen.join(", "));
        }
        for gap in &self.population.gaps {
            println!("  not compared: {gap}");
        }
    }

    /// The orphans of one ticket.
    fn orphans_of(&self, key: &crate::model::TicketKey) -> Vec<&crate::policy::follow_up::completeness::Orphan> {
        self.comparison.orphans.iter().filter(|orphan| orphan.ticket.as_ref() == Some(key)).collect()
    }
}

/// The time of an entry as `2026-11-02T09:10:00Z`.
fn written(at: Timestamp) -> String {
    at.rfc3339()
}
