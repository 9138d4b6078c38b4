//! `cm-bot audit export`: one folder with everything that an auditor asks for about a period.

mod bundle;
mod changes;
mod lists;
mod trail;

use std::path::PathBuf;

use serde::Serialize;

pub(in crate::cli::audit) use self::changes::read;

use self::bundle::Bundle;
use self::trail::write_trail;
use crate::app::{App, signer};
use crate::audit::checkpoint::Signer;
use crate::cli::{Exit, SettingsFile};
use crate::clock::Clock;
use crate::gather::evidence::{Hold, Reach};
use crate::gather::period::{How, Period};
use crate::model::{Day, Timestamp, plural};
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
    period: Period,
}

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
    /// What the trail tells up to this entry is in the files. It is the last one of `log.ndjson`.
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
    let export = collect(arguments, settings, signer.as_ref()).await?;
    let (first, last) = export.period.days;
    let folder = arguments.folder.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from(format!("cm-bot-evidence-{first}-{last}")));
    let mut bundle = Bundle::create(&folder)?;
    let (store, entries) = (&export.app.context.sources.store, export.period.trail.length);
    export.write(&mut bundle).await?;
    write_trail(store, entries, &mut bundle).await?;
    let checkpoints = trail::write_checkpoints(store, entries, &mut bundle).await?;
    bundle.close(signer.as_ref())?;
    export.say();
    println!("{entries} entries and {checkpoints} checkpoints are in {}", folder.display());
    Ok(if export.period.population.is_cut_short { Exit::Unreachable } else { Exit::Done })
}

async fn collect(arguments: &Arguments, settings: Settings, signer: Option<&Signer>) -> anyhow::Result<Export> {
    let app = App::build(settings, Clock::System).await?;
    if let Some(signer) = signer {
        // Before anything is read: a new key is an entry of its own.
        app.context.sources.store.checkpoint(signer, Clock::System.now()).await?;
    }
    let how = How {
        reach: if arguments.offline { Reach::Records } else { Reach::Everybody },
        hold: Hold::Everything,
        progress: |line| eprintln!("{line}"),
    };
    eprintln!("Reading the audit trail");
    let period = app.context.period((arguments.from, arguments.to), how).await?;
    Ok(Export { app, period })
}

impl Export {
    async fn write(&self, bundle: &mut Bundle) -> anyhow::Result<()> {
        let rows = changes::write(self, bundle).await?;
        lists::write_policies(self, bundle).await?;
        lists::write_emergencies(self, bundle)?;
        lists::write_inspections(self, bundle)?;
        bundle.write("population.csv", &lists::population(self))?;
        bundle.write("orphans.csv", &lists::orphans(&self.period.comparison.orphans))?;
        bundle.write("controls.csv", &lists::controls())?;
        bundle.write("config-history.csv", &lists::history(&self.period.trail))?;
        bundle.write_json("reconciliation.json", &lists::reconciliation(self))?;
        let totals = self.totals();
        bundle.write_json("totals.json", &totals)?;
        bundle.write("IPE.txt", &self.how(&totals))?;
        bundle.write("index.html", &self.index(&rows))?;
        bundle.write("style.css", crate::render::html::STYLE)?;
        bundle.write("verify.py", VERIFIER)?;
        bundle.write("README.txt", README)
    }

    fn totals(&self) -> Totals<'_> {
        let (period, keys) = (&self.period, self.period.keys());
        let number = |(name, number): (&str, Result<usize, &str>)| {
            (name.replace(' ', "_"), number.map_or_else(|why| why.into(), serde_json::Value::from))
        };
        let orphans = period.orphans_by_kind().into_iter().map(|(kind, number)| (kind.id().to_owned(), number.into()));
        Totals {
            program: concat!("cm-bot ", env!("CARGO_PKG_VERSION")),
            program_sha256: bundle::program_sha256(),
            made_at: Clock::System.now().rfc3339(),
            made_by: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "not known".into()),
            records: self.app.context.sources.store.place(),
            from: period.question.from.rfc3339(),
            to: period.question.to.rfc3339(),
            asked: &period.population.asked,
            gaps: &period.population.gaps,
            rows: keys.len(),
            first: keys.first().copied(),
            last: keys.last().copied(),
            keys_sha256: period.keys_sha256(),
            numbers: period.numbers().into_iter().map(number).collect(),
            orphans: orphans.collect(),
            collected_up_to: period.trail.length,
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
        for (name, number) in self.period.numbers() {
            facts.push((name, number.map_or_else(str::to_owned, |number| number.to_string())));
        }
        for (kind, number) in &totals.orphans {
            facts.push(("Orphans", format!("{kind}: {number}")));
        }
        how_it_was_made(&facts, totals.asked, totals.gaps)
    }

    fn index(&self, rows: &[[String; 4]]) -> String {
        let (first, last) = (self.period.days.0.to_string(), self.period.days.1.to_string());
        index(&IndexPage {
            period: (&first, &last),
            made_at: Clock::System.now(),
            numbers: self.period.numbers(),
            orphans: &self.period.comparison.orphans,
            gaps: &self.period.population.gaps,
            changes: rows,
        })
    }

    /// The four numbers and what does not fit, always.
    fn say(&self) {
        let number = |(name, number): (&str, Result<usize, &str>)| match number {
            Ok(number) => format!("{name} {number}"),
            Err(why) => format!("{name} {why}"),
        };
        let (period, orphans) = (&self.period, &self.period.comparison.orphans);
        println!("{}", period.numbers().into_iter().map(number).collect::<Vec<_>>().join(" · "));
        let kinds = period.orphans_by_kind();
        let kinds: Vec<String> = kinds.iter().map(|(kind, number)| format!("{} {number}", kind.id())).collect();
        println!("{}: {}", plural(orphans.len(), "orphan"), kinds.join(" · "));
        for orphan in orphans {
            let ticket = orphan.ticket.as_ref().map_or_else(|| "no ticket".to_owned(), ToString::to_string);
            println!("  {}  {ticket}  {} ({})", orphan.kind.id(), orphan.kind.sentence(), orphan.seen.join(", "));
        }
        for gap in &period.population.gaps {
            println!("  not compared: {gap}");
        }
    }

    /// The orphans of one ticket.
    fn orphans_of(&self, key: &crate::model::TicketKey) -> Vec<&crate::policy::follow_up::completeness::Orphan> {
        self.period.comparison.orphans.iter().filter(|orphan| orphan.ticket.as_ref() == Some(key)).collect()
    }
}

/// The time of an entry as `2026-11-02T09:10:00Z`.
fn written(at: Timestamp) -> String {
    at.rfc3339()
}
