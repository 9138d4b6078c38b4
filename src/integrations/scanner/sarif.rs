//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>): what a tool found, and whether it looked at all.
//!
//! Suppressions are not honoured: whoever writes the code could write them too. What the file leaves open counts against
//! it: a result that the tool is not sure of, a rule that it rates in two ways or does not list, an invocation of which it does
//! not tell how it ended.

mod wire;

use std::collections::HashMap;

use crate::integrations::http::from_json;
use crate::model::{CommitSha, ScanFinding, Severity};
use wire::{Component, Log, Result as SarifResult, Rule};

/// Most results of one file that are read.
const MOST_RESULTS: usize = 25_000;

/// One run of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The tool's name.
    pub tool: String,
    /// How many rules it lists, its extensions included.
    pub rules: u64,
    /// Whether every invocation says that it ended well. A run that tells of none does not say otherwise.
    pub completed: bool,
    /// The commits that it says it scanned; most tools do not say.
    pub commits: Vec<String>,
    /// What it found, one for each result.
    pub findings: Vec<ScanFinding>,
}

/// Why a file is no scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SarifError {
    /// No JSON, or none of this form.
    #[error("it is not SARIF: {0}")]
    Unreadable(String),
    /// Another version.
    #[error("it is SARIF {0}, and only 2.1.0 is read")]
    Version(String),
    /// No run: nothing was scanned.
    #[error("it has no run, so nothing was scanned")]
    NoRun,
    /// A run that was never meant to have results, or keeps them elsewhere.
    #[error("the run of {0} has no list of results, so it did not scan")]
    NoResults(String),
    /// Too many.
    #[error("it has more than {MOST_RESULTS} results")]
    TooMany,
}

/// Reads a file.
///
/// # Errors
/// When it proves no scan.
pub fn read(file: &[u8]) -> Result<Vec<Run>, SarifError> {
    let log: Log = from_json(file).map_err(|error| SarifError::Unreadable(error.to_string()))?;
    if log.version != "2.1.0" {
        return Err(SarifError::Version(log.version.chars().take(20).collect()));
    }
    if log.runs.is_empty() {
        return Err(SarifError::NoRun);
    }
    let results = log.runs.iter().filter_map(|run| run.results.as_ref()).map(Vec::len).sum::<usize>();
    if results > MOST_RESULTS {
        return Err(SarifError::TooMany);
    }
    log.runs.iter().map(run).collect()
}

impl Run {
    /// Whether it says that it scanned commits, and this one is none of them.
    #[must_use]
    pub fn is_of_another(&self, commit: &CommitSha) -> bool {
        !self.commits.is_empty() && self.commits.iter().all(|one| one != commit.as_str())
    }
}

fn run(run: &wire::Run) -> Result<Run, SarifError> {
    let tool = run.tool.driver.name.clone();
    let Some(results) = &run.results else { return Err(SarifError::NoResults(tool)) };
    let catalogue = Catalogue::of(run);
    let ended_well = |invocation: &wire::Invocation| invocation.execution_successful == Some(true);
    let provenance = run.version_control_provenance.iter().flatten();
    Ok(Run {
        tool,
        rules: catalogue.count(),
        completed: run.invocations.iter().flatten().all(ended_well),
        commits: provenance.filter_map(|origin| origin.revision_id.clone()).collect(),
        findings: results.iter().map(|result| finding(result, &catalogue)).collect(),
    })
}

fn finding(result: &SarifResult, catalogue: &Catalogue<'_>) -> ScanFinding {
    let rules = catalogue.of_result(result);
    let named = result.id().or_else(|| rules.first().map(|rule| rule.id.as_str()));
    ScanFinding {
        rule: named.unwrap_or("unnamed rule").to_owned(),
        message: result.message.text.clone().unwrap_or_default(),
        severity: severity_of(result, &rules),
        path: path(result),
        alert: result.properties.as_ref().and_then(|properties| properties.alert),
    }
}

/// The rules that a run lists.
struct Catalogue<'a> {
    components: Vec<&'a Component>,
    by_id: HashMap<&'a str, Vec<&'a Rule>>,
}

