//! `cm-bot plan`: what is risky about a Terraform plan.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::{Exit, SettingsFile};
use crate::model::Environment;
use crate::policy::criteria::Terms;
use crate::policy::plan::{PlanError, PlanReader, PlanRisk, PlanRules, Target};
use crate::render::plan;

/// What is read at once.
const PIECE: usize = 256 * 1024;

/// The criteria that come with cm-bot.
const SHIPPED: &str = include_str!("../../config/criteria.toml");

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What `terraform show -json PLAN` printed; `-` reads standard input
    plan: PathBuf,
    /// Where the plan would be applied, for example prod-us; without it, it counts as production
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Criteria with the rules; without it those of the settings file, and without one those that come with cm-bot
    #[arg(long, value_name = "FILE")]
    criteria: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Judges the plan.
///
/// # Errors
/// When the plan or the criteria cannot be read.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let rules = rules(arguments)?;
    let environment = arguments.environment.as_deref().map(Environment::parse).transpose()?;
    let target = environment.as_ref().map_or(Target::Unknown, Target::Environment);
    if environment.is_none() {
        eprintln!("No --environment was given, so the plan is judged as one for production.");
    }
    match judge(&arguments.plan, PlanReader::new(&rules, target))? {
        Ok(risk) => {
            print(&risk, arguments)?;
            Ok(if risk.is_risky() { Exit::Waiting } else { Exit::Done })
        }
        Err(error) => {
            eprintln!("cm-bot: {error}. Nothing was judged, and nothing is allowed by it.");
            Ok(Exit::Failed)
        }
    }
}

fn rules(arguments: &Arguments) -> anyhow::Result<PlanRules> {
    let file = match (&arguments.criteria, &arguments.settings.file) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(_)) => Some(arguments.settings.load()?.criteria_file),
        (None, None) => None,
    };
    let text = match &file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
        None => {
            eprintln!("No criteria were given, so the rules are those that come with cm-bot.");
            SHIPPED.to_owned()
        }
    };
    Ok(Terms::parse(&text)?.plan_rules())
}

fn judge(file: &Path, mut reader: PlanReader<'_>) -> anyhow::Result<Result<PlanRisk, PlanError>> {
    let cannot = || format!("{} cannot be read", file.display());
    let mut input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(file).with_context(cannot)?)
    };
    let mut piece = vec![0; PIECE];
    loop {
        let length = input.read(&mut piece).with_context(cannot)?;
        if length == 0 {
            return Ok(reader.finish());
        }
        if let Err(error) = reader.push(piece.get(..length).unwrap_or_default()) {
            return Ok(Err(error));
        }
    }
}

fn print(risk: &PlanRisk, arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.json {
        print!("{}", plan::terminal(risk));
        return Ok(());
    }
    let mut object = serde_json::to_value(risk)?;
    object["verdict"] = json!(plan::verdict(risk));
    object["risky"] = json!(risk.is_risky());
    object["low_risk"] = json!(risk.low_risk());
    println!("{object}");
    Ok(())
}
