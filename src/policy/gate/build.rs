//! The build that is asked for is the build in the ticket, in every part (policy: same build, same run).

use crate::model::{Deployment, Field, Relation, Service, Text, Ticket, listed};
use crate::policy::facts::{Fact, Gap, Placement};

use super::{Denial, Reason};

/// Denies a build that differs from the ticket or from what is registered.
pub(super) fn check(asked: &Deployment, (ticket, service): (&Ticket, &Service)) -> Option<Denial> {
    let different = differences(asked, ticket, service);
    if different.is_empty() {
        return None;
    }
    let names: Vec<String> = different.iter().map(|(what, _)| format!("the {what}")).collect();
    Some(Denial {
        reason: Reason::BuildMismatch,
        headline: format!("The build differs from the ticket in {}.", listed(&names, "and")),
        details: different.into_iter().map(|(_, text)| text).collect(),
        todo: "deploy the build that the ticket names, or request a change for this one.".into(),
    })
}

/// Every part in which a deployment differs from a ticket: its name, and a sentence with expected and found.
#[must_use]
pub fn differences(asked: &Deployment, ticket: &Ticket, service: &Service) -> Vec<(&'static str, Text)> {
    let component = match ticket.components.as_slice() {
        [one] => one.as_str(),
        [] | [_, ..] => "not exactly one component",
    };
    let in_ticket = |field: Field| ticket.field(field).unwrap_or("");
    // A field that repeats what is registered may be empty; what is registered is compared below.
    let if_said = |field: Field, asked: &str| ticket.field(field).map_or(asked.to_owned(), str::to_owned);
    let (repository, branch) = (asked.repository.as_str(), asked.branch.as_str());
    let artifact = asked.artifact.as_ref().map_or("", |artifact| artifact.as_str());
    let parts = [
        ("service", component.to_owned(), asked.service.as_str()),
        ("service", service.name.to_string(), asked.service.as_str()),
        ("target environment", in_ticket(Field::Environment).to_owned(), asked.environment.as_str()),
        ("repository", if_said(Field::Repository, repository), repository),
        ("repository", service.repository.to_string(), repository),
        ("branch", if_said(Field::Branch, branch), branch),
        ("branch", service.branch.to_string(), branch),
        ("commit", in_ticket(Field::Commit).to_owned(), asked.commit.as_str()),
        ("build job", in_ticket(Field::BuildJob).to_owned(), asked.run.job.as_str()),
        ("build number", in_ticket(Field::BuildNumber).to_owned(), asked.run.build.as_str()),
        ("artifact", if_said(Field::Artifact, artifact), artifact),
        ("deploy action", if_said(Field::DeployAction, asked.action.as_str()), asked.action.as_str()),
    ];
    let mut found: Vec<(&'static str, Text)> = Vec::new();
    for (what, expected, asked) in parts {
        if expected.trim() != asked && found.iter().all(|(known, _)| *known != what) {
            found.push((what, difference(what, expected.trim(), asked)));
        }
    }
    found
}

/// Whether a ticket is about this build, whatever else it says: the one that a pipeline waits for.
#[must_use]
pub fn concerns(asked: &Deployment, ticket: &Ticket, services: &[Service]) -> bool {
    let says = |field: Field, asked: &str| ticket.field(field).is_some_and(|said| said.trim() == asked);
    Placement::of(ticket, services).scope().as_ref() == Some(&asked.scope())
        && says(Field::Commit, asked.commit.as_str())
        && says(Field::BuildJob, asked.run.job.as_str())
        && says(Field::BuildNumber, asked.run.build.as_str())
}

fn difference(what: &str, expected: &str, asked: &str) -> Text {
    let text = Text::new().words(format!("The {what}: the ticket has "));
    let text = if expected.is_empty() { text.words("none") } else { text.quoted(expected) };
    let text = text.words(", this run has ");
    if asked.is_empty() { text.words("none.") } else { text.quoted(asked).words(".") }
}

/// Denies a commit that is not on its branch any more.
///
/// # Errors
/// With the gap when it is not known.
pub(super) fn moved(asked: &Deployment, on_branch: &Fact<Relation>) -> Result<Option<Denial>, Gap> {
    match on_branch.known() {
        Ok(Relation::Identical | Relation::Behind) => Ok(None),
        Ok(Relation::Ahead | Relation::Diverged) => Ok(Some(Denial {
            reason: Reason::RefMoved,
            headline: format!("The commit is not on {} any more: the branch was moved.", asked.branch),
            details: vec![Text::new().code(asked.commit.short()).words(" is not in its history now.")],
            todo: "build the branch as it is now, and request a change for that build.".into(),
        })),
        Err(gap) => Err(gap.clone()),
    }
}
