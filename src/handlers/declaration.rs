//! An emergency was declared in Slack: the leads are told, then a ticket is made. Neither waits for the other to work.

use std::collections::BTreeMap;

use super::follow_up::emergency::{edits, key, root};
use super::{Context, HandlerError, Next};
use crate::integrations::jira::{NewTicket, Reporter, RequestMark};
use crate::integrations::slack::SlackError;
use crate::model::{EmergencyId, Field, IssueId, shortened};
use crate::store::{EmergencyRecord, Job, Place, Post, StoreError};

/// Tells the leads and makes the ticket, each once; what does not work is tried again.
pub(super) async fn run(context: &Context, id: EmergencyId) -> Result<Next, HandlerError> {
    let Some(record) = context.sources.store.emergency(id).await? else { return Ok(Next::Nothing) };
    let announced = announce(context, &record).await;
    let ticket = ticket(context, &record).await;
    if let Err(error) = &announced {
        tracing::warn!(emergency = %id, "Slack does not take the announcement of an emergency: {error}");
    }
    let issue = ticket?;
    adopt(context, id, &issue).await?;
    Ok(Next::Nothing)
}

/// The announcement, unless it is there. What an earlier try posted is found by its key.
async fn announce(context: &Context, record: &EmergencyRecord) -> Result<(), HandlerError> {
    if record.root.is_some() || record.issue.is_some() {
        return Ok(());
    }
    let (slack, channel, key) = (&context.slack, context.emergencies.as_str(), record.id.to_string());
    let found = match slack.find(channel, None, &key, record.state.declared).await {
        Err(SlackError::Refused(word)) if word == "missing_scope" => None,
        found => found?,
    };
    let post = match found {
        Some(post) => post,
        None => slack.post(channel, None, &root(context, record).await?, &key).await?,
    };
    Ok(context.sources.store.note_announcement(record.id, (&post.channel, &post.ts)).await?)
}

/// Its ticket, made if it is not there. Jira may have told us of it meanwhile, or its search may know of it.
async fn ticket(context: &Context, record: &EmergencyRecord) -> Result<IssueId, HandlerError> {
    let (store, jira) = (&context.sources.store, &context.sources.jira);
    if let Some(issue) = store.emergency(record.id).await?.and_then(|record| record.issue) {
        return Ok(issue);
    }
    let mark = RequestMark(record.id.0);
    if let Some((issue, _)) = jira.find_created(mark).await? {
        return Ok(issue);
    }
    let Some(scope) = &record.declaration.scope else {
        return Err(StoreError::Damaged("an emergency without a service".into()).into());
    };
    let summary = format!("Emergency: {} {}", shortened(&record.declaration.summary, 150), record.id.token());
    let new = NewTicket {
        mark,
        summary: &summary,
        component: &scope.service,
        reporter: record.declaration.owner.as_ref().map_or(Reporter::OurOwn, Reporter::IfPossible),
        fields: &filled(context, record),
        never_without: &[],
    };
    Ok(jira.create_issue(&new).await?.id)
}

/// Everything that is known. The class makes it an emergency; the rest is for whoever completes it.
fn filled(context: &Context, record: &EmergencyRecord) -> BTreeMap<Field, String> {
    let said = &record.declaration;
    let class = context.policy.criteria.terms.change_class.emergency.first().cloned();
    let service = said
        .scope
        .as_ref()
        .and_then(|scope| context.sources.services.iter().find(|service| service.name == scope.service));
    let incident = said.incident.as_ref().map(|incident| format!("Incident {incident}"));
    let repository = service.map(|service| context.sources.forge(service).web_url(service));
    let links = [incident, repository];
    let links = links.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let fields = [
        (Field::ChangeClass, class),
        (Field::Environment, said.scope.as_ref().map(|scope| scope.environment.to_string())),
        (Field::Repository, service.map(|service| service.repository.to_string())),
        (Field::Branch, service.map(|service| service.branch.to_string())),
        (Field::Justification, Some(said.why.clone())),
        (Field::Links, Some(links)),
    ];
    fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect()
}

/// From now on the ticket carries the emergency: its announcement, its time, its follow-up.
async fn adopt(context: &Context, id: EmergencyId, issue: &IssueId) -> Result<(), HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    store.note_ticket_of(id, issue).await?;
    let Some(record) = store.emergency(id).await? else { return Ok(()) };
    if key(context, &record).await?.is_none() {
        let ticket = context.sources.jira.ticket(issue).await?;
        store.note_ticket(&ticket, record.declaration.scope.as_ref(), now).await?;
    }
    if let (Some((channel, root)), None) = (&record.root, store.post(issue, Place::Emergencies).await?) {
        let (external_id, channel) = (root.clone(), channel.clone());
        let post = Post { external_id, channel, verdict: "emergency".into(), action: id.to_string() };
        store.note_post(issue, Place::Emergencies, &post).await?;
    }
    let actions = edits(context, &record, now).await?;
    store.note_missing(&record, &record.missing, (&actions, now)).await?;
    store.enqueue(&Job::Ticket(issue.clone()), now).await?;
    store.enqueue(&Job::FollowUp(issue.clone()), now).await?;
    Ok(())
}