impl<'a> Catalogue<'a> {
    fn of(run: &'a wire::Run) -> Catalogue<'a> {
        let components: Vec<&Component> =
            std::iter::once(&run.tool.driver).chain(run.tool.extensions.iter().flatten()).collect();
        let mut by_id: HashMap<&str, Vec<&Rule>> = HashMap::new();
        for rule in components.iter().flat_map(|component| component.rules.iter().flatten()) {
            by_id.entry(&rule.id).or_default().push(rule);
        }
        Catalogue { components, by_id }
    }

    fn count(&self) -> u64 {
        self.components.iter().map(|component| component.rules.as_ref().map_or(0, Vec::len) as u64).sum()
    }

    /// Every rule that a result may mean: by its id, by the part of it before a slash (§3.27.5), by its place in a list. None
    /// when it names a rule that is not listed: whatever stands at the place is another one.
    fn of_result(&self, result: &SarifResult) -> Vec<&'a Rule> {
        let named = |id: &str| self.by_id.get(id).cloned().unwrap_or_default();
        let Some(id) = result.id() else { return self.by_place(result).into_iter().collect() };
        let mut rules = named(id);
        if let (true, Some((parent, _))) = (rules.is_empty(), id.rsplit_once('/')) {
            rules = named(parent);
        }
        if !rules.is_empty() {
            rules.extend(self.by_place(result));
        }
        rules
    }

    fn by_place(&self, result: &SarifResult) -> Option<&'a Rule> {
        let reference = result.rule.as_ref();
        let index = result.rule_index.or_else(|| reference?.index)?;
        let component = match reference.and_then(|rule| rule.tool_component.as_ref()) {
            // One that is only named is not looked for: the list of another says nothing.
            Some(extension) => self.components.get(usize::try_from(extension.index?).ok()?.checked_add(1)?)?,
            None => self.components.first()?,
        };
        component.rules.as_ref()?.get(usize::try_from(index).ok()?)
    }
}

/// A result that is no finding is a remark; one that the tool is not sure of, or of a rule that it does not list, may be as
/// bad as any.
fn severity_of(result: &SarifResult, rules: &[&Rule]) -> Severity {
    match (result.kind.as_deref(), result.baseline_state.as_deref()) {
        (Some("pass" | "informational" | "notApplicable"), _) | (_, Some("absent")) => return Severity::None,
        (None | Some("fail"), _) => {}
        (Some(_), _) => return Severity::Unrated,
    }
    let level = result.level.as_deref();
    let worst = rules.iter().map(|rule| severity(rule, level)).max();
    worst.unwrap_or(Severity::Unrated)
}

/// The rule's security severity where it has one, in the bands that GitHub uses, else the level.
fn severity(rule: &Rule, level: Option<&str>) -> Severity {
    if let Some(score) = rule.properties.as_ref().and_then(|properties| properties.security_severity.as_ref()) {
        return match score.as_str().map_or_else(|| score.as_f64(), |text| text.trim().parse().ok()) {
            Some(number) if number >= 9.0 => Severity::Critical,
            Some(number) if number >= 7.0 => Severity::High,
            Some(number) if number >= 4.0 => Severity::Medium,
            Some(number) if number > 0.0 => Severity::Low,
            // Trivy writes 0.0 for what nobody has rated yet; Grype for that and for what it calls negligible, and the two look
            // alike. To GitHub it is no security severity.
            Some(_) | None => Severity::Unrated,
        };
    }
    let default = rule.default_configuration.as_ref().and_then(|default| default.level.as_deref());
    match level.or(default) {
        Some("error") => Severity::High,
        Some("warning") | None => Severity::Medium, // SARIF §3.27.10: a result without a level is a warning.
        Some("note") => Severity::Low,
        Some("none") => Severity::None,
        Some(_) => Severity::Unrated,
    }
}

fn path(result: &SarifResult) -> Option<String> {
    let first = result.locations.as_ref()?.first()?;
    first.pointer("/physicalLocation/artifactLocation/uri")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
