//! An emergency is declared in Slack. The leads are told before there is a ticket, and the ticket is made for whoever declares.

use uuid::Uuid;

use super::{Act, Answer, Refusal};
use crate::handlers::follow_up::emergency::open;
use crate::handlers::{Context, HandlerError};
use crate::integrations::slack::interaction::{Command, Submit};
use crate::model::{Declaration, EmergencyId, registered};
use crate::render::form::REASON;
use crate::store::Job;

/// Written after the command.
pub(super) async fn by_command(context: &Context, command: &Command, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let by = (&act.person.jira, act.person.name.as_str());
    match Declaration::parse(&command.text, by, &context.sources.services) {
        Ok(declaration) => declared(context, declaration, act).await,
        Err(unclear) => Ok(unusable(&format!("Your command cannot be understood: {unclear}."))),
    }
}

/// Filled in in the form.
pub(super) async fn by_form(context: &Context, form: &Submit, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let said = |name: &str| form.said.get(name).cloned();
    let scope = said("scope").and_then(|scope| {
        let (service, environment) = scope.split_once(' ')?;
        registered(service, environment, &context.sources.services)
    });
    let words = |name: &str| said(name).filter(|text| text.chars().count() >= REASON);
    let (Some(scope), Some(what), Some(why)) = (scope, words("what"), words("why")) else {
        return Ok(unusable("Service, what you do and why are needed."));
    };
    let declaration = Declaration {
        owner: Some(act.person.jira.clone()),
        owner_name: act.person.name.clone(),
        scope: Some(scope),
        summary: why.clone(),
        what,
        why,
        severity: said("severity"),
        incident: said("incident"),
    };
    declared(context, declaration, act).await
}

/// One delivery declares one emergency, however often it is handled.
async fn declared(context: &Context, declaration: Declaration, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let id = EmergencyId(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("slack:{}", act.delivery).as_bytes()));
    open(context, (id, None), declaration, act.at).await?;
    context.sources.store.enqueue(&Job::Declaration(id), context.clock.now()).await?;
    Ok(Answer::Seen)
}

fn unusable(reason: &str) -> Answer {
    let next = "Write /emergency-change alone to fill in a form, or make a ticket of the class emergency in Jira.";
    Answer::Refused(Refusal { reason: reason.into(), next: next.into(), ticket: None })
}
