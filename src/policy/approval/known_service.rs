//! The ticket names a registered service, and nothing that contradicts the registration (policy: scope of the change).
//!
//! Repository, branch and scanners always come from the settings. A ticket that names others is either wrong or an
//! attempt to have something else looked at, so a human decides.

use crate::model::{Field, Service, Text, Ticket};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, Placement};

/// Does the ticket name a registered service, and only what is registered for it?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    match &facts.placement {
        Placement::Registered { service, environment } => match contradictions(&facts.ticket, service) {
            none if none.is_empty() => Finding::met(format!("{} to {environment}", service.name)),
            some => contradicted(some),
        },
        Placement::NotOneComponent => Finding::not_met(
            "not exactly one component",
            "The ticket does not name exactly one component.",
            Todo::fix("set the component to the one service that is deployed."),
        ),
        Placement::UnknownService(said) => Finding::not_met(
            "component is not registered",
            "The component is not a registered service.",
            Todo::decide(
                "check the spelling of the component; a new service is added to cm-bot's settings by its operator.",
            ),
        )
        .about(vec![Text::new().words("The ticket says ").quoted(said).words(".")]),
        Placement::UnknownEnvironment { service, said } => unknown_environment(service, said),
    }
}

fn unknown_environment(service: &Service, said: &str) -> Finding {
    let known: Vec<&str> = service.environments.iter().map(|environment| environment.as_str()).collect();
    let said = if said.is_empty() { Text::from("no target environment") } else { Text::new().quoted(said) };
    Finding::not_met(
        "environment is not registered",
        format!("{} is not registered for this target environment.", service.name),
        Todo::fix(format!("set the target environment to one of: {}.", known.join(", "))),
    )
    .about(vec![Text::new().words("The ticket says ").then(said).words(".")])
}

/// Each field in which the ticket names something else than what is registered: the field, what it says, what is registered.
fn contradictions(ticket: &Ticket, service: &Service) -> Vec<Text> {
    let registered = [(Field::Repository, service.repository.as_str()), (Field::Branch, service.branch.as_str())];
    registered
        .into_iter()
        .filter_map(|(field, registered)| {
            let said = ticket.field(field).filter(|said| *said != registered)?;
            let start = Text::new().words(format!("The {field} is ")).quoted(said);
            Some(start.words(format!("; registered for {} is {registered}.", service.name)))
        })
        .collect()
}

fn contradicted(details: Vec<Text>) -> Finding {
    Finding::not_met(
        "names something else than registered",
        "The ticket names something else than what is registered for this service.",
        Todo::decide("correct the ticket, or ask an approver to decide; cm-bot only looks at what is registered."),
    )
    .about(details)
}
