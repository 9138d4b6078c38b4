//! What a ticket says that is made for a pipeline: everything that cm-bot can find out, and nothing that it cannot.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Deployment, Field, PullRequest, TicketKey, plural, shortened};
use crate::policy::decision::{Decision, Outcome};
use crate::policy::facts::Facts;
use crate::render::view::Links;

/// Most pull requests that are named.
const MOST_NAMED: usize = 20;

/// Where the previous commit stands in a template.
const PREVIOUS: &str = "{previous}";

/// The words of a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Its summary.
    pub summary: String,
    /// Its fields.
    pub fields: BTreeMap<Field, String>,
    /// What could not be filled in, with the reason.
    pub unfilled: Vec<(Field, String)>,
}

/// What a ticket is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// What is to be deployed.
    pub deployment: &'a Deployment,
    /// What the pipeline says itself; it comes before what is found out.
    pub given: &'a BTreeMap<Field, String>,
    /// What was gathered about the build.
    pub facts: &'a Facts,
    /// What the rules say of it.
    pub decision: &'a Decision,
    /// The service's template for the way back.
    pub rollback_plan: Option<&'a str>,
    /// Where people find things.
    pub links: &'a Links,
}

/// Fills in a ticket.
#[must_use]
pub fn words(material: &Material<'_>) -> Words {
    let mut fields = of_build(material.deployment);
    let mut unfilled = Vec::new();
    let found = [
        (Field::Justification, justification(material)),
        (Field::RollbackPlan, rollback_plan(material)),
        (Field::Links, links(material)),
        (Field::SecurityScan, Ok(security_scan(material))),
    ];
    for (field, found) in found {
        match (material.given.get(&field), found) {
            (Some(given), _) => drop(fields.insert(field, given.clone())),
            (None, Ok(found)) => drop(fields.insert(field, found)),
            (None, Err(why)) => unfilled.push((field, why)),
        }
    }
    let class = material.given.get(&Field::ChangeClass).map_or("normal", String::as_str);
    fields.insert(Field::ChangeClass, class.to_owned());
    Words { summary: summary(material), fields, unfilled }
}

fn of_build(deployment: &Deployment) -> BTreeMap<Field, String> {
    let artifact = deployment.artifact.as_ref().map(|artifact| (Field::Artifact, artifact.to_string()));
    let fields = [
        (Field::Environment, deployment.environment.to_string()),
        (Field::Repository, deployment.repository.to_string()),
        (Field::Commit, deployment.commit.to_string()),
        (Field::Branch, deployment.branch.to_string()),
        (Field::BuildJob, deployment.run.job.to_string()),
        (Field::BuildNumber, deployment.run.build.to_string()),
        (Field::DeployAction, deployment.action.to_string()),
    ];
    fields.into_iter().chain(artifact).collect()
}

fn summary(material: &Material<'_>) -> String {
    let Deployment { service, environment, run, .. } = material.deployment;
    let start = format!("Deploy {service} build {} to {environment}", run.build);
    let newest = material.facts.range.known().ok().and_then(|range| range.commits.last());
    let Some(newest) = newest else { return start };
    let others = material.facts.range.known().map_or(0, |range| range.commits.len().saturating_sub(1));
    let more = if others == 0 { String::new() } else { format!(" and {}", plural(others, "more commit")) };
    format!("{start}: {}{more}", shortened(&newest.headline, 100))
}

fn pull_requests<'a>(material: &Material<'a>) -> Result<Vec<&'a PullRequest>, String> {
    let known = material.facts.pull_requests.known().map_err(|gap| gap.to_string())?;
    Ok(known.by_number.values().filter(|pull_request| pull_request.merged.is_some()).collect())
}

fn justification(material: &Material<'_>) -> Result<String, String> {
    let pull_requests = pull_requests(material)?;
    if pull_requests.is_empty() {
        return Err("no pull request tells why; name one with --justification".into());
    }
    let count = material.facts.range.known().map_or(0, |range| range.commits.len());
    let environment = &material.deployment.environment;
    let first = format!(
        "Brings {} of {} to {environment}.",
        plural(count, "commit"),
        plural(pull_requests.len(), "pull request")
    );
    let named = pull_requests.iter().take(MOST_NAMED);
    let named = named.map(|one| format!("{}: {}", one.number, shortened(&one.title, 200)));
    Ok(std::iter::once(first).chain(named).collect::<Vec<_>>().join("\n"))
}

fn rollback_plan(material: &Material<'_>) -> Result<String, String> {
    let template = material.rollback_plan.ok_or("the service has no rollback_plan in the settings")?;
    if !template.contains(PREVIOUS) {
        return Ok(template.to_owned());
    }
    match material.facts.baseline.known() {
        Ok(Some(baseline)) => Ok(template.replace(PREVIOUS, baseline.commit.as_str())),
        Ok(None) => Err("its template names the previous commit, and there is none".into()),
        Err(gap) => Err(gap.to_string()),
    }
}

/// The pull requests, and the Jira tickets that their titles name.
fn links(material: &Material<'_>) -> Result<String, String> {
    let pull_requests = pull_requests(material)?;
    let mut lines: Vec<String> =
        pull_requests.iter().take(MOST_NAMED).map(|one| material.facts.pull_request_url(one.number)).collect();
    let keys: BTreeSet<String> = pull_requests.iter().flat_map(|one| keys(&one.title)).collect();
    lines.extend(keys.iter().take(MOST_NAMED).map(|key| format!("{}/browse/{key}", material.links.jira)));
    lines.push(material.facts.commit_url(&material.deployment.commit));
    Ok(lines.join("\n"))
}

/// The ticket keys in a title.
fn keys(title: &str) -> Vec<String> {
    let words = title.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    words.filter_map(|word| TicketKey::parse(word).ok()).map(|key| key.to_string()).collect()
}

fn security_scan(material: &Material<'_>) -> String {
    let judged = material.decision.findings().iter().find(|judged| judged.rule == "security_scan");
    match judged {
        Some(judged) if judged.finding.outcome == Outcome::Met => format!("done and clean: {}", judged.finding.seen),
        Some(judged) => judged.finding.headline.clone(),
        None => "not asked for".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_tickets() {
        assert_eq!(keys("PAY-12: round (see ABC-7), utf-8, X-1"), ["PAY-12", "ABC-7"]);
    }
}
