//! Reads a plan piece by piece, and judges each resource as it comes by.

use sha2::{Digest, Sha256};

use super::change::{self, Risky};
use super::configuration::Settings;
use super::risk::{Counts, PlanError, PlanRisk, RiskItem};
use super::rules::{PlanRule, PlanRules, Target};
use super::splitter::{Splitter, Taker, Wish};

/// Forms of the plan that cm-bot knows (developer.hashicorp.com/terraform/internals/json-format). A newer one may say
/// something that it would not understand.
const KNOWN_FORMATS: [&str; 5] = ["0.1", "0.2", "1.0", "1.1", "1.2"];

/// Parts that say nothing of what is going to be done.
const HARMLESS: [&str; 10] = [
    "variables",
    "planned_values",
    "resource_drift",
    "output_changes",
    "prior_state",
    "relevant_attributes",
    "checks",
    "timestamp",
    "applyable",
    "proposed_unknown",
];

/// Parts in which something is going to be done that cm-bot cannot judge: they must be empty.
const NOT_JUDGED: [(&str, &str); 2] = [
    ("deferred_changes", "Terraform puts changes off to a later plan, so this is not all of it"),
    ("action_invocations", "The plan starts actions of providers, which cm-bot cannot judge"),
];

/// The longest resource change, and the longest configuration.
const LONGEST_CHANGE: usize = 4 << 20;
const LONGEST_CONFIGURATION: usize = 12 << 20;

/// Nobody looks at more items than that.
const MOST_ITEMS: usize = 50_000;

/// Takes a plan in pieces.
#[derive(Debug)]
pub struct PlanReader<'a> {
    splitter: Splitter,
    digest: Sha256,
    found: Found<'a>,
}

/// What has come by so far.
#[derive(Debug)]
struct Found<'a> {
    rules: Vec<&'a PlanRule>,
    counts: Counts,
    risky: Vec<Risky>,
    settings: Settings,
    terraform_version: Option<String>,
    parts: Parts,
}

/// Which parts there were.
#[derive(Debug, Default)]
struct Parts {
    format: bool,
    changes: bool,
    is_list: bool,
    planned_values: bool,
    state: bool,
}

impl<'a> PlanReader<'a> {
    /// A reader for a plan that would be applied there.
    #[must_use]
    pub fn new(rules: &'a PlanRules, target: Target<'_>) -> PlanReader<'a> {
        let found = Found {
            rules: rules.in_force(target),
            counts: Counts::default(),
            risky: Vec::new(),
            settings: Settings::default(),
            terraform_version: None,
            parts: Parts::default(),
        };
        PlanReader { splitter: Splitter::new(), digest: Sha256::new(), found }
    }

    /// Goes on with the next bytes.
    ///
    /// # Errors
    /// When they cannot belong to a plan.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), PlanError> {
        self.digest.update(bytes);
        self.splitter.push(bytes, &mut self.found)
    }

    /// That was all.
    ///
    /// # Errors
    /// When it was no whole plan.
    pub fn finish(self) -> Result<PlanRisk, PlanError> {
        self.splitter.finish()?;
        let mut found = self.found;
        found.parts.check()?;
        let digest = hex::encode(self.digest.finalize());
        let settings = &found.settings;
        found.risky.retain_mut(|risky| {
            let address = risky.address.clone();
            !risky.has_defaults() || risky.without_defaults(|name| settings.may_set(&address, name))
        });
        let items = found.risky.iter().map(|risky| item(risky, &digest)).collect();
        Ok(PlanRisk { items, terraform_version: found.terraform_version, counts: found.counts, digest })
    }
}

fn item(risky: &Risky, digest: &str) -> RiskItem {
    RiskItem {
        id: risky.id(digest),
        actions: risky.actions.clone(),
        address: risky.address.clone(),
        moved_from: risky.object.moved_from.clone(),
        deposed: risky.object.deposed.clone(),
        attributes: risky.names(),
        reasons: risky.all_reasons(),
    }
}

impl Parts {
    fn check(&self) -> Result<(), PlanError> {
        if self.state {
            return Err(PlanError::NotAPlan("it is a state"));
        }
        if !self.format {
            return Err(PlanError::NotAPlan("it does not name the version of its format"));
        }
        if self.changes && !self.is_list {
            return Err(PlanError::NotAPlan("its resource changes are no list"));
        }
        // Terraform leaves out the changes when there are none, and never leaves out what is planned.
        if !self.changes && !self.planned_values {
            return Err(PlanError::NotAPlan("it plans nothing"));
        }
        Ok(())
    }
}

