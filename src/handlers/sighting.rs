//! What went out, as others show it: each deployment is held against the runs that the gate let through.

use std::time::Duration;

use super::{Context, HandlerError, announce, gate};
use crate::audit::{Entry, Event};
use crate::integrations::SourceError;
use crate::model::{EmergencyId, Person, Scope, Service, Sighting, Timestamp, Watched, WatchedPlace, Witness};
use crate::policy::follow_up::orphans::{Lack, Sanction, judge};
use crate::render::orphan::Orphan;
use crate::store::{EmergencyRecord, Mark};

/// How long a deployment may take from its beginning until it has gone out. Older ones are not looked at again.
const LONGEST: Duration = Duration::from_secs(2 * 24 * 3600);

/// How long before a deployment the gate may have let it through.
const LONGEST_USE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Looks at the deployments of a service in one place, and reports those that nothing let through; says how many. What went
/// out before the place was watched for the first time is not looked at.
///
/// # Errors
/// When the place or our records cannot be read. What was seen until then is recorded.
pub async fn look(context: &Context, service: &Service, watched: &Watched) -> Result<usize, HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let scope = Scope { service: service.name.clone(), environment: watched.environment.clone() };
    let begin = store.on_since(&format!("watch:{scope}:{}", watched.place), now).await?;
    let since = begin.max(now.minus(LONGEST));
    let mut orphans = 0;
    for sighting in new(context, (service, &scope), (&watched.place, since)).await? {
        orphans += usize::from(one(context, &sighting).await?);
    }
    Ok(orphans)
}

/// What went out since then and was not seen before, oldest first.
async fn new(
    context: &Context,
    (service, scope): (&Service, &Scope),
    (place, since): (&WatchedPlace, Timestamp),
) -> Result<Vec<Sighting>, HandlerError> {
    let mut new = match place {
        WatchedPlace::Github { environment } => on_github(context, (service, scope), (environment, since)).await?,
        WatchedPlace::Jenkins { job, parameter } => {
            let jenkins = context.jenkins.as_ref();
            let jenkins = jenkins.ok_or_else(|| SourceError::Unreadable("[jenkins] is not set".into()))?;
            let seen = jenkins.gone_out((job, parameter.as_ref()), scope, since).await?;
            let ids: Vec<String> = seen.iter().map(|one| one.id.clone()).collect();
            let unknown = context.sources.store.unsighted(Witness::Jenkins, &ids).await?;
            seen.into_iter().filter(|one| unknown.contains(&one.id)).collect()
        }
    };
    new.sort_by_key(|one| one.at);
    Ok(new)
}

async fn on_github(
    context: &Context,
    (service, scope): (&Service, &Scope),
    (environment, since): (&str, Timestamp),
) -> Result<Vec<Sighting>, HandlerError> {
    let (github, store, repository) = (&context.sources.github, &context.sources.store, &service.repository);
    let begun = github.deployments(repository, environment, since).await?;
    let ids: Vec<String> = begun.iter().map(|one| one.name(repository)).collect();
    let unknown = store.unsighted(Witness::Github, &ids).await?;
    let mut seen = Vec::new();
    for one in begun.iter().filter(|one| unknown.contains(&one.name(repository))) {
        seen.extend(github.gone_out(repository, one, scope).await?);
    }
    Ok(seen)
}

/// Records one; says whether nothing had let it through.
async fn one(context: &Context, sighting: &Sighting) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let uses = store.uses_in(&sighting.scope, sighting.witness, sighting.at.minus(LONGEST_USE)).await?;
    match judge(sighting, &uses) {
        Sanction::Request(request) => {
            gate::protection::went_out(context, request).await?;
            store.record_sighting(sighting, request).await?;
            Ok(false)
        }
        Sanction::Nothing(lack) => report(context, sighting, &lack).await,
    }
}

/// What goes to production while an emergency is open there belongs to it: it was announced at once and is documented. Everything
/// else is told, and so is what goes out before leads know of the emergency.
async fn report(context: &Context, sighting: &Sighting, lack: &Lack) -> Result<bool, HandlerError> {
    match emergency(context, sighting).await? {
        Some(emergency) if emergency.state.is_confirmed() => {
            belongs(context, sighting, (lack, &emergency)).await.map(|()| false)
        }
        Some(emergency) => {
            used(context, sighting, &emergency).await?;
            tell(context, sighting, lack).await
        }
        None => tell(context, sighting, lack).await,
    }
}

/// Production was changed on account of the emergency: nobody calls it off any more.
async fn used(context: &Context, sighting: &Sighting, emergency: &EmergencyRecord) -> Result<(), HandlerError> {
    let used = Entry { at: sighting.at, ticket: None, event: Event::EmergencyUsed { emergency: emergency.id } };
    context.sources.store.mark_emergency(emergency, Mark::Used, (&used, &[])).await?;
    Ok(())
}

async fn belongs(
    context: &Context,
    sighting: &Sighting,
    (lack, emergency): (&Lack, &EmergencyRecord),
) -> Result<(), HandlerError> {
    used(context, sighting, emergency).await?;
    let event = event(sighting, lack, Some(emergency.id));
    let entry = Entry { at: context.clock.now(), ticket: None, event };
    context.sources.store.record_orphan(sighting, &entry, None).await?;
    Ok(())
}

/// Tells the leads, and whoever looks at the ticket that had approved the commit; says whether it is new.
async fn tell(context: &Context, sighting: &Sighting, lack: &Lack) -> Result<bool, HandlerError> {
    let (store, criteria) = (&context.sources.store, &context.policy.criteria);
    let nearest = store.nearest(sighting).await?;
    let ticket = nearest.as_ref().filter(|ticket| ticket.is_of_commit).map(|ticket| &ticket.key);
    let leads: Vec<&Person> = criteria.people.with_any_role(&criteria.terms.notify.emergency).collect();
    let actions = announce::orphan(context, &Orphan { sighting, lack, ticket, leads: &leads, links: &context.links })?;
    let entry = Entry { at: context.clock.now(), ticket: ticket.cloned(), event: event(sighting, lack, None) };
    let carried = nearest.as_ref().map(|ticket| (&ticket.issue, &actions[..]));
    let is_new = store.record_orphan(sighting, &entry, carried).await?;
    if is_new {
        let scope = &sighting.scope;
        tracing::error!(deployment = %sighting.id, url = sighting.url, "{scope} was deployed past the gate: {}", lack.sentence());
        metrics::counter!("cm_bot_orphan_deployments_total").increment(1);
    }
    Ok(is_new)
}

fn event(sighting: &Sighting, lack: &Lack, emergency: Option<EmergencyId>) -> Event {
    Event::OrphanDeployment {
        source: format!("{} {}", sighting.witness.id(), sighting.id),
        commit: sighting.commit.clone(),
        scope: sighting.scope.to_string(),
        reason: lack.sentence(),
        emergency,
    }
}

/// The emergency of the service and environment that was open when it went out, and covers it.
async fn emergency(context: &Context, sighting: &Sighting) -> Result<Option<EmergencyRecord>, HandlerError> {
    let store = &context.sources.store;
    for (id, _) in store.open_emergencies().await? {
        let Some(record) = store.emergency(id).await? else { continue };
        if record.declaration.scope.as_ref() == Some(&sighting.scope) && record.state.covers(sighting.at) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}
