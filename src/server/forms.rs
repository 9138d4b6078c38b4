//! Forms that open at once, because Slack's trigger lives three seconds: what they show is read from our own records alone.
//! Whoever may not use one gets none, and is told why by the work that follows.

use super::Server;
use crate::handlers::approvals::{roles_for, shown};
use crate::integrations::slack::interaction::{Interaction, Press};
use crate::model::{DecisionId, Decisions, EmergencyId, Person};
use crate::policy::approvers::{Accounts, Deed};
use crate::policy::evaluate;
use crate::policy::follow_up::emergency::objection_to_new_date;
use crate::render::decide::{self, Decider};
use crate::render::emergency::ASK_NEW_DATE;
use crate::render::form::{self, APPROVE, DECLINE, Form};

/// The form that a button opens, for those who may use it.
pub(super) async fn form_for(server: &Server, interaction: &Interaction, press: &Press) -> Option<Form> {
    let person = server.policy.criteria.people.by_slack(&interaction.account)?;
    match press.action.as_str() {
        ASK_NEW_DATE => new_date(server, person, &press.value).await,
        APPROVE => decision(server, (person, press), Deed::Approve { note: String::new() }).await,
        DECLINE => decision(server, (person, press), Deed::Decline { reason: String::new() }).await,
        _ => None,
    }
}

async fn new_date(server: &Server, person: &Person, value: &str) -> Option<Form> {
    let id = EmergencyId::parse(value).ok()?;
    let record = server.store.emergency(id).await.ok()??;
    let owner = record.declaration.owner_in(&server.policy.criteria.people);
    if objection_to_new_date(owner, person).is_some() {
        return None;
    }
    let subject = record.declaration.scope.map_or_else(|| "An emergency".into(), |scope| scope.to_string());
    Some(form::new_date(id, &subject))
}

/// The form for a decision at which its ticket stands still.
async fn decision(server: &Server, (person, press): (&Person, &Press), deed: Deed) -> Option<Form> {
    if server.links.deciding.slack != Decisions::Interactive {
        return None;
    }
    let id = DecisionId::parse(&press.value).ok()?;
    let stored = server.store.decision(id).await.ok()??;
    if !server.store.is_current(&stored.facts.ticket.id, id).await.ok()? {
        return None;
    }
    let criteria = &server.policy.criteria;
    let decision = evaluate(&stored.facts, criteria, server.clock.now());
    let about = (&stored.facts, &decision);
    let roles = roles_for(&server.store, criteria, about, (&deed, person, &Accounts::NotAsked)).await.ok()?.ok()?;
    let approvals = shown((&server.store, server.links.deciding), criteria, about).await.ok()?;
    let view = super::view(&server.links, &stored, (&decision, &approvals, criteria));
    let by = Decider { name: &person.name, roles: &roles, channel: &press.channel };
    match deed {
        Deed::Decline { .. } => Some(decide::decline(&view, by)),
        Deed::Approve { .. } | Deed::Withdraw { .. } | Deed::TakeBack | Deed::Edit { .. } => {
            Some(decide::approve(&view, by))
        }
    }
}