impl Found<'_> {
    fn add(&mut self, risky: Risky) -> Result<(), PlanError> {
        if self.risky.len() >= MOST_ITEMS {
            return Err(PlanError::TooMuch(MOST_ITEMS));
        }
        self.risky.push(risky);
        Ok(())
    }

    fn of_plan(&mut self, reason: impl Into<String>) -> Result<(), PlanError> {
        self.add(Risky::of_plan(reason.into()))
    }

    fn format(&mut self, text: &[u8]) -> Result<(), PlanError> {
        match serde_json::from_slice::<String>(text) {
            Ok(version) if KNOWN_FORMATS.contains(&version.as_str()) => Ok(()),
            Ok(_) | Err(_) => {
                let newest = KNOWN_FORMATS.last().copied().unwrap_or_default();
                self.of_plan(format!("cm-bot does not know this version of the plan's format; it knows up to {newest}"))
            }
        }
    }
}

impl Taker for Found<'_> {
    fn member(&mut self, name: &str) -> Result<Wish, PlanError> {
        match name {
            "format_version" | "terraform_version" | "errored" | "complete" => Ok(Wish::Whole(100)),
            "resource_changes" => {
                self.parts.changes = true;
                Ok(Wish::Items(LONGEST_CHANGE))
            }
            "configuration" => Ok(Wish::Whole(LONGEST_CONFIGURATION)),
            "values" => {
                self.parts.state = true;
                Ok(Wish::Nothing)
            }
            name if HARMLESS.contains(&name) => {
                self.parts.planned_values |= name == "planned_values";
                Ok(Wish::Nothing)
            }
            name if NOT_JUDGED.iter().any(|(part, _)| *part == name) => Ok(Wish::Items(100)),
            _ => {
                self.of_plan("The plan has a part that cm-bot does not know")?;
                Ok(Wish::Nothing)
            }
        }
    }

    fn list(&mut self, name: &str) {
        self.parts.is_list |= name == "resource_changes";
    }

    fn value(&mut self, name: &str, text: &[u8]) -> Result<(), PlanError> {
        match name {
            "format_version" => {
                self.parts.format = true;
                self.format(text)
            }
            "terraform_version" => {
                self.terraform_version = serde_json::from_slice(text).ok();
                Ok(())
            }
            "errored" if text != b"false" => {
                self.of_plan("Terraform failed while it planned, so this is not all of it")
            }
            "complete" if text != b"true" => {
                self.of_plan("The plan leaves a part out: made with -target, or with changes put off")
            }
            "errored" | "complete" => Ok(()),
            "configuration" => {
                self.settings = Settings::read(text);
                Ok(())
            }
            "resource_changes" if !self.parts.is_list => Ok(()),
            "resource_changes" => {
                let risky = change::judge(text, &self.rules, &mut self.counts)?;
                risky.map_or(Ok(()), |risky| self.add(risky))
            }
            name if text == b"null" || text == b"[]" => {
                debug_assert!(NOT_JUDGED.iter().any(|(part, _)| *part == name), "{name} was not asked for");
                Ok(())
            }
            name => self.not_judged(name),
        }
    }

    fn too_long(&mut self, name: &str) -> Result<(), PlanError> {
        match name {
            "configuration" => Ok(()), // What hangs on it stays risky.
            "resource_changes" => {
                self.counts.resources += 1;
                self.add(Risky::too_long())
            }
            "format_version" | "terraform_version" | "errored" | "complete" => {
                Err(PlanError::NotAPlan("one of its parts is not of the form that Terraform documents"))
            }
            name => self.not_judged(name),
        }
    }
}

impl Found<'_> {
    fn not_judged(&mut self, name: &str) -> Result<(), PlanError> {
        let why = NOT_JUDGED.iter().find(|(part, _)| *part == name).map(|(_, why)| *why);
        let why = why.unwrap_or("The plan has a part that cm-bot does not know").to_owned();
        if self.risky.iter().any(|risky| risky.reasons.contains(&why)) {
            return Ok(());
        }
        self.of_plan(why)
    }
}
