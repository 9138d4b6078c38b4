//! A change that brings no code is asked for in Slack: its ticket is made for whoever asks, and then judged as any other.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Act, Answer, Refusal};
use crate::audit::{Entry, Event};
use crate::handlers::making::made_before;
use crate::handlers::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::integrations::jira::{NewTicket, Reporter, RequestMark};
use crate::integrations::slack::interaction::{Command, Submit};
use crate::model::{Field, IssueId, TicketKey, Wish, registered, shortened};
use crate::render::form::REASON;
use crate::store::Granted;

/// Written after the command.
pub(super) async fn by_command(context: &Context, command: &Command, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let classes = context.policy.criteria.terms.change_class.without_code();
    match Wish::parse(&command.text, &classes, &context.sources.services) {
        Ok(wish) => wanted(context, &wish, act).await,
        Err(unclear) => Ok(unusable(&format!("Your command cannot be understood: {unclear}."))),
    }
}

/// Filled in in the form.
pub(super) async fn by_form(context: &Context, form: &Submit, act: &Act<'_>) -> Result<Answer, HandlerError> {
    match filled_in(context, form) {
        Some(wish) => wanted(context, &wish, act).await,
        None => Ok(unusable("Class, service, what you need and why are needed.")),
    }
}

fn filled_in(context: &Context, form: &Submit) -> Option<Wish> {
    let classes = context.policy.criteria.terms.change_class.without_code();
    let words = |name: &str| form.said.get(name).filter(|text| text.chars().count() >= REASON).cloned();
    let class = form.said.get("class").filter(|class| classes.contains(&class.as_str()))?;
    let (service, environment) = form.said.get("scope")?.split_once(' ')?;
    Some(Wish {
        class: class.clone(),
        scope: registered(service, environment, &context.sources.services)?,
        what: words("what")?,
        why: words("why")?,
        links: form.said.get("links").cloned(),
    })
}

/// One delivery makes one ticket, however often it is handled.
async fn wanted(context: &Context, wish: &Wish, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let mark = RequestMark(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("slack:{}", act.delivery).as_bytes()));
    let before = match store.wish(act.delivery).await? {
        Granted::Ticket(key) => return Ok(told(&key, wish)),
        Granted::TriedAt(tried) => made_before(context, mark, tried).await?,
        Granted::NotTried => None,
    };
    let (issue, key) = match before {
        Some(found) => found,
        None => {
            store.note_wish(act.delivery, now).await?;
            match make(context, mark, (wish, act)).await {
                Ok(made) => made,
                Err(SourceError::Refused { message, .. }) => return Ok(unusable(&format!("{message}."))),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let Wish { class, scope, .. } = wish;
    let event = Event::RequestedInSlack { by: act.person.name.clone(), class: class.clone(), scope: scope.to_string() };
    let entry = Entry { at: now, ticket: Some(key.clone()), event };
    store.grant_wish(act.delivery, (&issue, &key), &entry).await?;
    Ok(told(&key, wish))
}

async fn make(
    context: &Context,
    mark: RequestMark,
    (wish, act): (&Wish, &Act<'_>),
) -> Result<(IssueId, TicketKey), SourceError> {
    let fields = [
        (Field::ChangeClass, Some(wish.class.clone())),
        (Field::Environment, Some(wish.scope.environment.to_string())),
        (Field::Justification, Some(format!("{}\n{}", wish.what, wish.why))),
        (Field::Links, wish.links.clone()),
    ];
    let fields: BTreeMap<Field, String> = fields.into_iter().filter_map(|(field, text)| Some((field, text?))).collect();
    let new = NewTicket {
        mark,
        summary: &shortened(&wish.what, 200),
        component: &wish.scope.service,
        reporter: Reporter::Always(&act.person.jira),
        fields: &fields,
        never_without: &[Field::ChangeClass, Field::Environment],
    };
    context.sources.jira.create_issue(&new).await.map(|made| (made.id, made.key))
}

fn told(key: &TicketKey, wish: &Wish) -> Answer {
    Answer::Recorded(format!("{key} is made for your request: {}, {}.", wish.class, wish.scope))
}

fn unusable(reason: &str) -> Answer {
    let next = "Write /request-change alone to fill in a form, or make the ticket in Jira.";
    Answer::Refused(Refusal { reason: reason.into(), next: next.into(), ticket: None })
}
